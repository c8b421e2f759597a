"""Orders and running results along one dimension: sort, topk, argmax, cumsum, searchsorted."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, ArrayLike, op
from lamina.ops.reduce import first_extreme, order, picked, wide

INDEX = np.dtype(np.int64)


def _only_real(name: str, x: Array, error: type[Exception] = RuntimeError) -> None:
    if promote.category(x.dtype) == 3:
        raise error(f"{name}: not defined for complex numbers, got {x.dtype}.")


# Where the extremes are


def _arg(name: str, input: Array, dim: int | None, keepdim: bool) -> Array:
    kind = promote.category(input.dtype)
    if kind in (0, 3):
        raise RuntimeError(f"{name}(): does not support {'complex' if kind else 'bool'} input")
    if dim is None:
        if not input.size:
            raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.")
        index = first_extreme(name[3:], lax.reshape(input, (input.size,)), 0)[1]
        return lax.reshape(index, (1,) * input.ndim if keepdim else ())
    axis = check.dim(dim, input.ndim)
    if not input.ndim:
        return jnp.zeros((), INDEX)
    if not input.shape[axis]:
        raise IndexError(f"{name}(): Expected reduction dim {axis} to have non-zero size.")
    index = first_extreme(name[3:], input, axis)[1]
    return index if keepdim else lax.squeeze(index, (axis,))


@op(differentiable=False)
def argmax(input: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    """The index of the first largest element along `dim`; without one, in the flattened input. NaN counts as largest.

    >>> import lamina
    >>> lamina.argmax(lamina.tensor([[1., 5.], [7., 2.]]), 1)
    tensor([1, 0])
    """
    return _arg("argmax", input, dim, keepdim)


@op(differentiable=False)
def argmin(input: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    """The index of the first smallest element along `dim`; without one, in the flattened input. NaN counts
    as smallest.
    """
    return _arg("argmin", input, dim, keepdim)


# Sorting


def _sorted(x: Array, axis: int, descending: bool) -> tuple[Array, Array]:
    index = order(x, axis, descending)
    return jnp.take_along_axis(x, index, axis, mode="promise_in_bounds"), index


@op(returns=("values", "indices"))
def sort(input: Array, dim: int = -1, descending: bool = False, stable: bool = False) -> tuple[Array, Array]:
    """The elements along `dim` in ascending order, and where they were. Equal ones keep their order, and
    NaN is the largest.

    >>> import lamina
    >>> lamina.sort(lamina.tensor([3, 1, 2])).indices
    tensor([1, 2, 0])
    """
    _only_real("sort", input)
    axis = check.dim(dim, input.ndim)
    if not input.ndim:
        return input, jnp.zeros((), INDEX)
    return _sorted(input, axis, descending)


@op(differentiable=False)
def argsort(input: Array, dim: int = -1, descending: bool = False, stable: bool = False) -> Array:
    """The indices that put the elements along `dim` in ascending order. Equal ones keep their order."""
    _only_real("argsort", input)
    axis = check.dim(dim, input.ndim)
    return order(input, axis, descending) if input.ndim else jnp.zeros((), INDEX)


@op(grad_name="SortBackward0")
def msort(input: Array) -> Array:
    """The elements along the first dimension in ascending order."""
    _only_real("msort", input)
    return _sorted(input, 0, False)[0] if input.ndim else input


@op(returns=("values", "indices"))
def topk(input: Array, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> tuple[Array, Array]:
    """The k largest (or smallest) elements along `dim`, from the most extreme on, and where they were."""
    _only_real("topk", input)
    axis = check.dim(dim, input.ndim)
    size = input.shape[axis] if input.ndim else 1
    if not 0 <= k <= size:
        raise RuntimeError("selected index k out of range")
    if not input.ndim:
        return input, jnp.zeros((), INDEX)
    if input.dtype.kind in "fV" and input.dtype.itemsize <= 4 and k <= 128:
        index = _few_extremes(input, k, axis, largest)
    else:
        index = lax.slice_in_dim(order(input, axis, largest), 0, k, axis=axis)
    return jnp.take_along_axis(input, index, axis, mode="promise_in_bounds"), index


def _few_extremes(x: Array, k: int, axis: int, largest: bool) -> Array:
    """Where the k largest or smallest floats are, for a small k: XLA is fast at that for float32, and only there."""
    x = lax.convert_element_type(lax.stop_gradient(x), np.float32)
    # For XLA a NaN is above or below all numbers by its sign; it must be the largest, so the last of the smallest.
    missing = jnp.full_like(x, math.nan)
    x = jnp.where(x != x, missing if largest else -missing, x if largest else -x)
    index = lax.top_k(jnp.moveaxis(x, axis, -1), k)[1]
    return jnp.moveaxis(promote.cast(index, INDEX), -1, axis)


@op(returns=("values", "indices"))
def kthvalue(input: Array, k: int, dim: int = -1, keepdim: bool = False) -> tuple[Array, Array]:
    """The k-th smallest element along `dim` (the smallest has k = 1), and where it was."""
    _only_real("kthvalue", input, NotImplementedError)
    axis = check.dim(dim, input.ndim)
    if not 1 <= k <= (input.shape[axis] if input.ndim else 1):
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {axis}")
    if not input.ndim:
        return input, jnp.zeros((), INDEX)
    index = lax.slice_in_dim(order(input, axis, False), k - 1, k, axis=axis)
    value = picked(input, index, axis)
    return (value, index) if keepdim else (lax.squeeze(value, (axis,)), lax.squeeze(index, (axis,)))


# Running results


def _accumulated(input: Array, dtype: np.dtype | None) -> Array:
    if dtype is not None:
        return promote.cast(input, dtype)
    return promote.cast(input, INDEX) if promote.category(input.dtype) < 2 else input


@op(inplace=True, saves=False)
def cumsum(input: Array, dim: int, *, dtype: np.dtype | None = None) -> Array:
    """The sums of the elements up to each one along `dim`. Integers are summed as int64, unless `dtype` says otherwise.

    >>> import lamina
    >>> lamina.cumsum(lamina.tensor([1, 2, 3]), 0)
    tensor([1, 3, 6])
    """
    axis = check.dim(dim, input.ndim)
    x = _accumulated(input, dtype)
    if not x.ndim or not x.size:
        return x
    if x.dtype == np.bool_:
        return lax.cummax(x.astype(np.int8), axis) != 0
    return promote.cast(lax.cumsum(wide(x), axis), x.dtype)


@op(inplace=True)
def cumprod(input: Array, dim: int, *, dtype: np.dtype | None = None) -> Array:
    """The products of the elements up to each one along `dim`. Integers are multiplied as int64."""
    axis = check.dim(dim, input.ndim)
    x = _accumulated(input, dtype)
    if not x.ndim or not x.size:
        return x
    if x.dtype == np.bool_:
        return lax.cummin(x.astype(np.int8), axis) != 0
    return promote.cast(lax.cumprod(wide(x), axis), x.dtype)


@op()
def logcumsumexp(input: Array, dim: int) -> Array:
    """log of the sums of exp(input) up to each element along `dim`, without overflow."""
    axis = check.dim(dim, input.ndim)
    if promote.category(input.dtype) < 2:
        raise NotImplementedError(f"\"logcumsumexp_out_cpu\" not implemented for '{check.type_name(input.dtype)}'")
    if not input.ndim or not input.size:
        return input
    return promote.cast(lax.cumlogsumexp(wide(input), axis), input.dtype)


def _running_extreme(name: str, input: Array, dim: int) -> tuple[Array, Array]:
    _only_real(name, input, NotImplementedError)
    axis = check.dim(dim, input.ndim)
    if not input.ndim or not input.size:
        return input, jnp.zeros(input.shape, INDEX)
    x = lax.stop_gradient(input)
    if x.dtype == np.bool_:
        x = x.astype(np.int8)
    extreme = (lax.cummax if name == "cummax" else lax.cummin)(x, axis)
    # The latest element that equals the extreme so far; after a NaN the latest NaN.
    reached = (x == extreme) | (x != x)
    places = lax.broadcasted_iota(INDEX, x.shape, axis)
    index = lax.cummax(jnp.where(reached, places, jnp.zeros_like(places)), axis)
    return jnp.take_along_axis(input, index, axis, mode="promise_in_bounds"), index


@op(returns=("values", "indices"))
def cummax(input: Array, dim: int) -> tuple[Array, Array]:
    """The largest element up to each one along `dim`, and where the last of them is."""
    return _running_extreme("cummax", input, dim)


@op(returns=("values", "indices"))
def cummin(input: Array, dim: int) -> tuple[Array, Array]:
    """The smallest element up to each one along `dim`, and where the last of them is."""
    return _running_extreme("cummin", input, dim)


# Places in sorted sequences


def _search(boundaries: Array, values: Array, right: bool, out_int32: bool) -> Array:
    """For each value the number of boundaries below it (with `right`: not above it), over the last dimension."""
    dtype = promote.promote_types(boundaries.dtype, values.dtype)
    boundaries, values = promote.cast(boundaries, dtype), promote.cast(values, dtype)

    def search(sequence: Array, wanted: Array) -> Array:
        return jnp.searchsorted(sequence, wanted, side="right" if right else "left", method="scan_unrolled")

    for _ in range(boundaries.ndim - 1):
        search = jax.vmap(search)
    return promote.cast(search(boundaries, values), np.dtype(np.int32) if out_int32 else INDEX)


@op("lamina", differentiable=False)
def searchsorted(
    sorted_sequence: Array,
    input: ArrayLike,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Array | None = None,
) -> Array:
    """Where each element of `input` would be inserted to keep the last dimension of `sorted_sequence` sorted.

    Args:
        right: whether to insert after equal elements, not before; `side="right"` says the same.
        sorter: indices that sort `sorted_sequence`, if it is not sorted.

    >>> import lamina
    >>> lamina.searchsorted(lamina.tensor([1., 3., 5.]), lamina.tensor([3., 4.]))
    tensor([1, 2])
    """
    if side not in (None, "left", "right"):
        raise RuntimeError(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True"
        )
    values: Any = input
    if promote.is_number(input):
        values = promote.cast(input, promote.result_type(sorted_sequence, input))
    if sorter is not None:
        check.shape("searchsorted", "sorter", sorter, sorted_sequence.shape, sorted_sequence=sorted_sequence)
        sorted_sequence = jnp.take_along_axis(sorted_sequence, sorter, -1)
    if sorted_sequence.ndim != 1 and sorted_sequence.shape[:-1] != values.shape[:-1]:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries "
            f"tensor and input value tensor must match, but we got boundaries tensor {list(sorted_sequence.shape)} "
            f"and input value tensor {list(values.shape)}"
        )
    return _search(sorted_sequence, values, right or side == "right", out_int32)


@op("lamina", differentiable=False)
def bucketize(input: ArrayLike, boundaries: Array, *, out_int32: bool = False, right: bool = False) -> Array:
    """Which interval between sorted boundaries holds each element: i where boundaries[i-1] < input <= boundaries[i].

    With `right`, where boundaries[i-1] <= input < boundaries[i].
    """
    if boundaries.ndim != 1:
        raise RuntimeError(f"bucketize: boundaries tensor must be 1 dimension, but got dim({boundaries.ndim})")
    values: Any = input
    if promote.is_number(input):
        values = promote.cast(input, promote.result_type(boundaries, input))
    return _search(boundaries, values, right, out_int32)
