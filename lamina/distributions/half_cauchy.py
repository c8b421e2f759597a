"""HalfCauchy: the size of a Cauchy number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import lamina
from lamina.distributions import constraints
from lamina.distributions.cauchy import Cauchy
from lamina.distributions.transform_elementwise import AbsTransform
from lamina.distributions.transformed_distribution import TransformedDistribution
from lamina.distributions.utils import Parameter
from lamina.tensor import Tensor


class HalfCauchy(TransformedDistribution):
    """|X| of a Cauchy X with median 0.

    Args:
        scale: that of X, positive.
        validate_args: as for Distribution.
    Source: torch.distributions.HalfCauchy.
    """

    arg_constraints: ClassVar[dict[str, Any]] = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, scale: Parameter, validate_args: bool | None = None) -> None:
        base = Cauchy(0, scale, validate_args=False)
        super().__init__(base, AbsTransform(), validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return super().expand(batch_shape, self._get_checked_instance(HalfCauchy, _instance))

    @property
    def scale(self) -> Tensor:
        """That of X."""
        return self.base_dist.scale

    @property
    def mean(self) -> Tensor:
        return lamina.full_like(self.scale, math.inf)

    @property
    def mode(self) -> Tensor:
        return lamina.zeros_like(self.scale)

    @property
    def variance(self) -> Tensor:
        return self.base_dist.variance

    def log_prob(self, value: Any) -> Tensor:
        value = lamina.as_tensor(value, dtype=self.scale.dtype, device=self.scale.device)
        self._check(value)
        return lamina.where(value >= 0, self.base_dist.log_prob(value) + math.log(2), -math.inf)

    def cdf(self, value: Tensor) -> Tensor:
        self._check(value)
        return 2 * self.base_dist.cdf(value) - 1

    def icdf(self, value: Tensor) -> Tensor:
        return self.base_dist.icdf((value + 1) / 2)

    def entropy(self) -> Tensor:
        return self.base_dist.entropy() - math.log(2)
