"""Sparsemax, a softmax with zeros."""

from __future__ import annotations

from lamina.nn import functional as F
from lamina.nn.module import Module
from lamina.tensor import Tensor


class Sparsemax(Module):
    """max(0, input - tau) along dim, with the tau that makes the sum 1 (Martins and Astudillo, 2016).

    Args:
        dim: the dimension that sums to 1.
    Shapes:
        input (*) -> (*)
    Source: torch for R's nn_contrib_sparsemax.

    >>> import lamina
    >>> lamina.nn.Sparsemax()(lamina.tensor([1.0, 0.5, -1.0]))
    tensor([0.7500, 0.2500, 0.0000])
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.contrib_sparsemax(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
