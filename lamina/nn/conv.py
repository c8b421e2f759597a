"""Convolution layers, and transposed ones."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from lamina.creation import empty
from lamina.nn import functional as F
from lamina.nn import init
from lamina.nn.module import Module
from lamina.nn.parameter import Parameter
from lamina.tensor import Tensor

Sizes = int | tuple[int, ...]
_MODES = ("zeros", "reflect", "replicate", "circular")


class _AnyConv(Module):
    """What all convolutions share."""

    _space: int
    transposed: bool

    def _build(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes,
        padding: Sizes | str,
        dilation: Sizes,
        output_padding: Sizes,
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any,
        dtype: Any,
    ) -> None:
        """Keep the arguments, check them, and make the parameters."""
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride = _sizes(kernel_size, self._space), _sizes(stride, self._space)
        self.padding = padding if isinstance(padding, str) else _sizes(padding, self._space)
        self.dilation, self.padding_mode = _sizes(dilation, self._space), padding_mode
        self.output_padding = _sizes(output_padding, self._space)
        self._check()
        outer, inner = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        shape = (outer, inner // groups, *self.kernel_size)
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
            fan_in = math.prod(self.weight.shape[1:])
            bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        if self.padding != (0,) * len(self.padding):
            parts.append(f"padding={self.padding}")
        if self.dilation != (1,) * len(self.dilation):
            parts.append(f"dilation={self.dilation}")
        if self.output_padding != (0,) * len(self.output_padding):
            parts.append(f"output_padding={self.output_padding}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)


class _Conv(_AnyConv):
    """What Conv1d, Conv2d and Conv3d share: everything but how many dimensions there are."""

    transposed = False

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
        sizes = (kernel_size, stride, padding, dilation, 0)
        self._build(in_channels, out_channels, *sizes, groups, bias, padding_mode, device, dtype)

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

    >>> import lamina
    >>> from lamina import nn
    >>> nn.Conv2d(3, 16, kernel_size=3, padding="same", padding_mode="circular")(lamina.ones(8, 3, 32, 32)).shape
    lamina.Size([8, 16, 32, 32])

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


class _ConvTranspose(_AnyConv):
    """What ConvTranspose1d, ConvTranspose2d and ConvTranspose3d share."""

    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes = 0,
        output_padding: Sizes = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Sizes = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        sizes = (kernel_size, stride, padding, dilation, output_padding)
        self._build(in_channels, out_channels, *sizes, groups, bias, padding_mode, device, dtype)

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        convolve = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[self._space - 1]
        padding: Any = self.padding
        more = self.output_padding if output_size is None else self._output_padding(input, output_size)
        return convolve(input, self.weight, self.bias, self.stride, padding, more, self.groups, self.dilation)

    def _output_padding(self, input: Tensor, output_size: Sequence[int]) -> tuple[int, ...]:
        """What to add at the end for outputs of that size: the sizes of space alone, or all but the batch's too."""
        space, before = self._space, 2 if input.ndim == self._space + 2 else 1
        wanted = output_size[before:] if len(output_size) == before + space else output_size
        if len(wanted) != space:
            raise ValueError(
                f"ConvTranspose{space}D: for {input.ndim}D input, output_size must have {space} or {before + space} "
                f"elements (got {len(output_size)})"
            )
        padding: Any = self.padding
        numbers = zip(input.shape[before:], self.stride, padding, self.dilation, self.kernel_size, strict=True)
        least = [(n - 1) * s - 2 * p + d * (k - 1) + 1 for n, s, p, d, k in numbers]
        most = [size + s - 1 for size, s in zip(least, self.stride, strict=True)]
        if any(not low <= size <= high for low, size, high in zip(least, wanted, most, strict=True)):
            raise ValueError(
                f"requested an output size of {wanted}, but valid sizes range from {least} to {most} "
                f"(for an input of {input.shape[before:]})"
            )
        return tuple(size - low for low, size in zip(least, wanted, strict=True))


class ConvTranspose1d(_ConvTranspose):
    """A transposed convolution: each input[n, c, l] adds weight[c, o, k] times it to output[n, o, stride * l + k].

    It is the gradient of a `Conv1d` of the same arguments with respect to its input: it undoes the change of shape.

    >>> import lamina
    >>> from lamina import nn
    >>> down, up = nn.Conv1d(4, 8, 3, stride=2, padding=1), nn.ConvTranspose1d(8, 4, 3, stride=2, padding=1)
    >>> up(down(lamina.ones(1, 4, 12)), output_size=(12,)).shape
    lamina.Size([1, 4, 12])

    Args:
        in_channels, out_channels: C and O.
        kernel_size, stride, dilation: how far a kernel reaches, and its steps.
        padding: how much of the output is cut off at both ends.
        output_padding: how much is added at one end: several inputs of a convolution have outputs of one size.
        groups: into how many independent groups the channels fall.
        bias: whether to add one.
        padding_mode: "zeros".
    Shapes:
        input (N, C, L) or (C, L) -> (N, O, L') or (O, L'),
        L' = (L - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1; or `output_size`, if given
    Parameters:
        weight (in_channels, out_channels / groups, kernel_size): from U(-k, k), k = 1 / sqrt(product of the last two)
        bias (out_channels,) or None: from U(-k, k)
    Source: torch.nn.ConvTranspose1d.
    """

    _space = 1


class ConvTranspose2d(_ConvTranspose):
    """A transposed convolution over H and W: `ConvTranspose1d` for images.

    >>> import lamina
    >>> from lamina import nn
    >>> nn.ConvTranspose2d(16, 3, kernel_size=4, stride=2, padding=1)(lamina.ones(8, 16, 14, 14)).shape
    lamina.Size([8, 3, 28, 28])

    Args:
        in_channels, out_channels: C and O.
        kernel_size, stride, dilation: how far a kernel reaches, and its steps: an int, or one for each dimension.
        padding: how much of the output is cut off at both ends.
        output_padding: how much is added at one end: several inputs of a convolution have outputs of one size.
        groups: into how many independent groups the channels fall.
        bias: whether to add one.
        padding_mode: "zeros".
    Shapes:
        input (N, C, H, W) or (C, H, W) -> (N, O, H', W') or (O, H', W'), sizes as in `ConvTranspose1d`
    Parameters:
        weight (in_channels, out_channels / groups, *kernel_size): from U(-k, k), k = 1 / sqrt(product of the others)
        bias (out_channels,) or None: from U(-k, k)
    Source: torch.nn.ConvTranspose2d.
    """

    _space = 2


class ConvTranspose3d(_ConvTranspose):
    """A transposed convolution over D, H and W: `ConvTranspose1d` for volumes.

    Args:
        in_channels, out_channels: C and O.
        kernel_size, stride, dilation: how far a kernel reaches, and its steps: an int, or one for each dimension.
        padding: how much of the output is cut off at both ends.
        output_padding: how much is added at one end: several inputs of a convolution have outputs of one size.
        groups: into how many independent groups the channels fall.
        bias: whether to add one.
        padding_mode: "zeros".
    Shapes:
        input (N, C, D, H, W) or (C, D, H, W) -> (*, O, D', H', W'), sizes as in `ConvTranspose1d`
    Parameters:
        weight (in_channels, out_channels / groups, *kernel_size): from U(-k, k), k = 1 / sqrt(product of the others)
        bias (out_channels,) or None: from U(-k, k)
    Source: torch.nn.ConvTranspose3d.
    """

    _space = 3


def _sizes(size: Sizes, space: int) -> tuple[int, ...]:
    return tuple(size) if isinstance(size, Iterable) else (size,) * space
