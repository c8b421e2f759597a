"""CovarianceParameter: the base of distributions that are given by a covariance, its inverse or its factor."""

from __future__ import annotations

import lamina
from lamina.distributions.distribution import Distribution
from lamina.distributions.matrices import precision_to_scale_tril
from lamina.distributions.utils import lazy_property
from lamina.tensor import Tensor

MATRICES = ("covariance_matrix", "precision_matrix", "scale_tril")


class CovarianceParameter(Distribution):
    """A distribution with one of three matrices (N, N); the others are computed when asked for.

    A subclass sets `_unbroadcasted_scale_tril`, L.
    """

    _unbroadcasted_scale_tril: Tensor

    def _batched(self, matrix: Tensor) -> Tensor:
        n = self._event_shape[-1]
        return matrix.expand((*self._batch_shape, n, n))

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The Cholesky factor L of the covariance."""
        return self._batched(self._unbroadcasted_scale_tril)

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The covariance, L L^T."""
        return self._batched(self._unbroadcasted_scale_tril @ self._unbroadcasted_scale_tril.mT)

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance."""
        return self._batched(lamina.cholesky_inverse(self._unbroadcasted_scale_tril))


def the_one(
    covariance: Tensor | None, precision: Tensor | None, factor: Tensor | None, error: type[Exception]
) -> tuple[str, Tensor]:
    """Which of the three matrices is given, and the matrix."""
    given = [(name, x) for name, x in zip(MATRICES, (covariance, precision, factor), strict=True) if x is not None]
    if len(given) != 1:
        raise error("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
    return given[0]


def factor_of(name: str, matrix: Tensor) -> Tensor:
    """The Cholesky factor of the covariance, from the matrix that is given."""
    if name == "scale_tril":
        return matrix
    return lamina.linalg.cholesky(matrix) if name == "covariance_matrix" else precision_to_scale_tril(matrix)
