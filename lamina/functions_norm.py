"""Normalizations as `lamina.nn.functional` has them: they also write the running statistics they are given."""

from __future__ import annotations

from lamina import functions
from lamina.tensor import Tensor, assign

PUBLIC = {
    "batch_norm": "functional",
    "instance_norm": "functional",
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
    return _instance_norm(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)


def _instance_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
) -> Tensor:
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


def _move(running: Tensor | None, moved: Tensor) -> None:
    if running is not None:
        assign((running,), (moved.detach(),))
