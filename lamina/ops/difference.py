"""Differences of neighbours, and what is near to them: gradients on a grid, trapezoids, covariances."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, ArrayLike, Number, op
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


def _trapezoids(y: Array, x: Any, dx: Number, dim: int) -> tuple[Array, int]:
    axis = check.dim(dim, y.ndim)
    pairs = _cut(y, axis, 0, -1) + _cut(y, axis, 1, None)
    if x is None:
        step = dx
        return _scaled(pairs, step), axis
    if x.ndim == 1:
        if x.shape[0] != y.shape[axis]:
            raise RuntimeError("trapezoid: There must be one `x` value for each sample point")
        x = x.reshape(tuple(-1 if d == axis else 1 for d in range(y.ndim)))
    x = x.reshape((1,) * (y.ndim - x.ndim) + x.shape)
    widths = x if x.shape[axis] == 1 else _cut(x, axis, 1, None) - _cut(x, axis, 0, -1)
    pairs, widths = promote.promote_float(pairs, widths)
    return pairs * widths / 2, axis


def _scaled(pairs: Array, step: Number) -> Array:
    dtype = promote.result_type(pairs, step)
    dtype = promote.default_float() if promote.category(dtype) < 2 else dtype
    return promote.cast(pairs, dtype) * promote.cast(step, dtype) / 2


@op("", name="trapezoid_of", grad_name="DivBackward0")
def trapezoid_of(y: Array, x: Array | None = None, dx: Number = 1, dim: int = -1) -> Array:
    """The integral of y along `dim` by trapezoids, over the places x or steps dx."""
    areas, axis = _trapezoids(y, x, dx, dim)
    return jnp.sum(areas, axis)


@op("", name="cumulative_trapezoid_of", grad_name="DivBackward0")
def cumulative_trapezoid_of(y: Array, x: Array | None = None, dx: Number = 1, dim: int = -1) -> Array:
    """The running integral of y along `dim` by trapezoids, over the places x or steps dx."""
    areas, axis = _trapezoids(y, x, dx, dim)
    return jnp.cumsum(areas, axis)


@op(grad_name="SqueezeBackward0")
def cov(input: Array, *, correction: int = 1, fweights: Array | None = None, aweights: Array | None = None) -> Array:
    """The covariances of variables: input (V, N), or (N,) for one -> (V, V), or ().

    Args:
        correction: what is taken off the number of observations.
        fweights: how often each observation was made, whole numbers (N,).
        aweights: how much each observation counts (N,).

    >>> import lamina
    >>> lamina.cov(lamina.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    if input.ndim > 2:
        raise RuntimeError(
            f"cov(): expected input to have two or fewer dimensions but got an input with {input.ndim} dimensions"
        )
    if input.dtype == np.bool_:
        raise RuntimeError("cov(): bool dtype is not supported for input")
    x = as_float(input)
    x = x if x.ndim == 2 else x.reshape(1, -1)
    count = x.shape[1]
    weight = None
    for name, w in (("fweights", fweights), ("aweights", aweights)):
        if w is None:
            continue
        if w.ndim > 1 or w.size != count:
            raise RuntimeError(f"cov(): expected {name} to be one number for each of {count} observations")
        whole = promote.category(w.dtype) == 1
        if whole is not (name == "fweights"):
            kind = "integral dtype" if name == "fweights" else "floating point dtype"
            raise RuntimeError(f"cov(): expected {name} to have {kind} but got {w.dtype}")
        weight = w if weight is None else weight * w
    if weight is None:
        total: Any = count
        mean = jnp.sum(x, 1, keepdims=True) / count
    else:
        real = promote.cast(weight, np.dtype(x.real.dtype)).reshape(1, -1)
        total = jnp.sum(real)
        mean = jnp.sum(x * real, 1, keepdims=True) / total
    if weight is not None and aweights is not None and correction:
        norm = total - correction * jnp.sum(real * promote.cast(aweights, real.dtype)) / total
    else:
        norm = total - correction
    norm = jnp.maximum(norm, 0)
    away = x - mean
    other = away if weight is None else away * real
    product = jnp.matmul(away, jnp.conj(other).T, precision=lax.Precision.HIGHEST)
    result = product / jnp.asarray(norm, x.real.dtype)
    return jnp.squeeze(result)


@op()
def corrcoef(input: Array) -> Array:
    """The correlations of variables: input (V, N), or (N,) for one -> (V, V), or ().

    >>> import lamina
    >>> lamina.corrcoef(lamina.tensor([[0.0, 1.0, 2.0], [4.0, 2.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    if input.ndim > 2:
        raise RuntimeError(
            f"corrcoef(): expected input to have two or fewer dimensions but got an input with {input.ndim} dimensions"
        )
    c = cov(input)
    if not c.ndim:
        return c / c
    deviation = jnp.sqrt(jnp.real(jnp.diagonal(c)))
    c = c / deviation[:, None] / deviation[None, :]
    if promote.category(c.dtype) == 3:
        return lax.complex(jnp.clip(jnp.real(c), -1, 1), jnp.clip(jnp.imag(c), -1, 1))
    return jnp.clip(c, -1, 1)
