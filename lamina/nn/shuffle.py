"""Layers that move elements between channels and pixels, or among groups of channels."""

from __future__ import annotations

from lamina.nn import functional as F
from lamina.nn.module import Module
from lamina.tensor import Tensor


class PixelShuffle(Module):
    """Each group of r^2 channels becomes one channel whose every pixel is r x r, r being upscale_factor.

    >>> import lamina
    >>> lamina.nn.PixelShuffle(3)(lamina.zeros(1, 9, 4, 4)).shape
    lamina.Size([1, 1, 12, 12])

    Args:
        upscale_factor: r.
    Shapes:
        input (*, C r^2, H, W) -> (*, C, H r, W r)
    Source: torch.nn.PixelShuffle; Shi et al., arxiv.org/abs/1609.05158.
    """

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Each r x r pixels of a channel become one pixel of r^2 channels, r being downscale_factor.

    >>> import lamina
    >>> lamina.nn.PixelUnshuffle(3)(lamina.zeros(1, 1, 12, 12)).shape
    lamina.Size([1, 9, 4, 4])

    Args:
        downscale_factor: r.
    Shapes:
        input (*, C, H r, W r) -> (*, C r^2, H, W)
    Source: torch.nn.PixelUnshuffle; Shi et al., arxiv.org/abs/1609.05158.
    """

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """Channels in turn from each group: channel i of group j becomes channel i groups + j.

    >>> import lamina
    >>> lamina.nn.ChannelShuffle(2)(lamina.tensor([[[1], [2], [3], [4]]])).flatten()
    tensor([1, 3, 2, 4])

    Args:
        groups: how many groups of channels.
    Shapes:
        input (N, C, *) -> (N, C, *)
    Source: torch.nn.ChannelShuffle.
    """

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"
