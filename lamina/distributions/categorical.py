"""Categorical: one of several things; and the base of distributions that are made of one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

import lamina
from lamina.bounds import expanded_at_hand
from lamina.distributions import constraints
from lamina.distributions.distribution import Distribution
from lamina.distributions.utils import lazy_property, logits_to_probs, one_of, probs_to_logits
from lamina.tensor import Size, Tensor


class Categorical(Distribution):
    """A place k in 0, ..., K - 1, with probability probs[k].

    Args:
        probs: numbers in proportion to the probabilities: they are divided by their sum; or
        logits: logarithms of such numbers.
        validate_args: as for Distribution.
    Shapes:
        probs or logits (*, K) -> batch (*), event ()
    Source: torch.distributions.Categorical.

    >>> import lamina
    >>> from lamina.distributions import Categorical
    >>> Categorical(lamina.tensor([1.0, 3.0])).log_prob(lamina.tensor(1)).exp()
    tensor(0.7500)
    """

    arg_constraints: ClassVar[dict[str, Any]] = {"probs": constraints.simplex, "logits": constraints.real_vector}
    has_enumerate_support = True

    def __init__(
        self, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None
    ) -> None:
        one_of(probs, logits)
        for name, given in (("probs", probs), ("logits", logits)):
            if given is not None and given.dim() < 1:
                raise ValueError(f"`{name}` parameter must be at least one-dimensional.")
        if probs is not None:
            self.probs = self._param = probs / probs.sum(-1, keepdim=True)
        elif logits is not None:
            self.logits = self._param = logits - logits.logsumexp(-1, keepdim=True)
        self._num_events = self._param.size(-1)
        super().__init__(self._param.shape[:-1], validate_args=validate_args)
        if self._validate_args and not self._validates_always:
            self._check_given(probs, logits)

    def _check_given(self, probs: Tensor | None, logits: Tensor | None) -> None:
        """Normalized, the numbers are still to be computed; the user's own may be at hand."""
        if probs is not None and (array := expanded_at_hand(probs)) is not None:
            with np.errstate(all="ignore"):
                wide = array.astype(np.float64)
                valid = constraints.simplex.check(wide / wide.sum(-1, keepdims=True))
            if not valid.all():
                self._refuse("probs", self.probs, constraints.simplex)
        if logits is not None and (array := expanded_at_hand(logits)) is not None and np.isnan(array).any():
            self._refuse("logits", self.logits, constraints.real_vector)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(Categorical, batch_shape, _instance, "probs", "logits", "_param", "_num_events")

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Any:
        """0, ..., K - 1."""
        return constraints.integer_interval(0, self._num_events - 1)

    @lazy_property
    def logits(self) -> Tensor:
        """The logarithms of the probabilities."""
        return probs_to_logits(self.probs)

    @lazy_property
    def probs(self) -> Tensor:
        """The probabilities."""
        return logits_to_probs(self.logits)

    @property
    def param_shape(self) -> Size:
        """The shape of the parameter that was given."""
        return self._param.shape

    @property
    def mean(self) -> Tensor:
        return lamina.full(self._batch_shape, math.nan, dtype=self._param.dtype, device=self._param.device)

    @property
    def mode(self) -> Tensor:
        return self.probs.argmax(-1)

    @property
    def variance(self) -> Tensor:
        return self.mean

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        with lamina.no_grad():
            flat = self.probs.reshape((-1, self._num_events))
            drawn = lamina.multinomial(flat, math.prod(sample_shape), True)
            return drawn.t().reshape(self._extended_shape(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        places, logits = lamina.broadcast_tensors(value.long().unsqueeze(-1), self.logits)
        return logits.gather(-1, places[..., :1]).squeeze(-1)

    def entropy(self) -> Tensor:
        # 0 log 0 is 0.
        logits = self.logits.clamp(min=lamina.finfo(self.logits.dtype).min)
        return -(logits * self.probs).sum(-1)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        values = lamina.arange(self._num_events, dtype=lamina.int64, device=self._param.device)
        return self._enumerated(values, expand)


class OfCategorical(Distribution):
    """A distribution that is made of a categorical one, and shares its parameters."""

    arg_constraints: ClassVar[dict[str, Any]] = {"probs": constraints.simplex, "logits": constraints.real_vector}
    _categorical: Categorical

    @property
    def probs(self) -> Tensor:
        """The probabilities."""
        return self._categorical.probs

    @property
    def logits(self) -> Tensor:
        """The logarithms of the probabilities."""
        return self._categorical.logits

    @property
    def param_shape(self) -> Size:
        """The shape of the parameter that was given."""
        return self._categorical.param_shape

    @property
    def _param(self) -> Tensor:
        return self._categorical._param
