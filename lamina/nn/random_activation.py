"""Activation layers that draw random numbers while training."""

from __future__ import annotations

from lamina.nn import functional as F
from lamina.nn.module import Module
from lamina.tensor import Tensor


class RReLU(Module):
    """output = input where it is positive, else r * input: each r from U(lower, upper) in training, else their mean.

    Args:
        lower, upper: the smallest and the largest slope.
        inplace: whether to write the result into the input.
    Shapes:
        input (*) -> (*)
    Source: torch.nn.RReLU; Xu et al. 2015.
    """

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False) -> None:
        super().__init__()
        self.lower, self.upper, self.inplace = lower, upper, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"lower={self.lower}, upper={self.upper}{', inplace=True' if self.inplace else ''}"
