"""Multinomial: how often each of several things comes in a number of draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import lamina
from lamina.distributions import constraints
from lamina.distributions.binomial import Binomial
from lamina.distributions.categorical import Categorical, OfCategorical
from lamina.distributions.utils import broadcast_all
from lamina.tensor import Tensor


class Multinomial(OfCategorical):
    """Counts of K things in total_count draws, each of them thing k with probability probs[k].

    Args:
        total_count: the number of draws, the same for the whole batch.
        probs: numbers in proportion to the probabilities; or
        logits: logarithms of such numbers.
        validate_args: as for Distribution.
    Shapes:
        probs or logits (*, K) -> batch (*), event (K,)
    Source: torch.distributions.Multinomial.
    """

    def __init__(
        self,
        total_count: int = 1,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        if not isinstance(total_count, int):
            raise NotImplementedError("inhomogeneous total_count is not supported")
        self.total_count = total_count
        self._categorical = Categorical(probs, logits, validate_args=validate_args)
        super().__init__(self._categorical.batch_shape, self.param_shape[-1:], validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(Multinomial, batch_shape, _instance, "_categorical", "total_count")

    @constraints.dependent_property(is_discrete=True, event_dim=1)
    def support(self) -> Any:
        """Counts that add up to total_count."""
        return constraints.multinomial(self.total_count)

    @property
    def mean(self) -> Tensor:
        return self.probs * self.total_count

    @property
    def variance(self) -> Tensor:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        places = self._categorical.sample((self.total_count, *sample_shape)).movedim(0, -1)
        counts = lamina.zeros(self._extended_shape(sample_shape), dtype=lamina.int64, device=places.device)
        return counts.scatter_add(-1, places, lamina.ones_like(places)).to(self._param.dtype)

    def entropy(self) -> Tensor:
        n = self.total_count
        values = lamina.arange(1, n + 1, dtype=self._param.dtype, device=self._param.device)
        values = values.view((-1,) + (1,) * self._param.ndim)
        chances = Binomial(n, self.probs, validate_args=False).log_prob(values).exp()
        orders = (chances * (values + 1).lgamma()).sum([0, -1])
        return n * self._categorical.entropy() - math.lgamma(n + 1) + orders

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        logits, value = broadcast_all(self.logits, value)
        # 0 log 0 is 0.
        logits = lamina.where((value == 0) & (logits == -math.inf), 0.0, logits)
        ways = (value.sum(-1) + 1).lgamma() - (value + 1).lgamma().sum(-1)
        return ways + (logits * value).sum(-1)
