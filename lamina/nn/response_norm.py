"""Normalisation layers that look at neighbouring channels: LocalResponseNorm, CrossMapLRN2d."""

from __future__ import annotations

from lamina import functions
from lamina.nn import functional as F
from lamina.nn.module import Module
from lamina.tensor import Tensor


class _ResponseNorm(Module):
    """What both share: a window of channels and three numbers."""

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class LocalResponseNorm(_ResponseNorm):
    """output[c] = input[c] / (k + alpha / size * sum of input[d]^2 over the size channels d around c)^beta.

    >>> import lamina
    >>> from lamina import nn
    >>> nn.LocalResponseNorm(2, alpha=2.0, beta=1.0)(lamina.tensor([[[1.0], [2.0]]])).flatten()
    tensor([0.5000, 0.3333])

    Args:
        size: how many channels are summed.
        alpha, beta, k: the numbers of the formula.
    Shapes:
        input (N, C, *), at least three dimensions -> same
    Source: torch.nn.LocalResponseNorm; Krizhevsky et al. 2012.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)


class CrossMapLRN2d(_ResponseNorm):
    """The same for images, as Lua Torch had it and PyTorch kept it: channel 0 is in every sum.

    Args:
        size: how many channels are summed.
        alpha, beta, k: the numbers of the formula.
    Shapes:
        input (N, C, H, W) -> same
    Source: torch.nn.CrossMapLRN2d.
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1) -> None:
        super().__init__(size, alpha, beta, k)

    def forward(self, input: Tensor) -> Tensor:
        return functions.cross_map_lrn2d(input, self.size, self.alpha, self.beta, self.k)
