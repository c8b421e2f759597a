"""The first maximum of windows, and where it was found: what all kinds of max pooling share.

A place counts the elements of the last dimensions, row by row. PyTorch lets NaN through, the last of several.
"""

from __future__ import annotations

from collections.abc import Iterable

import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops.op import Array

Found = tuple[Array, Array | None]


def places(shape: tuple[int, ...], space: int) -> Array:
    """The place of each element within the last `space` dimensions, as int64. -> shape"""
    last = shape[len(shape) - space :]
    count = lax.iota(np.int64, int(np.prod(last))).reshape(last)
    return lax.broadcast_in_dim(count, shape, range(len(shape) - space, len(shape)))


def first_maximum(candidates: Iterable[Found]) -> Found:
    """Elementwise, the largest of several arrays, the first of equal ones, and its place; places below 0 don't count.

    candidates: arrays of one shape, each with its places or None
    """
    (best, place), *others = candidates
    for value, found in others:
        better = value > best
        if jnp.issubdtype(value.dtype, jnp.floating):
            better = better | (value != value)
        if place is not None and found is not None:
            better = (better | (place < 0)) & (found >= 0)
            place = jnp.where(better, found, place)
        best = jnp.where(better, value, best)
    return best, place


def sliding_maximum(
    x: Array, indices: Array | None, axis: int, kernel: int, dilation: int = 1
) -> tuple[Array, Array | None, int]:
    """The maximum of `reach` elements from each one on, reach being the last of 1, 2, 4, 8 ... below kernel; and reach.

    Two of these windows, which may overlap, make one of `kernel` elements.
    """
    reach = 1
    while 2 * reach < kernel:
        stop = x.shape[axis] - reach * dilation
        x, indices = first_maximum(
            (
                _part(x, start, start + stop, axis),
                None if indices is None else _part(indices, start, start + stop, axis),
            )
            for start in (0, reach * dilation)
        )
        reach *= 2
    return x, indices, reach


def _part(x: Array, start: int, stop: int, axis: int) -> Array:
    return lax.slice_in_dim(x, start, stop, axis=axis)
