"""Whether indices name something that is there, and weights can be drawn by, for those whose numbers are at hand.

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
from lamina.views import Alias

_wait = False
_passed: dict[int, tuple[weakref.ref, set[tuple[int, int | None, bool]]]] = {}
"""Of each array, by its id, what it was found to be within: a training loop over the same data looks once."""


def at_hand(tensor: Tensor) -> np.ndarray | None:
    """The numbers of a tensor, not to be written to, if they are computed and on the host; else None."""
    value = tensor.current()
    device = value.spec.device
    if value.array is None or device is engine.TRACED or device.platform != "cpu" or not engine.is_ready(value):
        return None
    return engine.numbers(value)


def wait(mode: bool) -> None:
    """Whether to wait for numbers that are not at hand: `lamina.debug` does."""
    global _wait
    _wait = mode


def waiting() -> bool:
    """Whether numbers are waited for."""
    return _wait


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


def numbers(tensor: Tensor) -> np.ndarray | None:
    """The numbers of a tensor to be checked: those at hand or, under `lamina.debug`, all that there are."""
    found = at_hand(tensor)
    if found is None and _wait:
        value = tensor.current()
        if value.spec.device is not engine.TRACED and not getattr(value.home, "inner", False):
            found = engine.numbers(value)
    return found if found is not None and found.size else None


def whole_numbers(tensor: Tensor) -> np.ndarray | None:
    """`numbers`, if they are whole ones."""
    found = numbers(tensor)
    return found if found is not None and found.dtype.kind in "iu" else None


def any_negative(tensor: Tensor) -> bool:
    """Whether a number is negative, if the numbers are at hand; else False."""
    found = numbers(tensor)
    return found is not None and bool((found < 0).any())


def first_outside(indices: Tensor, size: int, ignored: int | None = None, *, negative: bool = False) -> int | None:
    """The first element that is neither in [0, size) nor `ignored`, if the numbers are at hand; else None.

    With `negative`, elements from -size count from the end, as in `x[indices]`.
    """
    array = indices.current().array
    known = _passed.get(id(array))
    if known is not None and (size, ignored, negative) in known[1]:
        return None
    found = whole_numbers(indices)
    if found is None:
        return 0 if size == 0 and ignored is None and indices.numel() else None  # whatever they are
    array = indices.current().array  # it may just have been computed
    outside = _outside(found, size, ignored, negative)
    if outside is not None:
        return outside
    if known is None:
        known = _passed[id(array)] = (weakref.ref(array, functools.partial(_forget, id(array))), set())
    known[1].add((size, ignored, negative))
    return None


def _outside(found: np.ndarray, size: int, ignored: int | None, negative: bool) -> int | None:
    # As unsigned numbers, negative ones are larger than any size.
    if np.maximum.reduce(found.view(f"u{found.itemsize}"), axis=None) < size:
        return None
    wrong = (found < (-size if negative else 0)) | (found >= size)
    outside = found[wrong if ignored is None else wrong & (found != ignored)]
    return int(outside[0]) if outside.size else None


def _forget(name: int, _: Any) -> None:
    _passed.pop(name, None)


# --- what operations ask before they are recorded ---------------------------------------------------------------------


def within(index: Any, dim: int, size: int) -> None:
    """IndexError unless the numbers of `index`, a NumPy array or a tensor at hand, are in [-size, size)."""
    if isinstance(index, Tensor):
        outside = first_outside(index, size, negative=True)
    else:
        outside = _outside(np.ascontiguousarray(index), size, None, True) if index.size else None
    if outside is not None:
        which = f"index {outside} is out of bounds for dimension {dim}"
        raise IndexError(f"{which if size else 'index is out of bounds for dimension'} with size {size}")


def _along(kind: type[Exception], message: str, negative: bool = False) -> Callable[..., None]:
    """The question of an operation `op(input, dim, index, ...)`; dim None is the one dimension of the flat input."""

    def look(input: Any, dim: Any, index: Any, *rest: Any) -> None:
        if not isinstance(index, Tensor) or not isinstance(input, Tensor):
            return  # the operation says what is wrong
        shape = (input.numel(),) if dim is None else tuple(input.shape) or (1,)
        dim = 0 if dim is None else dim
        if not isinstance(dim, int) or not -len(shape) <= dim < len(shape):
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


def _put(input: Any, index: Any, *rest: Any) -> None:
    if isinstance(index, Tensor) and isinstance(input, Tensor) and index.numel() and not input.numel():
        raise IndexError("put_(): Tried to put elements into an empty tensor")
    _flat(input, index)


def _take_along(input: Any, indices: Any, dim: Any = None) -> None:
    if isinstance(input, Tensor) and dim is None:  # along a dimension, indices wrap around
        _gathered(input, None, indices)


def _weights(input: Any, *rest: Any) -> None:
    found = numbers(input) if isinstance(input, Tensor) and input.is_floating_point() and input.ndim else None
    if found is None:
        return
    with np.errstate(invalid="ignore"):
        positive = found > 0
        if not (np.isfinite(found) & (positive | (found == 0))).all():
            raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if not positive.any(-1).all():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")


def _rates(input: Any) -> None:
    found = numbers(input) if isinstance(input, Tensor) and input.is_floating_point() else None
    with np.errstate(invalid="ignore"):
        valid = found is None or (found >= 0).all()
    if not valid:
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")


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
    "put": _put,
    "multinomial": _weights,
    "poisson": _rates,
}
"""By operation: what looks at its arguments, and raises what PyTorch raises for a number that is out of range."""
