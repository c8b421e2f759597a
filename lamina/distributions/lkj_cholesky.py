"""LKJCholesky: random correlation matrices, as their Cholesky factors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import lamina
from lamina.distributions import constraints
from lamina.distributions.beta import Beta
from lamina.distributions.distribution import Distribution
from lamina.distributions.utils import Parameter, broadcast_all, standard_normal
from lamina.tensor import Tensor


class LKJCholesky(Distribution):
    """Cholesky factors L of correlation matrices: L L^T has density in proportion to det(L L^T)^(concentration - 1).

    Samples are made row by row: a beta number says how much of a row lies below the diagonal, a direction how.

    Args:
        dim: the size of the matrices, at least 2.
        concentration: positive; 1 makes all correlation matrices as likely.
        validate_args: as for Distribution.
    Shapes:
        concentration (*) -> batch (*), event (dim, dim)
    Source: torch.distributions.LKJCholesky; Lewandowski, Kurowicka and Joe 2009 (the onion method).
    """

    arg_constraints: ClassVar[dict[str, Any]] = {"concentration": constraints.positive}
    support = constraints.corr_cholesky

    def __init__(self, dim: int, concentration: Parameter = 1.0, validate_args: bool | None = None) -> None:
        if dim < 2:
            raise ValueError(f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}.")
        self.dim = dim
        (self.concentration,) = broadcast_all(concentration)
        like: Any = {"dtype": self.concentration.dtype, "device": self.concentration.device}
        # Of the first row nothing lies below the diagonal; its number is drawn and not used.
        order = lamina.tensor([0.0, *range(dim - 1)], **like)
        below = (self.concentration + 0.5 * (dim - 2)).unsqueeze(-1) - 0.5 * order
        self._beta = Beta(order + 0.5, below, validate_args=False)
        super().__init__(self.concentration.shape, (dim, dim), validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(LKJCholesky, batch_shape, _instance, "dim", "concentration", "_beta")

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        with lamina.no_grad():
            share = self._beta.sample(sample_shape).unsqueeze(-1)
            normal = standard_normal(self._extended_shape(sample_shape), share).tril(-1)
            norm = normal.pow(2).sum(-1, keepdim=True).sqrt()
            direction = normal / lamina.where(norm == 0, 1.0, norm)
            below = share.sqrt() * direction
            rest = (1 - below.pow(2).sum(-1)).clamp(min=lamina.finfo(below.dtype).tiny).sqrt()
            return below + rest.diag_embed()

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        rest, c = self.dim - 1, self.concentration
        diagonal = value.diagonal(dim1=-1, dim2=-2)[..., 1:]
        order = lamina.arange(2, self.dim + 1, device=c.device)
        power = 2 * (c - 1).unsqueeze(-1) + self.dim - order
        alpha = c + 0.5 * rest
        normalizer = 0.5 * rest * math.log(math.pi) + (alpha - 0.5).mvlgamma(rest) - alpha.lgamma() * rest
        return (power * diagonal.log()).sum(-1) - normalizer
