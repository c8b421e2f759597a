"""Functions of Tensors that cut and arrange: those that return several views, or choose between a view and a copy."""

from __future__ import annotations

import math
import operator
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

import lamina
from lamina.engine import put
from lamina.ops import check
from lamina.ops.layout import can_view, infer_shape
from lamina.ops.op import TABLE
from lamina.ops.shape import check_index
from lamina.tensor import Tensor, known_numbers, share

PUBLIC = {
    "view": "Tensor",
    "reshape": "lamina Tensor",
    "view_as": "Tensor",
    "reshape_as": "Tensor",
    "flatten": "lamina Tensor",
    "ravel": "lamina Tensor",
    "unflatten": "lamina Tensor",
    "contiguous": "Tensor",
    "expand_as": "Tensor",
    "adjoint": "lamina Tensor",
    "T": "Tensor",
    "mT": "Tensor",
    "H": "Tensor",
    "mH": "Tensor",
    "select": "lamina Tensor",
    "narrow": "lamina Tensor",
    "unbind": "lamina Tensor",
    "split": "lamina Tensor",
    "split_with_sizes": "lamina Tensor",
    "chunk": "lamina Tensor",
    "tensor_split": "lamina Tensor",
    "hsplit": "lamina Tensor",
    "vsplit": "lamina Tensor",
    "dsplit": "lamina Tensor",
    "repeat_interleave": "lamina Tensor",
    "meshgrid": "lamina",
    "cartesian_prod": "lamina",
    "block_diag": "lamina",
    "broadcast_tensors": "lamina",
    "atleast_1d": "lamina",
    "atleast_2d": "lamina",
    "atleast_3d": "lamina",
}
"""Where users find each function."""


def _sizes(shape: tuple[Any, ...]) -> tuple[int, ...]:
    """The sizes of `f(2, 3)` or `f((2, 3))`."""
    if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
        shape = tuple(shape[0])
    return tuple(map(operator.index, shape))


# --- one tensor under another shape -----------------------------------------------------------------------------------


def view(input: Tensor, *shape: Any, dtype: Any = None) -> Tensor:
    """The same elements under another shape, or the same bits under another dtype; shares memory with the input.

    One size may be -1. RuntimeError if the input does not lie in memory so that this is possible: see `reshape`.
    """
    if dtype is not None or (len(shape) == 1 and _is_dtype(shape[0])):
        return lamina.functions.view_dtype(input, shape[0] if dtype is None else dtype)
    sizes = _sizes(shape)
    if not input.is_contiguous() and not can_view(input.shape, input.stride(), sizes):
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            "contiguous subspaces). Use .reshape(...) instead."
        )
    return lamina.functions.view(input, sizes)


def _is_dtype(x: Any) -> bool:
    return isinstance(x, lamina.dtypes.DType)


def _reshaped(input: Tensor, sizes: tuple[int, ...]) -> Tensor:
    if input.is_contiguous() or can_view(input.shape, input.stride(), sizes):
        return lamina.functions.view(input, sizes)
    return lamina.functions.reshape_copy(input, sizes)


def reshape(input: Tensor, *shape: Any) -> Tensor:
    """The same elements in row-major order under another shape: a view where possible, else a copy.

    >>> import lamina
    >>> lamina.arange(6).reshape(2, -1)
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    return _reshaped(input, _sizes(shape))


def view_as(input: Tensor, other: Tensor) -> Tensor:
    """The input viewed under the shape of another tensor."""
    return view(input, *other.shape)


def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """The input under the shape of another tensor."""
    return _reshaped(input, tuple(other.shape))


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dimensions start_dim to end_dim as one.

    >>> import lamina
    >>> lamina.ones(2, 3, 4).flatten(1).shape
    lamina.Size([2, 12])
    """
    shape = tuple(input.shape)
    start, end = check.dim(start_dim, len(shape)), check.dim(end_dim, len(shape))
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not shape:
        return _reshaped(input, (1,))
    if start == end:
        return input
    return _reshaped(input, (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


def ravel(input: Tensor) -> Tensor:
    """All elements as one dimension."""
    return _reshaped(input, (math.prod(input.shape),))


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """A dimension cut into several; one size may be -1."""
    dim = check.dim(dim, input.ndim)
    sizes = tuple(sizes)
    if not sizes:
        raise RuntimeError("unflatten: sizes must be non-empty")
    shape = tuple(input.shape)
    try:
        new = infer_shape(sizes, shape[dim])
    except RuntimeError:
        if sizes.count(-1) > 1:
            raise
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {dim} ({shape[dim]}) in the "
            "input tensor"
        ) from None
    return view(input, *shape[:dim], *new, *shape[dim + 1 :])


def contiguous(input: Tensor, memory_format: Any = None) -> Tensor:
    """The input itself if it lies in memory in row-major order, else a copy that does."""
    return input if input.is_contiguous() else lamina.functions.contiguous_copy(input)


def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """The input expanded to the shape of another tensor. A view."""
    return lamina.functions.expand(input, tuple(other.shape))


def adjoint(input: Tensor) -> Tensor:
    """The last two dimensions exchanged, and the complex conjugate of each element."""
    output = _matrices_transposed(input)
    return output.conj() if input.dtype.is_complex else output


def _reversed(input: Tensor) -> Tensor:
    """The dimensions in reverse order; for a matrix, its transpose. A view."""
    if input.ndim != 2:
        warnings.warn(
            "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it will "
            "throw an error in a future release. Consider `x.mT` to transpose batches of matrices or "
            "`x.permute(*range(x.ndim)[::-1])` to reverse the dimensions of a tensor.",
            UserWarning,
            stacklevel=2,
        )
    return lamina.functions.permute(input, tuple(range(input.ndim))[::-1])


def _matrices_transposed(input: Tensor) -> Tensor:
    """The last two dimensions exchanged. A view."""
    if input.ndim == 1:
        raise RuntimeError("tensor.mT is only supported on matrices or batches of matrices. Got 1-D tensor.")
    if input.ndim == 0:
        return input
    return lamina.functions.transpose(input, -2, -1)


def _matrix_adjoint(input: Tensor) -> Tensor:
    """The transpose of a matrix, and the complex conjugate of each element."""
    if input.ndim not in (0, 2):
        raise RuntimeError(f"tensor.H is only supported on matrices (2-D tensors). Got {input.ndim}-D tensor.")
    return adjoint(input) if input.ndim else input


T = property(_reversed)
mT = property(_matrices_transposed)
H = property(_matrix_adjoint)
mH = property(adjoint)


# --- parts ------------------------------------------------------------------------------------------------------------


def select(input: Tensor, dim: int, index: int) -> Tensor:
    """One index of a dimension, which disappears. A view."""
    if input.ndim == 0:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    dim = check.dim(dim, input.ndim)
    return lamina.functions.select_at(input, check_index(operator.index(index), dim, tuple(input.shape)), dim)


def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """`length` elements of a dimension from `start`. A view.

    >>> import lamina
    >>> lamina.arange(5).narrow(0, 1, 3)
    tensor([1, 2, 3])
    """
    if input.ndim == 0:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    dim = check.dim(dim, input.ndim)
    size, start = input.shape[dim], operator.index(start)
    if not -size <= start <= size:
        raise IndexError(f"start out of range (expected to be in range of [-{size}, {size}], but got {start})")
    start = start + size if start < 0 else start
    if start + length > size:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    return lamina.functions.slice_at(input, start, dim, length)


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The input at every index of a dimension. Views."""
    if input.ndim == 0:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    dim = check.dim(dim, input.ndim)
    return tuple([element(input, place, dim) for place in range(input.shape[dim])])


_MANY = 8
"""A vector of fewer elements is taken apart by instructions, which a program can be kept for."""


def element(input: Tensor, place: int, dim: int = 0) -> Tensor:
    """What `unbind` gives at one place; a number of a longer vector is taken out of what is known, if it is."""
    if input.ndim == 1 and input.shape[0] >= _MANY:
        numbers = known_numbers(input)
        if numbers is not None:
            value = put(numbers[place : place + 1].copy().reshape(()), input._value.spec.device)
            return share(input, value, (TABLE["select_at"], (place,), (0, "Unbind")))
    return lamina.functions.select_at(input, place, dim, "Unbind")


def _pieces(input: Tensor, dim: int, sizes: Sequence[int], made_by: str) -> tuple[Tensor, ...]:
    pieces, start = [], 0
    for size in sizes:
        pieces.append(lamina.functions.slice_at(input, start, dim, size, 1, made_by))
        start += size
    return tuple(pieces)


def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces of the given sizes, one after the other. Views."""
    if input.ndim == 0:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    dim = check.dim(dim, input.ndim)
    sizes = list(map(operator.index, split_sizes))
    if any(size < 0 for size in sizes):
        raise RuntimeError(
            f"split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={sizes}"
        )
    if sum(sizes) != input.shape[dim]:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {input.shape[dim]} (input tensor's size at "
            f"dimension {dim}), but got split_sizes={sizes}"
        )
    return _pieces(input, dim, sizes, "SplitWithSizes")


def split(input: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces of one size, the last maybe smaller, or of the given sizes. Views.

    >>> import lamina
    >>> lamina.arange(5).split(2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    if not isinstance(split_size_or_sections, int):
        return split_with_sizes(input, split_size_or_sections, dim)
    if input.ndim == 0:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    dim, size = check.dim(dim, input.ndim), split_size_or_sections
    length = input.shape[dim]
    if size < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
    if size == 0 and length:
        raise RuntimeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {length}")
    count = max(1, -(-length // size)) if size else 1
    return _pieces(input, dim, [min(size, length - place * size) for place in range(count)], "Split")


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` pieces of one size, the last maybe smaller. Views."""
    if input.ndim == 0:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    dim = check.dim(dim, input.ndim)
    length = input.shape[dim]
    if length == 0:
        return _pieces(input, dim, [0] * chunks, "SplitWithSizes")
    return split(input, -(-length // chunks), dim)


def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """That many pieces of nearly one size, or pieces that end at the given indices. Views.

    >>> import lamina
    >>> lamina.arange(5).tensor_split((1, 3))
    (tensor([0]), tensor([1, 2]), tensor([3, 4]))
    """
    if input.ndim == 0:
        raise RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    dim = check.dim(dim, input.ndim)
    if isinstance(indices_or_sections, Tensor):
        indices_or_sections = indices_or_sections.tolist()
    length = input.shape[dim]
    if isinstance(indices_or_sections, int):
        sections = indices_or_sections
        if sections <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {sections}")
        sizes = [length // sections + (place < length % sections) for place in range(sections)]
        return _pieces(input, dim, sizes, "Slice")
    pieces, start = [], 0
    for end in (*indices_or_sections, length):
        low, size = slice(start, end).indices(length)[0], len(range(length)[start:end])
        pieces.append(lamina.functions.slice_at(input, min(low, length - size), dim, size))
        start = end
    return tuple(pieces)


def _even_split(name: str, input: Tensor, dim: int, least: int, indices_or_sections: Any) -> tuple[Tensor, ...]:
    if input.ndim < least:
        raise RuntimeError(
            f"lamina.{name} requires a tensor with at least {least} dimension, but got a tensor with {input.ndim} "
            "dimensions!"
        )
    if isinstance(indices_or_sections, int):
        length = input.shape[dim]
        if indices_or_sections <= 0 or length % indices_or_sections:
            raise RuntimeError(
                f"lamina.{name} attempted to split along dimension {dim}, but the size of the dimension {length} is "
                f"not divisible by the split_size {indices_or_sections}!"
            )
    return tensor_split(input, indices_or_sections, dim)


def hsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """`tensor_split` along dimension 1 (0 for a vector), into equal pieces. Views."""
    return _even_split("hsplit", input, 0 if input.ndim == 1 else 1, 1, indices_or_sections)


def vsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """`tensor_split` along dimension 0, into equal pieces. Views."""
    return _even_split("vsplit", input, 0, 2, indices_or_sections)


def dsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """`tensor_split` along dimension 2, into equal pieces. Views."""
    return _even_split("dsplit", input, 2, 3, indices_or_sections)


# --- repeating and combining ------------------------------------------------------------------------------------------


def repeat_interleave(input: Tensor, repeats: Any = None, dim: int | None = None, *, output_size: Any = None) -> Tensor:
    """Each element `repeats` times in a row; a tensor of repeats gives each its own number, and is read.

    With a single argument, the index of each element as often as it says.

    >>> import lamina
    >>> lamina.tensor([1, 2]).repeat_interleave(lamina.tensor([2, 1]))
    tensor([1, 1, 2])
    """
    if repeats is None:
        counts = input.numpy()
        return lamina.tensor(np.repeat(np.arange(len(counts), dtype=np.int64), counts), device=input.device)
    if isinstance(repeats, int):
        return lamina.functions.repeat_each(input, repeats, dim)
    counts = np.asarray(repeats.numpy() if isinstance(repeats, Tensor) else repeats)
    if dim is None:
        input, dim = ravel(input), 0
    dim = check.dim(dim, input.ndim)
    if counts.size == 1:
        return lamina.functions.repeat_each(input, int(counts.reshape(())), dim)
    if (counts < 0).any():
        raise RuntimeError("repeats can not be negative")
    if counts.ndim != 1 or len(counts) != input.shape[dim]:
        raise RuntimeError("repeats must have the same size as input along dim")
    index = lamina.tensor(np.repeat(np.arange(len(counts), dtype=np.int64), counts), device=input.device)
    return lamina.functions.index_select(input, dim, index)


def _flat(tensors: tuple[Any, ...]) -> list[Tensor]:
    """The tensors of `f(a, b)` or `f([a, b])`."""
    return list(tensors[0]) if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else list(tensors)


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Every combination of the elements of vectors: one tensor for each, with a dimension for each of them.

    Args:
        indexing: "ij", or "xy" to exchange the first two dimensions.

    >>> import lamina
    >>> x, y = lamina.meshgrid(lamina.tensor([1, 2]), lamina.tensor([3, 4, 5]))
    >>> x
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """
    vectors = _flat(tensors)
    if not vectors:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f'meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    for x in vectors:
        if x.ndim > 1:
            raise RuntimeError(f"meshgrid: Expected 0D or 1D tensor in the tensor list but got: {tuple(x.shape)}")
        if x.dtype != vectors[0].dtype:
            raise RuntimeError("meshgrid expects all tensors to have the same dtype")
    exchange = indexing == "xy" and len(vectors) > 1
    if exchange:
        vectors[:2] = vectors[1::-1]
    sizes = tuple(math.prod(x.shape) for x in vectors)
    grids = []
    for axis, x in enumerate(vectors):
        line = lamina.functions.view(x, tuple(-1 if place == axis else 1 for place in range(len(vectors))))
        grids.append(lamina.functions.expand(line, sizes))
    if exchange:
        grids[:2] = grids[1::-1]
    return tuple(grids)


def cartesian_prod(*tensors: Any) -> Tensor:
    """Every combination of the elements of vectors, one a row."""
    vectors = _flat(tensors)
    if len(vectors) == 1:
        return vectors[0]
    return lamina.functions.stack([ravel(grid) for grid in meshgrid(*vectors)], 1)


def block_diag(*tensors: Any) -> Tensor:
    """A matrix with the given matrices along its diagonal."""
    return lamina.functions.block_diag(list(tensors))


def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """The tensors expanded to the shape they broadcast to. Views."""
    tensors = tuple(_flat(tensors))
    shape = check.broadcast(*tensors)
    return tuple(x if tuple(x.shape) == shape else lamina.functions.expand(x, shape) for x in tensors)


def _at_least(tensors: tuple[Any, ...], ndim: int) -> Any:
    def grow(x: Tensor) -> Tensor:
        while x.ndim < ndim:
            x = lamina.functions.unsqueeze(x, -1 if x.ndim == 2 else 0)
        return x

    if len(tensors) == 1 and not isinstance(tensors[0], (tuple, list)):
        return grow(tensors[0])
    return tuple(map(grow, _flat(tensors)))


def atleast_1d(*tensors: Any) -> Any:
    """Each tensor with at least one dimension."""
    return _at_least(tensors, 1)


def atleast_2d(*tensors: Any) -> Any:
    """Each tensor with at least two dimensions, new ones first."""
    return _at_least(tensors, 2)


def atleast_3d(*tensors: Any) -> Any:
    """Each tensor with at least three dimensions: (L) becomes (1, L, 1), (H, W) becomes (H, W, 1)."""
    return _at_least(tensors, 3)
