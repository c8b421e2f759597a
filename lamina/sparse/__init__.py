"""Sparse tensors in coordinates (COO): `lamina.sparse_coo_tensor`, and what can be done with them.

Compressed layouts (CSR, CSC, BSR, BSC) are not supported; their constructors say so.
"""

from lamina.sparse import dispatch
from lamina.sparse.algebra import addmm, hspmm, mm, smm, sspaddmm
from lamina.sparse.construct import sparse_coo_tensor, sparse_mask, spdiags, to_sparse
from lamina.sparse.reduce import log_softmax, softmax, sum
from lamina.sparse.tensor import SparseTensor
from lamina.sparse.unsupported import (
    SparseSemiStructuredTensor,
    as_sparse_gradcheck,
    check_sparse_tensor_invariants,
    sampled_addmm,
    spsolve,
    to_sparse_semi_structured,
)

# Importing it gives SparseTensor its operators.
assert dispatch

__all__ = [
    "SparseTensor", "sparse_coo_tensor", "to_sparse", "sparse_mask", "spdiags", "mm", "addmm", "smm", "hspmm",
    "sspaddmm", "sum", "softmax", "log_softmax", "sampled_addmm", "spsolve", "check_sparse_tensor_invariants",
    "as_sparse_gradcheck", "to_sparse_semi_structured", "SparseSemiStructuredTensor",
]  # fmt: skip
