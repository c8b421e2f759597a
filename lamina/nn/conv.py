"""Convolution layers."""

from __future__ import annotations

import math
from typing import Any

from lamina.creation import empty
from lamina.nn import functional as F
from lamina.nn import init
from lamina.nn.module import Module
from lamina.nn.parameter import Parameter
from lamina.tensor import Tensor

Sizes = int | tuple[int, ...]
_MODES = ("zeros", "reflect", "replicate", "circular")


class _Conv(Module):
    """What Conv1d, Conv2d and Conv3d share: everything but how many dimensions there are."""

    _space: int

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes | str = 0,
        dilation: Sizes = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride = _sizes(kernel_size, self._space), _sizes(stride, self._space)
        self.padding = padding if isinstance(padding, str) else _sizes(padding, self._space)
        self.dilation, self.padding_mode = _sizes(dilation, self._space), padding_mode
        self._check()
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = Parameter(empty(shape, device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_channels, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def _check(self) -> None:
        if self.groups <= 0:
            raise ValueError("groups must be a positive integer")
        if self.in_channels % self.groups:
            raise ValueError("in_channels must be divisible by groups")
        if self.out_channels % self.groups:
            raise ValueError("out_channels must be divisible by groups")
        if isinstance(self.padding, str):
            if self.padding not in ("same", "valid"):
                raise ValueError(f"Invalid padding string {self.padding!r}, should be one of 'same', 'valid'")
            if self.padding == "same" and any(step != 1 for step in self.stride):
                raise ValueError("padding='same' is not supported for strided convolutions")
        if self.padding_mode not in _MODES:
            raise ValueError(
                f"padding_mode must be one of {', '.join(map(repr, _MODES))}, "
                f"but got padding_mode='{self.padding_mode}'"
            )

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in = self.in_channels // self.groups * math.prod(self.kernel_size)
            bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        convolve = (F.conv1d, F.conv2d, F.conv3d)[self._space - 1]
        padding: Any = self.padding
        if self.padding_mode != "zeros":
            input, padding = F.pad(input, self._pad(), mode=self.padding_mode), 0
        return convolve(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def _pad(self) -> tuple[int, ...]:
        """`padding` as `F.pad` takes it: before and after, the last dimension first."""
        if not isinstance(self.padding, str):
            pairs = [(p, p) for p in self.padding]
        elif self.padding == "same":
            total = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
            pairs = [(t // 2, t - t // 2) for t in total]
        else:
            pairs = [(0, 0)] * self._space
        return tuple(size for pair in reversed(pairs) for size in pair)

    def extra_repr(self) -> str:
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        if self.padding != (0,) * len(self.padding):
            parts.append(f"padding={self.padding}")
        if self.dilation != (1,) * self._space:
            parts.append(f"dilation={self.dilation}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)


class Conv1d(_Conv):
    """A convolution along L: output[n, o, l] = bias[o] + sum over c, k of weight[o, c, k] input[n, c, l * stride + k].

    Args:
        in_channels, out_channels: C and O.
        kernel_size, stride, dilation: how far a kernel reaches, and its steps.
        padding: how much is added at both ends, or "same" (L' = L) or "valid" (nothing).
        groups: into how many independent groups the channels fall.
        bias: whether to add one.
        padding_mode: what is added: "zeros", "reflect", "replicate" or "circular".
    Shapes:
        input (N, C, L) or (C, L) -> (N, O, L') or (O, L'),
        L' = (L + 2 padding - dilation (kernel_size - 1) - 1) // stride + 1
    Parameters:
        weight (out_channels, in_channels / groups, kernel_size): from U(-k, k), k = 1 / sqrt(product of the last two)
        bias (out_channels,) or None: from U(-k, k)
    Source: torch.nn.Conv1d.
    """

    _space = 1


class Conv2d(_Conv):
    """A convolution over H and W:
    output[n, o, h, w] = bias[o] + sum over c, i, j of weight[o, c, i, j] input[n, c, h + i, w + j].

    Args:
        in_channels, out_channels: C and O.
        kernel_size, stride, dilation: how far a kernel reaches, and its steps: an int, or one for each dimension.
        padding: how much is added at both ends, or "same" (H' = H) or "valid" (nothing).
        groups: into how many independent groups the channels fall.
        bias: whether to add one.
        padding_mode: what is added: "zeros", "reflect", "replicate" or "circular".
    Shapes:
        input (N, C, H, W) or (C, H, W) -> (N, O, H', W') or (O, H', W'), sizes as in `Conv1d`
    Parameters:
        weight (out_channels, in_channels / groups, *kernel_size): from U(-k, k), k = 1 / sqrt(product of the others)
        bias (out_channels,) or None: from U(-k, k)
    Source: torch.nn.Conv2d.
    """

    _space = 2


class Conv3d(_Conv):
    """A convolution over D, H and W: `Conv2d` in one dimension more.

    Args:
        in_channels, out_channels: C and O.
        kernel_size, stride, dilation: how far a kernel reaches, and its steps: an int, or one for each dimension.
        padding: how much is added at both ends, or "same" (D' = D) or "valid" (nothing).
        groups: into how many independent groups the channels fall.
        bias: whether to add one.
        padding_mode: what is added: "zeros", "reflect", "replicate" or "circular".
    Shapes:
        input (N, C, D, H, W) or (C, D, H, W) -> (*, O, D', H', W'), sizes as in `Conv1d`
    Parameters:
        weight (out_channels, in_channels / groups, *kernel_size): from U(-k, k), k = 1 / sqrt(product of the others)
        bias (out_channels,) or None: from U(-k, k)
    Source: torch.nn.Conv3d.
    """

    _space = 3


def _sizes(size: Sizes, space: int) -> tuple[int, ...]:
    return (size,) * space if isinstance(size, int) else tuple(size)
