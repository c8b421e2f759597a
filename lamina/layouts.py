"""How a tensor may lie in memory: tensors are `strided`, sparse ones `sparse_coo`. None is compressed."""

from __future__ import annotations

strided = "lamina.strided"
sparse_coo = "lamina.sparse_coo"
sparse_csr = "lamina.sparse_csr"
sparse_csc = "lamina.sparse_csc"
sparse_bsr = "lamina.sparse_bsr"
sparse_bsc = "lamina.sparse_bsc"
