"""`lamina.nn.functional`: layers as functions, their parameters being arguments.

Most names here are operations (`lamina/ops`), added by the binding. Below are those that also write to a tensor they
are given, or that PyTorch gives another shape than the operation has.
"""

from __future__ import annotations

import warnings
from typing import Any

from lamina import functions
from lamina.autograd import no_grad
from lamina.tensor import Tensor, assign, write


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float | Tensor = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """output = (input - mean) / sqrt(var + eps) * weight + bias, for each channel.

    While training, mean and var are the batch's, and the running statistics, if given, move towards them:
    running = (1 - momentum) * running + momentum * batch. Else they are the running ones.

    input (N, C, *), the others (C,) or None -> (N, C, *)
    """
    if not training:
        return functions.batch_norm_eval(input, running_mean, running_var, weight, bias, eps)
    output, mean, var = functions.batch_norm_train(input, running_mean, running_var, weight, bias, momentum, eps)
    if running_mean is not None:
        assign((running_mean,), (mean.detach(),))
    if running_var is not None:
        assign((running_var,), (var.detach(),))
    return output


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """`batch_norm` with mean and var of each channel in each sample. input (N, C, *), the others (C,) or None."""
    if not use_input_stats:
        return functions.batch_norm_eval(input, running_mean, running_var, weight, bias, eps)
    count = input.shape[2:].numel()
    if count == 1:
        raise ValueError(f"Expected more than 1 spatial element when training, got input size {input.shape}")
    if running_mean is not None or running_var is not None:
        axes = tuple(range(2, input.ndim))
        with no_grad():
            values = input.detach()
            if running_mean is not None:
                running_mean.lerp_(values.mean(axes).mean(0).to(running_mean.dtype), momentum)
            if running_var is not None:
                running_var.lerp_(values.var(axes).mean(0).to(running_var.dtype), momentum)
    return functions.group_norm(input, input.shape[1], weight, bias, eps)


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero each element with probability p and divide the others by 1 - p; the input itself unless training.

    input (*) -> (*)
    """
    return _drop(functions.dropout, input, p, training, inplace)


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout that keeps mean 0 and variance 1, for SELU networks. input (*) -> (*)"""
    return _drop(functions.alpha_dropout, input, p, training, inplace)


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """`alpha_dropout` of whole channels. input (N, C, *) -> (N, C, *)"""
    return _drop(functions.feature_alpha_dropout, input, p, training, inplace)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero each channel with probability p and divide the others by 1 - p. input (N, C, L) or (C, L) -> same"""
    if input.ndim not in (2, 3):
        _check_p(p)
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input. "
            "Note that dropout1d exists to provide channel-wise dropout on inputs with 1 spatial dimension, "
            "a channel dimension, and an optional batch dimension (i.e. 2D or 3D inputs)."
        )
    return _drop_channels(input, p, training, inplace, batched=input.ndim == 3)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero each channel with probability p and divide the others by 1 - p. input (N, C, H, W) or (N, C, L) -> same"""
    _check_p(p)
    if input.ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired "
            "- input is interpreted as shape (N, C, L), where C is the channel dim. To maintain the 1D channel-wise "
            "dropout behavior, please switch to using dropout1d instead.",
            stacklevel=2,
        )
    elif input.ndim != 4:
        _warn_of_dimensions("dropout2d", 2, input.ndim)
    return _drop_channels(input, p, training, inplace, batched=True)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero each channel with probability p and divide the others by 1 - p.

    input (N, C, D, H, W) or (C, D, H, W) -> same
    """
    _check_p(p)
    if input.ndim not in (4, 5):
        _warn_of_dimensions("dropout3d", 3, input.ndim)
    return _drop_channels(input, p, training, inplace, batched=input.ndim == 5)


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of a table: output[*, :] = weight[input[*], :].

    The row `padding_idx` gets no gradient. With `max_norm`, the rows that are read are first scaled down, in place, to
    a norm of at most that. `sparse` changes nothing: gradients are dense.

    input (*), int64 or int32, weight (V, E) -> (*, E)
    """
    if padding_idx is not None:
        if not -weight.shape[0] <= padding_idx < weight.shape[0]:
            raise AssertionError("Padding_idx must be within num_embeddings")
        padding_idx %= weight.shape[0]
    if max_norm is not None:
        with no_grad():
            write(weight, functions.embedding_renorm(weight.detach(), input, max_norm, norm_type))
    return functions.embedding_lookup(input, weight, padding_idx, scale_grad_by_freq)


def _drop(function: Any, input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    _check_p(p)
    if not training:
        return input
    output = function(input, p, training)
    return write(input, output) if inplace else output


def _drop_channels(input: Tensor, p: float, training: bool, inplace: bool, batched: bool) -> Tensor:
    if batched:
        return _drop(functions.feature_dropout, input, p, training, inplace)
    output = _drop(functions.feature_dropout, input.unsqueeze(0), p, training, False).squeeze(0)
    return write(input, output) if inplace else output


def _check_p(p: float) -> None:
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def _warn_of_dimensions(name: str, space: int, ndim: int) -> None:
    warnings.warn(
        f"{name}: Received a {ndim}-D input to {name}, which is deprecated and will result in an error in a future "
        f"release. To retain the behavior and silence this warning, please use dropout instead. Note that {name} "
        f"exists to provide channel-wise dropout on inputs with {space} spatial dimensions, a channel dimension, and "
        f"an optional batch dimension (i.e. {space + 1}D or {space + 2}D inputs).",
        stacklevel=3,
    )
