"""How a view lies in the memory of its base: shapes, strides and offsets, in elements.

`strides_after` follows an operation that makes a view, so that `stride()`, `is_contiguous()` and the rules of `view`
are PyTorch's. No arrays here.
"""

from __future__ import annotations

import math
from typing import Any

from lamina.ops import check
from lamina.ops.op import Shape

Layout = tuple[Shape, Shape, int]
"""Shape, strides and offset."""

# --- shapes -----------------------------------------------------------------------------------------------------------


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


def permuted_order(dims: Shape, ndim: int) -> Shape:
    """The order of dimensions that `permute` makes, from 0."""
    if len(dims) != ndim:
        raise RuntimeError(
            "permute: number of dimensions in the tensor input does not match the length of the desired ordering of "
            f"dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = {len(dims)}"
        )
    order = tuple(check.dim(dim, ndim) for dim in dims)
    if len(set(order)) < ndim:
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return order


def moved_order(source: int | Shape, destination: int | Shape, ndim: int) -> Shape:
    """The order of dimensions that `movedim` makes."""
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


def squeezed_dims(shape: Shape, dim: int | Shape | None) -> tuple[int, ...]:
    """The axes that `squeeze` removes."""
    dims = range(len(shape)) if dim is None else () if dim == () else check.dims(dim, len(shape))
    return tuple(axis for axis in dims if shape and shape[axis] == 1)


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


def diagonal_place(shape: Shape, offset: int, dim1: int, dim2: int) -> tuple[int, int, int]:
    """The two dimensions of a diagonal from 0, and its length."""
    first, second = check.dim(dim1, len(shape)), check.dim(dim2, len(shape))
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    rows, columns = shape[first], shape[second]
    return first, second, max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns))


def unfolded(shape: Shape, dimension: int, size: int, step: int) -> tuple[int, int]:
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


# --- strides ----------------------------------------------------------------------------------------------------------


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
    return *_pick(shape, strides, permuted_order(dims, len(shape))), offset


def _after_movedim(shape: Shape, strides: Shape, offset: int, source: Any, destination: Any) -> Layout:
    return *_pick(shape, strides, moved_order(source, destination, len(shape))), offset


def _after_squeeze(shape: Shape, strides: Shape, offset: int, dim: Any = None) -> Layout:
    gone = squeezed_dims(shape, dim)
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
    first, second, length = diagonal_place(shape, diagonal, dim1, dim2)
    rest = tuple(axis for axis in range(len(shape)) if axis not in (first, second))
    sizes, steps = _pick(shape, strides, rest)
    skipped = diagonal * strides[second] if diagonal >= 0 else -diagonal * strides[first]
    return (*sizes, length), (*steps, strides[first] + strides[second]), offset + (skipped if length else 0)


def _after_unfold(shape: Shape, strides: Shape, offset: int, dimension: int, size: int, step: int) -> Layout:
    dim, count = unfolded(shape, dimension, size, step)
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


def _after_strided(
    shape: Shape, strides: Shape, offset: int, size: Shape, stride: Shape, start: int, storage_offset: int
) -> Layout:
    return size, stride, storage_offset


def _after_as_real(shape: Shape, strides: Shape, offset: int) -> Layout:
    return (*shape, 2), (*(2 * stride for stride in strides), 1), 2 * offset


def _after_as_complex(shape: Shape, strides: Shape, offset: int) -> Layout:
    return shape[:-1], tuple(stride // 2 for stride in strides[:-1]), offset // 2


_AFTER: dict[str, Any] = {
    "strided": _after_strided,
    "view_as_real": _after_as_real,
    "view_as_complex": _after_as_complex,
    "real": lambda shape, strides, offset: (shape, tuple(2 * stride for stride in strides), 2 * offset),
    "imag": lambda shape, strides, offset: (shape, tuple(2 * stride for stride in strides), 2 * offset + 1),
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
