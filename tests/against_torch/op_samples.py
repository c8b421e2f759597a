"""PyTorch's own table of operators as a source of cases: for each operator, arguments that PyTorch tests it with.

The table (`torch.testing._internal`) has some 700 entries, each of which makes samples of a type: tensors of several
shapes (empty, without dimensions, to be broadcast), and the other arguments. Here tensors become NumPy arrays and types
names, so that `tests.parity.compare` can give the same sample to both libraries.
"""

from __future__ import annotations

import functools
import itertools
import random
import sys
import types
import unittest
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

import numpy as np
import torch

import lamina
from tests.parity import to_numpy


@dataclass(frozen=True)
class Named:
    """Something that each library has under one name: a type, a layout, a memory format."""

    name: str

    def of(self, t: Any) -> Any:
        """The library's own."""
        return getattr(t, self.name)


@dataclass(frozen=True)
class Sample:
    """The arguments of one call, and for each array among them whether PyTorch has a gradient for it."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    grad: tuple[bool, ...]

    def __repr__(self) -> str:
        named = [f"{name}={_shown(x)}" for name, x in self.kwargs.items()]
        return f"({', '.join([*map(_shown, self.args), *named])})"


def _shown(x: Any) -> str:
    if isinstance(x, np.ndarray):
        return f"{x.dtype}{list(x.shape)}" if x.size > 6 else f"{x.dtype}{list(x.shape)} {x.tolist()}"
    if isinstance(x, (tuple, list)):
        return f"[{', '.join(map(_shown, x))}]"
    return x.name if isinstance(x, Named) else repr(x)


@functools.cache
def operators() -> dict[str, Any]:
    """PyTorch's entries by name; a name that has variants is followed by theirs: `std.unbiased`."""
    stand_in = types.ModuleType("expecttest")  # PyTorch imports it for the test class only
    stand_in.TestCase = unittest.TestCase  # type: ignore[attr-defined]
    sys.modules.setdefault("expecttest", stand_in)
    # PyTorch's own tests may not set flags of backends; those here may.
    with warnings.catch_warnings(), mock.patch.object(torch.backends, "disable_global_flags"):
        warnings.simplefilter("ignore")
        from torch.testing._internal.common_methods_invocations import op_db
    return {f"{op.name}.{op.variant_test_name}".rstrip("."): op for op in op_db}


def mapped(function: Callable[[Any], Any], x: Any) -> Any:
    if isinstance(x, dict):
        return {name: mapped(function, value) for name, value in x.items()}
    if isinstance(x, torch.Size):
        return tuple(x)
    if isinstance(x, (tuple, list)):
        return type(x)(mapped(function, value) for value in x)
    return function(x)


def neutral(x: Any) -> Any:
    """A sample's argument without PyTorch in it."""

    def leaf(x: Any) -> Any:
        if isinstance(x, torch.Tensor):
            return to_numpy(x).copy()
        if isinstance(x, (torch.dtype, torch.layout, torch.memory_format)):
            return Named(str(x).removeprefix("torch."))
        return str(x) if isinstance(x, torch.device) else x

    return mapped(leaf, x)


def given_to(t: Any, x: Any) -> Any:
    """The argument with a library's own types in it."""
    return mapped(lambda leaf: leaf.of(t) if isinstance(leaf, Named) else leaf, x)


def turned(x: Any) -> Any:
    """A tensor of either library with the same numbers, which lie column by column; what has no columns as it is."""
    return x.mT.contiguous().mT if isinstance(x, (torch.Tensor, lamina.Tensor)) and x.dim() > 1 else x


def samples(op: Any, dtype: torch.dtype, most: int) -> list[Sample]:
    """Up to `most` of an operator's samples of a type: the first that holds numbers, and others by a fixed seed."""
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        grad = op.supports_autograd and (dtype.is_floating_point or dtype.is_complex)
        made = list(itertools.islice(op.sample_inputs("cpu", dtype, requires_grad=grad), 400))
    made.sort(key=lambda x: any(isinstance(t, torch.Tensor) and not t.numel() for t in leaves((x.input, *x.args))))
    if len(made) > most:
        made = made[:1] + random.Random(0).sample(made[1:], most - 1)
    found = []
    for x in made:
        everything = ((x.input, *x.args), x.kwargs)
        flags = tuple(tensor.requires_grad for tensor in leaves(everything) if isinstance(tensor, torch.Tensor))
        found.append(Sample(*neutral(everything), flags))
    return found


def leaves(x: Any) -> Iterator[Any]:
    """What lies in nested tuples, lists and dicts, in order."""
    if isinstance(x, dict):
        x = tuple(x.values())
    if isinstance(x, (tuple, list)):
        for part in x:
            yield from leaves(part)
    else:
        yield x


def found(t: Any, path: str) -> Any:
    """What a library has under a dotted name, or None."""
    for name in path.split("."):
        t = getattr(t, name, None)
    return t
