"""LogisticNormal: probabilities from a vector of normal numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from lamina.distributions import constraints
from lamina.distributions.normal import Normal
from lamina.distributions.transform_vector import StickBreakingTransform
from lamina.distributions.transformed_distribution import TransformedDistribution
from lamina.distributions.utils import Parameter
from lamina.tensor import Tensor


class LogisticNormal(TransformedDistribution):
    """Vectors on the simplex: a stick broken by the sigmoids of normal numbers.

    Args:
        loc, scale: means and standard deviations of the normal numbers.
        validate_args: as for Distribution.
    Shapes:
        loc, scale (*, K) -> batch (*), event (K + 1,)
    Source: torch.distributions.LogisticNormal.
    """

    arg_constraints: ClassVar[dict[str, Any]] = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, loc: Parameter, scale: Parameter, validate_args: bool | None = None) -> None:
        base = Normal(loc, scale, validate_args=validate_args)
        if not base.batch_shape:
            base = base.expand([1])
        super().__init__(base, StickBreakingTransform(), validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return super().expand(batch_shape, self._get_checked_instance(LogisticNormal, _instance))

    @property
    def loc(self) -> Tensor:
        """The means of the normal numbers."""
        return self.base_dist.base_dist.loc

    @property
    def scale(self) -> Tensor:
        """The standard deviations of the normal numbers."""
        return self.base_dist.base_dist.scale
