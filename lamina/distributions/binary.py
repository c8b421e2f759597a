"""BinaryParameter: the base of distributions that are given by a probability or by its log odds."""

from __future__ import annotations

from typing import Any, ClassVar

from lamina.distributions import constraints
from lamina.distributions.distribution import Distribution
from lamina.distributions.utils import broadcast_all, lazy_property, logits_to_probs, one_of, probs_to_logits
from lamina.tensor import Size, Tensor


class BinaryParameter(Distribution):
    """A distribution with `probs` or `logits`, one of which is given; the other is computed when asked for."""

    arg_constraints: ClassVar[dict[str, Any]] = {"probs": constraints.unit_interval, "logits": constraints.real}
    names = ("probs", "logits", "_param")
    """What `expand` has to expand."""

    def _set_parameter(self, probs: Any, logits: Any) -> None:
        one_of(probs, logits)
        (self._param,) = broadcast_all(logits if probs is None else probs)
        self.__dict__["logits" if probs is None else "probs"] = self._param

    def _set_counted(self, total_count: Any, probs: Any, logits: Any) -> None:
        one_of(probs, logits)
        count, self._param = broadcast_all(total_count, logits if probs is None else probs)
        self.total_count = count.to(self._param.dtype)
        self.__dict__["logits" if probs is None else "probs"] = self._param

    @lazy_property
    def logits(self) -> Tensor:
        """log(probs / (1 - probs))."""
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self) -> Tensor:
        """1 / (1 + exp(-logits))."""
        return logits_to_probs(self.logits, is_binary=True)

    @property
    def param_shape(self) -> Size:
        """The shape of the parameter that was given."""
        return self._param.shape
