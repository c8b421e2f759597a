"""Products of sparse matrices with dense tensors and with each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamina import functions
from lamina.sparse.tensor import SparseTensor, beside, distinct
from lamina.tensor import Tensor


def _matrix(name: str, x: Any) -> None:
    if isinstance(x, SparseTensor) and (x.sparse_dim() != 2 or x.dense_dim()):
        raise RuntimeError(
            f"{name}: a sparse operand must have two sparse dimensions and no dense one, got {x.sparse_dim()} and "
            f"{x.dense_dim()}."
        )


def _fitting(name: str, a: Any, b: Any) -> None:
    if a.shape[-1] != b.shape[0]:
        left, right = "x".join(map(str, a.shape)), "x".join(map(str, b.shape))
        raise RuntimeError(f"{name}: mat1 and mat2 shapes cannot be multiplied ({left} and {right})")
    if a.dtype is not b.dtype:
        raise RuntimeError(f"{name}: expected both matrices to have the same dtype, got {a.dtype} and {b.dtype}")


def mm(mat1: Any, mat2: Any, reduce: str | None = None) -> Any:
    """The product of two matrices, of which one or both are sparse. Of two sparse ones it is sparse.

    Args:
        mat1, mat2: the matrices; gradients pass to dense ones and to the values of sparse ones.
        reduce: only "sum" is supported.
    Shapes:
        (R, C), (C, K) -> (R, K)

    >>> import lamina
    >>> s = lamina.sparse_coo_tensor([[0, 1], [1, 0]], [1.0, 2.0], (2, 2))
    >>> lamina.sparse.mm(s, lamina.tensor([[1.0], [3.0]]))
    tensor([[3.],
            [2.]])
    """
    if reduce not in (None, "sum"):
        raise NotImplementedError(
            f"sparse.mm: reduce={reduce!r} is not supported; PyTorch has it for CSR matrices only."
        )
    for x in (mat1, mat2):
        _matrix("sparse.mm", x)
        if x.ndim != 2:
            raise RuntimeError(f"sparse.mm: expected matrices, got a tensor of {x.ndim} dimensions")
    _fitting("sparse.mm", mat1, mat2)
    if isinstance(mat1, SparseTensor):
        if isinstance(mat2, SparseTensor):
            return _of_two(mat1, mat2)
        return functions.coo_matmul(mat1._places[0], mat1._places[1], mat1._numbers, mat2, mat1.shape[0])
    if isinstance(mat2, SparseTensor):
        # A B = (B^T A^T)^T
        return functions.coo_matmul(mat2._places[1], mat2._places[0], mat2._numbers, mat1.t(), mat2.shape[1]).t()
    return functions.mm(mat1, mat2)


def _of_two(a: SparseTensor, b: SparseTensor) -> SparseTensor:
    """Each entry of a meets those of b in the row of its column."""
    of_a, of_b = a.places(), b.places()
    order = np.argsort(of_b[0], kind="stable")
    first = np.searchsorted(of_b[0][order], of_a[1], "left")
    count = np.searchsorted(of_b[0][order], of_a[1], "right") - first
    from_a = np.repeat(np.arange(of_a.shape[1]), count)
    within = np.arange(len(from_a)) - np.repeat(np.cumsum(count) - count, count)
    from_b = order[np.repeat(first, count) + within] if len(from_a) else np.zeros(0, np.int64)
    size = a.shape[0], b.shape[1]
    indices, which = distinct(np.stack([of_a[0][from_a], of_b[1][from_b]]), size)
    left = a._numbers.index_select(0, beside(a._numbers, from_a))
    right = b._numbers.index_select(0, beside(b._numbers, from_b))
    values = functions.coo_sums(left * right, beside(left, which), indices.shape[1])
    return SparseTensor(beside(values, indices), values, size, coalesced=True)


def mv(input: SparseTensor, vec: Tensor) -> Tensor:
    """A sparse matrix by a vector: (R, C), (C,) -> (R,)."""
    return mm(input, vec.unsqueeze(1)).squeeze(1)


def matmul(input: Any, other: Any) -> Any:
    """`mm`, where each side may be a vector."""
    if input.ndim > 2 or other.ndim > 2:
        raise NotImplementedError(
            f"matmul: batches of sparse matrices are not supported, got {list(input.shape)} and {list(other.shape)}."
        )
    if input.ndim == 2 and other.ndim == 2:
        return mm(input, other)
    if isinstance(input, SparseTensor) and other.ndim == 1:
        return mv(input, other)
    if isinstance(other, SparseTensor) and input.ndim == 1:
        return mm(input.unsqueeze(0), other).squeeze(0)
    raise NotImplementedError("matmul: a sparse vector is not supported; use to_dense().")


def addmm(mat: Any, mat1: Any, mat2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """beta mat + alpha mat1 mat2, with mat1 or mat2 sparse: (R, K), (R, C), (C, K) -> (R, K)."""
    product = mm(mat1, mat2)
    scaled = product if isinstance(alpha, int) and alpha == 1 else product * alpha
    if isinstance(beta, int) and beta == 0:
        return scaled
    return (mat if isinstance(beta, int) and beta == 1 else mat * beta) + scaled


def smm(input: SparseTensor, mat: Tensor) -> SparseTensor:
    """The product of a sparse and a dense matrix, as a sparse tensor with all columns of rows that have entries."""
    product = mm(input, mat)
    rows = np.unique(input.places()[0])
    columns = np.arange(mat.shape[1])
    indices = beside(product, np.stack([np.repeat(rows, len(columns)), np.tile(columns, len(rows))]))
    return SparseTensor(indices, functions.coo_gather(product, indices), product.shape, coalesced=True)


def hspmm(mat1: SparseTensor, mat2: Tensor) -> SparseTensor:
    """The product of a sparse and a dense matrix, as a sparse tensor of whole rows."""
    product = mm(mat1, mat2)
    rows = beside(product, np.unique(mat1.places()[0])[None])
    return SparseTensor(rows, functions.coo_gather(product, rows), product.shape, coalesced=True)


def sspaddmm(input: SparseTensor, mat1: SparseTensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """beta input + alpha mat1 mat2 of a sparse input and mat1, as a sparse tensor."""
    return input * beta + smm(mat1, mat2) * alpha
