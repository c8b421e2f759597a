"""How many elements fall into each bin."""

from __future__ import annotations

import math

import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, ArrayLike, Arrays, Number, op


def _floating(name: str, x: Array) -> None:
    if x.dtype not in (np.float32, np.float64):
        raise NotImplementedError(f"\"{name}\" not implemented for '{check.type_name(x.dtype)}'")


@op(differentiable=False)
def histc(input: Array, bins: int = 100, min: Number = 0, max: Number = 0) -> Array:
    """How many elements lie in each of `bins` equal parts of [min, max]; elements outside are left out.

    With min and max both 0, they are the smallest and the largest element. input (*) -> (bins,), of the input's type

    >>> import lamina
    >>> lamina.histc(lamina.tensor([1.0, 2.0, 1.0]), bins=4, min=0, max=3)
    tensor([0., 2., 1., 0.])
    """
    if bins <= 0:
        raise RuntimeError(f"histc(): bins must be > 0, but got {bins}")
    if input.dtype not in (np.float16, np.float32, np.float64) and promote.category(input.dtype) != 2:
        raise NotImplementedError(f"\"histogram_cpu\" not implemented for '{check.type_name(input.dtype)}'")
    x = lax.reshape(input, (input.size,))
    low, high = promote.cast(min, x.dtype), promote.cast(max, x.dtype)
    if x.size:
        unset = low == high
        low, high = jnp.where(unset, jnp.min(x), low), jnp.where(unset, jnp.max(x), high)
    alone = low == high
    low, high = jnp.where(alone, low - 1, low), jnp.where(alone, high + 1, high)
    place = jnp.floor((x - low) / (high - low) * bins)
    inside = (x >= low) & (x <= high)
    index = jnp.where(inside, jnp.clip(place, 0, bins - 1), bins).astype(np.int64)
    return jnp.zeros(bins, x.dtype).at[index].add(jnp.ones((), x.dtype), mode="drop")


@op("", differentiable=False)
def even_edges(input: Array, bins: int, low: Number | None = None, high: Number | None = None) -> Array:
    """The ends of `bins` equal parts from low to high, by default from the smallest to the largest element.

    input (N,) -> (bins + 1,)
    """
    _floating("histogramdd", input)
    dtype = input.dtype
    if low is not None and high is not None:
        start, end = promote.cast(low, dtype), promote.cast(high, dtype)
    elif input.size:
        start, end = jnp.min(input), jnp.max(input)
    else:
        start, end = jnp.zeros((), dtype), jnp.ones((), dtype)
    alone = start == end
    start, end = jnp.where(alone, start - 0.5, start), jnp.where(alone, end + 0.5, end)
    return jnp.linspace(start, end, bins + 1, dtype=dtype)


@op("", differentiable=False)
def histogram_in(input: Array, edges: Arrays, weight: Array | None = None, density: bool = False) -> Array:
    """The weight of the points in each cell of a grid: input (N, D), edges D times (B + 1,) -> (B, ...).

    A cell contains its lower end, the last one its upper end as well. With density, the integral is 1.
    """
    _floating("histogramdd", input)
    for axis, edge in enumerate(edges):
        if edge.ndim != 1:
            raise RuntimeError(f"histogramdd(): bins tensor should have one dimension, got {edge.ndim} at {axis}")
        if edge.dtype != input.dtype:
            raise RuntimeError(
                "lamina.histogramdd: input tensor and bins tensors should have the same dtype, but got input with "
                f"dtype {input.dtype} and bins with dtype {edge.dtype}"
            )
    if weight is not None and weight.shape != input.shape[:1]:
        raise RuntimeError(
            "histogramdd(): if weight tensor is provided it should have the same shape as the input tensor excluding "
            f"its innermost dimension, but got input with shape {list(input.shape)} and weight with shape "
            f"{list(weight.shape)}"
        )
    shape = tuple(edge.shape[0] - 1 for edge in edges)
    count = math.prod(shape)
    flat = jnp.zeros(input.shape[:1], np.int64)
    inside = jnp.ones(input.shape[:1], np.bool_)
    for axis, (edge, bins) in enumerate(zip(edges, shape, strict=True)):
        x = input[:, axis]
        place = jnp.searchsorted(edge, x, side="right").astype(np.int64) - 1
        inside &= (x >= edge[0]) & (x <= edge[-1])
        flat = flat * bins + jnp.clip(place, 0, bins - 1)
    amount = jnp.ones(input.shape[:1], input.dtype) if weight is None else promote.cast(weight, input.dtype)
    found = jnp.zeros(count, input.dtype).at[jnp.where(inside, flat, count)].add(amount, mode="drop").reshape(shape)
    if density:
        found = found / jnp.sum(found)
        for axis, edge in enumerate(edges):
            along = tuple(-1 if d == axis else 1 for d in range(len(shape)))
            found = found / (edge[1:] - edge[:-1]).reshape(along)
    return found


@op("", differentiable=False)
def bincount_to(input: Array, weights: Array | None = None, size: int = 0) -> Array:
    """How often each of 0 .. size - 1 occurs, or the sum of the weights where it does: input (N,) -> (size,)."""
    dtype: np.dtype = np.dtype(np.int64)
    if weights is not None:
        dtype = weights.dtype if weights.dtype == np.float32 else np.dtype(np.float64)
    amount = jnp.ones((), dtype) if weights is None else promote.cast(weights, dtype)
    return jnp.zeros(size, dtype).at[input].add(amount, mode="drop")


@op("lamina", differentiable=False)
def isin(elements: ArrayLike, test_elements: ArrayLike, *, assume_unique: bool = False, invert: bool = False) -> Array:
    """Whether each element is one of `test_elements`, or with `invert` is none of them.

    Either may be a Python number. elements (*), test_elements any shape -> (*)

    >>> import lamina
    >>> lamina.isin(lamina.tensor([1, 2, 3]), lamina.tensor([3, 1]))
    tensor([ True, False,  True])
    """
    x, test = promote.promote(elements, test_elements)
    test = lax.reshape(test, (test.size,))
    if promote.category(x.dtype) == 3:
        raise RuntimeError("Unsupported input type encountered for isin(): complex")
    if test.size <= 32:
        found = jnp.any(x[..., None] == test, -1)
    else:
        test = jnp.sort(test)
        place = jnp.searchsorted(test, x)
        found = jnp.take(test, place, mode="clip") == x
    return ~found if invert else found
