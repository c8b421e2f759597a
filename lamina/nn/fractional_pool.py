"""Fractional max pooling layers: windows that begin at random places."""

from __future__ import annotations

from typing import Any

from lamina.nn import functional as F
from lamina.nn.module import Module
from lamina.tensor import Tensor


class _FractionalMaxPool(Module):
    _space: int

    def __init__(
        self,
        kernel_size: int | tuple[int, ...],
        output_size: int | tuple[int, ...] | None = None,
        output_ratio: float | tuple[float, ...] | None = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        self.kernel_size, self.return_indices = _each(kernel_size, self._space), return_indices
        if self._space == 3 and any(k <= 0 for k in self.kernel_size):
            raise ValueError(f"kernel_size must be greater than 0, but got {kernel_size}")
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else _each(output_size, self._space)
        self.output_ratio = None if output_ratio is None else _each(output_ratio, self._space)
        if output_size is None and output_ratio is None:
            raise ValueError(f"{name} requires specifying either an output size, or a pooling ratio")
        if output_size is not None and output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        if self.output_ratio is not None and not all(0 < ratio < 1 for ratio in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def _sizes(self) -> tuple[Any, ...]:
        """The arguments of the function, in its order."""
        sizes = (self.kernel_size, self.output_size, self.output_ratio)
        return *sizes, self.return_indices, self._random_samples


class FractionalMaxPool2d(_FractionalMaxPool):
    """The largest value in each of output_size windows that begin at random places, drawn for each image and channel.

    >>> import lamina
    >>> lamina.nn.FractionalMaxPool2d(2, output_ratio=0.6)(lamina.zeros(1, 1, 10, 5)).shape
    lamina.Size([1, 1, 6, 3])

    Args:
        kernel_size: size of a window: an int, or one for each dimension; so are the next two.
        output_size: how many windows.
        output_ratio: in place of output_size, what part of the input's size it is.
        return_indices: whether to return, too, where each value was found.
    Shapes:
        input (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W'), (H', W') being output_size
    Buffers:
        _random_samples (N, C, 2) or None: the numbers in [0, 1) that say where windows begin, if they are not drawn
    Source: torch.nn.FractionalMaxPool2d; Graham, Fractional Max-Pooling, arxiv.org/abs/1412.6071.
    """

    _space = 2

    def forward(self, input: Tensor) -> Any:
        return F.fractional_max_pool2d(input, *self._sizes())


class FractionalMaxPool3d(_FractionalMaxPool):
    """The largest value in each of output_size windows that begin at random places, drawn for each image and channel.

    Args:
        kernel_size: size of a window: an int, or one for each dimension; so are the next two.
        output_size: how many windows.
        output_ratio: in place of output_size, what part of the input's size it is.
        return_indices: whether to return, too, where each value was found.
    Shapes:
        input (N, C, D, H, W) or (C, D, H, W) -> (*, C, D', H', W'), (D', H', W') being output_size
    Buffers:
        _random_samples (N, C, 3) or None: the numbers in [0, 1) that say where windows begin, if they are not drawn
    Source: torch.nn.FractionalMaxPool3d; Graham, Fractional Max-Pooling, arxiv.org/abs/1412.6071.
    """

    _space = 3

    def forward(self, input: Tensor) -> Any:
        return F.fractional_max_pool3d(input, *self._sizes())


def _each(value: Any, space: int) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * space
