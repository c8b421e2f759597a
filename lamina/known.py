"""Cutting and joining tensors whose numbers are known: on the host.

Data is prepared so: a tensor for each line of a text, or for each image, and one of them all. A program with as many
inputs would compile long, and one for few small ones takes longer to be called than they take to be joined.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lamina.engine import LATER, TRACED, OnHost, is_ready, put
from lamina.tensor import Tensor, known_numbers, share, wrap

__all__ = ["JOINS", "MANY", "are_on_host", "piece"]

MANY = 64
"""Fewer tensors than that are joined by an operation like any other, unless they are on the host."""


def are_on_host(tensors: Sequence[Any]) -> bool:
    """Whether all of some tensors are on the host."""
    return all(isinstance(x, Tensor) and x._value.array.__class__ is OnHost for x in tensors)


def piece(tensor: Tensor, index: slice, cut: tuple[Any, ...]) -> Tensor | None:
    """`tensor[index]`, a view, cut out on the host; None unless it is a small piece of whole numbers that are known.

    Tokens of a text are cut so, at other places in each step.

    Args:
        cut: what the view is as an operation.
    """
    value = tensor.current()
    spec = value.spec
    if spec.dtype.kind not in "iub" or value.array is None or spec.device is TRACED or not is_ready(value):
        return None
    numbers = known_numbers(tensor)
    if numbers is None:
        return None
    found = numbers[index]
    if found.nbytes > LATER:
        return None
    return share(tensor, put(found.copy(), spec.device), cut)


def _join(function: Callable[..., np.ndarray], tensors: Sequence[Any], dim: int) -> Tensor | None:
    """The tensors joined by a function of NumPy's; None if not all are known, or if that is an error."""
    parts = []
    for x in tensors:
        numbers = known_numbers(x) if isinstance(x, Tensor) else None
        if numbers is None:
            return None
        parts.append(numbers)
    specs = [x.current().spec for x in tensors]
    if any(spec.dtype != specs[0].dtype or spec.device is not specs[0].device for spec in specs):
        return None
    try:
        joined = function(parts, dim)
    except (ValueError, TypeError):
        return None  # the operation says what is wrong
    return wrap(put(np.ascontiguousarray(joined), specs[0].device))


def _cat(tensors: Sequence[Any], dim: int) -> Tensor | None:
    return _join(np.concatenate, tensors, dim)


def _stack(tensors: Sequence[Any], dim: int) -> Tensor | None:
    return _join(np.stack, tensors, dim)


JOINS = {"cat": _cat, "stack": _stack}
"""By the name of the operation: what joins lists of at least `MANY` tensors, if it can."""
