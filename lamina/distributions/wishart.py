"""Wishart: random covariance matrices."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import lamina
from lamina.distributions import constraints
from lamina.distributions.chi2 import Chi2
from lamina.distributions.covariance import MATRICES, CovarianceParameter, factor_of, the_one
from lamina.distributions.exp_family import ExponentialFamily
from lamina.distributions.matrices import log_diagonal
from lamina.distributions.utils import (
    Parameter,
    extended,
    is_number,
    standard_normal,
    vec_to_tril_matrix,
)
from lamina.distributions.validation import holds
from lamina.tensor import Tensor


class Wishart(CovarianceParameter, ExponentialFamily):
    """The distribution of X^T X, with df rows of X from a normal distribution with mean 0.

    Args:
        df: the degrees of freedom, above N - 1.
        covariance_matrix: that of the rows; or
        precision_matrix: its inverse; or
        scale_tril: its Cholesky factor.
        validate_args: as for Distribution.
    Shapes:
        df (*), matrix (*, N, N) -> batch (*), event (N, N)
    Source: torch.distributions.Wishart; Sawyer 2007, Wishart distributions and inverse-Wishart sampling.
    """

    support = constraints.positive_definite
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(
        self,
        df: Parameter,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        name, matrix = the_one(covariance_matrix, precision_matrix, scale_tril, AssertionError)
        if matrix.dim() < 2:
            raise ValueError("scale_tril must be at least two-dimensional, with optional leading batch dimensions")
        given = lamina.full((), df, dtype=matrix.dtype, device=matrix.device) if is_number(df) else df
        assert isinstance(given, Tensor)
        batch = lamina.broadcast_shapes(matrix.shape[:-2], given.shape)
        size = matrix.shape[-1]
        if not holds(constraints.greater_than(size - 1), given, bool(validate_args)):
            raise ValueError(f"Value of df={df} expected to be greater than ndim - 1 = {size - 1}.")
        if not holds(constraints.greater_than_eq(size), given, False):
            warnings.warn(
                "Low df values detected. Singular samples are highly likely to occur for ndim - 1 < df < ndim.",
                stacklevel=2,
            )
        self.df = given if is_number(df) else given.expand(batch)
        self.__dict__[name] = matrix.expand((*batch, -1, -1))
        super().__init__(batch, matrix.shape[-2:], validate_args=validate_args)
        self._unbroadcasted_scale_tril = factor_of(name, matrix)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = self._get_checked_instance(Wishart, _instance)
        new._unbroadcasted_scale_tril = self._unbroadcasted_scale_tril
        # A number of degrees of freedom has no batch dimensions yet.
        new.df = self.df.expand(batch_shape)
        return self._expanded(Wishart, batch_shape, new, *MATRICES)

    @property
    def arg_constraints(self) -> Any:
        """A definite matrix, and enough degrees of freedom."""
        return {
            "covariance_matrix": constraints.positive_definite,
            "precision_matrix": constraints.positive_definite,
            "scale_tril": constraints.lower_cholesky,
            "df": constraints.greater_than(self._event_shape[-1] - 1),
        }

    def _of_matrices(self, x: Tensor) -> Tensor:
        return x.expand(self._batch_shape).unsqueeze(-1).unsqueeze(-1)

    @property
    def mean(self) -> Tensor:
        return self._of_matrices(self.df) * self.covariance_matrix

    @property
    def mode(self) -> Tensor:
        factor = self.df - self._event_shape[-1] - 1
        return self._of_matrices(lamina.where(factor <= 0, math.nan, factor)) * self.covariance_matrix

    @property
    def variance(self) -> Tensor:
        V = self.covariance_matrix
        diagonal = V.diagonal(dim1=-2, dim2=-1)
        return self._of_matrices(self.df) * (V.pow(2) + diagonal.unsqueeze(-1) * diagonal.unsqueeze(-2))

    def _bartlett(self, sample_shape: Sequence[int]) -> Tensor:
        """L A A^T L^T: A is lower triangular with normal numbers, and roots of chi-squared ones on its diagonal."""
        factor = self._unbroadcasted_scale_tril
        p = self._event_shape[-1]
        freedom = self.df.expand(self._batch_shape).unsqueeze(-1) - lamina.arange(
            p, dtype=factor.dtype, device=factor.device
        )
        roots = Chi2(freedom, validate_args=False).rsample(sample_shape).sqrt()
        A = roots.clamp(min=lamina.finfo(roots.dtype).eps).diag_embed(dim1=-2, dim2=-1)
        if p > 1:
            below = standard_normal((*sample_shape, *self._batch_shape, p * (p - 1) // 2), factor)
            A = A + vec_to_tril_matrix(below, diag=-1)
        product = factor @ A
        return product @ product.mT

    def rsample(self, sample_shape: Sequence[int] = (), max_try_correction: int | None = None) -> Tensor:
        """A sample; what rounding made singular is drawn again.

        Args:
            sample_shape: as for Distribution.
            max_try_correction: how often it is drawn again, 3 times unless given. All draws are made, and one of them
                is chosen, so that no value is waited for.
        """
        sample = self._bartlett(sample_shape)
        for _ in range(3 if max_try_correction is None else max_try_correction):
            definite = self.support.check(sample.detach()).unsqueeze(-1).unsqueeze(-1)
            sample = lamina.where(definite, sample, self._bartlett(sample_shape))
        return sample

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        nu, p, factor = self.df, self._event_shape[-1], self._unbroadcasted_scale_tril
        size = -nu * (p * math.log(2) / 2 + log_diagonal(factor)) - (nu / 2).mvlgamma(p)
        batch = lamina.broadcast_shapes(value.shape[:-2], factor.shape[:-2])
        factor = extended(factor, len(batch) + 2).expand((*batch, p, p))
        solved = lamina.cholesky_solve(value.expand((*batch, p, p)), factor)
        trace = solved.diagonal(dim1=-2, dim2=-1).sum(-1)
        return size + (nu - p - 1) / 2 * lamina.linalg.slogdet(value).logabsdet - trace / 2

    def entropy(self) -> Tensor:
        nu, p = self.df, self._event_shape[-1]
        halves = lamina.arange(p, dtype=nu.dtype, device=nu.device) / 2
        mvdigamma = ((nu / 2).unsqueeze(-1) - halves).digamma().sum(-1)
        size = (p + 1) * (p * math.log(2) / 2 + log_diagonal(self._unbroadcasted_scale_tril))
        return size + (nu / 2).mvlgamma(p) - (nu - p - 1) / 2 * mvdigamma + nu * p / 2

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return -self.precision_matrix / 2, (self.df - self._event_shape[-1] - 1) / 2

    def _log_normalizer(self, x: Tensor, y: Tensor) -> Tensor:  # type: ignore[override]
        p = self._event_shape[-1]
        half = y + (p + 1) / 2
        return half * (-lamina.linalg.slogdet(-2 * x).logabsdet + math.log(2) * p) + half.mvlgamma(p)
