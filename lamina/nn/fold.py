"""Unfold and Fold: sliding blocks of images as columns, and back."""

from __future__ import annotations

from lamina.nn import functional as F
from lamina.nn.module import Module
from lamina.tensor import Tensor

Sizes = int | tuple[int, ...]


class Unfold(Module):
    """The blocks that a kernel meets while it slides over an image, each as a column.

    >>> import lamina
    >>> from lamina import nn
    >>> nn.Unfold(kernel_size=2, stride=2)(lamina.ones(8, 3, 4, 6)).shape
    lamina.Size([8, 12, 6])

    Args:
        kernel_size: size of a block: an int, or one for H and one for W; so are the others.
        dilation: from one element of a block to the next.
        padding: how many zeros are added at both ends.
        stride: from one block to the next.
    Shapes:
        input (N, C, H, W) or (C, H, W) -> (N, C * kernel_size, L) or (C * kernel_size, L), with the product of both
        kernel sizes, and L the number of blocks: the product of (H + 2 padding - dilation (kernel_size - 1) - 1) //
        stride + 1 for H and for W
    Source: torch.nn.Unfold.
    """

    def __init__(self, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> None:
        super().__init__()
        self.kernel_size, self.dilation, self.padding, self.stride = kernel_size, dilation, padding, stride

    def forward(self, input: Tensor) -> Tensor:
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"


class Fold(Module):
    """The image whose blocks the columns are; where blocks overlap, they are added.

    >>> import lamina
    >>> from lamina import nn
    >>> nn.Fold(output_size=(4, 6), kernel_size=2, stride=2)(lamina.ones(8, 12, 6)).shape
    lamina.Size([8, 3, 4, 6])

    Args:
        output_size: H and W of the image.
        kernel_size: size of a block: an int, or one for H and one for W; so are the others.
        dilation: from one element of a block to the next.
        padding: how much is cut off at both ends.
        stride: from one block to the next.
    Shapes:
        input (N, C * kernel_size, L) or (C * kernel_size, L) -> (N, C, *output_size) or (C, *output_size), with the
        product of both kernel sizes, and L as in `Unfold`
    Source: torch.nn.Fold.
    """

    def __init__(
        self, output_size: Sizes, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1
    ) -> None:
        super().__init__()
        self.output_size, self.kernel_size = output_size, kernel_size
        self.dilation, self.padding, self.stride = dilation, padding, stride

    def forward(self, input: Tensor) -> Tensor:
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )
