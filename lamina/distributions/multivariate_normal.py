"""MultivariateNormal: a vector of normal numbers that depend on each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import lamina
from lamina.distributions import constraints
from lamina.distributions.covariance import MATRICES, CovarianceParameter, factor_of, the_one
from lamina.distributions.matrices import log_diagonal, mahalanobis, matvec
from lamina.distributions.utils import standard_normal
from lamina.tensor import Tensor


class MultivariateNormal(CovarianceParameter):
    """loc + L eps, with L lower triangular and eps a vector of standard normal numbers.

    Args:
        loc: the mean.
        covariance_matrix: L L^T; or
        precision_matrix: its inverse; or
        scale_tril: L, which is the fastest: the others are factorized.
        validate_args: as for Distribution.
    Shapes:
        loc (*, N), matrix (*, N, N) -> batch (*), event (N,)
    Source: torch.distributions.MultivariateNormal.

    >>> import lamina
    >>> from lamina.distributions import MultivariateNormal
    >>> MultivariateNormal(lamina.zeros(2), scale_tril=lamina.eye(2)).log_prob(lamina.zeros(2))
    tensor(-1.8379)
    """

    arg_constraints: ClassVar[dict[str, Any]] = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self,
        loc: Tensor,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        name, matrix = the_one(covariance_matrix, precision_matrix, scale_tril, ValueError)
        if matrix.dim() < 2:
            label = "scale_tril matrix" if name == "scale_tril" else name
            raise ValueError(f"{label} must be at least two-dimensional, with optional leading batch dimensions")
        batch_shape = lamina.broadcast_shapes(matrix.shape[:-2], loc.shape[:-1])
        self.loc = loc.expand((*batch_shape, -1))
        self.__dict__[name] = matrix.expand((*batch_shape, -1, -1))
        super().__init__(batch_shape, self.loc.shape[-1:], validate_args=validate_args)
        self._unbroadcasted_scale_tril = factor_of(name, matrix)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = self._get_checked_instance(MultivariateNormal, _instance)
        new._unbroadcasted_scale_tril = self._unbroadcasted_scale_tril
        return self._expanded(MultivariateNormal, batch_shape, new, "loc", *MATRICES)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        squares = self._unbroadcasted_scale_tril.pow(2).sum(-1)
        return squares.expand((*self._batch_shape, *self._event_shape))

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        eps = standard_normal(self._extended_shape(sample_shape), self.loc)
        return self.loc + matvec(self._unbroadcasted_scale_tril, eps)

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        distance = mahalanobis(self._unbroadcasted_scale_tril, value - self.loc)
        constant = self._event_shape[0] * math.log(2 * math.pi)
        return -0.5 * (constant + distance) - log_diagonal(self._unbroadcasted_scale_tril)

    def entropy(self) -> Tensor:
        constant = 0.5 * self._event_shape[0] * (1.0 + math.log(2 * math.pi))
        return (constant + log_diagonal(self._unbroadcasted_scale_tril)).expand(self._batch_shape)
