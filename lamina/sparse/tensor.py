"""SparseTensor: places and the values there; everywhere else is 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lamina import creation, dtypes, functions
from lamina.inspect import tensor_repr
from lamina.layouts import sparse_coo
from lamina.ops import check
from lamina.tensor import Size, Tensor


class SparseTensor:
    """A tensor of which only some entries are stored, in coordinates (COO). Made by `lamina.sparse_coo_tensor`.

    It holds two tensors, so what is computed with it is recorded, compiled and differentiated as usual: gradients reach
    the values, and the dense operands of products. Sizes that depend on the places (how many are left by `coalesce`)
    are worked out at once, from the places alone; the values are never read.

    Args:
        indices: the places, one column an entry.
        values: what stands there; entries of one place add up.
        size: the shape.
        coalesced: whether places are in order, and none comes twice.
    Shapes:
        indices (S, N), values (N, *dense sizes), size: S sparse sizes and the dense ones

    >>> import lamina
    >>> s = lamina.sparse_coo_tensor([[0, 1], [2, 0]], [3.0, 4.0], (2, 3))
    >>> s @ lamina.ones(3)
    tensor([3., 4.])
    """

    is_sparse = True
    is_quantized = is_nested = is_meta = is_sparse_csr = False
    layout = sparse_coo
    __array_priority__ = 2000

    def __init__(self, indices: Tensor, values: Tensor, size: Sequence[int], coalesced: bool = False) -> None:
        self._places, self._numbers, self._size = indices, values, Size(size)
        self._is_coalesced = coalesced

    @classmethod
    def __lamina_op__(cls, op: Any, operands: Sequence[Any], static: Sequence[Any]) -> Any:
        """What an operation of tensors does when one of its operands is sparse."""
        from lamina.sparse import dispatch

        return dispatch.call(op, operands, static)

    # --- what it is ---

    @property
    def shape(self) -> Size:
        """The size of each dimension."""
        return self._size

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of one dimension."""
        return self._size if dim is None else self._size[check.dim(dim, self.ndim)]

    def dim(self) -> int:
        """The number of dimensions."""
        return len(self._size)

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self._size)

    def sparse_dim(self) -> int:
        """How many dimensions the places have."""
        return int(self._places.shape[0])

    def dense_dim(self) -> int:
        """How many dimensions each value has."""
        return self._numbers.ndim - 1

    def numel(self) -> int:
        """The number of elements, stored or not."""
        return self._size.numel()

    def _nnz(self) -> int:
        return int(self._numbers.shape[0])

    @property
    def dtype(self) -> dtypes.DType:
        """The number type."""
        return self._numbers.dtype

    @property
    def device(self) -> Any:
        """Where it lives."""
        return self._numbers.device

    def is_floating_point(self) -> bool:
        """Whether the type is a floating one."""
        return self._numbers.is_floating_point()

    def __len__(self) -> int:
        if not self._size:
            raise TypeError("len() of a 0-d tensor")
        return self._size[0]

    # --- places and values ---

    def is_coalesced(self) -> bool:
        """Whether places are known to be in order, and none to come twice."""
        return self._is_coalesced

    def indices(self) -> Tensor:
        """The places (S, N) of a coalesced tensor."""
        self._require_coalesced("indices")
        return self._places

    def values(self) -> Tensor:
        """The values (N, *) of a coalesced tensor."""
        self._require_coalesced("values")
        return self._numbers

    def _require_coalesced(self, what: str) -> None:
        if not self._is_coalesced:
            raise RuntimeError(f"Cannot get {what} on an uncoalesced tensor, please call .coalesce() first")

    def _indices(self) -> Tensor:
        return self._places

    def _values(self) -> Tensor:
        return self._numbers.detach()

    def places(self) -> np.ndarray:
        """The places on the host: (S, N)."""
        return np.asarray(self._places.array())

    def coalesce(self) -> SparseTensor:
        """The same tensor with places in order, and values of one place added up."""
        if self._is_coalesced:
            return self
        indices, places = distinct(self.places(), self._size[: self.sparse_dim()])
        values = functions.coo_sums(self._numbers, beside(self._numbers, places), indices.shape[1])
        return SparseTensor(beside(values, indices), values, self._size, coalesced=True)

    def with_values(self, values: Tensor) -> SparseTensor:
        """Other values in the same places."""
        return SparseTensor(self._places, values, self._size, self._is_coalesced)

    def to_dense(self, dtype: Any = None, *, masked_grad: bool = True) -> Tensor:
        """The dense tensor. Gradients reach the values that are stored, whatever `masked_grad` says."""
        if dtype is not None:
            raise RuntimeError("dtype argument is not supported by sparse_to_dense")
        return functions.coo_to_dense(self._places, self._numbers, tuple(self._size))

    def to_sparse(self, sparse_dim: int | None = None, *, layout: Any = None, **options: Any) -> SparseTensor:
        """This tensor itself, which has as many sparse dimensions and the only layout there is."""
        if layout not in (None, self.layout) or options:
            raise NotImplementedError(f"to_sparse: only layout={self.layout} is supported, got {layout or options}.")
        if sparse_dim not in (None, self.sparse_dim()):
            raise RuntimeError(
                "to_sparse: conversion from Sparse to Sparse with sparse_dim argument !=self.sparse_dim() is not "
                f"supported, got {sparse_dim} and {self.sparse_dim()}"
            )
        return self

    def to_sparse_coo(self) -> SparseTensor:
        """This tensor itself."""
        return self

    # --- gradients ---

    @property
    def requires_grad(self) -> bool:
        """Whether gradients are computed for the values."""
        return self._numbers.requires_grad

    @requires_grad.setter
    def requires_grad(self, mode: bool) -> None:
        self.requires_grad_(mode)

    def requires_grad_(self, requires_grad: bool = True) -> SparseTensor:
        """Say whether gradients should be computed for the values; returns the tensor."""
        self._numbers.requires_grad_(requires_grad)
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether the values were made by the user rather than computed from what requires a gradient."""
        return self._numbers.is_leaf

    @property
    def grad_fn(self) -> Any:
        """The step that computed the values."""
        return self._numbers.grad_fn

    @property
    def grad(self) -> SparseTensor | None:
        """The gradient that `backward` has accumulated for the values, in their places; or None."""
        return None if self._numbers.grad is None else self.with_values(self._numbers.grad)

    @grad.setter
    def grad(self, value: Any) -> None:
        self._numbers.grad = None if value is None else value._numbers

    def detach(self) -> SparseTensor:
        """The same numbers without gradients."""
        return self.with_values(self._numbers.detach())

    # --- copies ---

    def clone(self) -> SparseTensor:
        """A copy that gradients pass through."""
        return self.with_values(self._numbers.clone())

    def to(self, *args: Any, **options: Any) -> SparseTensor:
        """Another number type or device, as `Tensor.to`."""
        values = self._numbers.to(*args, **options)
        return SparseTensor(self._places.to(values.device), values, self._size, self._is_coalesced)

    def transpose(self, dim0: int, dim1: int) -> SparseTensor:
        """Two sparse dimensions exchanged."""
        a, b = (check.dim(dim, self.ndim) for dim in (dim0, dim1))
        sparse = self.sparse_dim()
        if a >= sparse or b >= sparse:
            raise NotImplementedError(
                f"transpose: dense dimensions of a sparse tensor are not supported: {dim0}, {dim1}."
            )
        order = list(range(sparse))
        order[a], order[b] = b, a
        size = list(self._size)
        size[a], size[b] = size[b], size[a]
        return SparseTensor(self._places[order], self._numbers, size)

    def t(self) -> SparseTensor:
        """The transpose of a sparse matrix."""
        if self.ndim != 2 or self.sparse_dim() != 2:
            raise RuntimeError(
                f"t() expects a tensor with <= 2 sparse and 0 dense dimensions, but got {self.sparse_dim()} sparse and "
                f"{self.dense_dim()} dense dimensions"
            )
        return self.transpose(0, 1)

    @property
    def T(self) -> SparseTensor:
        """The transpose of a sparse matrix."""
        return self.t()

    mT = T

    def __getitem__(self, index: Any) -> Any:
        if not isinstance(index, int):
            raise NotImplementedError(f"A sparse tensor can be indexed by a whole number only, got {index!r}.")
        count = self._size[0]
        if not -count <= index < count:
            raise IndexError(f"index {index} is out of bounds for dimension 0 with size {count}")
        here = beside(self._numbers, np.flatnonzero(self.places()[0] == index % count))
        places, values = self._places.index_select(1, here)[1:], self._numbers.index_select(0, here)
        if not places.shape[0]:
            return values.sum(0)
        return SparseTensor(places, values, self._size[1:], self._is_coalesced)

    # --- reading ---

    def numpy(self, **options: Any) -> Any:
        """Raises TypeError: take `to_dense()` first."""
        raise TypeError("can't convert Sparse layout tensor to numpy. Use Tensor.to_dense() first.")

    def item(self) -> Any:
        """The only element, as a Python number."""
        if self.numel() != 1:
            raise RuntimeError(f"a Tensor with {self.numel()} elements cannot be converted to Scalar")
        return self.to_dense().item()

    def __repr__(self) -> str:
        # The number type stands at the end, not beside the values.
        own = self.dtype.name
        values = tensor_repr(np.asarray(self._numbers.detach().array()), own, "", False, None, default_dtype=own)
        parts = [("indices", str(self._places)), ("values", values)]
        text = [f"{name}={_indented(x, len(name) + 8)}" for name, x in parts]
        more = [f"size={tuple(self._size)}", f"nnz={self._nnz()}"]
        if self.dtype not in (dtypes.get_default_dtype(), dtypes.int64, dtypes.bool):
            more.append(f"dtype={self.dtype}")
        more.append(f"layout={self.layout}")
        if self.requires_grad:
            more.append("requires_grad=True" if self.is_leaf else f"grad_fn=<{self.grad_fn.name()}>")
        return f"tensor({text[0]},\n       {text[1]},\n       {', '.join(more)})"


def _indented(text: str, by: int) -> str:
    return text.replace("\n", "\n" + " " * by)


def flat(places: np.ndarray, sizes: Sequence[int]) -> np.ndarray:
    """Places as numbers in row-major order: (S, N) -> (N,)."""
    found = np.zeros(places.shape[1], np.int64)
    for row, size in zip(places, sizes, strict=True):
        found = found * size + row
    return found


def beside(tensor: Tensor, array: np.ndarray) -> Tensor:
    """An array as a tensor on the device of another."""
    return creation.tensor(array, device=tensor.device)


def distinct(places: np.ndarray, sizes: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Distinct places in order (S, M), and for each of the given ones which it is (N,)."""
    _, first, which = np.unique(flat(places, sizes), return_index=True, return_inverse=True)
    return places[:, first], which.reshape(-1)
