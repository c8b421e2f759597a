"""VonMises: random directions in the plane, as angles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import lamina
from lamina import functions
from lamina.distributions import constraints
from lamina.distributions.distribution import Distribution
from lamina.distributions.utils import Parameter, broadcast_all, lazy_property
from lamina.tensor import Tensor


class VonMises(Distribution):
    """p(x) = exp(concentration cos(x - loc)) / (2 pi I0(concentration)); samples are in [-pi, pi).

    Args:
        loc: the mean direction, an angle.
        concentration: positive; 0 would make all directions as likely.
        validate_args: as for Distribution.
    Source: torch.distributions.VonMises; Best and Fisher 1979 (rejection sampling, in float64).
    """

    arg_constraints: ClassVar[dict[str, Any]] = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real
    has_rsample = False

    def __init__(self, loc: Parameter, concentration: Parameter, validate_args: bool | None = None) -> None:
        self.loc, self.concentration = broadcast_all(loc, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(VonMises, batch_shape, _instance, "loc", "concentration")

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @lazy_property
    def variance(self) -> Tensor:
        """The circular variance, 1 - I1(concentration) / I0(concentration)."""
        c = self.concentration
        return 1 - lamina.special.i1e(c) / lamina.special.i0e(c)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        return functions.von_mises(self.loc.detach().expand(shape), self.concentration.detach().expand(shape))

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        c = self.concentration
        # I0(c) = i0e(c) exp(c), which does not overflow.
        return c * (value - self.loc).cos() - math.log(2 * math.pi) - lamina.special.i0e(c).log() - c
