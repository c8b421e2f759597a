"""Whether indices name something that is there, for those whose numbers are at hand.

Operations look at shapes and types only, and never wait for a number. But indices most often come from the data: they
are on the host already, and an `IndexError` at the line that uses them says more than a loss of NaN later.
"""

from __future__ import annotations

import functools
import weakref
from typing import Any

import numpy as np

from lamina import engine
from lamina.tensor import Tensor

LARGEST = 1 << 16
"""More elements than this are not looked at."""

_passed: dict[int, tuple[weakref.ref, set[tuple[int, int]]]] = {}
"""Of each array, by its id, what it was found to be within: a training loop over the same data looks once."""


def at_hand(tensor: Tensor) -> np.ndarray | None:
    """The numbers of a tensor if nobody has to wait for them and they are few; else None."""
    array = _on_host(tensor)
    if array is None or not array.is_ready() or not 0 < array.size <= LARGEST:
        return None
    return np.asarray(array)


def any_negative(tensor: Tensor) -> bool:
    """Whether a number is negative, if the numbers are at hand; else False."""
    found = at_hand(tensor)
    return found is not None and bool((found < 0).any())


def first_outside(indices: Tensor, size: int, ignored: int = 0) -> int | None:
    """The first element that is neither in [0, size) nor `ignored`, if the numbers are at hand; else None."""
    array = _on_host(indices)
    if array is None:
        return None
    known = _passed.get(id(array))
    if known is not None and (size, ignored) in known[1]:
        return None
    found = at_hand(indices)
    if found is None or found.dtype.kind not in "iu":
        return None
    # As unsigned numbers, negative ones are larger than any size.
    if np.maximum.reduce(found.view(f"u{found.itemsize}"), axis=None) >= size:
        outside = found[((found < 0) | (found >= size)) & (found != ignored)]
        if outside.size:
            return int(outside[0])
    if known is None:
        known = _passed[id(array)] = (weakref.ref(array, functools.partial(_forget, id(array))), set())
    known[1].add((size, ignored))
    return None


def _on_host(tensor: Tensor) -> Any:
    """The array of a tensor that has one, on the CPU; else None."""
    value = tensor.current()
    array, spec = value.array, value.spec
    return None if spec.device is engine.TRACED or spec.device.platform != "cpu" else array


def _forget(name: int, _: Any) -> None:
    _passed.pop(name, None)
