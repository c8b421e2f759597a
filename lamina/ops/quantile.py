"""Quantiles, and the most frequent value."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, ArrayLike, op
from lamina.ops.reduce import order, picked


def quantiles(
    name: str, input: Array, q: ArrayLike, dim: int | None, keepdim: bool, interpolation: str, skips_nan: bool
) -> Array:
    """The quantiles along `dim`, those of each q first: q () or (Q,), input (*) -> (Q, * without dim)."""
    if input.dtype not in (np.float32, np.float64):
        raise RuntimeError(f"{name}() input tensor must be either float or double dtype")
    if isinstance(q, jax.Array) and not promote.is_number(q):
        if q.ndim > 1:
            raise RuntimeError(f"{name}() q must be a scalar or 1D tensor")
        if q.dtype != input.dtype:
            raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor")
    q = promote.cast(q, input.dtype)
    axis = check.dim(dim or 0, input.ndim)
    flat = lax.reshape(input, (input.size,)) if dim is None or not input.ndim else jnp.moveaxis(input, axis, -1)
    size = flat.shape[-1]
    if not input.size:
        raise RuntimeError(f"{name}() input tensor must be non-empty")
    missing = flat != flat
    if skips_nan:
        last = (size - jnp.sum(missing, -1, keepdims=True) - 1).astype(input.dtype)
        rank = jnp.maximum(lax.reshape(q, (q.size,)) * last, 0)
    else:
        # NaN sorts last, so that the last place shows it if there is one.
        rank = jnp.broadcast_to(lax.reshape(q, (q.size,)) * (size - 1), (*flat.shape[:-1], q.size))
        rank = jnp.where(jnp.any(missing, -1, keepdims=True), size - 1, rank)
    places = order(flat, flat.ndim - 1)
    if interpolation in ("lower", "higher", "nearest"):
        rank = {"lower": jnp.floor, "higher": jnp.ceil, "nearest": jnp.round}[interpolation](rank)
    below = jnp.floor(lax.stop_gradient(rank))
    found = _at(flat, places, below)
    if interpolation in ("linear", "midpoint"):
        above = _at(flat, places, jnp.ceil(lax.stop_gradient(rank)))
        weight = jnp.full_like(rank, 0.5) if interpolation == "midpoint" else rank - below
        step = above - found
        found = jnp.where(weight < 0.5, found + weight * step, above - step * (1 - weight))
    found = jnp.moveaxis(found, -1, 0)
    if keepdim:
        kept = (1,) * input.ndim if dim is None else tuple(1 if d == axis else n for d, n in enumerate(input.shape))
        found = lax.reshape(found, (q.size, *kept))
    return found if q.ndim else lax.squeeze(found, (0,))


def _at(flat: Array, places: Array, rank: Array) -> Array:
    index = jnp.take_along_axis(places, rank.astype(np.int64), -1, mode="promise_in_bounds")
    return jnp.take_along_axis(flat, index, -1, mode="promise_in_bounds")


@op("", name="quantile_of", grad_name="LerpBackward1")
def quantile_of(
    input: Array, q: ArrayLike, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Array:
    """`quantile`, of q that are known to lie between 0 and 1."""
    return quantiles("quantile", input, q, dim, keepdim, interpolation, False)


@op("", name="nanquantile_of", grad_name="LerpBackward1")
def nanquantile_of(
    input: Array, q: ArrayLike, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Array:
    """`nanquantile`, of q that are known to lie between 0 and 1."""
    return quantiles("nanquantile", input, q, dim, keepdim, interpolation, True)


@op(returns=("values", "indices"))
def mode(input: Array, dim: int = -1, keepdim: bool = False) -> tuple[Array, Array]:
    """The most frequent element along `dim`, of several the smallest, and where it stands last.

    >>> import lamina
    >>> lamina.mode(lamina.tensor([3, 1, 2, 1])).values
    tensor(1)
    """
    if promote.category(input.dtype) == 3:
        raise RuntimeError(f"mode: not defined for complex numbers, got {input.dtype}.")
    axis = check.dim(dim, input.ndim)
    if not input.ndim:
        return input, jnp.zeros((), np.int64)
    if not input.shape[axis]:
        raise IndexError(f"mode(): Expected reduction dim {axis} to have non-zero size.")
    places = order(input, axis)
    values = jnp.take_along_axis(lax.stop_gradient(input), places, axis, mode="promise_in_bounds")
    here = lax.broadcasted_iota(np.int64, input.shape, axis)
    size = input.shape[axis]
    same = lax.slice_in_dim(values, 1, size, axis=axis) == lax.slice_in_dim(values, 0, size - 1, axis=axis)
    starts = (
        jnp.concatenate([jnp.ones_like(lax.slice_in_dim(same, 0, 1, axis=axis)), ~same], axis)
        if size > 1
        else here == 0
    )
    length = here - lax.cummax(jnp.where(starts, here, 0), axis=axis)
    last = jnp.argmax(length, axis, keepdims=True)  # the first run of the largest length, where it ends
    index = jnp.take_along_axis(places, last, axis, mode="promise_in_bounds")
    value = picked(input, index, axis)
    return (value, index) if keepdim else (lax.squeeze(value, (axis,)), lax.squeeze(index, (axis,)))
