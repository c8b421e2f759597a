"""Indices and places: those of triangles, of flat numbers, of non-zero elements; combinations; buffers and files."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from lamina import bounds, creation, dtypes, functions
from lamina import storage as storages
from lamina.tensor import Tensor

PUBLIC = {
    "tril_indices": "lamina",
    "triu_indices": "lamina",
    "unravel_index": "lamina",
    "nonzero_static": "lamina Tensor",
    "combinations": "lamina",
    "segment_reduce": "lamina",
    "frombuffer": "lamina",
    "from_file": "lamina",
    "empty_permuted": "lamina",
    "untyped_storage": "Tensor",
    "storage": "Tensor",
}
"""Where users find each function."""

untyped_storage, storage = storages.untyped_storage, storages.storage


def _triangle(name: str, row: int, col: int, offset: int, dtype: Any, device: Any) -> Tensor:
    for size, word in ((row, "row"), (col, "col")):
        if size < 0:
            raise RuntimeError(f"{word} must be non-negative, got{size}")
    places = np.tril_indices(row, offset, col) if name == "tril" else np.triu_indices(row, offset, col)
    return creation.tensor(np.stack(places), dtype=dtypes.int64 if dtype is None else dtype, device=device)


def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None, layout: Any = None
) -> Tensor:
    """The places of the lower triangle of a matrix, row by row: -> (2, n), in int64.

    >>> import lamina
    >>> lamina.tril_indices(2, 2)
    tensor([[0, 1, 1],
            [0, 0, 1]])
    """
    return _triangle("tril", row, col, offset, dtype, device)


def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None, layout: Any = None
) -> Tensor:
    """The places of the upper triangle of a matrix, row by row: -> (2, n), in int64."""
    return _triangle("triu", row, col, offset, dtype, device)


def unravel_index(indices: Tensor, shape: int | Sequence[int]) -> tuple[Tensor, ...]:
    """The coordinates, in an array of this shape, of elements counted in row-major order: one tensor a dimension.

    >>> import lamina
    >>> lamina.unravel_index(lamina.tensor(5), (3, 4))
    (tensor(1), tensor(1))
    """
    if indices.dtype.is_floating_point or indices.dtype.is_complex or indices.dtype is dtypes.bool:
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    if any(size < 0 for size in sizes):
        raise ValueError(f"'shape' cannot have negative values, but got {sizes}")
    steps = [math.prod(sizes[axis + 1 :]) for axis in range(len(sizes))]
    return tuple(
        functions.remainder(functions.floor_divide(indices, step), size)
        for step, size in zip(steps, sizes, strict=True)
    )


def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1) -> Tensor:
    """The first `size` places of `nonzero`, filled up with `fill_value`: -> (size, dimensions).

    >>> import lamina
    >>> lamina.nonzero_static(lamina.tensor([0, 3]), size=2)
    tensor([[ 1],
            [-1]])
    """
    if size < 0:
        raise RuntimeError("nonzero_static: 'size' must be an non-negative integer")
    return functions.nonzero_of_size(input, size, fill_value)


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All choices of r elements of a vector, in its order, one a row.

    >>> import lamina
    >>> lamina.combinations(lamina.tensor([1, 2, 3]))
    tensor([[1, 2],
            [1, 3],
            [2, 3]])
    """
    if input.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(input.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if r == 0:
        return creation.empty(0, dtype=input.dtype, device=input.device)
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    places = np.array(list(choose(range(len(input)), r)), np.int64).reshape(-1, r)
    chosen = functions.index_select(input, 0, creation.tensor(places.reshape(-1), device=input.device))
    return functions.view(chosen, places.shape)


def segment_reduce(
    data: Tensor,
    reduce: str,
    *,
    lengths: Tensor | None = None,
    indices: Tensor | None = None,
    offsets: Tensor | None = None,
    axis: int = 0,
    unsafe: bool = False,
    initial: Any = None,
) -> Tensor:
    """The sum, prod, mean, max or min of each segment along an axis.

    Args:
        lengths: how long each segment is; together they are as long as the axis.
        offsets: instead where each segment begins, and where the last one ends.
        unsafe: whether not to look whether lengths are positive and fill the axis, where their numbers are known.
        initial: what each reduction begins with, and what an empty segment gives.

    >>> import lamina
    >>> lamina.segment_reduce(lamina.tensor([1.0, 2.0, 3.0]), "sum", lengths=lamina.tensor([1, 2]))
    tensor([1., 5.])
    """
    if indices is not None:
        raise RuntimeError("segment_reduce(): indices based reduction is not supported yet.")
    if offsets is not None:
        starts, ends = offsets[..., :-1], offsets[..., 1:]
    elif lengths is not None:
        if not unsafe:
            _check_lengths(lengths, data, axis)
        ends = functions.cumsum(lengths, -1)
        starts = ends - lengths
    else:
        raise RuntimeError("segment_reduce(): Either lengths or offsets must be defined.")
    return functions.segments_reduced(data, starts, ends, reduce, axis, initial)


def _check_lengths(lengths: Tensor, data: Tensor, axis: int) -> None:
    known = bounds.numbers(lengths)
    if known is None:
        return
    if known.min() < 0:
        raise RuntimeError("lengths contains negative value!")
    if (known.sum(-1) != data.size(axis)).any():
        raise RuntimeError(
            "segment_reduce(): Expected all rows of lengths along axis to sum to data.size(lengths.dim()-1) when "
            "!unsafe."
        )


def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A vector of the numbers in a buffer of bytes: a copy (PyTorch shares the memory).

    >>> import lamina
    >>> lamina.frombuffer(bytearray([1, 0, 2, 0]), dtype=lamina.int16)
    tensor([1, 2], dtype=lamina.int16)
    """
    kind = dtypes.of(dtype)
    size = memoryview(buffer).nbytes
    if count == 0 or size == 0:
        raise ValueError(f"both buffer length ({size}) and count ({count}) must not be 0")
    if not 0 <= offset < size:
        raise ValueError(
            f"offset ({offset} bytes) must be non-negative and no greater than buffer length ({size} bytes) minus 1"
        )
    if count < 0 and (size - offset) % kind.itemsize:
        raise ValueError(
            f"buffer length ({size} bytes) after offset ({offset} bytes) must be a multiple of element size "
            f"({kind.itemsize})"
        )
    if count > 0 and offset + count * kind.itemsize > size:
        raise ValueError(
            f"requested buffer length ({count} * {kind.itemsize} bytes) after offset ({offset} bytes) must not be "
            f"greater than actual buffer length ({size} bytes)"
        )
    array = np.frombuffer(buffer, kind.numpy, count, offset)
    return creation.tensor(array, dtype=kind, requires_grad=requires_grad)


def from_file(
    filename: str,
    shared: bool | None = None,
    size: int = 0,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """A vector of the numbers in a file: a copy; memory shared with a file is not possible."""
    if shared:
        raise NotImplementedError(
            "from_file: XLA owns its buffers, so none can be shared with a file; use shared=False."
        )
    kind = dtypes.get_default_dtype() if dtype is None else dtypes.of(dtype)
    if os.path.getsize(filename) < size * kind.itemsize:
        raise RuntimeError(f"from_file: {filename} is shorter than {size} elements of {kind}.")
    array = np.fromfile(filename, kind.numpy, size)
    return creation.tensor(array, dtype=kind, device=device, requires_grad=requires_grad)


def empty_permuted(size: Any, physical_layout: Any, **options: Any) -> Tensor:
    """A tensor of this size whose dimensions lie in memory in this order, the outermost first."""
    sizes, order = tuple(size), tuple(physical_layout)
    if sorted(order) != list(range(len(sizes))):
        raise RuntimeError(f"Duplicate or missing dim in physical_layout {list(order)} of {len(sizes)} dimensions")
    base = creation.empty(tuple(sizes[axis] for axis in order), **options)
    return functions.permute(base, tuple(order.index(axis) for axis in range(len(sizes))))
