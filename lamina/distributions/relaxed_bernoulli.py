"""RelaxedBernoulli: a number near 0 or 1 that gradients pass through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import lamina
from lamina.distributions import constraints
from lamina.distributions.binary import BinaryParameter
from lamina.distributions.relaxed import Relaxed
from lamina.distributions.transform_elementwise import SigmoidTransform
from lamina.distributions.utils import Parameter, broadcast_all, clamp_probs, standard_uniform
from lamina.tensor import Tensor


class LogitRelaxedBernoulli(BinaryParameter):
    """The log odds of a RelaxedBernoulli number: a logistic number, shifted by the logits and divided by temperature.

    Args:
        temperature: positive; the smaller, the nearer to 0 and 1 the numbers are.
        probs: the probability of 1; or
        logits: its log odds.
        validate_args: as for Distribution.
    Source: torch.distributions.relaxed_bernoulli.LogitRelaxedBernoulli; Maddison, Mnih and Teh 2017, The concrete
        distribution.
    """

    support = constraints.real
    has_rsample = True

    def __init__(
        self,
        temperature: Parameter,
        probs: Parameter | None = None,
        logits: Parameter | None = None,
        validate_args: bool | None = None,
    ) -> None:
        self.temperature = temperature
        self._set_parameter(probs, logits)
        super().__init__(self._param.shape, validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = self._get_checked_instance(LogitRelaxedBernoulli, _instance)
        new.temperature = self.temperature
        return self._expanded(LogitRelaxedBernoulli, batch_shape, new, *self.names)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        probs = clamp_probs(self.probs.expand(shape))
        u = clamp_probs(standard_uniform(shape, probs))
        return (u.log() - (-u).log1p() + probs.log() - (-probs).log1p()) / self.temperature

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        logits, value = broadcast_all(self.logits, value)
        difference = logits - value * self.temperature
        return lamina.as_tensor(self.temperature).log() + difference - 2 * difference.exp().log1p()


class RelaxedBernoulli(Relaxed):
    """A number between 0 and 1, near 1 with probability probs and near 0 otherwise.

    Args:
        temperature: positive; the smaller, the nearer.
        probs: the probability; or
        logits: its log odds.
        validate_args: as for Distribution.
    Source: torch.distributions.RelaxedBernoulli.
    """

    arg_constraints: ClassVar[dict[str, Any]] = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval

    def __init__(
        self,
        temperature: Parameter,
        probs: Parameter | None = None,
        logits: Parameter | None = None,
        validate_args: bool | None = None,
    ) -> None:
        base = LogitRelaxedBernoulli(temperature, probs, logits, validate_args=validate_args)
        super().__init__(base, SigmoidTransform(), validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return super().expand(batch_shape, self._get_checked_instance(RelaxedBernoulli, _instance))
