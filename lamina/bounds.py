"""Whether indices name something that is there, for those whose numbers are at hand.

Operations look at shapes and types only, and never wait for a number. But indices most often come from the data: they
are on the host already, and an `IndexError` at the line that uses them says more than a loss of NaN later.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from lamina import engine
from lamina.tensor import Tensor

LARGEST = 1 << 16
"""More elements than this are not looked at."""

_passed: dict[int, tuple[weakref.ref, set[tuple[int, int, bool]]]] = {}
"""Of each array, by its id, what it was found to be within: a training loop over the same data looks once."""


def at_hand(tensor: Tensor) -> np.ndarray | None:
    """The numbers of a tensor, not to be written to, if they are computed and on the host; else None."""
    value = tensor.current()
    array, device = value.array, value.spec.device
    if array is None or device is engine.TRACED or device.platform != "cpu" or not array.is_ready():
        return None
    return np.asarray(array)


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


def first_outside(indices: Tensor, size: int, ignored: int = 0, *, negative: bool = False) -> int | None:
    """The first element that is neither in [0, size) nor `ignored`, if the numbers are at hand; else None.

    With `negative`, elements from -size count from the end, as in `x[indices]`.
    """
    array = indices.current().array
    known = _passed.get(id(array))
    if known is not None and (size, ignored, negative) in known[1]:
        return None
    found = few_whole_at_hand(indices)
    if found is None:
        return None
    # As unsigned numbers, negative ones are larger than any size.
    if np.maximum.reduce(found.view(f"u{found.itemsize}"), axis=None) >= size:
        low = -size if negative else 0
        outside = found[((found < low) | (found >= size)) & (found != ignored)]
        if outside.size:
            return int(outside[0])
    if known is None:
        known = _passed[id(array)] = (weakref.ref(array, functools.partial(_forget, id(array))), set())
    known[1].add((size, ignored, negative))
    return None


def _forget(name: int, _: Any) -> None:
    _passed.pop(name, None)


# --- what indexing operations ask before they are recorded ------------------------------------------------------------


def within(index: Any, dim: int, size: int) -> None:
    """IndexError unless the numbers of `index` that are at hand are in [-size, size)."""
    outside = first_outside(index, size, negative=True) if isinstance(index, Tensor) else None
    if outside is not None:
        raise IndexError(f"index {outside} is out of bounds for dimension {dim} with size {size}")


def _along(kind: type[Exception], message: str, negative: bool = False) -> Callable[..., None]:
    """The question of an operation `op(input, dim, index, ...)`."""

    def look(input: Any, dim: Any, index: Any, *rest: Any) -> None:
        if not isinstance(index, Tensor) or not isinstance(input, Tensor) or not isinstance(dim, int):
            return  # the operation says what is wrong
        shape = tuple(input.shape) or (1,)
        if not -len(shape) <= dim < len(shape):
            return
        outside = first_outside(index, shape[dim], negative=negative)
        if outside is not None:
            raise kind(message.format(outside=outside, dim=dim % len(shape), size=shape[dim]))

    return look


def _flat(input: Any, index: Any, *rest: Any) -> None:
    if not isinstance(index, Tensor) or not isinstance(input, Tensor):
        return
    size = input.numel()
    outside = first_outside(index, size, negative=True) if size else None
    if outside is not None:
        raise IndexError(f"out of range: tried to access index {outside} on a tensor of {size} elements.")


def _take_along(input: Any, indices: Any, dim: Any = None) -> None:
    if isinstance(input, Tensor) and dim is None:  # along a dimension, indices wrap around
        _gathered(input.reshape(-1), 0, indices)


_OUT_OF_BOUNDS = "index {outside} is out of bounds for dimension {dim} with size {size}"
_gathered = _along(RuntimeError, _OUT_OF_BOUNDS)
_slices = _along(IndexError, "index out of range in self")

LOOK: dict[str, Callable[..., None]] = {
    "gather": _gathered,
    "scatter_src": _gathered,
    "scatter_add": _gathered,
    "scatter_reduce": _gathered,
    "take_along_dim": _take_along,
    "index_select": _slices,
    "index_add": _gathered,
    "index_reduce": _slices,
    "index_copy": _along(IndexError, f"index_copy_(): {_OUT_OF_BOUNDS}"),
    "index_fill": _along(IndexError, _OUT_OF_BOUNDS, negative=True),
    "take": _flat,
    "put": _flat,
}
"""By operation: what looks at its arguments, and raises what PyTorch raises for a number that is out of range."""
