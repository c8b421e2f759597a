"""Max unpooling layers: what max pooling found goes back to where it was."""

from __future__ import annotations

from typing import Any

from lamina.nn import functional as F
from lamina.nn.module import Module
from lamina.tensor import Tensor

Sizes = int | tuple[int, ...]


class _MaxUnpool(Module):
    _space: int

    def __init__(self, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0) -> None:
        super().__init__()
        self.kernel_size = _each(kernel_size, self._space)
        self.stride = _each(kernel_size if stride is None else stride, self._space)
        self.padding = _each(padding, self._space)

    def _sizes(self) -> tuple[Any, ...]:
        """The arguments of the function, in its order."""
        return self.kernel_size, self.stride, self.padding

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """The values of a max pooling at the places where it found them, zeros elsewhere.

    >>> import lamina
    >>> pool, unpool = lamina.nn.MaxPool1d(2, return_indices=True), lamina.nn.MaxUnpool1d(2)
    >>> unpool(*pool(lamina.tensor([[1.0, 3.0, 7.0, 5.0]])))
    tensor([[0., 3., 7., 0.]])

    Args:
        kernel_size: size of a window of the max pooling.
        stride: from one window to the next; kernel_size if None.
        padding: how many places the max pooling added at both ends.
    Shapes:
        input and indices (N, C, L) or (C, L) -> (N, C, L') or (C, L'), L' being the last of output_size, if that is
        given to the call, else (L - 1) stride - 2 padding + kernel_size
    Source: torch.nn.MaxUnpool1d.
    """

    _space = 1

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        return F.max_unpool1d(input, indices, *self._sizes(), output_size)


class MaxUnpool2d(_MaxUnpool):
    """The values of a max pooling at the places where it found them, zeros elsewhere.

    Args:
        kernel_size: size of a window of the max pooling: an int, or one for each dimension; so are the next two.
        stride: from one window to the next; kernel_size if None.
        padding: how many places the max pooling added at both ends.
    Shapes:
        input and indices (N, C, H, W) or (C, H, W) -> (*, C, H', W'), sizes as in `MaxUnpool1d`
    Source: torch.nn.MaxUnpool2d.
    """

    _space = 2

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        return F.max_unpool2d(input, indices, *self._sizes(), output_size)


class MaxUnpool3d(_MaxUnpool):
    """The values of a max pooling at the places where it found them, zeros elsewhere.

    Args:
        kernel_size: size of a window of the max pooling: an int, or one for each dimension; so are the next two.
        stride: from one window to the next; kernel_size if None.
        padding: how many places the max pooling added at both ends.
    Shapes:
        input and indices (N, C, D, H, W) or (C, D, H, W) -> (*, C, D', H', W'), sizes as in `MaxUnpool1d`
    Source: torch.nn.MaxUnpool3d.
    """

    _space = 3

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        return F.max_unpool3d(input, indices, *self._sizes(), output_size)


def _each(value: Sizes, space: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * space
