"""Layers that interpolate to another size."""

from __future__ import annotations

from lamina.nn import functional as F
from lamina.nn.module import Module
from lamina.tensor import Tensor

Sizes = int | tuple[int, ...] | None
Factors = float | tuple[float, ...] | None


class Upsample(Module):
    """The input interpolated to other spatial sizes.

    >>> import lamina
    >>> lamina.nn.Upsample(scale_factor=2)(lamina.tensor([[[1.0, 3.0]]]))
    tensor([[[1., 1., 3., 3.]]])

    Args:
        size: the sizes: an int, or one for each dimension.
        scale_factor: in place of size, how many times the old ones they are.
        mode: "nearest", "nearest-exact", "area", "linear", "bilinear", "bicubic" or "trilinear".
        align_corners: whether the centers of the outermost elements keep their places, rather than their outer edges.
        recompute_scale_factor: whether the sizes say how far apart places are, rather than scale_factor.
    Shapes:
        input (N, C, L), (N, C, H, W) or (N, C, D, H, W) -> (N, C, *size)
    Source: torch.nn.Upsample.
    """

    def __init__(
        self,
        size: Sizes = None,
        scale_factor: Factors = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        self.name = type(self).__name__
        self.size = size
        if isinstance(scale_factor, tuple):
            self.scale_factor: Factors = tuple(float(factor) for factor in scale_factor)
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None
        self.mode, self.align_corners = mode, align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Tensor) -> Tensor:
        factors = (self.mode, self.align_corners, self.recompute_scale_factor)
        return F.interpolate(input, self.size, self.scale_factor, *factors)

    def extra_repr(self) -> str:
        size = f"size={self.size!r}" if self.scale_factor is None else f"scale_factor={self.scale_factor!r}"
        return f"{size}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """`Upsample` with mode "nearest", for images.

    Args:
        size: the sizes: an int, or one for each dimension.
        scale_factor: in place of size, how many times the old ones they are.
    Shapes:
        input (N, C, H, W) -> (N, C, *size)
    Source: torch.nn.UpsamplingNearest2d.
    """

    def __init__(self, size: Sizes = None, scale_factor: Factors = None) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """`Upsample` with mode "bilinear" and aligned corners, for images.

    Args:
        size: the sizes: an int, or one for each dimension.
        scale_factor: in place of size, how many times the old ones they are.
    Shapes:
        input (N, C, H, W) -> (N, C, *size)
    Source: torch.nn.UpsamplingBilinear2d.
    """

    def __init__(self, size: Sizes = None, scale_factor: Factors = None) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)
