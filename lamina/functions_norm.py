"""Normalizations as `lamina.nn.functional` has them: they also write the running statistics they are given."""

from __future__ import annotations

import math

from lamina import functions
from lamina.tensor import Tensor, assign, values_of

PUBLIC = {
    "batch_norm": "functional",
    "instance_norm": "functional",
    "group_norm": "functional",
    "normalize": "functional",
}
"""Where users find each function."""


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
    if eps < 0 or (training and eps == 0):
        must = "positive during training" if training else "non-negative"
        raise ValueError(f"batch_norm eps must be {must}, but got {eps}")
    return batch_norm_of(input, running_mean, running_var, weight, bias, training, momentum, eps)


def batch_norm_of(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    training: bool,
    momentum: float | Tensor,
    eps: float,
) -> Tensor:
    """`batch_norm` without its checks of values."""
    _check_momentum("batch_norm", momentum)
    if not training:
        return functions.batch_norm_eval(input, running_mean, running_var, weight, bias, eps)
    output, mean, var = functions.batch_norm_train(input, running_mean, running_var, weight, bias, momentum, eps)
    _move(running_mean, mean)
    _move(running_var, var)
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
    if use_input_stats and input.shape[2:].numel() == 1:
        raise ValueError(f"Expected more than 1 spatial element when training, got input size {input.shape}")
    return instance_norm_of(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)


def instance_norm_of(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
) -> Tensor:
    """`instance_norm` without its check of sizes."""
    _check_momentum("instance_norm", momentum)
    if not use_input_stats and (running_mean is None or running_var is None):
        raise RuntimeError("Expected running_mean and running_var to be defined when use_input_stats is false")
    if (running_mean is None) is not (running_var is None):
        raise ValueError("running_mean and running_var must either both be None or neither be None")
    if not use_input_stats:
        return functions.batch_norm_eval(input, running_mean, running_var, weight, bias, eps)
    output, mean, var = functions.instance_norm_train(input, running_mean, running_var, weight, bias, momentum, eps)
    _move(running_mean, mean)
    _move(running_var, var)
    return output


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """output = (input - mean) / sqrt(var + eps) * weight + bias, with mean and var of each group of channels.

    input (N, C, *), weight and bias (C,) or None -> (N, C, *)
    """
    if input.ndim >= 2:
        # PyTorch counts so, and refuses a batch of one value a group; not two such batches.
        sizes = (input.shape[0] * input.shape[1] // num_groups, *input.shape[2:])
        if math.prod(sizes) == 1:
            sizes = (sizes[0], num_groups, *sizes[1:])
            raise ValueError(f"Expected more than 1 value per channel when training, got input size {list(sizes)}")
    return functions.group_norm(input, num_groups, weight, bias, eps)


def normalize(
    input: Tensor, p: float = 2.0, dim: int | tuple[int, ...] = 1, eps: float = 1e-12, out: Tensor | None = None
) -> Tensor:
    """output = input / max(p-norm of input along dim, eps). input (*) -> (*)

    >>> import lamina
    >>> from lamina.nn import functional as F
    >>> F.normalize(lamina.tensor([[3.0, 4.0], [0.0, 0.0]]))
    tensor([[0.6000, 0.8000],
            [0.0000, 0.0000]])
    """
    if out is not None and input.requires_grad:
        raise RuntimeError(
            "div(): functions with out=... arguments don't support automatic differentiation, "
            "but one of the arguments requires grad."
        )
    return functions.normalize(input, p, dim, eps, out=out)


def _check_momentum(function: str, momentum: float | Tensor | None) -> None:
    if momentum is None:
        raise TypeError(f"{function}(): argument 'momentum' (position 7) must be float, not NoneType")


def _move(running: Tensor | None, moved: Tensor) -> None:
    if running is not None:
        assign((running,), values_of((moved.detach(),)))
