"""Geometric: how many trials fail before the first one that succeeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import lamina
from lamina.distributions import constraints
from lamina.distributions.binary import BinaryParameter
from lamina.distributions.utils import Parameter, broadcast_all, standard_uniform
from lamina.distributions.validation import holds
from lamina.nn import functional as F
from lamina.tensor import Tensor


class Geometric(BinaryParameter):
    """How many trials fail before the first success: P(k) = (1 - probs)^k probs.

    Args:
        probs: the probability of success, in (0, 1]; or
        logits: its log odds.
        validate_args: as for Distribution.
    Source: torch.distributions.Geometric.
    """

    support = constraints.nonnegative_integer

    def __init__(
        self, probs: Parameter | None = None, logits: Parameter | None = None, validate_args: bool | None = None
    ) -> None:
        self._set_parameter(probs, logits)
        super().__init__(self._param.shape, validate_args=validate_args)
        positive = constraints.positive
        if self._validate_args and probs is not None and not holds(positive, self.probs, self._validates_always):
            raise ValueError(
                f"Expected parameter probs ({type(self.probs).__name__} of shape {tuple(self.probs.shape)}) of "
                f"distribution {self!r} to be positive but found invalid values:\n{self.probs}"
            )

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(Geometric, batch_shape, _instance, *self.names)

    @property
    def mean(self) -> Tensor:
        return 1.0 / self.probs - 1.0

    @property
    def mode(self) -> Tensor:
        return lamina.zeros_like(self.probs)

    @property
    def variance(self) -> Tensor:
        return (1.0 / self.probs - 1.0) / self.probs

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        with lamina.no_grad():
            u = standard_uniform(self._extended_shape(sample_shape), self.probs)
            u = u.clamp(min=lamina.finfo(u.dtype).tiny)
            return (u.log() / (-self.probs).log1p()).floor()

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        value, probs = broadcast_all(value, self.probs)
        # 0 log 0 is 0: no failure is certain if every trial succeeds.
        failing = lamina.where((probs == 1) & (value == 0), 0.0, probs)
        return value * (-failing).log1p() + self.probs.log()

    def entropy(self) -> Tensor:
        return F.binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none") / self.probs
