"""OneHotCategorical: one of several things, as a vector with a 1 in its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import lamina
from lamina.distributions import constraints
from lamina.distributions.categorical import Categorical, OfCategorical
from lamina.nn import functional as F
from lamina.tensor import Tensor


class OneHotCategorical(OfCategorical):
    """A vector with a 1 in one place, which is k with probability probs[k], and 0 elsewhere.

    Args:
        probs: numbers in proportion to the probabilities; or
        logits: logarithms of such numbers.
        validate_args: as for Distribution.
    Shapes:
        probs or logits (*, K) -> batch (*), event (K,)
    Source: torch.distributions.OneHotCategorical.
    """

    support = constraints.one_hot
    has_enumerate_support = True

    def __init__(
        self, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None
    ) -> None:
        self._categorical = Categorical(probs, logits, validate_args=validate_args)
        super().__init__(self._categorical.batch_shape, self.param_shape[-1:], validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(OneHotCategorical, batch_shape, _instance, "_categorical")

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def mode(self) -> Tensor:
        return F.one_hot(self.probs.argmax(-1), self.probs.shape[-1]).to(self.probs.dtype)

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        places = self._categorical.sample(sample_shape)
        return F.one_hot(places, self._event_shape[0]).to(self._param.dtype)

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        return self._categorical.log_prob(value.max(-1)[1])

    def entropy(self) -> Tensor:
        return self._categorical.entropy()

    def enumerate_support(self, expand: bool = True) -> Tensor:
        n = self._event_shape[0]
        values = lamina.eye(n, dtype=self._param.dtype, device=self._param.device)
        values = values.view((n,) + (1,) * len(self._batch_shape) + (n,))
        return values.expand((n, *self._batch_shape, n)) if expand else values


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """`OneHotCategorical` with an `rsample` whose gradient is that of the probabilities.

    Args:
        probs, logits, validate_args: as for OneHotCategorical.
    Source: torch.distributions.OneHotCategoricalStraightThrough; Bengio, Leonard and Courville 2013.
    """

    has_rsample = True

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        return self.sample(sample_shape) + (self.probs - self.probs.detach())
