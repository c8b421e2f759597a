"""Instance normalisation: each channel of each sample by itself."""

from __future__ import annotations

import warnings
from typing import Any

from lamina.nn import functional as F
from lamina.nn.running_norm import RunningNorm
from lamina.tensor import Tensor


class _InstanceNorm(RunningNorm):
    """What InstanceNorm1d, 2d and 3d share: everything but which inputs they take."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        self._check_channels(input)
        if input.ndim == self._dimensions[0]:
            return self._normalized(input.unsqueeze(0)).squeeze(0)
        return self._normalized(input)

    def _normalized(self, input: Tensor) -> Tensor:
        mean, var, momentum = self.running_mean, self.running_var, 0.0 if self.momentum is None else self.momentum
        by_input = self.training or not self.track_running_stats
        return F.instance_norm(input, mean, var, self.weight, self.bias, by_input, momentum, self.eps)

    def _check_channels(self, input: Tensor) -> None:
        dim = input.ndim - self._dimensions[0]
        if input.shape[dim] == self.num_features:
            return
        if self.affine:
            raise ValueError(
                f"expected input's size at dim={dim} to match num_features ({self.num_features}), "
                f"but got: {input.shape[dim]}."
            )
        warnings.warn(
            f"input's size at dim={dim} does not match num_features. You can silence this warning by not passing in "
            "num_features, which is not used because affine=False",
            stacklevel=3,
        )

    def _load_from_state_dict(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: Any,
        strict: bool,
        missing: Any,
        unexpected: Any,
        errors: Any,
    ) -> None:
        # Checkpoints without a version were written when there were always running statistics.
        if local_metadata.get("version") is None and not self.track_running_stats:
            layer = type(self).__name__
            found = [name for name in (f"{prefix}running_mean", f"{prefix}running_var") if name in state_dict]
            if found:
                names = " and ".join(f'"{name}"' for name in found)
                errors.append(
                    f"Unexpected running stats buffer(s) {names} for {layer} with track_running_stats=False. Remove "
                    f"them from the state_dict, or build {layer} with track_running_stats=True if they are needed."
                )
            for name in found:
                del state_dict[name]
        super()._load_from_state_dict(state_dict, prefix, local_metadata, strict, missing, unexpected, errors)


class InstanceNorm1d(_InstanceNorm):
    """output = (input - mean) / sqrt(var + eps) * weight + bias, for each channel of each sample.

    Mean and var are the sample's own. If there are running statistics, they move towards the mean over the batch while
    training, and are used while evaluating.

    >>> import lamina
    >>> from lamina import nn
    >>> nn.InstanceNorm1d(2)(lamina.tensor([[[1.0, 3.0], [10.0, 30.0]]]))
    tensor([[[-1.0000,  1.0000],
             [-1.0000,  1.0000]]])

    Args:
        num_features: C.
        eps: keeps the root from 0.
        momentum: how far the running statistics move at each batch; None: not at all.
        affine: whether to have weight and bias.
        track_running_stats: whether to have running statistics, and evaluate with them.
        bias: whether to have a bias, if affine.
    Shapes:
        input (N, C, L) or (C, L) -> same
    Parameters:
        weight (num_features,) or None: ones
        bias (num_features,) or None: zeros
    Buffers:
        running_mean (num_features,) or None: zeros
        running_var (num_features,) or None: ones
        num_batches_tracked () or None: zero, int64
    Source: torch.nn.InstanceNorm1d; Ulyanov et al. 2016, Instance Normalization.
    """

    _dimensions = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """`InstanceNorm1d` for images.

    Args:
        num_features: C.
        eps: keeps the root from 0.
        momentum: how far the running statistics move at each batch; None: not at all.
        affine: whether to have weight and bias.
        track_running_stats: whether to have running statistics, and evaluate with them.
        bias: whether to have a bias, if affine.
    Shapes:
        input (N, C, H, W) or (C, H, W) -> same
    Parameters:
        weight (num_features,) or None: ones
        bias (num_features,) or None: zeros
    Buffers:
        running_mean (num_features,) or None: zeros
        running_var (num_features,) or None: ones
        num_batches_tracked () or None: zero, int64
    Source: torch.nn.InstanceNorm2d.
    """

    _dimensions = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """`InstanceNorm1d` for volumes.

    Args:
        num_features: C.
        eps: keeps the root from 0.
        momentum: how far the running statistics move at each batch; None: not at all.
        affine: whether to have weight and bias.
        track_running_stats: whether to have running statistics, and evaluate with them.
        bias: whether to have a bias, if affine.
    Shapes:
        input (N, C, D, H, W) or (C, D, H, W) -> same
    Parameters:
        weight (num_features,) or None: ones
        bias (num_features,) or None: zeros
    Buffers:
        running_mean (num_features,) or None: zeros
        running_var (num_features,) or None: ones
        num_batches_tracked () or None: zero, int64
    Source: torch.nn.InstanceNorm3d.
    """

    _dimensions = (4, 5)
