"""Batch normalisation over all devices that share a batch."""

from __future__ import annotations

from typing import Any

from lamina.autograd import no_grad
from lamina.nn.module import Module
from lamina.nn.running_norm import BatchNormNd
from lamina.tensor import Tensor


class SyncBatchNorm(BatchNormNd):
    """output = (input - mean) / sqrt(var + eps) * weight + bias, for each channel of the whole batch.

    A batch that is spread over devices is still one tensor to lamina, so this computes what `BatchNorm1d` computes.

    Args:
        num_features: C.
        eps: keeps the root from 0.
        momentum: how far the running statistics move at each batch; None: they are the mean of all batches.
        affine: whether to have weight and bias.
        track_running_stats: whether to have running statistics; without them, the batch's are used always.
        process_group: kept, and not used.
        bias: whether to have a bias, if affine.
    Shapes:
        input (N, C, *) -> same
    Parameters:
        weight (num_features,) or None: ones
        bias (num_features,) or None: zeros
    Buffers:
        running_mean (num_features,) or None: zeros
        running_var (num_features,) or None: ones
        num_batches_tracked () or None: zero, int64
    Source: torch.nn.SyncBatchNorm.
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: Any = None,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim < 2:
            raise ValueError(f"expected at least 2D input (got {input.ndim}D input)")
        if input.shape[1] == 0:
            raise ValueError("SyncBatchNorm number of input channels should be non-zero")

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any = None) -> Module:
        """The module with a SyncBatchNorm in place of every BatchNorm in it, of the same parameters and buffers."""
        result = _synchronized(module, process_group) if isinstance(module, BatchNormNd) else module
        for name, child in module.named_children():
            result.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return result


def _synchronized(layer: BatchNormNd, process_group: Any) -> SyncBatchNorm:
    result = SyncBatchNorm(
        layer.num_features,
        layer.eps,
        layer.momentum,
        layer.affine,
        layer.track_running_stats,
        process_group,
        bias=layer.bias is not None,
    )
    with no_grad():
        for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
            setattr(result, name, getattr(layer, name))
    result.training = layer.training
    return result
