"""Adaptive pooling layers: the maximum or the mean of windows that are laid out for a given output size."""

from __future__ import annotations

from typing import Any

from lamina.nn import functional as F
from lamina.nn.module import Module
from lamina.tensor import Tensor

Sizes = int | tuple[int | None, ...]


class _AdaptiveAvgPool(Module):
    def __init__(self, output_size: Sizes) -> None:
        super().__init__()
        self.output_size = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """The mean of each of output_size windows, which cover the input: from floor(i L / L') to ceil((i + 1) L / L').

    >>> import lamina
    >>> lamina.nn.AdaptiveAvgPool1d(2)(lamina.tensor([[1.0, 3.0, 5.0, 7.0]]))
    tensor([[2., 6.]])

    Args:
        output_size: how many windows.
    Shapes:
        input (N, C, L) or (C, L) -> (N, C, output_size) or (C, output_size)
    Source: torch.nn.AdaptiveAvgPool1d.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """The mean of each of output_size windows, which cover the input.

    >>> import lamina
    >>> lamina.nn.AdaptiveAvgPool2d((1, None))(lamina.tensor([[[1.0, 2.0], [3.0, 6.0]]]))
    tensor([[[2., 4.]]])

    Args:
        output_size: how many windows: an int, or one for each dimension; None is the input's size.
    Shapes:
        input (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W'), (H', W') being output_size
    Source: torch.nn.AdaptiveAvgPool2d.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """The mean of each of output_size windows, which cover the input.

    Args:
        output_size: how many windows: an int, or one for each dimension; None is the input's size.
    Shapes:
        input (N, C, D, H, W) or (C, D, H, W) -> (*, C, D', H', W'), (D', H', W') being output_size
    Source: torch.nn.AdaptiveAvgPool3d.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool3d(input, self.output_size)


class _AdaptiveMaxPool(Module):
    def __init__(self, output_size: Sizes, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size, self.return_indices = output_size, return_indices

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The largest value in each of output_size windows, which cover the input: floor(i L / L') to ceil((i + 1) L / L').

    >>> import lamina
    >>> lamina.nn.AdaptiveMaxPool1d(2)(lamina.tensor([[1.0, 3.0, 5.0, 7.0]]))
    tensor([[3., 7.]])

    Args:
        output_size: how many windows.
        return_indices: whether to return, too, where each value was found.
    Shapes:
        input (N, C, L) or (C, L) -> (N, C, output_size) or (C, output_size)
    Source: torch.nn.AdaptiveMaxPool1d.
    """

    def forward(self, input: Tensor) -> Any:
        return F.adaptive_max_pool1d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The largest value in each of output_size windows, which cover the input.

    Args:
        output_size: how many windows: an int, or one for each dimension; None is the input's size.
        return_indices: whether to return, too, where each value was found.
    Shapes:
        input (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W'), (H', W') being output_size
    Source: torch.nn.AdaptiveMaxPool2d.
    """

    def forward(self, input: Tensor) -> Any:
        return F.adaptive_max_pool2d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """The largest value in each of output_size windows, which cover the input.

    Args:
        output_size: how many windows: an int, or one for each dimension; None is the input's size.
        return_indices: whether to return, too, where each value was found.
    Shapes:
        input (N, C, D, H, W) or (C, D, H, W) -> (*, C, D', H', W'), (D', H', W') being output_size
    Source: torch.nn.AdaptiveMaxPool3d.
    """

    def forward(self, input: Tensor) -> Any:
        return F.adaptive_max_pool3d(input, self.output_size, self.return_indices)
