"""GeneralizedPareto: by how much a high threshold is exceeded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import lamina
from lamina.distributions import constraints
from lamina.distributions.distribution import Distribution
from lamina.distributions.utils import Parameter, broadcast_all, standard_uniform
from lamina.tensor import Tensor


class GeneralizedPareto(Distribution):
    """P(X > x) = (1 + concentration z)^(-1 / concentration), z = (x - loc) / scale; exp(-z) for concentration 0.

    Args:
        loc: the threshold.
        scale: positive.
        concentration: the shape: negative for a bounded tail, positive for a heavy one.
        validate_args: as for Distribution.
    Source: torch.distributions.GeneralizedPareto.
    """

    arg_constraints: ClassVar[dict[str, Any]] = {
        "loc": constraints.real,
        "scale": constraints.positive,
        "concentration": constraints.real,
    }
    has_rsample = True

    def __init__(
        self, loc: Parameter, scale: Parameter, concentration: Parameter, validate_args: bool | None = None
    ) -> None:
        self.loc, self.scale, self.concentration = broadcast_all(loc, scale, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(GeneralizedPareto, batch_shape, _instance, "loc", "scale", "concentration")

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        """From loc on, up to where a bounded tail ends."""
        end = self.loc - self.scale / self.concentration
        return constraints.interval(self.loc, lamina.where(self.concentration < 0, end, math.inf))

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        return self.icdf(standard_uniform(self._extended_shape(sample_shape), self.loc))

    def _parts(self, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """z; where the concentration is as good as 0; and a concentration that can be divided by."""
        at_zero = lamina.isclose(self.concentration, lamina.zeros_like(self.concentration))
        return (value - self.loc) / self.scale, at_zero, lamina.where(at_zero, 1.0, self.concentration)

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        z, at_zero, c = self._parts(value)
        power = 1 / c + 1
        heavy = lamina.where(power == 0, power, power * (c * z).log1p())
        return -self.scale.log() - lamina.where(at_zero, z, heavy)

    def log_survival_function(self, value: Tensor) -> Tensor:
        """log P(X > value)."""
        self._check(value)
        z, at_zero, c = self._parts(value)
        return lamina.where(at_zero, -z, -(c * z).log1p() / c)

    def log_cdf(self, value: Tensor) -> Tensor:
        """log P(X <= value)."""
        return (-self.log_survival_function(value).exp()).log1p()

    def cdf(self, value: Tensor) -> Tensor:
        return self.log_cdf(value).exp()

    def icdf(self, value: Tensor) -> Tensor:
        _, at_zero, c = self._parts(value)
        log_rest = (-value).log1p()
        heavy = self.loc + self.scale / c * (-c * log_rest).expm1()
        return lamina.where(at_zero, self.loc - self.scale * log_rest, heavy)

    @property
    def mean(self) -> Tensor:
        finite = self.concentration < 1
        c = lamina.where(finite, self.concentration, 0.5)
        return lamina.where(finite, self.loc + self.scale / (1 - c), math.nan)

    @property
    def variance(self) -> Tensor:
        finite = self.concentration < 0.5
        c = lamina.where(finite, self.concentration, 0.25)
        return lamina.where(finite, self.scale**2 / ((1 - c) ** 2 * (1 - 2 * c)), math.nan)

    @property
    def mode(self) -> Tensor:
        return self.loc

    def entropy(self) -> Tensor:
        return self.scale.log() + self.concentration + 1
