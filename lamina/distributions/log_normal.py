"""LogNormal: a number whose logarithm is normal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from lamina.distributions import constraints
from lamina.distributions.normal import Normal
from lamina.distributions.transform_elementwise import ExpTransform
from lamina.distributions.transformed_distribution import TransformedDistribution
from lamina.distributions.utils import Parameter
from lamina.tensor import Tensor


class LogNormal(TransformedDistribution):
    """exp(X) of a normal X.

    Args:
        loc, scale: mean and standard deviation of X.
        validate_args: as for Distribution.
    Source: torch.distributions.LogNormal.
    """

    arg_constraints: ClassVar[dict[str, Any]] = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.positive
    has_rsample = True

    def __init__(self, loc: Parameter, scale: Parameter, validate_args: bool | None = None) -> None:
        super().__init__(Normal(loc, scale, validate_args=validate_args), ExpTransform(), validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return super().expand(batch_shape, self._get_checked_instance(LogNormal, _instance))

    @property
    def loc(self) -> Tensor:
        """The mean of X."""
        return self.base_dist.loc

    @property
    def scale(self) -> Tensor:
        """The standard deviation of X."""
        return self.base_dist.scale

    @property
    def mean(self) -> Tensor:
        return (self.loc + self.scale.pow(2) / 2).exp()

    @property
    def mode(self) -> Tensor:
        return (self.loc - self.scale.square()).exp()

    @property
    def variance(self) -> Tensor:
        square = self.scale.pow(2)
        return square.expm1() * (2 * self.loc + square).exp()

    def entropy(self) -> Tensor:
        return self.base_dist.entropy() + self.loc
