"""Views: the same elements, or some of them, under another shape.

A view is an operation with a `put`, its inverse write. How it lies in the memory of its base is in `layout.py`.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import lax

from lamina.ops import check, promote
from lamina.ops.layout import (
    diagonal_place,
    expanded_shape,
    infer_shape,
    moved_order,
    permuted_order,
    squeezed_dims,
    unfolded,
)
from lamina.ops.op import Array, Number, Shape, op

# --- views -----------------------------------------------------------------------------------------------------------


def reshaped(x: Array, shape: Shape) -> Array:
    """x under another shape, which must fit."""
    return x if x.shape == tuple(shape) else lax.reshape(x, shape)


def _put_reshaped(base: Array, value: Array, *args: Any) -> Array:
    return reshaped(value, base.shape)


@op("", view=True, put=_put_reshaped, saves=False)
def view(input: Array, shape: Shape) -> Array:
    """The same elements in row-major order under another shape; one size may be -1."""
    return reshaped(input, infer_shape(shape, input.size))


@op("", saves=False, grad_name="UnsafeViewBackward0")
def reshape_copy(input: Array, shape: Shape) -> Array:
    """Like `view`, for an input whose memory is not in row-major order."""
    return reshaped(input, infer_shape(shape, input.size))


@op("", saves=False, grad_name="CloneBackward0")
def contiguous_copy(input: Array) -> Array:
    """The same elements, no longer a view."""
    return input


def _put_dtype(base: Array, value: Array, dtype: Any) -> Array:
    return view_dtype(value, base.dtype)


@op("", view=True, put=_put_dtype, differentiable=False)
def view_dtype(input: Array, dtype: Any) -> Array:
    """The same bits under another dtype; the last size changes with the size of an element."""
    old, new = input.dtype.itemsize, jnp.dtype(dtype).itemsize
    if input.dtype == jnp.bool_:
        input = input.astype(jnp.uint8)
    to_bool, dtype = jnp.dtype(dtype) == jnp.bool_, jnp.uint8 if jnp.dtype(dtype) == jnp.bool_ else dtype
    if old == new:
        out = lax.bitcast_convert_type(input, dtype)
    elif old > new:
        if input.ndim == 0:
            raise RuntimeError("self.dim() cannot be 0 to view a tensor as a dtype of another element size")
        out = lax.bitcast_convert_type(input, dtype)
        out = out.reshape(*out.shape[:-2], out.shape[-2] * out.shape[-1])
    else:
        ratio = new // old
        if input.ndim == 0 or input.shape[-1] % ratio:
            raise RuntimeError(
                f"self.size(-1) must be divisible by {ratio} to view a tensor as a dtype of another element size"
            )
        out = lax.bitcast_convert_type(input.reshape(*input.shape[:-1], input.shape[-1] // ratio, ratio), dtype)
    return out.astype(jnp.bool_) if to_bool else out


def _put_transposed(base: Array, value: Array, dim0: int, dim1: int) -> Array:
    return transpose(value, dim0, dim1)


@op(view=True, put=_put_transposed, saves=False, aliases=("swapaxes", "swapdims"))
def transpose(input: Array, dim0: int, dim1: int) -> Array:
    """Exchange two dimensions; a view.

    >>> import lamina
    >>> lamina.ones(2, 3, 5).transpose(0, 2).shape
    lamina.Size([5, 3, 2])
    """
    dim0, dim1 = check.dim(dim0, input.ndim), check.dim(dim1, input.ndim)
    order = list(range(input.ndim))
    if input.ndim:
        order[dim0], order[dim1] = order[dim1], order[dim0]
    return lax.transpose(input, order)


def _put_t(base: Array, value: Array) -> Array:
    return t(value)


@op(view=True, put=_put_t, saves=False)
def t(input: Array) -> Array:
    """Transpose a matrix; fewer dimensions stay as they are. A view."""
    if input.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input.ndim}D")
    return lax.transpose(input, range(input.ndim)[::-1])


def _inverse(order: Shape) -> Shape:
    return tuple(sorted(range(len(order)), key=order.__getitem__))


def _put_permuted(base: Array, value: Array, dims: Shape) -> Array:
    return lax.transpose(value, _inverse(permuted_order(dims, base.ndim)))


@op(view=True, put=_put_permuted, saves=False)
def permute(input: Array, dims: Shape) -> Array:
    """Dimensions in another order: output dimension i is input dimension dims[i]. A view."""
    return lax.transpose(input, permuted_order(dims, input.ndim))


def _put_moved(base: Array, value: Array, source: int | Shape, destination: int | Shape) -> Array:
    return lax.transpose(value, _inverse(moved_order(source, destination, base.ndim)))


@op(view=True, put=_put_moved, saves=False, grad_name="PermuteBackward0", aliases=("moveaxis",))
def movedim(input: Array, source: int | Shape, destination: int | Shape) -> Array:
    """Move dimensions to new places; the others keep their order. A view."""
    return lax.transpose(input, moved_order(source, destination, input.ndim))


def _squeeze_name(input: Any, dim: int | Shape | None = None) -> str:
    return f"SqueezeBackward{0 if dim is None else 1 if isinstance(dim, int) else 2}"


@op(view=True, put=_put_reshaped, saves=False, grad_name=_squeeze_name)
def squeeze(input: Array, dim: int | Shape | None = None) -> Array:
    """Remove dimensions of size 1: all of them, or those of `dim` (one or several) that have size 1. A view."""
    return lax.squeeze(input, squeezed_dims(input.shape, dim))


@op(view=True, put=_put_reshaped, saves=False)
def unsqueeze(input: Array, dim: int) -> Array:
    """Insert a dimension of size 1 at `dim`. A view."""
    return lax.expand_dims(input, (check.dim(dim, input.ndim + 1),))


def expand_to(x: Array, size: Shape) -> Array:
    """x broadcast to size, which `expanded_shape` has checked or now checks."""
    size = expanded_shape(x.shape, size, check.type_name(x.dtype))
    return x if x.shape == size else lax.broadcast_in_dim(x, size, range(len(size) - x.ndim, len(size)))


def _put_expanded(base: Array, value: Array, size: Shape) -> Array:
    if value.size != base.size:
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
            "Please clone() the tensor before performing the operation."
        )
    return reshaped(value, base.shape)


@op("Tensor", view=True, put=_put_expanded, saves=False)
def expand(input: Array, size: Shape) -> Array:
    """Repeat dimensions of size 1, and new leading ones, without copying; -1 keeps a size. A view."""
    return expand_to(input, size)


@op(view=True, put=_put_expanded, saves=False, grad_name="ExpandBackward0")
def broadcast_to(input: Array, size: Shape) -> Array:
    """The input broadcast to a shape. A view."""
    return expand_to(input, size)


def _scalars(starts: tuple[Any, ...]) -> list[Array]:
    return [lax.convert_element_type(start, jnp.int32) for start in starts]


def take_slices(x: Array, starts: tuple[Any, ...], sizes: Shape, steps: Shape) -> Array:
    """x[start : start + size * step : step] in every dimension; starts may be known only when the program runs."""
    extents = tuple((size - 1) * step + 1 if size else 0 for size, step in zip(sizes, steps, strict=True))
    if all(isinstance(start, int) for start in starts):
        if extents == x.shape and all(step == 1 for step in steps):
            return x
        ends = tuple(start + extent for start, extent in zip(starts, extents, strict=True))
        return lax.slice(x, starts, ends, None if set(steps) <= {1} else steps)
    x = lax.dynamic_slice(x, _scalars(starts), extents, allow_negative_indices=False)
    return x if set(steps) <= {1} else lax.slice(x, (0,) * x.ndim, x.shape, steps)


def put_slices(base: Array, value: Array, starts: tuple[Any, ...], steps: Shape) -> Array:
    """base with what `take_slices` would read replaced by value."""
    if 0 in value.shape:
        return base
    if set(steps) <= {1}:
        if value.shape == base.shape:
            return value
        return lax.dynamic_update_slice(base, value, _scalars(starts), allow_negative_indices=False)
    sizes = value.shape
    extents = tuple((size - 1) * step + 1 for size, step in zip(sizes, steps, strict=True))
    window = lax.dynamic_slice(base, _scalars(starts), extents, allow_negative_indices=False)
    spread = [(0, 0, step - 1) for step in steps]
    hit = jnp.ones(extents, jnp.bool_)
    for axis, step in enumerate(steps):
        if step > 1:
            hit &= lax.broadcasted_iota(jnp.int32, extents, axis) % step == 0
    window = lax.select(hit, lax.pad(value, jnp.zeros((), value.dtype), spread), window)
    return lax.dynamic_update_slice(base, window, _scalars(starts), allow_negative_indices=False)


def _along(ndim: int, dim: int, start: Any) -> tuple[Any, ...]:
    return tuple(start if axis == dim else 0 for axis in range(ndim))


def _put_selected(base: Array, value: Array, index: Number, dim: int, made_by: str = "Select") -> Array:
    steps = (1,) * base.ndim
    return put_slices(base, lax.expand_dims(value, (dim,)), _along(base.ndim, dim, index), steps)


def _selected_by(input: Any, index: Any, dim: int, made_by: str = "Select") -> str:
    return f"{made_by}Backward0"


def _selected(input: Array, index: Number, dim: int, made_by: str = "Select") -> tuple[int, int, int] | None:
    return (dim, index, 1) if isinstance(index, int) else None


@op("", view=True, put=_put_selected, piece=_selected, saves=False, grad_name=_selected_by)
def select_at(input: Array, index: Number, dim: int, made_by: str = "Select") -> Array:
    """One index of dimension `dim` >= 0, which disappears; 0 <= index < size."""
    sizes = tuple(1 if axis == dim else size for axis, size in enumerate(input.shape))
    return lax.squeeze(take_slices(input, _along(input.ndim, dim, index), sizes, (1,) * input.ndim), (dim,))


def _steps(ndim: int, dim: int, step: int) -> Shape:
    return tuple(step if axis == dim else 1 for axis in range(ndim))


def _put_sliced(
    base: Array, value: Array, start: Number, dim: int, size: int, step: int = 1, made_by: str = "Slice"
) -> Array:
    return put_slices(base, value, _along(base.ndim, dim, start), _steps(base.ndim, dim, step))


def _made_by(input: Any, start: Any, dim: int, size: int = 0, step: int = 1, made_by: str = "Slice") -> str:
    return f"{made_by}Backward0"


def _sliced(
    input: Array, start: Number, dim: int, size: int, step: int = 1, made_by: str = "Slice"
) -> tuple[int, int, int] | None:
    return (dim, start, size) if isinstance(start, int) and step == 1 else None


@op("", view=True, put=_put_sliced, piece=_sliced, saves=False, grad_name=_made_by)
def slice_at(input: Array, start: Number, dim: int, size: int, step: int = 1, made_by: str = "Slice") -> Array:
    """`size` elements of dimension `dim` >= 0 from `start` >= 0, each `step` after the last."""
    sizes = tuple(size if axis == dim else own for axis, own in enumerate(input.shape))
    return take_slices(input, _along(input.ndim, dim, start), sizes, _steps(input.ndim, dim, step))


def diagonal_index(length: int, offset: int) -> tuple[Array, Array]:
    """Rows and columns of a diagonal."""
    place = jnp.arange(length, dtype=jnp.int32)
    return place + max(0, -offset), place + max(0, offset)


def _put_diagonal(base: Array, value: Array, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    first, second, length = diagonal_place(base.shape, offset, dim1, dim2)
    rows, columns = diagonal_index(length, offset)
    moved = jnp.moveaxis(base, (first, second), (-2, -1))
    put = moved.at[..., rows, columns].set(value, unique_indices=True, mode="promise_in_bounds")
    return jnp.moveaxis(put, (-2, -1), (first, second))


@op(view=True, put=_put_diagonal, saves=False)
def diagonal(input: Array, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    """The diagonal of the matrices in dimensions dim1, dim2, as the last dimension; offset > 0 is above. A view.

    >>> import lamina
    >>> lamina.arange(9).reshape(3, 3).diagonal(1)
    tensor([1, 5])
    """
    first, second, length = diagonal_place(input.shape, offset, dim1, dim2)
    rows, columns = diagonal_index(length, offset)
    moved = jnp.moveaxis(input, (first, second), (-2, -1))
    return moved.at[..., rows, columns].get(unique_indices=True, mode="promise_in_bounds")


def _window_index(count: int, size: int, step: int) -> Array:
    return jnp.arange(count, dtype=jnp.int32)[:, None] * step + jnp.arange(size, dtype=jnp.int32)


def _put_windows(base: Array, value: Array, dimension: int, size: int, step: int) -> Array:
    dim, count = unfolded(base.shape, dimension, size, step)
    if base.ndim == 0:
        return reshaped(value, ()) if size else base
    moved = jnp.moveaxis(base, dim, -1).at[..., _window_index(count, size, step)].set(jnp.moveaxis(value, dim, -2))
    return jnp.moveaxis(moved, -1, dim)


@op("Tensor", view=True, put=_put_windows, saves=False, grad_name="UnfoldBackward0", method_name="unfold")
def unfold_windows(input: Array, dimension: int, size: int, step: int) -> Array:
    """All windows of `size` elements along a dimension, `step` apart, as a new last dimension. A view.

    >>> import lamina
    >>> lamina.arange(5).unfold(0, 3, 2)
    tensor([[0, 1, 2],
            [2, 3, 4]])
    """
    dim, count = unfolded(input.shape, dimension, size, step)
    if input.ndim == 0:
        return lax.broadcast(input, (size,))
    cut = jnp.moveaxis(input, dim, -1)[..., _window_index(count, size, step)]
    return jnp.moveaxis(cut, -2, dim)


# --- writing a view back, as operations of their own ------------------------------------------------------------------


@op(saves=False)
def diagonal_scatter(input: Array, src: Array, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    """The input with src written on its diagonal."""
    first, second, length = diagonal_place(input.shape, offset, dim1, dim2)
    rest = tuple(size for axis, size in enumerate(input.shape) if axis not in (first, second))
    check.shape("diagonal_scatter", "src", src, (*rest, length), input=input)
    return _put_diagonal(input, promote.cast(src, input.dtype), offset, dim1, dim2)


@op(saves=False)
def select_scatter(input: Array, src: Array, dim: int, index: int) -> Array:
    """The input with src written at one index of a dimension."""
    dim = check.dim(dim, input.ndim)
    check.shape("select_scatter", "src", src, (*input.shape[:dim], *input.shape[dim + 1 :]), input=input)
    index = check_index(index, dim, input.shape)
    return _put_selected(input, promote.cast(src, input.dtype), index, dim)


@op(saves=False)
def slice_scatter(
    input: Array, src: Array, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Array:
    """The input with src written at the slice start:end:step of a dimension."""
    dim = check.dim(dim, input.ndim)
    start, size = slice_bounds(slice(start, end, step), input.shape[dim])
    check.shape("slice_scatter", "src", src, (*input.shape[:dim], size, *input.shape[dim + 1 :]), input=input)
    return _put_sliced(input, promote.cast(src, input.dtype), start, dim, size, step)


def check_index(index: int, dim: int, shape: Shape) -> int:
    """An index from 0, for `select`; IndexError with PyTorch's words when there is none."""
    if not -shape[dim] <= index < shape[dim]:
        raise IndexError(f"select(): index {index} out of range for tensor of size {list(shape)} at dimension {dim}")
    return index + shape[dim] if index < 0 else index


def slice_bounds(index: slice, length: int) -> tuple[int, int]:
    """Where a slice starts in a dimension of this length, and how many elements it has."""
    start, stop, step = index.indices(length)
    if step <= 0:
        raise ValueError("step must be greater than zero")
    return start, len(range(start, stop, step))
