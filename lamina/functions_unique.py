"""The different elements of a tensor: how many there are is a matter of values, which are read."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lamina import creation
from lamina.ops import check
from lamina.tensor import Tensor

PUBLIC = {"unique": "lamina Tensor", "unique_consecutive": "lamina Tensor"}
"""Where users find each function."""


def _rows(array: np.ndarray, dim: int | None) -> tuple[np.ndarray, int]:
    """What is compared, one a row, and the dimension (0 for all elements)."""
    if dim is None:
        return array.reshape(-1, 1), 0
    axis = check.dim(dim, array.ndim)
    if not array.ndim:
        return array.reshape(1, 1), 0
    if 0 in array.shape and array.shape[axis]:
        raise RuntimeError("There are 0 sized dimensions, and they aren't selected, so unique cannot be applied")
    moved = np.moveaxis(array, axis, 0)
    return moved.reshape(len(moved), math.prod(moved.shape[1:])), axis


def _starts(rows: np.ndarray) -> np.ndarray:
    """Whether each row differs from the one before."""
    new = np.ones(len(rows), bool)
    new[1:] = (rows[1:] != rows[:-1]).any(1)
    return new


def _collected(input: Tensor, dim: int | None, order: bool, return_inverse: bool, return_counts: bool) -> Any:
    array = input.detach().numpy()
    rows, axis = _rows(array, dim)
    places: Any = np.lexsort(rows.T[::-1]) if order and rows.shape[1] else np.arange(len(rows))
    new = _starts(rows[places])
    first: Any = np.flatnonzero(new)
    chosen = places[first]
    values = array.reshape(-1)[chosen] if dim is None or not array.ndim else np.take(array, chosen, axis)
    device = input.device
    results = [creation.tensor(values, dtype=input.dtype, device=device)]
    if return_inverse:
        inverse: Any = np.empty(len(rows), np.int64)
        inverse[places] = np.cumsum(new) - 1
        inverse = inverse.reshape(array.shape) if dim is None else inverse
        results.append(creation.tensor(inverse, device=device))
    if return_counts:
        counts = np.diff(np.append(first, len(rows))).astype(np.int64)
        results.append(creation.tensor(counts, device=device))
    return results[0] if len(results) == 1 else tuple(results)


def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The different elements, or with `dim` the different slices along it, in ascending order. The input is read.

    Args:
        sorted: has no effect: they always come in order.
        return_inverse: also where each element of the input is in the result.
        return_counts: also how often each occurs.

    >>> import lamina
    >>> lamina.unique(lamina.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    return _collected(input, dim, True, return_inverse, return_counts)


def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The elements, or with `dim` the slices along it, without those equal to the one before. The input is read.

    >>> import lamina
    >>> lamina.unique_consecutive(lamina.tensor([1, 1, 2, 1]))
    tensor([1, 2, 1])
    """
    return _collected(input, dim, False, return_inverse, return_counts)
