"""HalfCauchy: the size of a Cauchy number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import lamina
from lamina.distributions.cauchy import Cauchy
from lamina.distributions.half import Half
from lamina.distributions.utils import Parameter
from lamina.tensor import Tensor


class HalfCauchy(Half):
    """|X| of a Cauchy X with median 0.

    Args:
        scale: that of X, positive.
        validate_args: as for Distribution.
    Source: torch.distributions.HalfCauchy.
    """

    def __init__(self, scale: Parameter, validate_args: bool | None = None) -> None:
        super().__init__(Cauchy(0, scale, validate_args=False), validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return super().expand(batch_shape, self._get_checked_instance(HalfCauchy, _instance))

    @property
    def mean(self) -> Tensor:
        return lamina.full_like(self.scale, math.inf)

    @property
    def variance(self) -> Tensor:
        return self.base_dist.variance

    def log_prob(self, value: Any) -> Tensor:
        self._check(value)
        return self._doubled(lamina.as_tensor(value, dtype=self.scale.dtype, device=self.scale.device))
