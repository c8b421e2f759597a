"""Sparse tensors where users find them: `lamina.sparse_coo_tensor`, `Tensor.to_sparse`, and what dense tensors say."""

from __future__ import annotations

from typing import Any

from lamina.sparse.algebra import hspmm, mm, smm, sspaddmm
from lamina.sparse.construct import sparse_coo_tensor, sparse_mask, to_sparse
from lamina.tensor import Tensor

PUBLIC = {
    "sparse_coo_tensor": "lamina",
    **dict.fromkeys(("spmm", "dsmm", "hsmm"), "lamina"),
    **dict.fromkeys(("smm", "hspmm", "sspaddmm"), "lamina"),
    **dict.fromkeys(("to_sparse", "to_sparse_coo", "sparse_mask", "to_dense", "sparse_dim", "dense_dim"), "Tensor"),
    **dict.fromkeys(("is_coalesced", "coalesce", "indices", "values", "_nnz", "_indices", "_values"), "Tensor"),
}
"""Where users find each function."""

assert all((sparse_coo_tensor, hspmm, smm, sspaddmm, sparse_mask))
spmm = dsmm = hsmm = mm
to_sparse_coo = to_sparse


def to_dense(self: Tensor, dtype: Any = None, *, masked_grad: bool = True) -> Tensor:
    """This tensor itself, which is dense; in another type if one is given."""
    return self if dtype is None else self.to(dtype)


def sparse_dim(self: Tensor) -> int:
    """How many dimensions are sparse: none."""
    return 0


def dense_dim(self: Tensor) -> int:
    """How many dimensions are dense: all."""
    return self.ndim


def _only_sparse(name: str) -> Any:
    def method(self: Tensor) -> Any:
        raise RuntimeError(f"{name} expected sparse coordinate tensor layout but got Strided")

    method.__name__, method.__doc__ = name, "Only sparse tensors have it: raises RuntimeError."
    return method


is_coalesced, coalesce, indices, values, _nnz, _indices, _values = map(
    _only_sparse, ("is_coalesced", "coalesce", "indices", "values", "_nnz", "_indices", "_values")
)
