"""Dirichlet: random probabilities of several things."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import lamina
from lamina import functions
from lamina.distributions import constraints
from lamina.distributions.exp_family import ExponentialFamily
from lamina.nn import functional as F
from lamina.tensor import Tensor


class Dirichlet(ExponentialFamily):
    """Vectors on the simplex, with density in proportion to the product of x_i^(concentration_i - 1).

    Gradients pass through `rsample`: a sample is a normalized vector of gamma numbers.

    Args:
        concentration: positive.
        validate_args: as for Distribution.
    Shapes:
        concentration (*, K) -> batch (*), event (K,)
    Source: torch.distributions.Dirichlet.

    >>> import lamina
    >>> from lamina.distributions import Dirichlet
    >>> Dirichlet(lamina.tensor([1.0, 2.0, 1.0])).mean
    tensor([0.2500, 0.5000, 0.2500])
    """

    arg_constraints: ClassVar[dict[str, Any]] = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, concentration: Tensor, validate_args: bool | None = None) -> None:
        if concentration.dim() < 1:
            raise ValueError("`concentration` parameter must be at least one-dimensional.")
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:], validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(Dirichlet, batch_shape, _instance, "concentration")

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        return functions.standard_dirichlet(self.concentration.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        c = self.concentration
        return (c - 1.0).xlogy(value).sum(-1) + c.sum(-1).lgamma() - c.lgamma().sum(-1)

    @property
    def mean(self) -> Tensor:
        return self.concentration / self.concentration.sum(-1, True)

    @property
    def mode(self) -> Tensor:
        above = (self.concentration - 1).clamp(min=0.0)
        mode = above / above.sum(-1, True)
        # Where every concentration is below 1 the density is infinite at the corners: one of them is given.
        corner = F.one_hot(mode.argmax(-1), mode.shape[-1]).to(mode.dtype)
        return lamina.where((self.concentration < 1).all(-1, keepdim=True), corner, mode)

    @property
    def variance(self) -> Tensor:
        total = self.concentration.sum(-1, True)
        return self.concentration * (total - self.concentration) / (total.pow(2) * (total + 1))

    def entropy(self) -> Tensor:
        c, count = self.concentration, self.concentration.size(-1)
        total = c.sum(-1)
        log_beta = c.lgamma().sum(-1) - total.lgamma()
        return log_beta - (count - total) * total.digamma() - ((c - 1.0) * c.digamma()).sum(-1)

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (self.concentration,)

    def _log_normalizer(self, x: Tensor) -> Tensor:  # type: ignore[override]
        return x.lgamma().sum(-1) - x.sum(-1).lgamma()
