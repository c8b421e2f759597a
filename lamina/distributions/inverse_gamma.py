"""InverseGamma: one divided by a gamma number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import lamina
from lamina.distributions import constraints
from lamina.distributions.gamma import Gamma
from lamina.distributions.transform_elementwise import PowerTransform
from lamina.distributions.transformed_distribution import TransformedDistribution
from lamina.distributions.utils import Parameter
from lamina.tensor import Tensor


class InverseGamma(TransformedDistribution):
    """1 / X of a gamma X.

    Args:
        concentration, rate: those of X, positive.
        validate_args: as for Distribution.
    Source: torch.distributions.InverseGamma.
    """

    arg_constraints: ClassVar[dict[str, Any]] = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.positive
    has_rsample = True

    def __init__(self, concentration: Parameter, rate: Parameter, validate_args: bool | None = None) -> None:
        base = Gamma(concentration, rate, validate_args=validate_args)
        exponent = lamina.full((), -1.0, dtype=base.rate.dtype, device=base.rate.device)
        super().__init__(base, PowerTransform(exponent), validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return super().expand(batch_shape, self._get_checked_instance(InverseGamma, _instance))

    @property
    def concentration(self) -> Tensor:
        """That of X."""
        return self.base_dist.concentration

    @property
    def rate(self) -> Tensor:
        """That of X."""
        return self.base_dist.rate

    @property
    def mean(self) -> Tensor:
        return lamina.where(self.concentration > 1, self.rate / (self.concentration - 1), math.inf)

    @property
    def mode(self) -> Tensor:
        return self.rate / (self.concentration + 1)

    @property
    def variance(self) -> Tensor:
        c = self.concentration
        return lamina.where(c > 2, self.rate.square() / ((c - 1).square() * (c - 2)), math.inf)

    def entropy(self) -> Tensor:
        c = self.concentration
        return c + self.rate.log() + c.lgamma() - (1 + c) * c.digamma()
