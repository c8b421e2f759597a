"""Making sparse tensors: from places and values, from dense tensors, from diagonals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lamina import bounds, creation, dtypes, functions
from lamina.ops import check
from lamina.sparse.tensor import SparseTensor, beside, flat
from lamina.tensor import Size, Tensor


def sparse_coo_tensor(
    indices: Any = None,
    values: Any = None,
    size: Any = None,
    *,
    dtype: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    check_invariants: bool | None = None,
    is_coalesced: bool | None = None,
) -> SparseTensor:
    """A tensor that is 0 except in some places: entries of one place add up.

    Args:
        indices: the places, one column an entry.
        values: what stands there, one entry a row; gradients pass to it.
        size: the shape; default: the smallest that holds all places. `sparse_coo_tensor(size)` has no entries.
        dtype: the type of the values.
        device: where to put it.
        pin_memory: ignored.
        requires_grad: whether the values are a new leaf that gradients are computed for.
        check_invariants: whether places, and what `is_coalesced` says of them, are checked though that means to wait
            for them; default: places only, if they are at hand.
        is_coalesced: whether the places are known to be in order, and none to come twice.
    Shapes:
        indices (S, N), values (N, *)

    >>> import lamina
    >>> lamina.sparse_coo_tensor([[0, 1], [1, 0]], [1.0, 2.0], (2, 2)).to_dense()
    tensor([[0., 1.],
            [2., 0.]])
    """
    if values is None:
        return _empty(indices if size is None else size, dtype, device, requires_grad)
    if device is None and isinstance(values, Tensor):
        device = values.device
    places = creation.as_tensor(indices, device=device)
    if places.numel() == 0:
        places = places.to(dtypes.int64)
    if places.is_floating_point() or places.dtype is dtypes.bool:
        raise TypeError(f"sparse_coo_tensor: indices must be whole numbers, got {places.dtype}.")
    places = places.to(dtypes.int64)
    if places.ndim != 2:
        raise RuntimeError(f"indices must be sparse_dim x nnz, but got: {list(places.shape)}")
    numbers = creation.as_tensor(values, dtype=dtype, device=device)
    if numbers.ndim < 1 or numbers.shape[0] != places.shape[1]:
        raise RuntimeError(
            "indices and values must have same nnz, but got nnz from indices: "
            f"{places.shape[1]}, nnz from values: {numbers.shape[0] if numbers.ndim else 0}"
        )
    if size is None:
        size = (*_smallest(places), *numbers.shape[1:])
    size = Size(size)
    _check(places, numbers, size, bool(check_invariants))
    if is_coalesced and check_invariants and not _in_order(places, size):
        raise RuntimeError("cannot set is_coalesced to true if indices correspond to uncoalesced COO tensor")
    if requires_grad:
        numbers = numbers.detach().requires_grad_()
    elif numbers.requires_grad:
        numbers = functions.coo_values(numbers)
    # A single entry cannot be out of order.
    return SparseTensor(places, numbers, size, bool(is_coalesced) or places.shape[1] < 2)


def _empty(size: Any, dtype: Any, device: Any, requires_grad: bool) -> SparseTensor:
    if size is None:
        raise TypeError("sparse_coo_tensor: give indices and values, or a size.")
    places = creation.zeros((len(size), 0), dtype=dtypes.int64, device=device)
    numbers = creation.zeros((0,), dtype=dtype, device=device, requires_grad=requires_grad)
    return SparseTensor(places, numbers, size, coalesced=True)


def _smallest(places: Tensor) -> list[int]:
    array = np.asarray(places.array())
    return [int(n) + 1 for n in array.max(1)] if array.shape[1] else [0] * array.shape[0]


def _check(places: Tensor, numbers: Tensor, size: Size, wait: bool) -> None:
    sparse = places.shape[0]
    if len(size) != sparse + numbers.ndim - 1:
        raise RuntimeError(
            f"number of dimensions must be sparse_dim ({sparse}) + dense_dim ({numbers.ndim - 1}), but got {len(size)}"
        )
    if tuple(numbers.shape[1:]) != tuple(size[sparse:]):
        expected = [numbers.shape[0], *size[sparse:]]
        raise RuntimeError(f"values has incorrect size, expected {expected}, got {list(numbers.shape)}")
    array = np.asarray(places.array()) if wait else bounds.at_hand(places)
    if array is None or not array.size:
        return
    for dim, (row, length) in enumerate(zip(array, size, strict=False)):
        if row.min() < 0:
            raise RuntimeError(f"found negative index {row.min()} for dim {dim}")
        if row.max() >= length:
            raise RuntimeError(
                f"size is inconsistent with indices: for dim {dim}, size is {length} but found index {row.max()}"
            )


def _in_order(places: Tensor, size: Size) -> bool:
    return bool((np.diff(flat(np.asarray(places.array()), size[: places.shape[0]])) > 0).all())


def to_sparse(self: Tensor, sparse_dim: int | None = None, *, layout: Any = None, **options: Any) -> SparseTensor:
    """The elements that are not 0, as a sparse tensor. Which those are is read at once.

    Args:
        self: a dense tensor; gradients pass to it.
        sparse_dim: how many dimensions the places have; default: all. The others stay dense.
        layout: only `lamina.sparse_coo`.
        options: other layouts' arguments.

    >>> import lamina
    >>> lamina.eye(2).to_sparse()
    tensor(indices=tensor([[0, 1],
                           [0, 1]]),
           values=tensor([1., 1.]),
           size=(2, 2), nnz=2, layout=lamina.sparse_coo)
    """
    if layout not in (None, SparseTensor.layout) or options:
        raise NotImplementedError(f"to_sparse: only layout=lamina.sparse_coo is supported, got {layout or options}.")
    count = self.ndim if sparse_dim is None else sparse_dim
    if not 0 <= count <= self.ndim or (count == 0 and self.ndim > 0):
        raise RuntimeError(f"sparse_dim argument must be in >0 and <= {self.ndim} range, got {count}")
    there = np.asarray(self.detach().array()) != 0
    found = there.reshape(*there.shape[:count], -1).any(-1)
    indices = beside(self, np.stack(np.nonzero(found)).astype(np.int64) if count else np.zeros((0, 1), np.int64))
    values = functions.coo_gather(self, indices) if count else self.reshape(1)
    return SparseTensor(indices, values, self.shape, coalesced=True)


def sparse_mask(self: Tensor, mask: SparseTensor) -> SparseTensor:
    """The elements of a dense tensor in the places of a sparse one."""
    if not isinstance(mask, SparseTensor):
        raise TypeError(f"sparse_mask: mask must be a sparse tensor, got {type(mask).__name__}.")
    if self.shape != mask.shape:
        raise RuntimeError(
            f"sparse_mask(): operands have incompatible sizes; self has size {list(self.shape)} but mask has size "
            f"{list(mask.shape)}"
        )
    return mask.with_values(functions.coo_gather(self, mask._places))


def spdiags(diagonals: Tensor, offsets: Tensor, shape: tuple[int, int], layout: Any = None) -> SparseTensor:
    """A sparse matrix with rows of `diagonals` on its diagonals `offsets`; column j holds element j of each row.

    >>> import lamina
    >>> lamina.sparse.spdiags(lamina.ones(1, 2), lamina.tensor([1]), (2, 2)).to_dense()
    tensor([[0., 1.],
            [0., 0.]])
    """
    if layout not in (None, SparseTensor.layout):
        raise NotImplementedError(f"spdiags: only layout=lamina.sparse_coo is supported, got {layout}.")
    shifts = np.asarray(offsets.array()).reshape(-1)
    rows_of = diagonals if diagonals.ndim == 2 else diagonals.unsqueeze(0)
    if rows_of.shape[0] != len(shifts):
        raise ValueError(
            f"Number of diagonals ({rows_of.shape[0]}) does not match the number of offsets ({len(shifts)})"
        )
    if len(set(shifts.tolist())) != len(shifts):
        raise ValueError("Offset tensor contains duplicate values")
    which, columns = np.nonzero(np.ones((len(shifts), min(rows_of.shape[1], shape[1])), bool))
    rows = columns - shifts[which]
    inside = (rows >= 0) & (rows < shape[0])
    which, rows, columns = which[inside], rows[inside], columns[inside]
    values = functions.coo_gather(rows_of, beside(rows_of, np.stack([which, columns])))
    return SparseTensor(beside(values, np.stack([rows, columns])), values, shape)


def cat(tensors: Sequence[SparseTensor], dim: int = 0) -> SparseTensor:
    """Sparse tensors, one after the other along a sparse dimension: the places of each are shifted."""
    if not all(isinstance(x, SparseTensor) for x in tensors):
        raise RuntimeError("cat: expected all tensors to be sparse, or none of them.")
    first = tensors[0]
    dim = check.dim(dim, first.ndim)
    if dim >= first.sparse_dim():
        raise NotImplementedError(f"cat: dense dimensions of sparse tensors are not supported, got dim {dim}.")
    rest = [list(x.shape[:dim] + x.shape[dim + 1 :]) for x in tensors]
    if any(sizes != rest[0] for sizes in rest):
        raise RuntimeError(
            f"cat: sizes must be equal except in dimension {dim}, got {[list(x.shape) for x in tensors]}"
        )
    places, start = [], 0
    for x in tensors:
        shift = np.zeros((x.sparse_dim(), 1), np.int64)
        shift[dim] = start
        places.append(x._places + beside(x._places, shift))
        start += x.shape[dim]
    size = [*first.shape[:dim], start, *first.shape[dim + 1 :]]
    return SparseTensor(functions.cat(places, 1), functions.cat([x._numbers for x in tensors], 0), size)
