"""Integrals by the trapezoidal rule."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, Number, op


def _areas(name: str, y: Array, x: Array | None, dx: Number | None, dim: int) -> tuple[Array, int]:
    """Twice the area between each sample and the next, along dim."""
    if y.ndim == 0:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    axis = check.dim(dim, y.ndim)
    for letter, z in (("y", y), ("x", x)):
        if z is not None and promote.category(z.dtype) == 0:
            raise RuntimeError(f"{name}: received a bool input for `{letter}`, but bool is not supported")
    if x is not None and dx is not None:
        raise TypeError(f"{name}: give x or dx, not both.")

    def pairs(z: Array, along: int) -> tuple[Array, Array]:
        size = z.shape[along]
        return lax.slice_in_dim(z, min(1, size), size, axis=along), lax.slice_in_dim(z, 0, max(size - 1, 0), axis=along)

    if x is None:
        step: Array | Number = 1.0 if dx is None else dx
    elif x.ndim == 0:
        step = jnp.zeros((), x.dtype)
    else:
        # A vector lies along dim; anything else has its dimensions at the end.
        wide = x.reshape([-1 if d == axis else 1 for d in range(y.ndim)]) if x.ndim == 1 else x
        wide = wide.reshape((1,) * (y.ndim - wide.ndim) + wide.shape)
        along = axis + wide.ndim - y.ndim
        if wide.shape[along] != y.shape[axis]:
            raise RuntimeError(f"{name}: There must be one `x` value for each sample point")
        after, before = pairs(wide, along)
        step = after - before
    after, before = pairs(y, axis)
    total, width = promote.promote(after + before, step)
    check.broadcast(total, width)
    return total * width, axis - y.ndim


@op("lamina", aliases=("trapz",), grad_name="DivBackward0")
def trapezoid(y: Array, x: Array | None = None, *, dx: Number | None = None, dim: int = -1) -> jax.Array:
    """The integral of y along dim: the sum of (y[i] + y[i + 1]) / 2 times the distance of samples.

    x: where the samples are: as y, or (n,) along dim; dx: how far apart they are; default: 1.

    >>> import lamina
    >>> lamina.trapezoid(lamina.tensor([1., 2., 3.]), dx=2)
    tensor(8.)
    """
    areas, axis = _areas("trapezoid", y, x, dx, dim)
    return jnp.sum(areas, axis, dtype=_sum_type(areas)) / 2


@op("lamina", grad_name="DivBackward0")
def cumulative_trapezoid(y: Array, x: Array | None = None, *, dx: Number | None = None, dim: int = -1) -> jax.Array:
    """The integrals up to each sample after the first: see `trapezoid`; along dim one less than y."""
    areas, axis = _areas("cumulative_trapezoid", y, x, dx, dim)
    return jnp.cumsum(areas, axis, dtype=_sum_type(areas)) / 2


def _sum_type(x: Array) -> jnp.dtype:
    return jnp.dtype(promote.default_float()) if promote.category(x.dtype) == 1 else x.dtype
