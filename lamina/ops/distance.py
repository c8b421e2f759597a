"""Distances and similarities between vectors, pair by pair."""

from __future__ import annotations

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, op
from lamina.ops.reduce import vector_norm


@op("lamina functional", grad_name="SumBackward1")
def cosine_similarity(x1: Array, x2: Array, dim: int = 1, eps: float = 1e-8) -> Array:
    """The cosine of the angle between vectors along dim: x1 . x2 / (max(|x1|, eps) max(|x2|, eps)).

    x1 and x2 broadcast to (*, E, *) -> (*, *)

    >>> import lamina
    >>> lamina.cosine_similarity(lamina.tensor([[3.0, 4.0]]), lamina.tensor([[4.0, 3.0]]))
    tensor([0.9600])
    """
    dtype = promote.result_type(x1, x2)
    if promote.category(dtype) != 2:
        raise RuntimeError(f"expected common dtype to be floating point, yet common dtype is {check.type_name(dtype)}")
    shape = check.broadcast(x1, x2)
    dim = check.dim(dim, len(shape))
    x, y = (jnp.broadcast_to(promote.cast(v, dtype), shape) for v in (x1, x2))
    if not shape:
        return _unit(x, (), eps) * _unit(y, (), eps)
    return jnp.sum(_unit(x, (dim,), eps) * _unit(y, (dim,), eps), axis=dim)


@op("lamina functional", grad_name="NormBackward1")
def pairwise_distance(x1: Array, x2: Array, p: float = 2, eps: float = 1e-6, keepdim: bool = False) -> Array:
    """The p-norm of x1 - x2 + eps along the last dimension.

    x1 and x2 broadcast to (*, E) -> (*), or (*, 1) with keepdim

    >>> import lamina
    >>> lamina.pairwise_distance(lamina.tensor([[0.0, 0.0]]), lamina.tensor([[3.0, 4.0]]))
    tensor([5.0000])
    """
    x, y = promote.promote(x1, x2)
    check.broadcast(x, y)
    (difference,) = promote.promote_float(x - y)
    return vector_norm(difference + eps, float(p), (difference.ndim - 1,) if difference.ndim else (), keepdim)


@op("lamina functional", grad_name="PdistBackward0")
def pdist(input: Array, p: float = 2) -> Array:
    """The p-norm distance of every two rows: of 0 and 1, 0 and 2, ..., 1 and 2, and so on; p may be infinite.

    input (N, E) -> (N (N - 1) / 2,)

    >>> import lamina
    >>> lamina.pdist(lamina.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]))
    tensor([5.0000, 1.0000, 4.2426])
    """
    if input.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.ndim}D")
    if promote.category(input.dtype) != 2:
        raise RuntimeError("pdist only supports floating-point dtypes")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    if input.shape[0] < 2:
        return jnp.zeros((0,), input.dtype) + 0 * jnp.sum(input)
    return _pairs(input, float(p))


def _unit(x: Array, dims: tuple[int, ...], eps: float) -> Array:
    """x divided by its norm, which is at least eps; the gradient of the norm passes the bound, as PyTorch's does."""
    norm = vector_norm(x, 2.0, dims, True)
    return x / (norm + lax.stop_gradient(jnp.maximum(norm, eps) - norm)).astype(x.dtype)


@functools.partial(jax.custom_vjp, nondiff_argnums=(1,))
def _pairs(x: Array, p: float) -> Array:
    """Distances of all rows from all, in one fused pass; of these, the ones above the diagonal."""
    count = x.shape[0]
    above = np.flatnonzero(np.triu(np.ones((count, count), bool), 1)).astype(np.int32)
    distances = vector_norm(x[:, None] - x, p, (2,), False)
    return distances.reshape(-1).at[above].get(mode="promise_in_bounds", unique_indices=True)


def _pairs_forward(x: Array, p: float) -> tuple[Array, tuple[Array, Array]]:
    distances = _pairs(x, p)
    return distances, (x, distances)


def _pairs_backward(p: float, saved: tuple[Array, Array], gradient: Array) -> tuple[Array]:
    """The slope of each distance for each row, summed over the other rows: no scatter, and nothing of size N^2 E."""
    x, distances = saved
    if p == 0:
        return (jnp.zeros_like(x),)
    distance, weight = _square(distances, x.shape[0]), _square(gradient, x.shape[0])
    difference = x[:, None] - x
    sign, size = jnp.sign(difference), jnp.abs(difference)
    if p == 1:
        slope = sign
    elif p == 2:
        slope = difference
        weight = _divide(weight, distance)
    elif p == math.inf:
        slope = jnp.where(size == distance[..., None], sign, 0)
    else:
        slope = jnp.where(size == 0, 0, sign * jnp.where(size == 0, 1, size) ** (p - 1))
        weight = _divide(weight, distance ** (p - 1))
    return (jnp.sum(weight[..., None] * slope, axis=1).astype(x.dtype),)


_pairs.defvjp(_pairs_forward, _pairs_backward)


def _square(pairs: Array, count: int) -> Any:
    """The symmetric matrix of a number for each pair, with zeros on the diagonal."""
    i = lax.broadcasted_iota(jnp.int32, (count, count), 0)
    j = lax.broadcasted_iota(jnp.int32, (count, count), 1)
    low, high = jnp.minimum(i, j), jnp.maximum(i, j)
    place = low * (2 * count - low - 1) // 2 + high - low - 1
    return jnp.where(i == j, 0, pairs.at[place].get(mode="clip"))


def _divide(a: Array, b: Array) -> Array:
    """a / b, and 0 where b is 0."""
    return jnp.where(b == 0, 0, a / jnp.where(b == 0, 1, b))
