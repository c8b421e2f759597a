"""Normalizations that give their statistics too, as PyTorch's kernels do: output, mean, 1 / sqrt(var + eps)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lamina import creation, functions
from lamina.functions_norm import batch_norm_of
from lamina.tensor import Tensor

PUBLIC = dict.fromkeys(("native_batch_norm", "native_layer_norm", "native_group_norm"), "lamina")
"""Where users find each function."""


def _statistics(input: Tensor, dims: tuple[int, ...], eps: float, keepdim: bool) -> tuple[Tensor, Tensor]:
    x = input.detach()
    mean = functions.mean(x, dims, True)
    factor = functions.rsqrt(functions.mean((x - mean) ** 2, dims, True) + eps)
    return (mean, factor) if keepdim else (functions.squeeze(mean, dims), functions.squeeze(factor, dims))


def native_batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """`batch_norm`, and the mean and 1 / sqrt(var + eps) of each channel; without numbers unless training.

    input (N, C, *), the others (C,) or None -> (N, C, *), (C,), (C,)
    """
    output = batch_norm_of(input, running_mean, running_var, weight, bias, training, momentum, eps)
    if not training:
        return output, *(creation.empty(0, dtype=input.dtype, device=input.device) for _ in range(2))
    dims = (0, *range(2, input.ndim))
    return output, *_statistics(input, dims, eps, False)


def native_layer_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """`layer_norm`, and the mean and 1 / sqrt(var + eps) over the last dimensions, which stay with size 1.

    input (*, *normalized_shape) -> same, (*, 1, ...), (*, 1, ...)
    """
    output = functions.layer_norm(input, tuple(normalized_shape), weight, bias, eps)
    dims = tuple(range(input.ndim - len(tuple(normalized_shape)), input.ndim))
    return output, *_statistics(input, dims, eps, True)


def native_group_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, N: int, C: int, HxW: int, group: int, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """`group_norm`, and the mean and 1 / sqrt(var + eps) of each group.

    input (N, C, *) with HxW places -> same, (N, group), (N, group)
    """
    if input.numel() != N * C * HxW or C % group:
        raise RuntimeError(
            f"native_group_norm: input of shape {tuple(input.shape)} must have N * C * HxW = {N * C * HxW} elements, "
            f"and C = {C} must be a multiple of group = {group}."
        )
    shaped = functions.view(input, (N, C, HxW))
    output = functions.view(functions.group_norm(shaped, group, weight, bias, eps), tuple(input.shape))
    groups = functions.view(input, (N, group, math.prod((C, HxW)) // group))
    return output, *_statistics(groups, (2,), eps, False)
