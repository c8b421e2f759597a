"""Relaxed: the base of distributions near discrete ones that gradients pass through."""

from __future__ import annotations

from typing import Any

from lamina.distributions.transformed_distribution import TransformedDistribution
from lamina.tensor import Tensor


class Relaxed(TransformedDistribution):
    """A function of samples of a distribution with a temperature, whose parameters it shares."""

    has_rsample = True

    @property
    def temperature(self) -> Any:
        """How far from a discrete distribution it is."""
        return self.base_dist.temperature

    @property
    def probs(self) -> Tensor:
        """The probabilities."""
        return self.base_dist.probs

    @property
    def logits(self) -> Tensor:
        """Their log odds, or their logarithms where there are several."""
        return self.base_dist.logits
