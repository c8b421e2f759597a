"""Layers with the batch normalization after them, as one layer: for evaluation."""

from __future__ import annotations

import copy
from typing import Any, TypeVar

from lamina import creation, functions
from lamina.nn.module import Module
from lamina.nn.parameter import Parameter
from lamina.tensor import Tensor

M = TypeVar("M", bound=Module)


def fuse_conv_bn_eval(conv: M, bn: Any, transpose: bool = False) -> M:
    """A convolution that computes what `bn(conv(x))` does; both must be in evaluation mode.

    Args:
        conv: the convolution.
        bn: the batch normalization, with running statistics.
        transpose: whether the convolution is a transposed one.

    >>> import lamina
    >>> from lamina import nn
    >>> conv, bn = nn.Conv2d(3, 4, 2).eval(), nn.BatchNorm2d(4).eval()
    >>> x = lamina.randn(1, 3, 5, 5)
    >>> lamina.allclose(nn.utils.fuse_conv_bn_eval(conv, bn)(x), bn(conv(x)), atol=1e-5)
    True

    Source: torch.nn.utils.fuse_conv_bn_eval.
    """
    fused: Any = _copy(conv, bn)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight, fused.bias, *_statistics(bn), bn.eps, bn.weight, bn.bias, transpose
    )
    return fused


def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """The weight and the bias of a convolution with the batch normalization after it.

    Args:
        conv_w, conv_b: those of the convolution.
        bn_rm, bn_rv: running mean and variance.
        bn_eps: what is added to the variance.
        bn_w, bn_b: weight and bias of the normalization; None for ones and zeros.
        transpose: whether the channels of the outputs are the second dimension of the weight.
    Source: torch.nn.utils.fuse_conv_bn_weights.
    """
    bias = creation.zeros_like(bn_rm) if conv_b is None else conv_b
    bn_w = creation.ones_like(bn_rm) if bn_w is None else bn_w
    bn_b = creation.zeros_like(bn_rm) if bn_b is None else bn_b
    scale = functions.rsqrt(bn_rv + bn_eps)
    shape = ([1, -1] if transpose else [-1, 1]) + [1] * (conv_w.ndim - 2)
    weight = (conv_w * (bn_w * scale).reshape(shape)).to(conv_w.dtype)
    fused = ((bias - bn_rm) * scale * bn_w + bn_b).to(conv_w.dtype if conv_b is None else conv_b.dtype)
    return Parameter(weight, conv_w.requires_grad), Parameter(fused, bias.requires_grad)


def fuse_linear_bn_eval(linear: M, bn: Any) -> M:
    """A linear layer that computes what `bn(linear(x))` does; both must be in evaluation mode.

    Args:
        linear: the layer.
        bn: the batch normalization, with running statistics of as many features, or of one.
    Source: torch.nn.utils.fuse_linear_bn_eval.
    """
    fused: Any = _copy(linear, bn)
    if fused.out_features != bn.num_features and bn.num_features != 1:
        raise AssertionError(
            "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, "
            f"got linear.out_features={fused.out_features} and bn.num_features={bn.num_features}"
        )
    fused.weight, fused.bias = fuse_linear_bn_weights(
        fused.weight, fused.bias, *_statistics(bn), bn.eps, bn.weight, bn.bias
    )
    return fused


def fuse_linear_bn_weights(
    linear_w: Tensor,
    linear_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor,
    bn_b: Tensor,
) -> tuple[Parameter, Parameter]:
    """The weight and the bias of a linear layer with the batch normalization after it.

    Args:
        linear_w, linear_b: those of the layer.
        bn_rm, bn_rv: running mean and variance.
        bn_eps: what is added to the variance.
        bn_w, bn_b: weight and bias of the normalization.
    Source: torch.nn.utils.fuse_linear_bn_weights.
    """
    bias = creation.zeros_like(bn_rm) if linear_b is None else linear_b
    scale = bn_w * functions.rsqrt(bn_rv + bn_eps)
    weight = linear_w * scale.unsqueeze(-1).to(linear_w.dtype)
    fused = ((bias - bn_rm) * scale + bn_b).to(linear_w.dtype if linear_b is None else linear_b.dtype)
    return Parameter(weight, linear_w.requires_grad), Parameter(fused, bias.requires_grad)


def _copy(layer: M, bn: Any) -> M:
    if layer.training or bn.training:
        raise AssertionError("Fusion only for eval!")
    return copy.deepcopy(layer)


def _statistics(bn: Any) -> tuple[Tensor, Tensor]:
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError("bn.running_mean and bn.running_var must not be None")
    return bn.running_mean, bn.running_var
