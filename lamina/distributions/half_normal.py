"""HalfNormal: the size of a normal number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from lamina.distributions.half import Half
from lamina.distributions.normal import Normal
from lamina.distributions.utils import Parameter
from lamina.tensor import Tensor


class HalfNormal(Half):
    """|X| of a normal X with mean 0.

    Args:
        scale: the standard deviation of X, positive.
        validate_args: as for Distribution.
    Source: torch.distributions.HalfNormal.
    """

    def __init__(self, scale: Parameter, validate_args: bool | None = None) -> None:
        super().__init__(Normal(0, scale, validate_args=False), validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return super().expand(batch_shape, self._get_checked_instance(HalfNormal, _instance))

    @property
    def mean(self) -> Tensor:
        return self.scale * math.sqrt(2 / math.pi)

    @property
    def variance(self) -> Tensor:
        return self.scale.pow(2) * (1 - 2 / math.pi)
