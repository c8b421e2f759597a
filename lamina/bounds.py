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
from lamina.views import Alias

LARGEST = 1 << 16
"""More elements than this are not looked at."""

_passed: dict[int, tuple[weakref.ref, set[tuple[int, int]]]] = {}
"""Of each array, by its id, what it was found to be within: a training loop over the same data looks once."""


def at_hand(tensor: Tensor) -> np.ndarray | None:
    """The numbers of a tensor, not to be written to, if they are computed and on the host; else None."""
    value = tensor.current()
    array, device = value.array, value.spec.device
    if array is None or device is engine.TRACED or device.platform != "cpu" or not array.is_ready():
        return None
    return np.asarray(array)


def is_traced(tensor: Tensor) -> bool:
    """Whether it stands for a number of a JAX transform, which nobody can look at."""
    return tensor.current().spec.device is engine.TRACED


def expanded_at_hand(tensor: Tensor) -> np.ndarray | None:
    """`at_hand`, also for a tensor that was expanded from one whose numbers are."""
    found = at_hand(tensor)
    alias = tensor._alias
    if found is not None or not isinstance(alias, Alias):
        return found
    whole = alias.storage.owner()
    if whole is None or any(cut is not None and cut[0].name != "expand" for cut in alias.cuts):
        return None
    found = at_hand(whole)
    return None if found is None else np.broadcast_to(found, tuple(tensor.shape))


def few_at_hand(tensor: Tensor) -> np.ndarray | None:
    """`at_hand`, if they are few."""
    found = at_hand(tensor)
    return found if found is not None and 0 < found.size <= LARGEST else None


def few_whole_at_hand(tensor: Tensor) -> np.ndarray | None:
    """`few_at_hand`, if they are whole numbers."""
    found = few_at_hand(tensor)
    return found if found is not None and found.dtype.kind in "iu" else None


def any_negative(tensor: Tensor) -> bool:
    """Whether a number is negative, if the numbers are at hand; else False."""
    found = few_at_hand(tensor)
    return found is not None and bool((found < 0).any())


def first_outside(indices: Tensor, size: int, ignored: int = 0) -> int | None:
    """The first element that is neither in [0, size) nor `ignored`, if the numbers are at hand; else None."""
    array = indices.current().array
    known = _passed.get(id(array))
    if known is not None and (size, ignored) in known[1]:
        return None
    found = few_whole_at_hand(indices)
    if found is None:
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


def _forget(name: int, _: Any) -> None:
    _passed.pop(name, None)
