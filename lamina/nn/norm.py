"""Normalisation layers: BatchNorm, LayerNorm, RMSNorm, GroupNorm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lamina.creation import empty, ones, tensor, zeros
from lamina.dtypes import int64
from lamina.nn import functional as F
from lamina.nn import init
from lamina.nn.module import Module
from lamina.nn.parameter import Parameter
from lamina.tensor import Tensor


class _BatchNorm(Module):
    """What BatchNorm1d, 2d and 3d share: everything but which inputs they take."""

    _version = 2
    _dimensions: tuple[int, ...]
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        weight, offset = (Parameter(empty(num_features, device=device, dtype=dtype)) for _ in range(2))
        self.register_parameter("weight", weight if affine else None)
        self.register_parameter("bias", offset if affine and bias else None)
        tracked = track_running_stats
        self.register_buffer("running_mean", zeros(num_features, device=device, dtype=dtype) if tracked else None)
        self.register_buffer("running_var", ones(num_features, device=device, dtype=dtype) if tracked else None)
        self.register_buffer("num_batches_tracked", tensor(0, device=device, dtype=int64) if tracked else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget all batches: mean 0, variance 1."""
        if self.track_running_stats:
            self.running_mean.zero_()  # type: ignore[union-attr]
            self.running_var.fill_(1)  # type: ignore[union-attr]
            self.num_batches_tracked.zero_()  # type: ignore[union-attr]

    def reset_parameters(self) -> None:
        """Weight 1, bias 0, no batches."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        momentum: Any = self.momentum
        if self.training and self.track_running_stats and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if momentum is None:  # the mean of all batches so far
                momentum = 1.0 / self.num_batches_tracked
        mean, var = self.running_mean, self.running_var
        training = self.training or (mean is None and var is None)
        if self.training and not self.track_running_stats:
            mean = var = None
        factor = 0.0 if momentum is None else momentum
        return F.batch_norm(input, mean, var, self.weight, self.bias, training, factor, self.eps)

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim not in self._dimensions:
            expected = " or ".join(f"{ndim}D" for ndim in self._dimensions)
            raise ValueError(f"expected {expected} input (got {input.ndim}D input)")

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )

    def _load_from_state_dict(self, state_dict: Any, prefix: str, local_metadata: Any, *rest: Any) -> None:
        # Before version 2 batches were not counted.
        version, name = local_metadata.get("version"), f"{prefix}num_batches_tracked"
        if (version is None or version < 2) and self.track_running_stats and name not in state_dict:
            state_dict[name] = self.num_batches_tracked if self.num_batches_tracked is not None else tensor(0)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)


class BatchNorm1d(_BatchNorm):
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


class BatchNorm2d(_BatchNorm):
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


class BatchNorm3d(_BatchNorm):
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
