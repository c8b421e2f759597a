"""Half: the size of a number, whose distribution is symmetric around 0."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import lamina
from lamina.distributions import constraints
from lamina.distributions.transform_elementwise import AbsTransform
from lamina.distributions.transformed_distribution import TransformedDistribution
from lamina.tensor import Tensor


class Half(TransformedDistribution):
    """|X| of an X whose distribution has a scale and is symmetric around 0: half of its density, doubled."""

    arg_constraints: ClassVar[dict[str, Any]] = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, base: Any, validate_args: bool | None = None) -> None:
        super().__init__(base, AbsTransform(), validate_args=validate_args)

    @property
    def scale(self) -> Tensor:
        """That of X."""
        scale: Tensor = self.base_dist.scale
        return scale

    @property
    def mode(self) -> Tensor:
        return lamina.zeros_like(self.scale)

    def log_prob(self, value: Any) -> Tensor:
        self._check(value)
        return self._doubled(value)

    def _doubled(self, value: Tensor) -> Tensor:
        return lamina.where(value >= 0, self.base_dist.log_prob(value) + math.log(2), -math.inf)

    def cdf(self, value: Tensor) -> Tensor:
        self._check(value)
        return 2 * self.base_dist.cdf(value) - 1

    def icdf(self, value: Tensor) -> Tensor:
        return self.base_dist.icdf((value + 1) / 2)

    def entropy(self) -> Tensor:
        return self.base_dist.entropy() - math.log(2)
