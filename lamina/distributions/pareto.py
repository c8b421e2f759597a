"""Pareto: sizes of which few are large."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from lamina.distributions import constraints
from lamina.distributions.exponential import Exponential
from lamina.distributions.transform_elementwise import AffineTransform, ExpTransform
from lamina.distributions.transformed_distribution import TransformedDistribution
from lamina.distributions.utils import Parameter, broadcast_all
from lamina.tensor import Tensor


class Pareto(TransformedDistribution):
    """p(x) = alpha scale^alpha / x^(alpha + 1), for x >= scale.

    Args:
        scale: the smallest value, positive.
        alpha: positive.
        validate_args: as for Distribution.
    Source: torch.distributions.Pareto.
    """

    arg_constraints: ClassVar[dict[str, Any]] = {"alpha": constraints.positive, "scale": constraints.positive}

    def __init__(self, scale: Parameter, alpha: Parameter, validate_args: bool | None = None) -> None:
        self.scale, self.alpha = broadcast_all(scale, alpha)
        base = Exponential(self.alpha, validate_args=validate_args)
        super().__init__(base, [ExpTransform(), AffineTransform(0, self.scale)], validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = self._get_checked_instance(Pareto, _instance)
        new.scale, new.alpha = self.scale.expand(batch_shape), self.alpha.expand(batch_shape)
        return super().expand(batch_shape, new)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        """From scale on."""
        return constraints.greater_than_eq(self.scale)

    @property
    def mean(self) -> Tensor:
        a = self.alpha.clamp(min=1)
        return a * self.scale / (a - 1)

    @property
    def mode(self) -> Tensor:
        return self.scale

    @property
    def variance(self) -> Tensor:
        a = self.alpha.clamp(min=2)
        return self.scale.pow(2) * a / ((a - 1).pow(2) * (a - 2))

    def entropy(self) -> Tensor:
        return (self.scale / self.alpha).log() + (1 + self.alpha.reciprocal())
