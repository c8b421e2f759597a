"""Power-average pooling layers: the p-norm of each window."""

from __future__ import annotations

from typing import Any

from lamina.nn import functional as F
from lamina.nn.module import Module
from lamina.tensor import Tensor

Sizes = int | tuple[int, ...]


class _LPPool(Module):
    def __init__(
        self, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        self.norm_type, self.kernel_size, self.stride, self.ceil_mode = norm_type, kernel_size, stride, ceil_mode

    def _sizes(self) -> tuple[Any, ...]:
        """The arguments of the function, in its order."""
        return float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPool):
    """(sum of x^p)^(1/p) over each window, p being norm_type; the largest |x| if it is inf. Odd p take no |x|.

    >>> import lamina
    >>> lamina.nn.LPPool1d(2, kernel_size=2)(lamina.tensor([[3.0, 4.0, 6.0, 8.0]]))
    tensor([[ 5., 10.]])

    Args:
        norm_type: p; 1 gives the sum of each window.
        kernel_size: size of a window.
        stride: from one window to the next; kernel_size if None.
        ceil_mode: whether windows may end beyond the input.
    Shapes:
        input (N, C, L) or (C, L) -> (N, C, L') or (C, L'), L' = (L - kernel_size) // stride + 1
    Source: torch.nn.LPPool1d.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool1d(input, *self._sizes())


class LPPool2d(_LPPool):
    """(sum of x^p)^(1/p) over each window, p being norm_type; the largest |x| if it is inf. Odd p take no |x|.

    Args:
        norm_type: p; 1 gives the sum of each window.
        kernel_size: size of a window: an int, or one for each dimension; so is the next.
        stride: from one window to the next; kernel_size if None.
        ceil_mode: whether windows may end beyond the input.
    Shapes:
        input (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W'), sizes as in `LPPool1d`
    Source: torch.nn.LPPool2d.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool2d(input, *self._sizes())


class LPPool3d(_LPPool):
    """(sum of x^p)^(1/p) over each window, p being norm_type; the largest |x| if it is inf. Odd p take no |x|.

    Args:
        norm_type: p; 1 gives the sum of each window.
        kernel_size: size of a window: an int, or one for each dimension; so is the next.
        stride: from one window to the next; kernel_size if None.
        ceil_mode: whether windows may end beyond the input.
    Shapes:
        input (N, C, D, H, W) or (C, D, H, W) -> (*, C, D', H', W'), sizes as in `LPPool1d`
    Source: torch.nn.LPPool3d.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool3d(input, *self._sizes())
