"""Gather, scatter and their kin: reading and writing at places along a dimension.

Indices out of range: as in `index.py`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote
from lamina.ops.index import DROP, FILL, put_at, read_at, written_at
from lamina.ops.op import Array, ArrayLike, Number, op
from lamina.ops.shape import expand_to

# --- along one dimension ----------------------------------------------------------------------------------------------


def _check_index(name: str, index: Array, kinds: str = "int32/int64") -> None:
    if index.size and index.dtype not in (np.int32, np.int64):
        raise RuntimeError(f"{name}(): Expected dtype {kinds} for index")


def _line_up(name: str, input: Array, dim: int, index: Array, src: Any = None) -> tuple[Array, int, Array]:
    """Input with a dimension at least, `dim` from 0, and the index likewise; RuntimeError if they don't fit."""
    dim = check.dim(dim, input.ndim)
    _check_index(name, index)
    if index.size == 0:
        return input, dim, index
    if max(input.ndim, 1) != max(index.ndim, 1):
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
    index = index if index.ndim else lax.reshape(index, (1,))
    input = input if input.ndim else lax.reshape(input, (1,))
    sizes = zip(index.shape, input.shape, strict=True)
    too_large = any(own > other for axis, (own, other) in enumerate(sizes) if axis != dim)
    if src is None and too_large:
        wrong = next(axis for axis in range(input.ndim) if axis != dim and index.shape[axis] > input.shape[axis])
        if name == "gather":
            raise RuntimeError(
                f"Size does not match at dimension {wrong} expected index {list(index.shape)} to be no larger than "
                f"self {list(input.shape)} apart from dimension {dim}"
            )
        raise RuntimeError(
            f"Expected index {list(index.shape)} to be no larger than self {list(input.shape)} apart from dimension "
            f"{dim}"
        )
    if src is not None:
        if src.ndim != index.ndim and (src.ndim or index.ndim > 1):
            raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
        source = src.shape if src.ndim else (1,)
        if too_large or any(own > other for own, other in zip(index.shape, source, strict=True)):
            raise RuntimeError(
                f"Expected index {list(index.shape)} to be no larger than self {list(input.shape)} apart from "
                f"dimension {dim} and to be no larger size than src {list(src.shape)}"
            )
    return input, dim, index


def _gather(x: Array, dim: int, index: Array) -> Array:
    """x at index along dim; all other sizes of index are at most those of x."""
    limits = tuple(size if axis == dim else index.shape[axis] for axis, size in enumerate(x.shape))
    if limits != x.shape:
        x = lax.slice(x, (0,) * x.ndim, limits)
    batch = tuple(axis for axis in range(x.ndim) if axis != dim)
    numbers = lax.GatherDimensionNumbers((), (dim,), (dim,), batch, batch)
    return lax.gather(x, index[..., None], numbers, (1,) * x.ndim, mode="fill")


def _scatter(x: Array, dim: int, index: Array, value: Array, how: Any = lax.scatter, unique: bool = False) -> Array:
    """x with value put at index along dim by one of lax's scatters."""
    limits = tuple(size if axis == dim else index.shape[axis] for axis, size in enumerate(x.shape))
    part = x if limits == x.shape else lax.slice(x, (0,) * x.ndim, limits)
    batch = tuple(axis for axis in range(x.ndim) if axis != dim)
    numbers = lax.ScatterDimensionNumbers((), (dim,), (dim,), batch, batch)
    if how is lax.scatter_add and part.dtype == np.bool_:  # to add is to say "or"
        part, value = part.astype(np.int32), value.astype(np.int32)
    part = how(part, index[..., None], value, numbers, unique_indices=unique, mode="drop").astype(x.dtype)
    return part if limits == x.shape else lax.dynamic_update_slice(x, part, (0,) * x.ndim)


@op()
def gather(input: Array, dim: int, index: Array, *, sparse_grad: bool = False) -> Array:
    """Along dimension `dim`, the elements that index names: output[i, j] = input[index[i, j], j] for dim = 0.

    input (..., L, ...), index (..., M, ...) with no other size larger than the input's -> the shape of index

    >>> import lamina
    >>> lamina.tensor([[1, 2], [3, 4]]).gather(1, lamina.tensor([[0, 0], [1, 0]]))
    tensor([[1, 1],
            [4, 3]])
    """
    shape = index.shape
    input, dim, index = _line_up("gather", input, dim, index)
    if index.size == 0:
        return jnp.zeros(shape, input.dtype)
    return lax.reshape(_gather(input, dim, index), shape)


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def _scatter_set(x: Array, dim: int, index: Array, value: Array) -> Array:
    return _scatter(x, dim, index, value)


@_scatter_set.defjvp
def _scatter_set_jvp(dim: int, primals: Any, tangents: Any) -> tuple[Array, Array]:
    x, index, value = primals
    return _scatter(x, dim, index, value), _scatter(tangents[0], dim, index, tangents[2], unique=True)


def _scatter_name(input: Any, dim: Any, index: Any, src: Any, *reduce: Any) -> str:
    return "ScatterBackward0" if hasattr(src, "shape") and src.shape else "ScatterBackward1"


def _source(name: str, input: Array, src: Any, index: Array) -> Array:
    """What is scattered, in the shape of index."""
    if promote.is_number(src):
        return jnp.broadcast_to(promote.cast(src, input.dtype), index.shape)
    if src.dtype != input.dtype:
        raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype")
    src = src if src.ndim else lax.reshape(src, (1,))
    return src if src.shape == index.shape else lax.slice(src, (0,) * src.ndim, index.shape)


@op("", grad_name=_scatter_name)
def scatter_src(input: Array, dim: int, index: Array, src: ArrayLike, reduce: str | None = None) -> Array:
    """The input with src (a tensor or a number) written where `gather` would read."""
    if reduce not in (None, "add", "multiply"):
        raise RuntimeError("reduce argument must be either add or multiply.")
    shape = input.shape
    input, dim, index = _line_up("scatter", input, dim, index, None if promote.is_number(src) else src)
    if index.size == 0:
        return lax.reshape(input, shape)
    src = _source("scatter", input, src, index)
    if reduce is None:
        result = _scatter_set(input, dim, index, src)
    elif reduce == "add":
        result = _scatter(input, dim, index, src, lax.scatter_add)
    else:
        result = _scatter_prod(input, dim, index, src)
    return lax.reshape(result, shape)


@op(inplace=True)
def scatter_add(input: Array, dim: int, index: Array, src: Array) -> Array:
    """The input with src added where `gather` would read: out[index[i, j], j] += src[i, j] for dim = 0."""
    shape = input.shape
    input, dim, index = _line_up("scatter", input, dim, index, src)
    if index.size == 0:
        return lax.reshape(input, shape)
    return lax.reshape(_scatter(input, dim, index, _source("scatter", input, src, index), lax.scatter_add), shape)


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def _scatter_prod(x: Array, dim: int, index: Array, value: Array) -> Array:
    return _scatter(x, dim, index, value, lax.scatter_mul)


@_scatter_prod.defjvp
def _scatter_prod_jvp(dim: int, primals: Any, tangents: Any) -> tuple[Array, Array]:
    # The derivative by one factor is the product of the others; a zero factor is left out of the product and counted.
    x, index, value = primals
    filled = [jnp.where(part == 0, jnp.ones((), part.dtype), part) for part in (x, value)]
    zeros = [(part == 0).astype(x.dtype) for part in (x, value)]
    product = _scatter(filled[0], dim, index, filled[1], lax.scatter_mul)
    count = _scatter(zeros[0], dim, index, zeros[1], lax.scatter_add)

    def others(product: Array, count: Array, filled: Array, zero: Array) -> Array:
        return jnp.where(count - zero == 0, product / filled, jnp.zeros((), product.dtype))

    by_x = others(product, count, filled[0], zeros[0])
    by_value = others(_gather(product, dim, index), _gather(count, dim, index), filled[1], zeros[1])
    tangent = _scatter(by_x * tangents[0], dim, index, by_value * tangents[2], lax.scatter_add)
    return _scatter(x, dim, index, value, lax.scatter_mul), tangent


@partial(jax.custom_jvp, nondiff_argnums=(1, 4))
def _scatter_extreme(x: Array, dim: int, index: Array, value: Array, how: Any) -> Array:
    return _scatter(x, dim, index, value, how)


@_scatter_extreme.defjvp
def _scatter_extreme_jvp(dim: int, how: Any, primals: Any, tangents: Any) -> tuple[Array, Array]:
    # Elements that tie share the gradient equally.
    x, index, value = primals
    result = _scatter(x, dim, index, value, how)
    is_x = (x == result).astype(x.dtype)
    is_value = (value == _gather(result, dim, index)).astype(x.dtype)
    count = _scatter(is_x, dim, index, is_value, lax.scatter_add)
    total = _scatter(is_x * tangents[0], dim, index, is_value * tangents[2], lax.scatter_add)
    return result, total / jnp.where(count == 0, jnp.ones((), x.dtype), count)


def _identity(dtype: np.dtype, reduce: str) -> Any:
    if reduce in ("sum", "mean"):
        return 0
    if reduce == "prod":
        return 1
    if promote.category(dtype) == 2:
        return -np.inf if reduce == "amax" else np.inf
    info = np.iinfo(dtype)
    return info.min if reduce == "amax" else info.max


_REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")


def _reduce_along(input: Array, dim: int, index: Array, src: Array, reduce: str, include_self: bool) -> Array:
    """input, index and src of one rank; see `scatter_reduce`."""
    one = jnp.ones(index.shape, input.dtype)
    if not include_self:
        touched = _scatter(jnp.zeros(input.shape, jnp.bool_), dim, index, jnp.ones(index.shape, jnp.bool_))
        input = jnp.where(touched, jnp.asarray(_identity(input.dtype, reduce), input.dtype), input)
    if reduce == "prod":
        return _scatter_prod(input, dim, index, src)
    if reduce in ("amax", "amin"):
        return _scatter_extreme(input, dim, index, src, lax.scatter_max if reduce == "amax" else lax.scatter_min)
    total = _scatter(input, dim, index, src, lax.scatter_add)
    if reduce == "sum":
        return total
    own = jnp.full(input.shape, 1 if include_self else 0, input.dtype)
    count = jnp.maximum(_scatter(own, dim, index, one, lax.scatter_add), jnp.ones((), input.dtype))
    return jnp.floor_divide(total, count) if promote.category(input.dtype) == 1 else total / count


@op(inplace=True)
def scatter_reduce(
    input: Array, dim: int, index: Array, src: Array, reduce: str, *, include_self: bool = True
) -> Array:
    """Like `scatter_add`, with "sum", "prod", "mean", "amax" or "amin" of what meets at one place.

    Args:
        include_self: whether the input's own elements take part.
    """
    if reduce not in _REDUCTIONS:
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    shape = input.shape
    input, dim, index = _line_up("scatter", input, dim, index, src)
    if index.size == 0:
        return lax.reshape(input, shape)
    src = _source("scatter", input, src, index)
    if input.dtype == np.bool_:  # sums and largest say "or", products and smallest "and"
        if reduce == "mean":
            raise NotImplementedError("\"scatter_gather_tensor_cpu_reduce_mean\" not implemented for 'Bool'")
        whole, parts = input.astype(np.int32), src.astype(np.int32)
        return lax.reshape(_reduce_along(whole, dim, index, parts, reduce, include_self) != 0, shape)
    return lax.reshape(_reduce_along(input, dim, index, src, reduce, include_self), shape)


@op(grad_name="GatherBackward0")
def take_along_dim(input: Array, indices: Array, dim: int | None = None) -> Array:
    """Elements along a dimension by index, as `argsort` and `argmax` give it; the other sizes broadcast.

    Without dim, both are taken as flattened.
    """
    if promote.category(indices.dtype) != 1:
        raise RuntimeError(
            f"take_along_dim(): dtype of indices should be Long but got {check.type_name(indices.dtype)}"
        )
    if dim is None:
        return _gather(lax.reshape(input, (input.size,)), 0, lax.reshape(indices, (indices.size,)))
    if input.ndim != indices.ndim:
        raise RuntimeError(
            "take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{input.ndim} dimensions for input, and {indices.ndim} dimensions for indices"
        )
    dim = check.dim(dim, input.ndim)
    without = [tuple(1 if axis == dim else size for axis, size in enumerate(x.shape)) for x in (input, indices)]
    shape = check.broadcast(*(np.broadcast_to(False, sizes) for sizes in without))
    input, indices = (
        expand_to(x, tuple(x.shape[axis] if axis == dim else size for axis, size in enumerate(shape)))
        for x in (input, indices)
    )
    return gather(input, dim, jnp.remainder(indices, input.shape[dim]))


# --- whole slices along a dimension -----------------------------------------------------------------------------------


def _vector(index: Array) -> Array:
    return index if index.ndim else lax.reshape(index, (1,))


def _slices_at(x: Array, dim: int, index: Array) -> tuple[Any, ...]:
    return (slice(None),) * dim + (index,)


def _raised(x: Array) -> Array:
    return x if x.ndim else lax.reshape(x, (1,))


@op()
def index_select(input: Array, dim: int, index: Array) -> Array:
    """The slices of a dimension that a vector of indices names, in its order.

    input (..., L, ...), index (M,) -> (..., M, ...)
    """
    dim = check.dim(dim, input.ndim)
    if index.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    if index.dtype not in (np.int32, np.int64):
        raise RuntimeError("index_select(): Expected dtype int32 or int64 for index")
    if input.ndim == 0:
        if index.size != 1:
            raise RuntimeError(f"index_select(): Index to scalar can have only 1 value, got {index.size} value(s)")
        return input
    return input.at[_slices_at(input, dim, _vector(index))].get(**FILL, wrap_negative_indices=False)


def _check_source(name: str, input: Array, dim: int, index: Array, source: Array) -> None:
    if index.ndim > 1:
        raise IndexError(f"{name}_(): Index should have dimension 1 or 0 (got {index.ndim})")
    if index.dtype not in (np.int32, np.int64):
        raise RuntimeError(f"{name}_(): Expected dtype int32/int64 for index")
    if source.dtype != input.dtype:
        own, other = check.type_name(input.dtype), check.type_name(source.dtype)
        raise RuntimeError(
            f"{name}_(): self and source expected to have the same dtype, but got (self) {own} and (source) {other}"
            if name == "index_copy"
            else f"{name}_(): self ({own}) and source ({other}) must have the same scalar type"
        )
    length = source.shape[dim] if source.ndim else 1
    if name == "index_copy" and source.ndim and input.ndim and source.ndim != input.ndim:
        raise IndexError(
            f"{name}_(): When source and destination are not scalars, their dimensionality must match. "
            f"Source dimensionality ({source.ndim}), destination dimensionality ({input.ndim})"
        )
    slices = [
        tuple(size for axis, size in enumerate(x.shape) if axis != dim) if x.ndim else () for x in (input, source)
    ]
    if slices[0] != slices[1] and name == "index_copy":
        raise RuntimeError(
            f"{name}_(): Source/destination tensor must have same slice shapes. Destination slice shape: "
            f"{' '.join(map(str, slices[0]))} at dimension {dim} and source slice shape: "
            f"{' '.join(map(str, slices[1]))} at dimension {dim}."
        )
    if index.size != length:
        raise RuntimeError(
            f"{name}_(): Number of indices ({index.size}) should be equal to source.size(dim): ({length}), for dim: "
            f"{dim}"
        )
    if slices[0] != slices[1]:
        raise RuntimeError(f"source tensor shape must match self tensor shape, excluding the specified dimension. "
                           f"Got self.shape = {list(input.shape)} source.shape = {list(source.shape)}")  # fmt: skip


@op(inplace=True)
def index_add(input: Array, dim: int, index: Array, source: Array, *, alpha: Number = 1) -> Array:
    """The input with alpha * source added to the slices of a dimension that index names; repeated ones add up."""
    dim = check.dim(dim, input.ndim)
    _check_source("index_add", input, dim, index, source)
    value = _raised(source) * promote.cast(alpha, input.dtype)
    base = _raised(input)
    options = {**DROP, "wrap_negative_indices": False}
    if base.dtype == np.bool_:  # to add is to say "or"
        base, value = base.astype(np.int32), value.astype(np.int32)
    added = base.at[_slices_at(base, dim, _vector(index))].add(value, **options)
    return lax.reshape(added.astype(input.dtype), input.shape)


@op(inplace=True)
def index_copy(input: Array, dim: int, index: Array, source: Array) -> Array:
    """The input with source written to the slices of a dimension that index names."""
    dim = check.dim(dim, input.ndim)
    _check_source("index_copy", input, dim, index, source)
    base = _raised(input)
    plan = tuple(0 if axis == dim else -1 for axis in range(base.ndim))
    return lax.reshape(written_at(base, _raised(source), (_vector(index),), plan, False), input.shape)


@op(inplace=True)
def index_fill(input: Array, dim: int, index: Array, value: ArrayLike) -> Array:
    """The input with one value in the slices of a dimension that index names."""
    dim = check.dim(dim, input.ndim)
    if index.ndim > 1:
        raise RuntimeError("Index has to be a vector/scalar")
    if index.dtype not in (np.int32, np.int64):
        raise IndexError("index_fill_(): Expected dtype int64 for index.")
    ndim = len(getattr(value, "shape", ()))
    if ndim:
        raise RuntimeError(
            f"index_fill_ only supports a 0-dimensional value tensor, but got tensor with {ndim} dimension(s)."
        )
    base = _raised(input)
    # By a mask: an index may come twice, but the value's gradient is that of each place once.
    named = jnp.zeros(base.shape[dim], bool).at[_vector(index)].set(True, mode="drop")
    named = lax.reshape(named, (base.shape[dim], *(1,) * (base.ndim - dim - 1)))
    return lax.reshape(jnp.where(named, promote.cast(value, base.dtype), base), input.shape)


@op(inplace=True)
def index_reduce(
    input: Array, dim: int, index: Array, source: Array, reduce: str, *, include_self: bool = True
) -> Array:
    """Like `index_add`, with "prod", "mean", "amax" or "amin" of what meets at one slice."""
    if reduce not in _REDUCTIONS[1:]:
        raise RuntimeError(f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    dim = check.dim(dim, input.ndim)
    _check_source("index_reduce", input, dim, index, source)
    base, value = _raised(input), _raised(source)
    line = tuple(-1 if axis == dim else 1 for axis in range(base.ndim))
    spread = jnp.broadcast_to(_vector(index).reshape(line), value.shape)
    if value.size == 0:
        return input
    return lax.reshape(_reduce_along(base, dim, spread, value, reduce, include_self), input.shape)


@op()
def take(input: Array, index: Array) -> Array:
    """Elements of the flattened input by index; the result has the shape of index.

    >>> import lamina
    >>> lamina.tensor([[1, 2], [3, 4]]).take(lamina.tensor([3, 0]))
    tensor([4, 1])
    """
    if index.dtype != np.int64:
        raise RuntimeError(f"take(): Expected a long tensor for index, but got {check.type_name(index.dtype)}")
    if input.size == 0 and index.size:
        raise IndexError("take(): tried to take from an empty tensor")
    return read_at(lax.reshape(input, (input.size,)), [index], (0,))


@op(inplace=True)
def put(input: Array, index: Array, source: Array, accumulate: bool = False) -> Array:
    """The input with source written (or added) at indices of the flattened input."""
    if index.dtype != np.int64:
        raise RuntimeError(f"put_(): Expected a long tensor for index, but got {check.type_name(index.dtype)}")
    if source.dtype != input.dtype:
        raise RuntimeError(
            f"put_(): self and source expected to have the same dtype, but got self.dtype = "
            f"{check.type_name(input.dtype)} and source.dtype = {check.type_name(source.dtype)}"
        )
    if source.size != index.size:
        raise RuntimeError(
            f"put_(): Expected source and index to have the same number of elements, but got source.numel() = "
            f"{source.size}, index.numel() = {index.size}"
        )
    flat, value = lax.reshape(input, (input.size,)), lax.reshape(source, index.shape)
    return lax.reshape(put_at(flat, value, [index], (0,), accumulate), input.shape)


@op(inplace=True)
def masked_scatter(input: Array, mask: Array, source: Array) -> Array:
    """The input with the elements of source, in order, where mask is True."""
    if mask.dtype != np.bool_:
        raise RuntimeError("masked_scatter_ only supports boolean masks")
    if source.dtype != input.dtype:
        raise RuntimeError(
            f"masked_scatter: expected self and source to have same dtypes but got {check.type_name(input.dtype)} and "
            f"{check.type_name(source.dtype)}"
        )
    shape = check.broadcast(input, mask)
    input, mask = expand_to(input, shape), expand_to(mask, shape)
    if source.size == 0:
        return input
    place = jnp.cumsum(lax.reshape(mask, (mask.size,)), dtype=jnp.int32) - 1
    value = read_at(lax.reshape(source, (source.size,)), [jnp.maximum(place, 0)], (0,))
    return jnp.where(mask, lax.reshape(value, shape), input)


@op("", differentiable=False)
def one_hot_of(input: Array, num_classes: int) -> Array:
    """A new last dimension of num_classes zeros with a one at the place the input names: (*) -> (*, num_classes)."""
    classes = lax.broadcasted_iota(input.dtype, (*input.shape, num_classes), input.ndim)
    return (input[..., None] == classes).astype(jnp.int64)
