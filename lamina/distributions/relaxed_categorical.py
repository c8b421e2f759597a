"""RelaxedOneHotCategorical: a vector near a one-hot one that gradients pass through."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import lamina
from lamina.distributions import constraints
from lamina.distributions.categorical import Categorical, OfCategorical
from lamina.distributions.relaxed import Relaxed
from lamina.distributions.transform_elementwise import ExpTransform
from lamina.distributions.utils import Parameter, broadcast_all, clamp_probs, standard_uniform
from lamina.tensor import Tensor


class ExpRelaxedCategorical(OfCategorical):
    """The logarithms of a RelaxedOneHotCategorical vector.

    Args:
        temperature: positive; the smaller, the nearer to one-hot the vectors are.
        probs: numbers in proportion to the probabilities; or
        logits: logarithms of such numbers.
        validate_args: as for Distribution.
    Shapes:
        probs or logits (*, K) -> batch (*), event (K,)
    Source: torch.distributions.relaxed_categorical.ExpRelaxedCategorical; Maddison, Mnih and Teh 2017, The concrete
        distribution.
    """

    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self,
        temperature: Parameter,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        self._categorical = Categorical(probs, logits, validate_args=validate_args)
        self.temperature = temperature
        super().__init__(self._categorical.batch_shape, self.param_shape[-1:], validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = self._get_checked_instance(ExpRelaxedCategorical, _instance)
        new.temperature = self.temperature
        return self._expanded(ExpRelaxedCategorical, batch_shape, new, "_categorical")

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        u = clamp_probs(standard_uniform(self._extended_shape(sample_shape), self.logits))
        scores = (self.logits - (-u.log()).log()) / self.temperature
        return scores - scores.logsumexp(-1, keepdim=True)

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        count = self._event_shape[0]
        logits, value = broadcast_all(self.logits, value)
        score = logits - value * self.temperature
        score = (score - score.logsumexp(-1, keepdim=True)).sum(-1)
        return score + (math.lgamma(count) + (count - 1) * lamina.as_tensor(self.temperature).log())


class RelaxedOneHotCategorical(Relaxed):
    """A vector on the simplex, near that with a 1 in place k with probability probs[k].

    Args:
        temperature: positive; the smaller, the nearer.
        probs: numbers in proportion to the probabilities; or
        logits: logarithms of such numbers.
        validate_args: as for Distribution.
    Shapes:
        probs or logits (*, K) -> batch (*), event (K,)
    Source: torch.distributions.RelaxedOneHotCategorical.
    """

    arg_constraints: ClassVar[dict[str, Any]] = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.simplex

    def __init__(
        self,
        temperature: Parameter,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args=validate_args)
        super().__init__(base, ExpTransform(), validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return super().expand(batch_shape, self._get_checked_instance(RelaxedOneHotCategorical, _instance))
