"""Normalisation layers: BatchNorm, LayerNorm, RMSNorm, GroupNorm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lamina.creation import empty
from lamina.nn import functional as F
from lamina.nn import init
from lamina.nn.module import Module
from lamina.nn.parameter import Parameter
from lamina.nn.running_norm import BatchNormNd
from lamina.tensor import Tensor


class BatchNorm1d(BatchNormNd):
    """output = (input - mean) / sqrt(var + eps) * weight + bias, for each channel.

    While training, mean and var are the batch's, and the running statistics move towards them (towards the unbiased
    variance); while evaluating, they are the running statistics. Statistics are computed in float32 or wider.

    Args:
        num_features: C.
        eps: keeps the root from 0.
        momentum: how far the running statistics move at each batch; None: they are the mean of all batches.
        affine: whether to have weight and bias.
        track_running_stats: whether to have running statistics; without them, the batch's are used always.
        bias: whether to have a bias, if affine.
    Shapes:
        input (N, C) or (N, C, L) -> same
    Parameters:
        weight (num_features,) or None: ones
        bias (num_features,) or None: zeros
    Buffers:
        running_mean (num_features,) or None: zeros
        running_var (num_features,) or None: ones
        num_batches_tracked () or None: zero, int64
    Source: torch.nn.BatchNorm1d.
    """

    _dimensions = (2, 3)


class BatchNorm2d(BatchNormNd):
    """`BatchNorm1d` for images.

    Args:
        num_features: C.
        eps: keeps the root from 0.
        momentum: how far the running statistics move at each batch; None: they are the mean of all batches.
        affine: whether to have weight and bias.
        track_running_stats: whether to have running statistics; without them, the batch's are used always.
        bias: whether to have a bias, if affine.
    Shapes:
        input (N, C, H, W) -> same
    Parameters:
        weight (num_features,) or None: ones
        bias (num_features,) or None: zeros
    Buffers:
        running_mean (num_features,) or None: zeros
        running_var (num_features,) or None: ones
        num_batches_tracked () or None: zero, int64
    Source: torch.nn.BatchNorm2d.
    """

    _dimensions = (4,)


class BatchNorm3d(BatchNormNd):
    """`BatchNorm1d` for volumes.

    Args:
        num_features: C.
        eps: keeps the root from 0.
        momentum: how far the running statistics move at each batch; None: they are the mean of all batches.
        affine: whether to have weight and bias.
        track_running_stats: whether to have running statistics; without them, the batch's are used always.
        bias: whether to have a bias, if affine.
    Shapes:
        input (N, C, D, H, W) -> same
    Parameters:
        weight (num_features,) or None: ones
        bias (num_features,) or None: zeros
    Buffers:
        running_mean (num_features,) or None: zeros
        running_var (num_features,) or None: ones
        num_batches_tracked () or None: zero, int64
    Source: torch.nn.BatchNorm3d.
    """

    _dimensions = (5,)


class LayerNorm(Module):
    """output = (input - mean) / sqrt(var + eps) * weight + bias, over the last dimensions of each element.

    Args:
        normalized_shape: sizes of the last dimensions, or the last size alone.
        eps: keeps the root from 0.
        elementwise_affine: whether to have weight and bias.
        bias: whether to have a bias, if elementwise_affine.
    Shapes:
        input (*, *normalized_shape) -> same
    Parameters:
        weight (*normalized_shape,) or None: ones
        bias (*normalized_shape,) or None: zeros
    Source: torch.nn.LayerNorm.
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        weight, offset = (Parameter(empty(self.normalized_shape, device=device, dtype=dtype)) for _ in range(2))
        self.register_parameter("weight", weight if elementwise_affine else None)
        self.register_parameter("bias", offset if elementwise_affine and bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight 1, bias 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """output = input / sqrt(mean of input^2 + eps) * weight, over the last dimensions of each element.

    Args:
        normalized_shape: sizes of the last dimensions, or the last size alone.
        eps: keeps the root from 0; None: the smallest step from 1 in the type it is computed in.
        elementwise_affine: whether to have a weight.
    Shapes:
        input (*, *normalized_shape) -> same
    Parameters:
        weight (*normalized_shape,) or None: ones
    Source: torch.nn.RMSNorm.
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        weight = Parameter(empty(self.normalized_shape, device=device, dtype=dtype)) if elementwise_affine else None
        self.register_parameter("weight", weight)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight 1."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, input: Tensor) -> Tensor:
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Module):
    """output = (input - mean) / sqrt(var + eps) * weight + bias, with mean and var of each group of channels.

    Args:
        num_groups: how many groups the channels fall into.
        num_channels: C, a multiple of num_groups.
        eps: keeps the root from 0.
        affine: whether to have weight and bias, one for each channel.
        bias: whether to have a bias, if affine.
    Shapes:
        input (N, C, *) -> same
    Parameters:
        weight (num_channels,) or None: ones
        bias (num_channels,) or None: zeros
    Source: torch.nn.GroupNorm.
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})")
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        weight, offset = (Parameter(empty(num_channels, device=device, dtype=dtype)) for _ in range(2))
        self.register_parameter("weight", weight if affine else None)
        self.register_parameter("bias", offset if affine and bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight 1, bias 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


def _shape(normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    return (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
