"""Operations that arrange elements anew: views, joining, repeating, flipping.

A view is an operation with a `put`, its inverse write. How a view lies in the memory of its base is computed by
`strides_after`, so that `stride()`, `is_contiguous()` and the rules of `view` are PyTorch's.
"""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, Arrays, Number, Shape, op

# --- views -----------------------------------------------------------------------------------------------------------


def infer_shape(shape: Shape, numel: int) -> Shape:
    """The shape with its -1 replaced by what is left of numel; RuntimeError if it does not fit."""
    shape = tuple(int(size) for size in shape)
    unknown = [axis for axis, size in enumerate(shape) if size == -1]
    if len(unknown) > 1:
        raise RuntimeError("only one dimension can be inferred")
    for axis, size in enumerate(shape):
        if size < -1:
            raise RuntimeError(f"invalid shape dimension {size} at index {axis} of shape {list(shape)}")
    known = math.prod(size for size in shape if size != -1)
    if unknown and known == 0 and numel == 0:
        raise RuntimeError(
            f"cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified dimension size -1 "
            "can be any value and is ambiguous"
        )
    if (known == 0 or numel % known) if unknown else known != numel:
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {numel}")
    return tuple(numel // known if size == -1 else size for size in shape)


def _reshape(x: Array, shape: Shape) -> Array:
    return x if x.shape == tuple(shape) else lax.reshape(x, shape)


def _put_reshaped(base: Array, value: Array, *args: Any) -> Array:
    return _reshape(value, base.shape)


@op("", view=True, put=_put_reshaped, saves=False)
def view(input: Array, shape: Shape) -> Array:
    """The same elements in row-major order under another shape; one size may be -1."""
    return _reshape(input, infer_shape(shape, input.size))


@op("", saves=False, grad_name="UnsafeViewBackward0")
def reshape_copy(input: Array, shape: Shape) -> Array:
    """Like `view`, for an input whose memory is not in row-major order."""
    return _reshape(input, infer_shape(shape, input.size))


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


def _order(dims: Shape, ndim: int) -> Shape:
    if len(dims) != ndim:
        raise RuntimeError(
            "permute: number of dimensions in the tensor input does not match the length of the desired ordering of "
            f"dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = {len(dims)}"
        )
    order = tuple(check.dim(dim, ndim) for dim in dims)
    if len(set(order)) < ndim:
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return order


def _inverse(order: Shape) -> Shape:
    return tuple(sorted(range(len(order)), key=order.__getitem__))


def _put_permuted(base: Array, value: Array, dims: Shape) -> Array:
    return lax.transpose(value, _inverse(_order(dims, base.ndim)))


@op(view=True, put=_put_permuted, saves=False)
def permute(input: Array, dims: Shape) -> Array:
    """Dimensions in another order: output dimension i is input dimension dims[i]. A view."""
    return lax.transpose(input, _order(dims, input.ndim))


def _moved(source: int | Shape, destination: int | Shape, ndim: int) -> Shape:
    source = (source,) if isinstance(source, int) else tuple(source)
    destination = (destination,) if isinstance(destination, int) else tuple(destination)
    if len(source) != len(destination):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({list(source)} dims) should contain the same number "
            f"of dims as destination ({list(destination)} dims)"
        )
    start, end = (tuple(check.dim(d, ndim) for d in dims) for dims in (source, destination))
    for name, given, dims in (("source", source, start), ("destination", destination, end)):
        if len(set(dims)) < len(dims):
            raise RuntimeError(f"movedim: repeated dim in `{name}` ({list(given)})")
    if ndim == 0:
        return ()
    rest = iter([dim for dim in range(ndim) if dim not in start])
    return tuple(start[end.index(dim)] if dim in end else next(rest) for dim in range(ndim))


def _put_moved(base: Array, value: Array, source: int | Shape, destination: int | Shape) -> Array:
    return lax.transpose(value, _inverse(_moved(source, destination, base.ndim)))


@op(view=True, put=_put_moved, saves=False, grad_name="PermuteBackward0", aliases=("moveaxis",))
def movedim(input: Array, source: int | Shape, destination: int | Shape) -> Array:
    """Move dimensions to new places; the others keep their order. A view."""
    return lax.transpose(input, _moved(source, destination, input.ndim))


def _squeezed(shape: Shape, dim: int | Shape | None) -> tuple[int, ...]:
    """The axes that `squeeze` removes."""
    dims = range(len(shape)) if dim is None else () if dim == () else check.dims(dim, len(shape))
    return tuple(axis for axis in dims if shape and shape[axis] == 1)


def _squeeze_name(input: Any, dim: int | Shape | None = None) -> str:
    return f"SqueezeBackward{0 if dim is None else 1 if isinstance(dim, int) else 2}"


@op(view=True, put=_put_reshaped, saves=False, grad_name=_squeeze_name)
def squeeze(input: Array, dim: int | Shape | None = None) -> Array:
    """Remove dimensions of size 1: all of them, or those of `dim` (one or several) that have size 1. A view."""
    return lax.squeeze(input, _squeezed(input.shape, dim))


@op(view=True, put=_put_reshaped, saves=False)
def unsqueeze(input: Array, dim: int) -> Array:
    """Insert a dimension of size 1 at `dim`. A view."""
    return lax.expand_dims(input, (check.dim(dim, input.ndim + 1),))


def expanded_shape(shape: Shape, size: Shape, type_name: str = "Float") -> Shape:
    """What `expand` makes of a shape; -1 keeps a size."""
    if len(size) < len(shape):
        raise RuntimeError(
            f"expand(lamina.{type_name}Tensor{{{list(shape)}}}, size={list(size)}): the number of sizes provided "
            f"({len(size)}) must be greater or equal to the number of dimensions in the tensor ({len(shape)})"
        )
    new = len(size) - len(shape)
    result = []
    for axis, target in enumerate(size):
        own = 1 if axis < new else shape[axis - new]
        if target == -1:
            if axis < new:
                raise RuntimeError(
                    f"The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension {axis}"
                )
            target = own
        elif own != target and own != 1:
            raise RuntimeError(
                f"The expanded size of the tensor ({target}) must match the existing size ({own}) at non-singleton "
                f"dimension {axis}.  Target sizes: {list(size)}.  Tensor sizes: {list(shape)}"
            )
        elif target < 0:
            raise RuntimeError(f"The expanded size of the tensor ({target}) must not be negative, dimension {axis}")
        result.append(target)
    return tuple(result)


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
    return _reshape(value, base.shape)


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


@op("", view=True, put=_put_selected, saves=False, grad_name=_selected_by)
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


@op("", view=True, put=_put_sliced, saves=False, grad_name=_made_by)
def slice_at(input: Array, start: Number, dim: int, size: int, step: int = 1, made_by: str = "Slice") -> Array:
    """`size` elements of dimension `dim` >= 0 from `start` >= 0, each `step` after the last."""
    sizes = tuple(size if axis == dim else own for axis, own in enumerate(input.shape))
    return take_slices(input, _along(input.ndim, dim, start), sizes, _steps(input.ndim, dim, step))


def _diagonal(shape: Shape, offset: int, dim1: int, dim2: int) -> tuple[int, int, int]:
    """The two dimensions of a diagonal from 0, and its length."""
    first, second = check.dim(dim1, len(shape)), check.dim(dim2, len(shape))
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    rows, columns = shape[first], shape[second]
    return first, second, max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns))


def _diagonal_index(ndim: int, first: int, second: int, offset: int, length: int) -> tuple[Array, Array]:
    place = jnp.arange(length, dtype=jnp.int32)
    return place + max(0, -offset), place + max(0, offset)


def _put_diagonal(base: Array, value: Array, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    first, second, length = _diagonal(base.shape, offset, dim1, dim2)
    rows, columns = _diagonal_index(base.ndim, first, second, offset, length)
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
    first, second, length = _diagonal(input.shape, offset, dim1, dim2)
    rows, columns = _diagonal_index(input.ndim, first, second, offset, length)
    moved = jnp.moveaxis(input, (first, second), (-2, -1))
    return moved.at[..., rows, columns].get(unique_indices=True, mode="promise_in_bounds")


def _windows(shape: Shape, dimension: int, size: int, step: int) -> tuple[int, int]:
    """The dimension that `unfold` cuts, from 0, and how many windows there are."""
    dim = check.dim(dimension, len(shape))
    length = shape[dim] if shape else 1
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if size > length:
        raise RuntimeError(f"maximum size for tensor at dimension {dim} is {length} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    return dim, (length - size) // step + 1


def _window_index(count: int, size: int, step: int) -> Array:
    return jnp.arange(count, dtype=jnp.int32)[:, None] * step + jnp.arange(size, dtype=jnp.int32)


def _put_windows(base: Array, value: Array, dimension: int, size: int, step: int) -> Array:
    dim, count = _windows(base.shape, dimension, size, step)
    if base.ndim == 0:
        return _reshape(value, ()) if size else base
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
    dim, count = _windows(input.shape, dimension, size, step)
    if input.ndim == 0:
        return lax.broadcast(input, (size,))
    windows = jnp.moveaxis(input, dim, -1)[..., _window_index(count, size, step)]
    return jnp.moveaxis(windows, -2, dim)


# --- writing a view back, as operations of their own ------------------------------------------------------------------


@op(saves=False)
def diagonal_scatter(input: Array, src: Array, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    """The input with src written on its diagonal."""
    first, second, length = _diagonal(input.shape, offset, dim1, dim2)
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


# --- joining ----------------------------------------------------------------------------------------------------------


def _together(tensors: Arrays) -> list[Array]:
    dtype = tensors[0].dtype
    for x in tensors[1:]:
        dtype = promote.promote_types(dtype, x.dtype)
    return [promote.cast(x, dtype) for x in tensors]


@op("lamina", saves=False, aliases=("concat", "concatenate"))
def cat(tensors: Arrays, dim: int = 0) -> Array:
    """Join tensors along a dimension; all other sizes must agree.

    >>> import lamina
    >>> lamina.cat([lamina.zeros(1, 2), lamina.ones(2, 2)]).shape
    lamina.Size([3, 2])
    """
    if not tensors:
        raise ValueError("cat(): expected a non-empty list of Tensors")
    for place, x in enumerate(tensors):
        if x.ndim == 0:
            raise RuntimeError(f"zero-dimensional tensor (at position {place}) cannot be concatenated")
    # PyTorch has always let empty vectors join with anything.
    arrays = _together(tensors)
    kept = [x for x in arrays if x.shape != (0,)]
    if not kept:
        check.dim(dim, 1)
        return arrays[0]
    first = kept[0]
    dim = check.dim(dim, first.ndim)
    for place, x in enumerate(arrays):
        if x.shape == (0,):
            continue
        if x.ndim != first.ndim:
            raise RuntimeError(f"Tensors must have same number of dimensions: got {first.ndim} and {x.ndim}")
        for axis in range(x.ndim):
            if axis != dim and x.shape[axis] != first.shape[axis]:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {dim}. Expected size {first.shape[axis]} but got "
                    f"size {x.shape[axis]} for tensor number {place} in the list."
                )
    return lax.concatenate(kept, dim)


def _listed(name: str, tensors: Arrays) -> Arrays:
    if not tensors:
        raise RuntimeError(f"{name} expects a non-empty TensorList")
    return tensors


@op("lamina", saves=False)
def stack(tensors: Arrays, dim: int = 0) -> Array:
    """Join tensors of one shape along a new dimension.

    >>> import lamina
    >>> lamina.stack([lamina.zeros(3), lamina.ones(3)], 1).shape
    lamina.Size([3, 2])
    """
    dim = check.dim(dim, _listed("stack", tensors)[0].ndim + 1)
    for place, x in enumerate(tensors):
        if x.shape != tensors[0].shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(tensors[0].shape)} at entry 0 and "
                f"{list(x.shape)} at entry {place}"
            )
    return lax.concatenate([lax.expand_dims(x, (dim,)) for x in _together(tensors)], dim)


def _at_least(x: Array, ndim: int) -> Array:
    if x.ndim >= ndim:
        return x
    return _reshape(x, {1: (1,), 2: (1, x.size), 3: (1, x.size, 1) if x.ndim < 2 else (*x.shape, 1)}[ndim])


@op("lamina", saves=False, grad_name="CatBackward0")
def hstack(tensors: Arrays) -> Array:
    """Join tensors along dimension 1, vectors along dimension 0."""
    arrays = [_at_least(x, 1) for x in _listed("hstack", tensors)]
    return cat(arrays, 0 if arrays[0].ndim == 1 else 1)


@op("lamina", saves=False, grad_name="CatBackward0", aliases=("row_stack",))
def vstack(tensors: Arrays) -> Array:
    """Join tensors along dimension 0, vectors as rows."""
    return cat([_at_least(x, 2) for x in _listed("vstack", tensors)], 0)


@op("lamina", saves=False, grad_name="CatBackward0")
def dstack(tensors: Arrays) -> Array:
    """Join tensors along dimension 2, after giving each three dimensions."""
    return cat([_at_least(x, 3) for x in _listed("dstack", tensors)], 2)


@op("lamina", saves=False, grad_name="CatBackward0")
def column_stack(tensors: Arrays) -> Array:
    """Join tensors along dimension 1, vectors as columns."""
    columns = [_reshape(x, (x.size, 1)) if x.ndim < 2 else x for x in _listed("column_stack", tensors)]
    return cat(columns, 1)


@op("", saves=False)
def block_diag(tensors: Arrays) -> Array:
    """A matrix with the given matrices along its diagonal."""
    blocks = [_at_least(x, 2) for x in _together(tensors)]
    for place, x in enumerate(blocks):
        if x.ndim > 2:
            raise RuntimeError(
                f"block_diag: Input tensors must have 2 or fewer dimensions. Input {place} has {x.ndim} dimensions"
            )
    rows, columns = sum(x.shape[0] for x in blocks), sum(x.shape[1] for x in blocks)
    bands, column, zero = [], 0, jnp.zeros((), blocks[0].dtype)
    for x in blocks:
        bands.append(lax.pad(x, zero, [(0, 0, 0), (column, columns - column - x.shape[1], 0)]))
        column += x.shape[1]
    assert sum(x.shape[0] for x in bands) == rows
    return lax.concatenate(bands, 0)


# --- repeating and turning --------------------------------------------------------------------------------------------


def _repeat(x: Array, repeats: Shape) -> Array:
    x = _reshape(x, (1,) * (len(repeats) - x.ndim) + x.shape)
    if all(times == 1 for times in repeats):
        return x
    sizes = tuple(size for pair in zip(repeats, x.shape, strict=True) for size in pair)
    spread = lax.broadcast_in_dim(x, sizes, range(1, len(sizes), 2))
    return _reshape(spread, tuple(times * size for times, size in zip(repeats, x.shape, strict=True)))


@op("Tensor", saves=False)
def repeat(input: Array, repeats: Shape) -> Array:
    """Copies of the input side by side: `repeats[i]` of them along dimension i.

    >>> import lamina
    >>> lamina.tensor([1, 2]).repeat(2, 2)
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    if len(repeats) < input.ndim:
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    if any(times < 0 for times in repeats):
        sizes = (1,) * (len(repeats) - input.ndim) + input.shape
        shape = [times * size for times, size in zip(repeats, sizes, strict=True)]
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(shape)}: {shape}")
    return _repeat(input, tuple(repeats))


@op(saves=False, grad_name="RepeatBackward0")
def tile(input: Array, dims: Shape) -> Array:
    """Like `repeat`, but missing leading repeats are 1."""
    return repeat(input, (1,) * (input.ndim - len(dims)) + tuple(dims))


@op("", saves=False, grad_name="ViewBackward0")
def repeat_each(input: Array, repeats: int, dim: int | None = None) -> Array:
    """Each element `repeats` times in a row along a dimension (None: of the flattened input)."""
    if repeats < 0:
        raise RuntimeError("Repeats must be non-negative")
    if dim is None:
        input, dim = _reshape(input, (input.size,)), 0
    dim = check.dim(dim, input.ndim)
    input = _at_least(input, 1)
    shape = input.shape
    sizes = (*shape[: dim + 1], repeats, *shape[dim + 1 :])
    spread = lax.broadcast_in_dim(input, sizes, [axis for axis in range(len(sizes)) if axis != dim + 1])
    return _reshape(spread, (*shape[:dim], shape[dim] * repeats, *shape[dim + 1 :]))


@op(saves=False)
def flip(input: Array, dims: Shape) -> Array:
    """Reverse the order of elements along dimensions."""
    dims = () if dims == () else check.dims(dims, input.ndim)
    return lax.rev(input, dims) if input.ndim else input


@op(saves=False, grad_name="FlipBackward0")
def fliplr(input: Array) -> Array:
    """Reverse dimension 1."""
    if input.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return lax.rev(input, (1,))


@op(saves=False, grad_name="FlipBackward0")
def flipud(input: Array) -> Array:
    """Reverse dimension 0."""
    if input.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return lax.rev(input, (0,))


@op(saves=False)
def roll(input: Array, shifts: int | Shape, dims: int | Shape | None = None) -> Array:
    """Shift elements along dimensions; those that leave at the end come back at the start.

    Without dims the input is rolled as if flattened.
    """
    shifts = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    dims = () if dims is None else (dims,) if isinstance(dims, int) else tuple(dims)
    if not shifts:
        raise RuntimeError("`shifts` required")
    if not dims and len(shifts) == 1:
        return _reshape(roll(_reshape(input, (input.size,)), shifts, 0), input.shape)
    if len(shifts) != len(dims):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}")
    for shift, dim in zip(shifts, dims, strict=True):
        dim = check.dim(dim, input.ndim)
        if input.ndim == 0:
            raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
        length = input.shape[dim]
        cut = -shift % length if length else 0
        if cut:
            parts = lax.slice_in_dim(input, cut, length, axis=dim), lax.slice_in_dim(input, 0, cut, axis=dim)
            input = lax.concatenate(parts, dim)
    return input


@op(saves=False)
def rot90(input: Array, k: int = 1, dims: Shape = (0, 1)) -> Array:
    """Turn the plane of two dimensions k times by 90 degrees, from the first towards the second."""
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if input.ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {input.ndim}")
    first, second = check.dim(dims[0], input.ndim), check.dim(dims[1], input.ndim)
    if first == second:
        raise RuntimeError(f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    turns = k % 4
    if turns == 1:
        return transpose(lax.rev(input, (second,)), first, second)
    if turns == 3:
        return transpose(lax.rev(input, (first,)), first, second)
    return lax.rev(input, (first, second)) if turns == 2 else input


# --- triangles and diagonals ------------------------------------------------------------------------------------------


def _triangle(name: str, x: Array, diagonal: int, lower: bool) -> Array:
    if x.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")
    row, column = (lax.broadcasted_iota(jnp.int32, x.shape[-2:], axis) for axis in (0, 1))
    keep = column - row <= diagonal if lower else column - row >= diagonal
    return jnp.where(keep, x, jnp.zeros((), x.dtype))


@op(saves=False, inplace=True)
def tril(input: Array, diagonal: int = 0) -> Array:
    """The lower triangle of the matrices in the last two dimensions, zero elsewhere."""
    return _triangle("tril", input, diagonal, True)


@op(saves=False, inplace=True)
def triu(input: Array, diagonal: int = 0) -> Array:
    """The upper triangle of the matrices in the last two dimensions, zero elsewhere."""
    return _triangle("triu", input, diagonal, False)


def _diag_name(input: Any, *args: Any) -> str:
    return "DiagEmbedBackward0" if len(input.shape) == 1 else "DiagonalBackward0_copy"


@op(saves=False, grad_name=_diag_name)
def diag(input: Array, diagonal: int = 0) -> Array:
    """A matrix with the vector on its diagonal, or a copy of the diagonal of a matrix.

    >>> import lamina
    >>> lamina.diag(lamina.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    if input.ndim not in (1, 2):
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {input.ndim}D")
    if input.ndim == 1:
        return diag_embed(input, diagonal)
    _, _, length = _diagonal(input.shape, diagonal, 0, 1)
    rows, columns = _diagonal_index(2, 0, 1, diagonal, length)
    return input.at[rows, columns].get(unique_indices=True, mode="promise_in_bounds")


@op(saves=False)
def diag_embed(input: Array, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Array:
    """Matrices, in dimensions dim1 and dim2 of the result, with the last dimension of the input on their diagonal."""
    first, second = check.dim(dim1, input.ndim + 1), check.dim(dim2, input.ndim + 1)
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    size = input.shape[-1] + abs(offset)
    row, column = (lax.broadcasted_iota(jnp.int32, (size, size), axis) for axis in (0, 1))
    padding = [(0, 0, 0)] * (input.ndim - 1) + [(max(0, offset), max(0, -offset), 0)]
    # Every row holds the whole vector where its columns are; one of them is kept.
    line = lax.pad(input, jnp.zeros((), input.dtype), padding)[..., None, :]
    square = jnp.where(column - row == offset, line, jnp.zeros((), input.dtype))
    return jnp.moveaxis(square, (-2, -1), (first, second))


@op(saves=False, grad_name="DiagEmbedBackward0")
def diagflat(input: Array, offset: int = 0) -> Array:
    """A matrix with the elements of the input on its diagonal."""
    return diag_embed(_reshape(input, (input.size,)), offset)


# --- how a view lies in the memory of its base ------------------------------------------------------------------------

Layout = tuple[Shape, Shape, int]


def contiguous_strides(shape: Shape) -> Shape:
    """Strides of row-major order, in elements."""
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= max(size, 1)
    return tuple(reversed(strides))


def view_strides(shape: Shape, strides: Shape, new_shape: Shape) -> Shape | None:
    """The strides that show the same memory under a new shape, or None if there are none. Source: ATen."""
    if not shape:
        return (1,) * len(new_shape)
    if 0 in shape:
        return strides if tuple(shape) == tuple(new_shape) else contiguous_strides(new_shape)
    result = [0] * len(new_shape)
    place = len(new_shape) - 1
    base, own, seen = strides[-1], 1, 1
    for axis in range(len(shape) - 1, -1, -1):
        own *= shape[axis]
        # The end of a chunk of dimensions that lie in memory without gaps.
        if axis == 0 or (shape[axis - 1] != 1 and strides[axis - 1] != own * base):
            while place >= 0 and (seen < own or new_shape[place] == 1):
                result[place] = seen * base
                seen *= new_shape[place]
                place -= 1
            if seen != own:
                return None
            if axis > 0:
                base, own, seen = strides[axis - 1], 1, 1
    return tuple(result) if place == -1 else None


def can_view(shape: Shape, strides: Shape, new_shape: Shape) -> bool:
    """Whether a tensor of these sizes and strides can be viewed under new_shape without copying."""
    return view_strides(shape, strides, infer_shape(new_shape, math.prod(shape))) is not None


def is_contiguous(shape: Shape, strides: Shape) -> bool:
    """Whether the elements lie in row-major order without gaps."""
    if 0 in shape:
        return True
    step = 1
    for size, stride in zip(reversed(shape), reversed(strides), strict=True):
        if size != 1 and stride != step:
            return False
        step *= size
    return True


def _pick(shape: Shape, strides: Shape, order: Shape) -> tuple[Shape, Shape]:
    return tuple(shape[axis] for axis in order), tuple(strides[axis] for axis in order)


def _after_view(shape: Shape, strides: Shape, offset: int, size: Shape) -> Layout:
    size = infer_shape(size, math.prod(shape))
    found = view_strides(shape, strides, size)
    if found is None:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            "contiguous subspaces). Use .reshape(...) instead."
        )
    return size, found, offset


def _after_transpose(shape: Shape, strides: Shape, offset: int, dim0: int, dim1: int) -> Layout:
    order = list(range(len(shape)))
    dim0, dim1 = check.dim(dim0, len(shape)), check.dim(dim1, len(shape))
    if order:
        order[dim0], order[dim1] = dim1, dim0
    return *_pick(shape, strides, tuple(order)), offset


def _after_t(shape: Shape, strides: Shape, offset: int) -> Layout:
    return shape[::-1], strides[::-1], offset


def _after_permute(shape: Shape, strides: Shape, offset: int, dims: Shape) -> Layout:
    return *_pick(shape, strides, _order(dims, len(shape))), offset


def _after_movedim(shape: Shape, strides: Shape, offset: int, source: Any, destination: Any) -> Layout:
    return *_pick(shape, strides, _moved(source, destination, len(shape))), offset


def _after_squeeze(shape: Shape, strides: Shape, offset: int, dim: Any = None) -> Layout:
    gone = _squeezed(shape, dim)
    return *_pick(shape, strides, tuple(axis for axis in range(len(shape)) if axis not in gone)), offset


def _after_unsqueeze(shape: Shape, strides: Shape, offset: int, dim: int) -> Layout:
    dim = check.dim(dim, len(shape) + 1)
    stride = shape[dim] * strides[dim] if dim < len(shape) else 1
    return (*shape[:dim], 1, *shape[dim:]), (*strides[:dim], stride, *strides[dim:]), offset


def _after_expand(shape: Shape, strides: Shape, offset: int, size: Shape) -> Layout:
    result = expanded_shape(shape, size)
    if not shape:
        return result, (0,) * len(result), offset
    new = len(result) - len(shape)
    found: list[int] = []
    for axis in range(len(result) - 1, -1, -1):
        own = shape[axis - new] if axis >= new else 1
        if own != result[axis]:
            stride = 0
        elif axis >= new:
            stride = strides[axis - new]
        else:
            stride = result[axis + 1] * found[-1] if found else 1
        found.append(stride)
    return result, tuple(reversed(found)), offset


def _after_select(shape: Shape, strides: Shape, offset: int, index: int, dim: int, made_by: str = "Select") -> Layout:
    rest = tuple(axis for axis in range(len(shape)) if axis != dim)
    return *_pick(shape, strides, rest), offset + index * strides[dim]


def _after_slice(
    shape: Shape, strides: Shape, offset: int, start: int, dim: int, size: int, step: int = 1, made_by: str = "Slice"
) -> Layout:
    shape = (*shape[:dim], size, *shape[dim + 1 :])
    return shape, (*strides[:dim], strides[dim] * step, *strides[dim + 1 :]), offset + start * strides[dim]


def _after_diagonal(
    shape: Shape, strides: Shape, offset: int, diagonal: int = 0, dim1: int = 0, dim2: int = 1
) -> Layout:
    first, second, length = _diagonal(shape, diagonal, dim1, dim2)
    rest = tuple(axis for axis in range(len(shape)) if axis not in (first, second))
    sizes, steps = _pick(shape, strides, rest)
    skipped = diagonal * strides[second] if diagonal >= 0 else -diagonal * strides[first]
    return (*sizes, length), (*steps, strides[first] + strides[second]), offset + (skipped if length else 0)


def _after_unfold(shape: Shape, strides: Shape, offset: int, dimension: int, size: int, step: int) -> Layout:
    dim, count = _windows(shape, dimension, size, step)
    if not shape:
        return (size,), (1,), offset
    sizes, steps = (*shape[:dim], count, *shape[dim + 1 :]), (*strides[:dim], strides[dim] * step, *strides[dim + 1 :])
    return (*sizes, size), (*steps, strides[dim]), offset


def _after_basic_index(shape: Shape, strides: Shape, offset: int, starts: tuple[int, ...], plan: Any) -> Layout:
    sizes: list[int] = []
    steps: list[int] = []
    axis, place = 0, 0
    for kind, *rest in plan:
        if kind == "new":
            sizes.append(1)
            # The stride of a new dimension is that of `unsqueeze`: what would come next to its left neighbour.
            steps.append(shape[axis] * strides[axis] if axis < len(shape) else 1)
            continue
        if kind == "all":
            sizes.append(shape[axis])
            steps.append(strides[axis])
        else:
            offset += int(starts[place]) * strides[axis]
            place += 1
            if kind == "slice":
                sizes.append(rest[0])
                steps.append(strides[axis] * rest[1])
        axis += 1
    return tuple(sizes), tuple(steps), offset


_AFTER: dict[str, Any] = {
    "view": _after_view,
    "transpose": _after_transpose,
    "t": _after_t,
    "permute": _after_permute,
    "movedim": _after_movedim,
    "squeeze": _after_squeeze,
    "unsqueeze": _after_unsqueeze,
    "expand": _after_expand,
    "broadcast_to": _after_expand,
    "select_at": _after_select,
    "slice_at": _after_slice,
    "diagonal": _after_diagonal,
    "unfold_windows": _after_unfold,
    "basic_index": _after_basic_index,
}


def strides_after(op_name: str, shape: Shape, strides: Shape, offset: int, args: tuple[Any, ...]) -> Layout:
    """Sizes, strides and storage offset of the view that an operation makes of a tensor with these.

    `args` are the operation's arguments after the first. Strides and offset count elements.
    """
    shape, strides = tuple(shape), tuple(strides)
    if op_name == "view_dtype":
        raise NotImplementedError("stride() of a tensor viewed as another dtype.")
    return _AFTER[op_name](shape, strides, offset, *args)


def overlaps(shape: Shape, strides: Shape) -> bool:
    """Whether some elements certainly share one place in memory, as after `expand`."""
    return 0 not in shape and any(size > 1 and stride == 0 for size, stride in zip(shape, strides, strict=True))
