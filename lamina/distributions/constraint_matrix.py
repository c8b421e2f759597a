"""Constraints on square matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

import lamina
from lamina.distributions.constraint import Constraint, is_array


class _Matrix(Constraint):
    event_dim = 2
    of_arrays = True


def _wide(value: Any) -> Any:
    """NumPy's linear algebra knows neither half precision nor bfloat16."""
    return value if value.dtype == np.float64 else value.astype(np.float32)


def _lower(value: Any) -> Any:
    lower = np.tril(value) if is_array(value) else value.tril()
    return (lower == value).reshape((*value.shape[:-2], -1)).all(-1)


def _diagonal(value: Any) -> Any:
    return np.diagonal(value, axis1=-2, axis2=-1) if is_array(value) else value.diagonal(dim1=-2, dim2=-1)


class LowerTriangular(_Matrix):
    """Lower triangular matrices."""

    def check(self, value: Any) -> Any:
        return _lower(value)


class LowerCholesky(_Matrix):
    """Lower triangular matrices with a positive diagonal."""

    def check(self, value: Any) -> Any:
        return _lower(value) & (_diagonal(value) > 0).all(-1)


class CorrCholesky(_Matrix):
    """Cholesky factors of correlation matrices: lower triangular, with a positive diagonal and rows of norm 1."""

    def check(self, value: Any) -> Any:
        eps = float(lamina.finfo(lamina.dtypes.of(value.dtype)).eps)
        squares = (value * value).sum(-1)
        norms = np.sqrt(squares) if is_array(value) else squares.sqrt()
        unit = (abs(norms - 1.0) <= eps * value.shape[-1] * 10).all(-1)
        return LowerCholesky().check(value) & unit


class Square(_Matrix):
    """Square matrices."""

    def check(self, value: Any) -> Any:
        square = value.shape[-2] == value.shape[-1]
        shape = tuple(value.shape[:-2])
        return np.full(shape, square) if is_array(value) else lamina.full(shape, square, device=value.device)


class Symmetric(Square):
    """Square matrices that equal their transposes, up to 1e-6 and 1e-5 of the element."""

    def check(self, value: Any) -> Any:
        if value.shape[-2] != value.shape[-1]:
            return super().check(value)
        if is_array(value):
            other = np.swapaxes(value, -2, -1)
            with np.errstate(invalid="ignore"):
                return (abs(value - other) <= 1e-6 + 1e-5 * abs(other)).all((-2, -1))
        return lamina.isclose(value, value.mT, atol=1e-6).all(-2).all(-1)


class PositiveSemidefinite(Symmetric):
    """Symmetric matrices without a negative eigenvalue."""

    def check(self, value: Any) -> Any:
        symmetric = super().check(value)
        if value.shape[-2] != value.shape[-1]:
            return symmetric
        if is_array(value):
            with np.errstate(invalid="ignore"):
                return symmetric & (np.linalg.eigvalsh(np.nan_to_num(_wide(value))) >= 0).all(-1)
        return symmetric & (lamina.linalg.eigvalsh(value) >= 0).all(-1)


class PositiveDefinite(Symmetric):
    """Symmetric matrices that have a Cholesky factor."""

    def check(self, value: Any) -> Any:
        symmetric = super().check(value)
        if value.shape[-2] != value.shape[-1]:
            return symmetric
        if is_array(value):
            return symmetric & _has_cholesky(_wide(value))
        return symmetric & (lamina.linalg.cholesky_ex(value).info == 0)


def _has_cholesky(value: Any) -> Any:
    """Whether each matrix has a Cholesky factor: NumPy says so of one matrix at a time."""

    def one(matrix: Any) -> bool:
        try:
            return bool(np.isfinite(np.linalg.cholesky(matrix)).all())
        except np.linalg.LinAlgError:
            return False

    flat = value.reshape((-1, *value.shape[-2:]))
    return np.array([one(matrix) for matrix in flat], bool).reshape(value.shape[:-2])
