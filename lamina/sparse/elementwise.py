"""Arithmetic of sparse tensors, element by element: what keeps zeros zero."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamina import functions
from lamina.sparse.tensor import SparseTensor, beside, flat
from lamina.tensor import Tensor

LINEAR = ("neg", "positive")
"""Of one tensor, for which entries of one place need not be added up before."""
KEEPING_ZERO = (
    "abs", "asin", "asinh", "atan", "atanh", "ceil", "deg2rad", "erf", "erfinv", "expm1", "floor", "frac", "log1p",
    "rad2deg", "relu", "round", "sgn", "sign", "sin", "sinh", "sqrt", "square", "tan", "tanh", "trunc",
)  # fmt: skip
"""Of one tensor, with f(0) = 0."""


def unary(name: str, input: SparseTensor) -> SparseTensor:
    """A function with f(0) = 0 of each value."""
    input = input if name in LINEAR else input.coalesce()
    return input.with_values(getattr(functions, name)(input._numbers))


def power(input: SparseTensor, exponent: Any) -> SparseTensor:
    """Each value to a positive power."""
    if not isinstance(exponent, (int, float)) or exponent <= 0:
        raise RuntimeError(f"pow: the exponent of a sparse tensor must be a positive number, got {exponent!r}.")
    input = input.coalesce()
    return input.with_values(input._numbers**exponent)


def _scalar(x: Any) -> bool:
    return isinstance(x, (int, float, complex)) or (isinstance(x, Tensor) and x.ndim == 0)


def _require_same(name: str, a: Any, b: Any) -> None:
    if a.shape != b.shape:
        raise RuntimeError(
            f"{name}: expected operands of the same size with a sparse one, got {list(a.shape)} and {list(b.shape)}"
        )


def add(input: Any, other: Any, alpha: Any = 1) -> Any:
    """input + alpha other: sparse of two sparse tensors, dense of a dense and a sparse one."""
    if not isinstance(input, SparseTensor):
        if not isinstance(input, Tensor):
            raise TypeError(f"add(): a sparse tensor cannot be added to a {type(input).__name__}.")
        _require_same("add", input, other)
        return functions.add(input, other.to_dense(), alpha=alpha)
    if not isinstance(other, SparseTensor):
        raise RuntimeError("add(sparse, dense) is not supported. Use add(dense, sparse) instead.")
    _require_same("add", input, other)
    if input.sparse_dim() != other.sparse_dim():
        raise RuntimeError(
            f"add: expected the same number of sparse dimensions, got {input.sparse_dim()} and {other.sparse_dim()}"
        )
    scaled = other._numbers if isinstance(alpha, int) and alpha == 1 else other._numbers * alpha
    places = functions.cat([input._places, other._places], 1)
    both = SparseTensor(places, functions.cat([input._numbers, scaled], 0), input.shape)
    return both.coalesce() if input._is_coalesced and other._is_coalesced else both


def sub(input: Any, other: Any, alpha: Any = 1) -> Any:
    """input - alpha other."""
    return add(input, other, -alpha)


def mul(input: Any, other: Any) -> SparseTensor:
    """input times other, of which one or both are sparse; the other one may be a number."""
    if not isinstance(input, SparseTensor):
        input, other = other, input
    if _scalar(other):
        return input.with_values(input._numbers * other)
    _require_same("mul", input, other)
    if not isinstance(other, SparseTensor):
        return input.with_values(input._numbers * functions.coo_gather(other, input._places))
    a, b = input.coalesce(), other.coalesce()
    sizes = a.shape[: a.sparse_dim()]
    _, in_a, in_b = np.intersect1d(flat(a.places(), sizes), flat(b.places(), sizes), True, return_indices=True)
    of_a, of_b = beside(a._numbers, in_a), beside(b._numbers, in_b)
    values = a._numbers.index_select(0, of_a) * b._numbers.index_select(0, of_b)
    return SparseTensor(a._places.index_select(1, of_a), values, a.shape, coalesced=True)


def div(input: Any, other: Any, rounding_mode: str | None = None) -> SparseTensor:
    """A sparse tensor divided by a number."""
    if not isinstance(input, SparseTensor) or not _scalar(other):
        raise RuntimeError("Sparse division requires a scalar or zero-dim dense tensor divisor")
    if rounding_mode is not None:
        input = input.coalesce()
    return input.with_values(functions.div(input._numbers, other, rounding_mode=rounding_mode))
