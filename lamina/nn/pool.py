"""Pooling layers: the maximum or the mean of each window."""

from __future__ import annotations

from typing import Any

from lamina.nn import functional as F
from lamina.nn.module import Module
from lamina.tensor import Tensor

Sizes = int | tuple[int, ...]


class _MaxPool(Module):
    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def _sizes(self) -> tuple[Any, ...]:
        """The arguments of the function, in its order."""
        return self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """The largest value in each window. Of equal ones, the first gets the gradient.

    Args:
        kernel_size: size of a window.
        stride: from one window to the next; kernel_size if None.
        padding: how many places of minus infinity are added at both ends.
        dilation: from one element of a window to the next.
        return_indices: whether to return, too, where each value was found.
        ceil_mode: whether windows may end beyond the input.
    Shapes:
        input (N, C, L) or (C, L) -> (N, C, L') or (C, L'),
        L' = (L + 2 padding - dilation (kernel_size - 1) - 1) // stride + 1
    Source: torch.nn.MaxPool1d.
    """

    def forward(self, input: Tensor) -> Any:
        return F.max_pool1d(input, *self._sizes())


class MaxPool2d(_MaxPool):
    """The largest value in each window. Of equal ones, the first gets the gradient.

    Args:
        kernel_size: size of a window: an int, or one for each dimension; so are the next three.
        stride: from one window to the next; kernel_size if None.
        padding: how many places of minus infinity are added at both ends.
        dilation: from one element of a window to the next.
        return_indices: whether to return, too, where each value was found.
        ceil_mode: whether windows may end beyond the input.
    Shapes:
        input (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W'), sizes as in `MaxPool1d`
    Source: torch.nn.MaxPool2d.
    """

    def forward(self, input: Tensor) -> Any:
        return F.max_pool2d(input, *self._sizes())


class MaxPool3d(_MaxPool):
    """The largest value in each window. Of equal ones, the first gets the gradient.

    Args:
        kernel_size: size of a window: an int, or one for each dimension; so are the next three.
        stride: from one window to the next; kernel_size if None.
        padding: how many places of minus infinity are added at both ends.
        dilation: from one element of a window to the next.
        return_indices: whether to return, too, where each value was found.
        ceil_mode: whether windows may end beyond the input.
    Shapes:
        input (N, C, D, H, W) or (C, D, H, W) -> (*, C, D', H', W'), sizes as in `MaxPool1d`
    Source: torch.nn.MaxPool3d.
    """

    def forward(self, input: Tensor) -> Any:
        return F.max_pool3d(input, *self._sizes())


class _AvgPool(Module):
    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(_AvgPool):
    """The mean of each window.

    Args:
        kernel_size: size of a window.
        stride: from one window to the next; kernel_size if None.
        padding: how many zeros are added at both ends.
        ceil_mode: whether windows may end beyond the input.
        count_include_pad: whether the added zeros count in the mean.
    Shapes:
        input (N, C, L) or (C, L) -> (N, C, L') or (C, L'), L' = (L + 2 padding - kernel_size) // stride + 1
    Source: torch.nn.AvgPool1d.
    """

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = _tuple(kernel_size)
        self.stride = _tuple(kernel_size if stride is None else stride)
        self.padding = _tuple(padding)
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)


class _AvgPoolNd(_AvgPool):
    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.ceil_mode = padding, ceil_mode
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override

    def _sizes(self) -> tuple[Any, ...]:
        """The arguments of the function, in its order."""
        sizes = (self.kernel_size, self.stride, self.padding)
        return *sizes, self.ceil_mode, self.count_include_pad, self.divisor_override


class AvgPool2d(_AvgPoolNd):
    """The mean of each window.

    Args:
        kernel_size: size of a window: an int, or one for each dimension; so are the next two.
        stride: from one window to the next; kernel_size if None.
        padding: how many zeros are added at both ends.
        ceil_mode: whether windows may end beyond the input.
        count_include_pad: whether the added zeros count in the mean.
        divisor_override: what to divide each sum by instead.
    Shapes:
        input (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W'), sizes as in `AvgPool1d`
    Source: torch.nn.AvgPool2d.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool2d(input, *self._sizes())


class AvgPool3d(_AvgPoolNd):
    """The mean of each window.

    Args:
        kernel_size: size of a window: an int, or one for each dimension; so are the next two.
        stride: from one window to the next; kernel_size if None.
        padding: how many zeros are added at both ends.
        ceil_mode: whether windows may end beyond the input.
        count_include_pad: whether the added zeros count in the mean.
        divisor_override: what to divide each sum by instead.
    Shapes:
        input (N, C, D, H, W) or (C, D, H, W) -> (*, C, D', H', W'), sizes as in `AvgPool1d`
    Source: torch.nn.AvgPool3d.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool3d(input, *self._sizes())


def _tuple(size: Sizes) -> tuple[int, ...]:
    return (size,) if isinstance(size, int) else tuple(size)
