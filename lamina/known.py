"""Joining many tensors whose numbers are known: on the host, since a program with as many inputs would compile long.

Data is prepared so: a tensor for each line of a text, or for each image, and one of them all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lamina.engine import put
from lamina.tensor import Tensor, known_numbers, wrap

__all__ = ["JOINS", "MANY"]

MANY = 64
"""Fewer tensors than that are joined by an operation like any other."""


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
