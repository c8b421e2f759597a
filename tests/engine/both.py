"""Run the same program with PyTorch and with lamina, and compare everything it returns."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import lamina


def outcome(program: Callable[[Any], Any], t: Any) -> Any:
    """What the program returns, or the class and message of what it raises."""
    try:
        return program(t)
    except Exception as error:
        return error


def flat(x: Any) -> list[Any]:
    """The leaves of nested lists, tuples and dicts."""
    if isinstance(x, dict):
        x = list(x.values())
    if isinstance(x, (list, tuple)) and not isinstance(x, (torch.Size, lamina.Size)):
        return [leaf for part in x for leaf in flat(part)]
    return [x]


def both(program: Callable[[Any], Any], rtol: float = 1e-5, atol: float = 1e-6, message: bool = False) -> None:
    """Compare values, shapes, dtypes and `requires_grad` of all that `program(t)` returns, or what it raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = outcome(program, torch)
    lamina.engine.reset()
    found = outcome(program, lamina)
    if isinstance(expected, Exception) or isinstance(found, Exception):
        assert type(found) is type(expected), f"torch: {expected!r}, lamina: {found!r}"
        if message:
            assert str(found).split(". ")[0] == str(expected).split(". ")[0]
        return
    expected, found = flat(expected), flat(found)
    assert len(expected) == len(found)
    for a, b in zip(expected, found, strict=True):
        if isinstance(a, torch.Tensor):
            assert isinstance(b, lamina.Tensor), f"torch gives a tensor, lamina {b!r}"
            assert tuple(a.shape) == tuple(b.shape)
            assert str(a.dtype).split(".")[1] == b.dtype.name
            assert a.requires_grad == b.requires_grad
            np.testing.assert_allclose(b.detach().numpy(), a.detach().numpy(), rtol=rtol, atol=atol)
        elif isinstance(a, float):
            np.testing.assert_allclose(b, a, rtol=rtol, atol=atol)
        elif isinstance(a, torch.Size):
            assert tuple(a) == tuple(b)
        else:
            assert a == b
