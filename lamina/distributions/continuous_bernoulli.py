"""ContinuousBernoulli: a density on [0, 1] in proportion to probs^x (1 - probs)^(1 - x)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import lamina
from lamina.distributions import constraints
from lamina.distributions.binary import BinaryParameter
from lamina.distributions.exp_family import ExponentialFamily
from lamina.distributions.utils import (
    Parameter,
    broadcast_all,
    clamp_probs,
    lazy_property,
    logits_to_probs,
    standard_uniform,
)
from lamina.distributions.validation import holds
from lamina.nn import functional as F
from lamina.tensor import Tensor


class ContinuousBernoulli(BinaryParameter, ExponentialFamily):
    """Numbers in [0, 1] with density C(probs) probs^x (1 - probs)^(1 - x).

    Near probs = 1/2, where C divides 0 by 0, Taylor series stand in.

    Args:
        probs: a number in (0, 1); or
        logits: its log odds.
        lims: between which probabilities the series are used.
        validate_args: as for Distribution.
    Source: torch.distributions.ContinuousBernoulli; Loaiza-Ganem and Cunningham 2019, The continuous Bernoulli.
    """

    support = constraints.unit_interval
    _mean_carrier_measure = 0
    has_rsample = True

    def __init__(
        self,
        probs: Parameter | None = None,
        logits: Parameter | None = None,
        lims: tuple[float, float] = (0.499, 0.501),
        validate_args: bool | None = None,
    ) -> None:
        self._set_parameter(probs, logits)
        if probs is not None:
            # Clamping hides what is out of range.
            if validate_args is not None and not holds(constraints.unit_interval, self._param, bool(validate_args)):
                raise ValueError("The parameter probs has invalid values")
            self.probs = self._param = clamp_probs(self._param)
        self._lims = lims
        super().__init__(self._param.shape, validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(ContinuousBernoulli, batch_shape, _instance, *self.names, "_lims")

    @lazy_property
    def probs(self) -> Tensor:
        """1 / (1 + exp(-logits)), kept a little away from 0 and 1."""
        return clamp_probs(logits_to_probs(self.logits, is_binary=True))

    def _stable(self) -> Tensor:
        return (self.probs <= self._lims[0]) | (self.probs > self._lims[1])

    def _cut_probs(self) -> Tensor:
        """The probabilities, with one in place of those near 1/2 that nothing divides by 0 for."""
        return lamina.where(self._stable(), self.probs, self._lims[0])

    def log_norm(self) -> Tensor:
        """log C(probs)."""
        cut = self._cut_probs()
        low = lamina.where(cut <= 0.5, cut, 0.0)
        high = lamina.where(cut >= 0.5, cut, 1.0)
        below = lamina.where(cut <= 0.5, (-2.0 * low).log1p(), (2.0 * high - 1.0).log())
        exact = ((-cut).log1p() - cut.log()).abs().log() - below
        x = (self.probs - 0.5) ** 2
        series = math.log(2.0) + (4.0 / 3.0 + 104.0 / 45.0 * x) * x
        return lamina.where(self._stable(), exact, series)

    @property
    def mean(self) -> Tensor:
        cut = self._cut_probs()
        exact = cut / (2.0 * cut - 1.0) + 1.0 / ((-cut).log1p() - cut.log())
        x = self.probs - 0.5
        return lamina.where(self._stable(), exact, 0.5 + (1.0 / 3.0 + 16.0 / 45.0 * x**2) * x)

    @property
    def variance(self) -> Tensor:
        cut = self._cut_probs()
        exact = cut * (cut - 1.0) / (1.0 - 2.0 * cut) ** 2 + 1.0 / ((-cut).log1p() - cut.log()) ** 2
        x = (self.probs - 0.5) ** 2
        return lamina.where(self._stable(), exact, 1.0 / 12.0 - (1.0 / 15.0 - 128.0 / 945.0 * x) * x)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        return self.icdf(standard_uniform(self._extended_shape(sample_shape), self.probs))

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        logits, value = broadcast_all(self.logits, value)
        return -F.binary_cross_entropy_with_logits(logits, value, reduction="none") + self.log_norm()

    def cdf(self, value: Tensor) -> Tensor:
        self._check(value)
        cut = self._cut_probs()
        exact = (cut.pow(value) * (1.0 - cut).pow(1.0 - value) + cut - 1.0) / (2.0 * cut - 1.0)
        inside = lamina.where(self._stable(), exact, value)
        return lamina.where(value <= 0.0, 0.0, lamina.where(value >= 1.0, 1.0, inside))

    def icdf(self, value: Tensor) -> Tensor:
        cut = self._cut_probs()
        rest = (-cut).log1p()
        exact = ((-cut + value * (2.0 * cut - 1.0)).log1p() - rest) / (cut.log() - rest)
        return lamina.where(self._stable(), exact, value)

    def entropy(self) -> Tensor:
        log_rest = (-self.probs).log1p()
        return self.mean * (log_rest - self.probs.log()) - self.log_norm() - log_rest

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (self.logits,)

    def _log_normalizer(self, x: Tensor) -> Tensor:  # type: ignore[override]
        stable = (x <= self._lims[0] - 0.5) | (x > self._lims[1] - 0.5)
        cut = lamina.where(stable, x, self._lims[0] - 0.5)
        exact = cut.expm1().abs().log() - cut.abs().log()
        return lamina.where(stable, exact, 0.5 * x + x**2 / 24.0 - x**4 / 2880.0)
