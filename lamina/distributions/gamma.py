"""Gamma: sums of exponential waiting times, and what lies between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import lamina
from lamina import functions
from lamina.distributions import constraints
from lamina.distributions.exp_family import ExponentialFamily
from lamina.distributions.utils import Parameter, broadcast_all
from lamina.tensor import Tensor


class Gamma(ExponentialFamily):
    """p(x) = rate^c x^(c - 1) exp(-rate x) / Gamma(c), for x >= 0, with c the concentration.

    Gradients pass through `rsample` to both parameters, by implicit differentiation of the distribution function.

    Args:
        concentration: the shape, positive.
        rate: positive.
        validate_args: as for Distribution.
    Source: torch.distributions.Gamma; Figurnov, Mohamed and Mnih 2018, Implicit reparameterization gradients.
    """

    arg_constraints: ClassVar[dict[str, Any]] = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(self, concentration: Parameter, rate: Parameter, validate_args: bool | None = None) -> None:
        self.concentration, self.rate = broadcast_all(concentration, rate)
        super().__init__(self.concentration.shape, validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(Gamma, batch_shape, _instance, "concentration", "rate")

    @property
    def mean(self) -> Tensor:
        return self.concentration / self.rate

    @property
    def mode(self) -> Tensor:
        return ((self.concentration - 1) / self.rate).clamp(min=0)

    @property
    def variance(self) -> Tensor:
        return self.concentration / self.rate.pow(2)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        drawn = functions.standard_gamma(self.concentration.expand(self._extended_shape(sample_shape))) / self.rate
        # A number that was rounded to 0 is lifted; its gradient stays what it is.
        plain = drawn.detach()
        return drawn + (plain.clamp(min=lamina.finfo(drawn.dtype).tiny) - plain)

    def log_prob(self, value: Any) -> Tensor:
        value = lamina.as_tensor(value, dtype=self.rate.dtype, device=self.rate.device)
        self._check(value)
        c, rate = self.concentration, self.rate
        return c.xlogy(rate) + (c - 1).xlogy(value) - rate * value - c.lgamma()

    def entropy(self) -> Tensor:
        c = self.concentration
        return c - self.rate.log() + c.lgamma() + (1.0 - c) * c.digamma()

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return self.concentration - 1, -self.rate

    def _log_normalizer(self, x: Tensor, y: Tensor) -> Tensor:  # type: ignore[override]
        return (x + 1).lgamma() + (x + 1) * (-y.reciprocal()).log()

    def cdf(self, value: Tensor) -> Tensor:
        self._check(value)
        return lamina.special.gammainc(self.concentration, self.rate * value)
