"""Normalizations as `lamina.nn.functional` has them: they also write the running statistics they are given."""

from __future__ import annotations

from lamina import functions
from lamina.autograd import no_grad
from lamina.tensor import Tensor, assign, values_of

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
    if running_mean is not None:
        assign((running_mean,), values_of((mean.detach(),)))
    if running_var is not None:
        assign((running_var,), values_of((var.detach(),)))
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
