"""The cross product, the trace, distances and norms."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, Shape, op

# --- cross, trace, distances ------------------------------------------------------------------------------------------


def _cross(input: Array, other: Array, dim: int) -> Array:
    if input.dtype != other.dtype:
        own, found = check.type_name(input.dtype), check.type_name(other.dtype)
        raise RuntimeError(f"expected scalar type {own} but found {found}")
    if input.ndim != other.ndim:
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    axis = check.dim(dim, input.ndim)
    if input.shape[axis] != 3 or other.shape[axis] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {input.shape[axis]} and {other.shape[axis]}"
        )
    check.broadcast(input, other)
    a, b = ([lax.index_in_dim(x, place, axis) for place in range(3)] for x in (input, other))
    parts = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    return lax.concatenate(parts, axis)


@op(grad_name="LinalgCrossBackward0")
def cross(input: Array, other: Array, dim: int | None = None) -> Array:
    """The vector product of vectors of three along a dimension (None: the first of size 3)."""
    if dim is None:
        dim = next((axis for axis, size in enumerate(input.shape) if size == 3), -1)
        if dim < 0:
            raise RuntimeError("no dimension of size 3 in input")
    return _cross(input, other, dim)


@op("", grad_name="LinalgCrossBackward0")
def linalg_cross(input: Array, other: Array, *, dim: int = -1) -> Array:
    """The vector product of vectors of three along a dimension."""
    return _cross(input, other, dim)


@op(saves=False)
def trace(input: Array) -> Array:
    """The sum of the diagonal of a matrix: (N, M) -> ()."""
    if input.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {input.ndim}")
    if input.dtype == np.bool_:
        raise NotImplementedError("\"trace\" not implemented for 'Bool'")
    dtype = np.dtype(np.int64) if promote.category(input.dtype) == 1 else input.dtype
    length = min(input.shape)
    place = jnp.arange(length, dtype=jnp.int32)
    return jnp.sum(input.at[place, place].get(mode="promise_in_bounds"), dtype=dtype)


@op("lamina", grad_name="CdistBackward0")
def cdist(x1: Array, x2: Array, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary") -> Array:
    """The p-norm distance of every row of x1 to every row of x2; p = inf for the largest difference.

    x1 (*, P, M), x2 (*, R, M) -> (*, P, R)
    """
    for name, x in (("X1", x1), ("X2", x2)):
        if x.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {name} got: {x.ndim}D")
    if x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(f"X1 and X2 must have the same number of columns. X1: {x1.shape[-1]} X2: {x2.shape[-1]}")
    if x1.dtype != x2.dtype:
        raise RuntimeError(f"expected scalar type {check.type_name(x1.dtype)} but found {check.type_name(x2.dtype)}")
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    difference = x1[..., :, None, :] - x2[..., None, :, :]
    if difference.shape[-1] == 0:
        return jnp.zeros(difference.shape[:-1], x1.dtype)
    return _vector_norm(difference, p, (difference.ndim - 1,), False)


# --- norms ------------------------------------------------------------------------------------------------------------


def _largest(x: Array, dims: Shape, keepdim: bool, smallest: bool) -> Array:
    """max or min of |x|; elements that tie share the gradient equally."""
    size = _abs(x)
    best = (jnp.min if smallest else jnp.max)(size, dims, keepdims=True)
    best = lax.stop_gradient(best)
    tie = lax.stop_gradient((size == best).astype(size.dtype))
    count = jnp.sum(tie, dims, keepdims=True)
    # The value is `best`; the gradient is that of the mean of the elements that reach it.
    shared = jnp.where(tie != 0, size, jnp.zeros((), size.dtype)) / jnp.where(count == 0, 1, count).astype(size.dtype)
    total = jnp.sum(shared - lax.stop_gradient(shared), dims, keepdims=True)
    result = best + jnp.where(jnp.isfinite(total), total, jnp.zeros((), total.dtype))
    return result if keepdim else lax.squeeze(result, dims)


def _vector_norm(x: Array, order: float, dims: Shape, keepdim: bool) -> Array:
    """The norm over dims, with PyTorch's gradients: zero where the norm or, for order 1, the element is zero."""
    if order in (math.inf, -math.inf):
        return _largest(x, dims, keepdim, order < 0)
    zero = jnp.zeros((), x.real.dtype)
    if order == 0:
        return jnp.sum((x != 0).astype(zero.dtype), dims, keepdims=keepdim)
    if order == 1:
        return jnp.sum(_abs(x), dims, keepdims=keepdim)
    if order == 2:
        square = jnp.sum((x * jnp.conj(x)).real if jnp.iscomplexobj(x) else x * x, dims, keepdims=keepdim)
        return jnp.where(square == 0, zero, jnp.sqrt(jnp.where(square == 0, jnp.ones((), zero.dtype), square)))
    is_zero = x == 0
    size = jnp.abs(jnp.where(is_zero, jnp.ones((), x.dtype), x))
    powers = jnp.where(is_zero, zero if order > 0 else jnp.asarray(jnp.inf, zero.dtype), size**order)
    total = jnp.sum(powers, dims, keepdims=keepdim)
    flat = (total == 0) | jnp.isinf(total)
    root = jnp.where(flat, jnp.ones((), zero.dtype), total) ** (1 / order)
    return jnp.where(flat, total if order > 0 else jnp.where(total == 0, jnp.asarray(jnp.inf, zero.dtype), zero), root)


def _abs(x: Array) -> Array:
    """|x| with gradient 0 at 0."""
    is_zero = x == 0
    return jnp.where(is_zero, jnp.zeros((), x.real.dtype), jnp.abs(jnp.where(is_zero, jnp.ones((), x.dtype), x)))


def _for_norm(name: str, x: Array, dtype: Any) -> Array:
    if promote.category(x.dtype) < 2:
        raise RuntimeError(
            f"linalg.{name}: Expected a floating point or complex tensor as input. Got {check.type_name(x.dtype)}"
        )
    if dtype is None:
        return x
    if promote.promote_types(x.dtype, dtype) != dtype:
        raise RuntimeError(
            f"linalg.{name}: the dtype of the input ({check.type_name(x.dtype)}) should be convertible without "
            f"narrowing to the specified dtype ({check.type_name(dtype)})"
        )
    return promote.cast(x, dtype)


@op("linalg", grad_name="LinalgVectorNormBackward0")
def vector_norm(
    x: Array, ord: float = 2, dim: int | Shape | None = None, keepdim: bool = False, *, dtype: Any = None
) -> Array:
    """The vector norm (sum |x|^ord)^(1/ord) over dimensions; ord inf: the largest |x|, -inf: the smallest, 0: how many
    are not zero.
    """
    if not isinstance(ord, (int, float)):
        raise TypeError(f"vector_norm(): argument 'ord' must be Number, not {type(ord).__name__}")
    x = _for_norm("vector_norm", x, dtype)
    dims = check.dims(dim, x.ndim)
    empty = [axis for axis in dims if x.shape[axis] == 0]
    if empty and (ord == math.inf or ord < 0):
        where = "an empty tensor" if dim is None else f"the dimension {empty[0]}"
        order = "inf" if ord == math.inf else f"{ord:g}"
        raise RuntimeError(
            f"linalg.vector_norm cannot compute the {order} norm on {where} because the operation does not have an "
            "identity"
        )
    half = promote.category(x.dtype) == 2 and x.dtype.itemsize == 2
    wide = x.astype(jnp.float32) if half else x
    result = _vector_norm(wide, ord, dims, keepdim)
    return result.astype(x.dtype) if half else result


_MATRIX_ORDERS = ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf)


@op("linalg", grad_name="LinalgVectorNormBackward0")
def matrix_norm(
    A: Array, ord: float | str = "fro", dim: Shape = (-2, -1), keepdim: bool = False, *, dtype: Any = None
) -> Array:
    """A norm of matrices: "fro", "nuc" (sum of singular values), 2, -2 (largest, smallest singular value), 1, -1
    (largest, smallest column sum of |A|), inf, -inf (row sum).
    """
    if A.ndim < 2:
        raise RuntimeError("linalg.matrix_norm: The input tensor A must have at least 2 dimensions.")
    if len(dim) != 2:
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {' '.join(map(str, dim))}")
    if ord not in _MATRIX_ORDERS:
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    A = _for_norm("matrix_norm", A, dtype)
    rows, columns = check.dim(dim[0], A.ndim), check.dim(dim[1], A.ndim)
    if rows == columns:
        raise RuntimeError(f"linalg.matrix_norm: dims must be different. Got ({dim[0]}, {dim[1]})")
    if ord == "fro":
        return _vector_norm(A, 2, (rows, columns), keepdim)
    if ord in ("nuc", 2, -2):
        values = jnp.linalg.svd(jnp.moveaxis(A, (rows, columns), (-2, -1)), compute_uv=False)
        last = (values.ndim - 1,)
        result = jnp.sum(values, last) if ord == "nuc" else _largest(values, last, False, ord == -2)
    else:
        over, along = (rows, columns) if ord in (1, -1) else (columns, rows)
        sums = jnp.sum(_abs(A), over, keepdims=True)
        result = lax.squeeze(_largest(sums, (along,), True, ord in (-1, -math.inf)), (rows, columns))
    return lax.expand_dims(result, sorted((rows, columns))) if keepdim else result
