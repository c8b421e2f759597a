"""Sums and softmax of sparse tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamina import dtypes, functions
from lamina.ops import check
from lamina.sparse.tensor import SparseTensor, beside, distinct
from lamina.tensor import Tensor


def sum(input: SparseTensor, dim: Any = None, dtype: Any = None) -> Any:
    """The sum of all elements, or over some dimensions.

    Args:
        input: a sparse tensor; gradients pass to its values.
        dim: a dimension, or several; default: all.
        dtype: the type to add up in.

    Returns:
        a dense tensor if no sparse dimension is left, else a sparse one.

    >>> import lamina
    >>> s = lamina.sparse_coo_tensor([[0, 1], [1, 1]], [1.0, 2.0], (2, 2))
    >>> lamina.sparse.sum(s, 0).to_dense()
    tensor([0., 3.])
    """
    if dtype is not None:
        input = input.to(dtypes.of(dtype))
    if dim is None:
        return input._numbers.sum()
    dims = {check.dim(d, input.ndim) for d in ((dim,) if isinstance(dim, int) else dim)}
    sparse = input.sparse_dim()
    values = input._numbers
    dense = [d - sparse + 1 for d in sorted(dims) if d >= sparse]
    if dense:
        values = values.sum(dense)
    kept = [d for d in range(sparse) if d not in dims]
    size = [n for d, n in enumerate(input.shape) if d not in dims]
    if not kept:
        return values.sum(0)
    if len(kept) == sparse:
        return SparseTensor(input._places, values, size, input._is_coalesced)
    return SparseTensor(input._places[kept], values, size).coalesce()


def softmax(input: SparseTensor, dim: int, *, dtype: Any = None) -> SparseTensor:
    """softmax over a dimension, of the elements that are stored: the others count as minus infinity.

    >>> import lamina
    >>> s = lamina.sparse_coo_tensor([[0, 0], [0, 2]], [1.0, 1.0], (2, 3))
    >>> lamina.sparse.softmax(s, 1).to_dense()
    tensor([[0.5000, 0.0000, 0.5000],
            [0.0000, 0.0000, 0.0000]])
    """
    return _softmax(input, dim, dtype, False)


def log_softmax(input: SparseTensor, dim: int, *, dtype: Any = None) -> SparseTensor:
    """The logarithm of `softmax`, of the elements that are stored."""
    return _softmax(input, dim, dtype, True)


def _softmax(input: SparseTensor, dim: int, dtype: Any, logarithm: bool) -> SparseTensor:
    if dtype is not None:
        input = input.to(dtypes.of(dtype))
    dim, sparse = check.dim(dim, input.ndim), input.sparse_dim()
    input = input.coalesce()
    values: Tensor = input._numbers
    if dim >= sparse:
        function = functions.log_softmax if logarithm else functions.softmax
        return input.with_values(function(values, dim - sparse + 1))
    places = np.delete(input.places(), dim, 0)
    sizes = [n for d, n in enumerate(input.shape[:sparse]) if d != dim]
    found, groups = distinct(places, sizes)
    return input.with_values(functions.coo_softmax(values, beside(values, groups), found.shape[1], logarithm))
