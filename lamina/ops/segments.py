"""Reductions of pieces of an axis, and places of non-zero elements in a given number."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, op

_EMPTY = {"sum": 0.0, "mean": math.nan, "prod": 1.0, "max": -math.inf, "min": math.inf}


@op("", name="segments_reduced", grad_name="SegmentReduceBackward0")
def segments_reduced(
    data: Array, starts: Array, ends: Array, reduce: str, axis: int = 0, initial: float | None = None
) -> Array:
    """The reduction of data[..., starts[i]:ends[i], ...] along the axis: the axis gets one place for each segment.

    starts and ends have the sizes of the data before the axis, then the number of segments.
    """
    if reduce not in _EMPTY:
        raise RuntimeError(f"unsupported reduction given: {reduce}")
    if promote.category(data.dtype) != 2:
        raise NotImplementedError(f"\"_segment_reduce_cpu\" not implemented for '{check.type_name(data.dtype)}'")
    axis = check.dim(axis, data.ndim)
    if starts.ndim != axis + 1:
        raise RuntimeError("Expected lengths or offsets to have one dimension for each of data up to the axis")
    one: Any = lambda x, a, b: _reduced(x, a, b, reduce, initial)  # noqa: E731
    for _ in range(axis):
        one = jax.vmap(one)
    return one(data, starts, ends)


def _reduced(x: Array, starts: Array, ends: Array, reduce: str, initial: float | None) -> Array:
    """x (L, *), starts and ends (S,) -> (S, *)."""
    count = starts.shape[0]
    place = lax.iota(np.int64, x.shape[0])
    which = jnp.searchsorted(ends, place, side="right")
    which = jnp.where((which < count) & (place >= jnp.take(starts, which, mode="clip")), which, count)
    wide = x.astype(np.float32) if x.dtype.itemsize == 2 else x
    first = 0.0 if initial is None and reduce == "mean" else _EMPTY[reduce] if initial is None else initial
    base = jnp.full((count, *x.shape[1:]), first, wide.dtype)
    here = base.at[which]
    if reduce in ("sum", "mean"):
        found = here.add(wide, mode="drop")
        if reduce == "mean":
            length = (ends - starts).reshape(-1, *(1,) * (x.ndim - 1)).astype(wide.dtype)
            empty = jnp.asarray(math.nan if initial is None else initial, wide.dtype)
            found = jnp.where(length > 0, found / jnp.maximum(length, 1), empty)
    elif reduce == "prod":
        found = _products(wide, starts, ends) * jnp.asarray(first, wide.dtype)
    else:
        found = (here.max if reduce == "max" else here.min)(wide, mode="drop")
    return found.astype(x.dtype)


def _products(x: Array, starts: Array, ends: Array) -> Array:
    """The product of each segment by running products that begin anew: a scatter of products has no derivative."""
    length = x.shape[0]
    if not length:
        return jnp.ones((starts.shape[0], *x.shape[1:]), x.dtype)
    wide = (-1, *(1,) * (x.ndim - 1))
    new = jnp.zeros(length, np.bool_).at[starts].set(True, mode="drop").reshape(wide)

    def join(left: tuple[Array, Array], right: tuple[Array, Array]) -> tuple[Array, Array]:
        return left[0] | right[0], jnp.where(right[0], right[1], left[1] * right[1])

    running = lax.associative_scan(join, (jnp.broadcast_to(new, x.shape), x))[1]
    last = jnp.take(running, jnp.maximum(ends - 1, 0), 0, mode="clip")
    return jnp.where((ends > starts).reshape(wide), last, jnp.ones_like(last))


@op("", differentiable=False)
def nonzero_of_size(input: Array, size: int, fill_value: int = -1) -> Array:
    """The first `size` places of elements that are not zero, one a row, filled up with `fill_value`."""
    if not input.ndim:
        return jnp.zeros((size, 0), np.int64)
    places = jnp.nonzero(input, size=size, fill_value=fill_value)
    return jnp.stack(places, 1).astype(np.int64)
