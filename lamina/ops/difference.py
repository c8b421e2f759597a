"""Differences of neighbours, and what is near to them: gradients on a grid, trapezoids, covariances."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, ArrayLike, op
from lamina.ops.operands import as_float


def _cut(x: Array, axis: int, start: int, end: int | None) -> Array:
    size = x.shape[axis]
    start, end, _ = slice(start, end).indices(size)
    return lax.slice_in_dim(x, start, max(start, end), axis=axis)


@op()
def diff(input: Array, n: int = 1, dim: int = -1, prepend: Array | None = None, append: Array | None = None) -> Array:
    """The n-th difference of neighbours along `dim`, x[i + 1] - x[i]; of bools, whether they differ.

    Args:
        prepend, append: what is put before and after the input first.

    >>> import lamina
    >>> lamina.diff(lamina.tensor([1, 4, 9]))
    tensor([3, 5])
    """
    if not input.ndim:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    axis = check.dim(dim, input.ndim)
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    if n == 0:
        return input
    parts = [x for x in (prepend, input, append) if x is not None]
    for x in parts:
        if x.ndim != input.ndim:
            raise RuntimeError("diff expects prepend or append to be the same dimension as input")
        if any(a != b for d, (a, b) in enumerate(zip(x.shape, input.shape, strict=True)) if d != axis):
            raise RuntimeError("diff expects the shape of tensor to prepend or append to match that of input")
    if len(parts) > 1:
        input = jnp.concatenate(promote.promote(*parts), axis)
    for _ in range(min(n, input.shape[axis])):
        low, high = _cut(input, axis, 0, -1), _cut(input, axis, 1, None)
        input = high ^ low if input.dtype == np.bool_ else high - low
    return input


@op("")
def gradient_along(input: Array, spacing: ArrayLike, dim: int, edge_order: int = 1) -> Array:
    """The slope along a dimension by central differences, at the ends by one-sided ones of order `edge_order`.

    Args:
        spacing: the distance of neighbours, or a vector of the places of all.
    """
    x = as_float(input)
    axis, size = dim, x.shape[dim]
    if isinstance(spacing, jax.Array) and not promote.is_number(spacing):
        left = right = promote.cast(_cut(spacing, 0, 1, None) - _cut(spacing, 0, 0, -1), x.dtype)
    else:
        step = promote.cast(spacing, x.dtype)
        left = right = lax.broadcast(step, (max(size - 1, 0),))
    along = tuple(-1 if d == axis else 1 for d in range(x.ndim))
    rise = (_cut(x, axis, 1, None) - _cut(x, axis, 0, -1)) / left.reshape(along)
    a, b = left[:-1].reshape(along), right[1:].reshape(along)
    low, high = _cut(rise, axis, 0, -1), _cut(rise, axis, 1, None)
    inner = (low * b + high * a) / (a + b)
    first, last = _cut(rise, axis, 0, 1), _cut(rise, axis, -1, None)
    if edge_order == 2:
        first, last = _edges(x, axis, left)
    return jnp.concatenate([first, inner, last], axis)


def _edges(x: Array, axis: int, steps: Array) -> tuple[Array, Array]:
    """The slopes at both ends of the parabolas through the three points there."""

    def slope(near: Array, middle: Array, far: Array, a: Array, b: Array) -> Array:
        return -(2 * a + b) / (a * (a + b)) * near + (a + b) / (a * b) * middle - a / (b * (a + b)) * far

    near, middle, far = (_cut(x, axis, i, i + 1) for i in range(3))
    first = slope(near, middle, far, steps[0], steps[1])
    near, middle, far = (_cut(x, axis, x.shape[axis] - 1 - i, x.shape[axis] - i) for i in range(3))
    return first, -slope(near, middle, far, steps[-1], steps[-2])
