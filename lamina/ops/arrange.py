"""Operations that arrange elements anew: joining, repeating, turning, triangles and diagonals."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import lax

from lamina.ops import check, promote
from lamina.ops.layout import diagonal_place
from lamina.ops.op import Array, Arrays, Shape, op
from lamina.ops.shape import diagonal_index, reshaped, transpose

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
    return reshaped(x, {1: (1,), 2: (1, x.size), 3: (1, x.size, 1) if x.ndim < 2 else (*x.shape, 1)}[ndim])


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
    columns = [reshaped(x, (x.size, 1)) if x.ndim < 2 else x for x in _listed("column_stack", tensors)]
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
    x = reshaped(x, (1,) * (len(repeats) - x.ndim) + x.shape)
    if all(times == 1 for times in repeats):
        return x
    sizes = tuple(size for pair in zip(repeats, x.shape, strict=True) for size in pair)
    spread = lax.broadcast_in_dim(x, sizes, range(1, len(sizes), 2))
    return reshaped(spread, tuple(times * size for times, size in zip(repeats, x.shape, strict=True)))


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
        input, dim = reshaped(input, (input.size,)), 0
    dim = check.dim(dim, input.ndim)
    input = _at_least(input, 1)
    shape = input.shape
    sizes = (*shape[: dim + 1], repeats, *shape[dim + 1 :])
    spread = lax.broadcast_in_dim(input, sizes, [axis for axis in range(len(sizes)) if axis != dim + 1])
    return reshaped(spread, (*shape[:dim], shape[dim] * repeats, *shape[dim + 1 :]))


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
        return reshaped(roll(reshaped(input, (input.size,)), shifts, 0), input.shape)
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
    _, _, length = diagonal_place(input.shape, diagonal, 0, 1)
    rows, columns = diagonal_index(length, diagonal)
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
    return diag_embed(reshaped(input, (input.size,)), offset)
