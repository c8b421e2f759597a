"""Normalisations: batch, layer, group, root mean square.

Statistics are float32 or wider, whatever the input is; the result has the input's type.
The variance is the mean of squared deviations: E[x^2] - E[x]^2 would lose every digit when the mean is large.
"""

from __future__ import annotations

import math

import jax.numpy as jnp
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, ArrayLike, op
from lamina.ops.reduce import Dims, norm


@op("", grad_name="NativeBatchNormBackward0", returns=("output", "running_mean", "running_var"))
def batch_norm_train(
    input: Array,
    running_mean: Array | None,
    running_var: Array | None,
    weight: Array | None,
    bias: Array | None,
    momentum: ArrayLike,
    eps: float = 1e-5,
) -> tuple[Array, ...]:
    """output = (input - mean) / sqrt(var + eps) * weight + bias, with mean and var of each channel in this batch.

    The running statistics move towards the batch's: running = (1 - momentum) * running + momentum * batch,
    where the batch's variance is the unbiased one. Without running statistics, the batch's own are returned.

    input (N, C, *), the others (C,) or None -> (N, C, *), (C,), (C,)
    """
    _check_channels(input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    axes = (0, *range(2, input.ndim))
    count = math.prod(input.shape[axis] for axis in axes)
    if count == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {list(input.shape)}")
    x = _wide(input, "batch_norm", weight, bias, running_mean, running_var)
    normal, mean, var = _normalize(x, axes, eps)
    output = _scale(normal, weight, bias, (-1, *(1,) * (input.ndim - 2))).astype(input.dtype)
    if count == 0:
        return output, _kept(running_mean, input), _kept(running_var, input)
    mean, var = lax.stop_gradient(mean.reshape(-1)), lax.stop_gradient(var.reshape(-1) * (count / max(count - 1, 1)))
    return output, _moved(running_mean, mean, momentum), _moved(running_var, var, momentum)


@op("", grad_name="NativeBatchNormBackward0")
def batch_norm_eval(
    input: Array,
    running_mean: Array | None,
    running_var: Array | None,
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
) -> Array:
    """output = (input - running_mean) / sqrt(running_var + eps) * weight + bias.

    input (N, C, *), the others (C,), weight and bias or None -> (N, C, *)
    """
    if running_mean is None or running_var is None:
        missing = "running_mean" if running_mean is None else "running_var"
        raise RuntimeError(f"{missing} must be defined in evaluation mode")
    _check_channels(input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    x = _wide(input, "batch_norm", weight, bias, running_mean, running_var)
    # One factor and one offset for each channel: the large array is read once and multiplied once.
    factor = lax.rsqrt(running_var.astype(x.dtype) + eps)
    factor = factor if weight is None else factor * weight.astype(x.dtype)
    offset = -running_mean.astype(x.dtype) * factor
    offset = offset if bias is None else offset + bias.astype(x.dtype)
    channel = (-1, *(1,) * (input.ndim - 2))
    return (x * factor.reshape(channel) + offset.reshape(channel)).astype(input.dtype)


@op("", grad_name="ViewBackward0", returns=("output", "running_mean", "running_var"))
def instance_norm_train(
    input: Array,
    running_mean: Array | None,
    running_var: Array | None,
    weight: Array | None,
    bias: Array | None,
    momentum: ArrayLike,
    eps: float = 1e-5,
) -> tuple[Array, ...]:
    """output = (input - mean) / sqrt(var + eps) * weight + bias, with mean and var of each channel in each sample.

    The running statistics move towards the mean over the samples; of no samples that is NaN, as in PyTorch.

    input (N, C, *), the others (C,) or None -> (N, C, *), (C,), (C,)
    """
    _check_channels(input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    axes = tuple(range(2, input.ndim))
    count = math.prod(input.shape[2:])
    x = _wide(input, "batch_norm", weight, bias)
    normal, mean, var = _normalize(x, axes, eps)
    output = _scale(normal, weight, bias, (-1, *(1,) * len(axes))).astype(input.dtype)
    if count == 0:
        return output, _kept(running_mean, input), _kept(running_var, input)
    # One element has no unbiased variance.
    unbiased = var * (count / (count - 1) if count > 1 else math.nan)
    batch = [lax.stop_gradient(jnp.mean(part.reshape(mean.shape[:2]), axis=0)) for part in (mean, unbiased)]
    return output, _moved(running_mean, batch[0], momentum), _moved(running_var, batch[1], momentum)


@op("lamina functional", grad_name="NativeLayerNormBackward0")
def layer_norm(
    input: Array,
    normalized_shape: tuple[int, ...],
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
) -> Array:
    """output = (input - mean) / sqrt(var + eps) * weight + bias, over the last dimensions, `normalized_shape`.

    input (*, *normalized_shape), weight and bias (*normalized_shape,) or None -> shape of input

    >>> import lamina
    >>> lamina.layer_norm(lamina.tensor([[1.0, 3.0], [5.0, 9.0]]), (2,))
    tensor([[-1.0000,  1.0000],
            [-1.0000,  1.0000]])
    """
    shape = _check_last("layer_norm", input, normalized_shape, weight, bias)
    x = _wide(input, "LayerNormKernelImpl", weight, bias)
    normal, _, _ = _normalize(x, tuple(range(input.ndim - len(shape), input.ndim)), eps)
    return _scale(normal, weight, bias, shape).astype(input.dtype)


@op("lamina", grad_name="NativeGroupNormBackward0")
def group_norm(
    input: Array,
    num_groups: int,
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
) -> Array:
    """output = (input - mean) / sqrt(var + eps) * weight + bias, with mean and var of each group of channels.

    input (N, C, *), weight and bias (C,) or None -> (N, C, *)
    """
    if input.ndim < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {input.ndim}")
    batch, channels = input.shape[:2]
    if num_groups == 0:
        raise ZeroDivisionError("group_norm: num_groups must be greater than 0, got 0.")
    if num_groups < 0:
        raise RuntimeError(f"Expected num groups to be greater than 0, got {num_groups}")
    if channels % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, "
            f"but got input of shape {list(input.shape)} and num_groups={num_groups}"
        )
    for name, value in (("weight", weight), ("bias", bias)):
        if value is not None and tuple(value.shape) != (channels,):
            raise RuntimeError(
                f"Expected {name} to be a vector of size equal to the number of channels in input, "
                f"but got {name} of shape {list(value.shape)} and input of shape {list(input.shape)}"
            )
    x = _wide(input, "GroupNormKernelImpl", weight, bias)
    size = math.prod(input.shape[2:]) * (channels // num_groups)
    normal, _, _ = _normalize(x.reshape(batch, num_groups, size), (2,), eps)  # N G C/G*space
    channel = (-1, *(1,) * (input.ndim - 2))
    return _scale(normal.reshape(input.shape), weight, bias, channel).astype(input.dtype)


@op("lamina functional", grad_name="MulBackward0")
def rms_norm(
    input: Array,
    normalized_shape: tuple[int, ...],
    weight: Array | None = None,
    eps: float | None = None,
) -> Array:
    """output = input / sqrt(mean of input^2 + eps) * weight, over the last dimensions, `normalized_shape`.

    input (*, *normalized_shape), weight (*normalized_shape,) or None -> shape of input
    """
    shape = _check_last("rms_norm", input, normalized_shape, weight, None)
    x = input if promote.category(input.dtype) == 3 else _wide(input, "rms_norm")
    axes = tuple(range(input.ndim - len(shape), input.ndim))
    square = jnp.mean(x * x, axis=axes, keepdims=True)
    normal = x * lax.rsqrt(square + (float(jnp.finfo(x.dtype).eps) if eps is None else eps))
    return _scale(normal, weight, None, shape).astype(input.dtype)


@op("", grad_name="DivBackward0")
def normalize(input: Array, p: float = 2.0, dim: Dims = 1, eps: float = 1e-12) -> Array:
    """output = input / max(p-norm of input along dim, eps). input (*) -> (*)"""
    size = norm(input, p, dim, keepdim=True)
    least = promote.cast(eps, size.dtype)
    return input / jnp.where(size < least, least, size).astype(input.dtype)


def _wide(x: Array, name: str, *parameters: Array | None) -> Array:
    """x as float32, or float64 if it is that; the parameters have x's type, or float32 beside 16-bit numbers."""
    if promote.category(x.dtype) != 2:
        raise NotImplementedError(f"\"{name}\" not implemented for '{check.type_name(x.dtype)}'")
    types = [parameter.dtype for parameter in parameters if parameter is not None]
    if any(dtype != x.dtype for dtype in types):
        if any(dtype != types[0] for dtype in types) and types[0] == x.dtype:
            other = next(dtype for dtype in types if dtype != x.dtype)
            raise RuntimeError(f"expected scalar type {check.type_name(x.dtype)} but found {check.type_name(other)}")
        if any(dtype != jnp.float32 for dtype in types):
            raise RuntimeError("mixed dtype (CPU): expect parameter to have scalar type of Float")
        if x.dtype.itemsize > 2:
            raise RuntimeError("mixed dtype (CPU): all inputs must share same datatype.")
    return x.astype(jnp.float32) if x.dtype.itemsize == 2 else x


def _normalize(x: Array, axes: tuple[int, ...], eps: float) -> tuple[Array, Array, Array]:
    """x with mean 0 and variance 1 over the axes; the mean and the biased variance, with the axes kept."""
    mean = jnp.mean(x, axis=axes, keepdims=True)
    centred = x - mean
    var = jnp.mean(centred * centred, axis=axes, keepdims=True)
    return centred * lax.rsqrt(var + eps), mean, var


def _scale(x: Array, weight: Array | None, bias: Array | None, shape: tuple[int, ...]) -> Array:
    """x * weight + bias, both laid out as `shape` says."""
    x = x if weight is None else x * weight.astype(x.dtype).reshape(shape)
    return x if bias is None else x + bias.astype(x.dtype).reshape(shape)


def _moved(running: Array | None, batch: Array, momentum: ArrayLike) -> Array:
    if running is None:
        return batch
    factor = promote.cast(momentum, batch.dtype)
    return (running.astype(batch.dtype) * (1 - factor) + batch * factor).astype(running.dtype)


def _kept(running: Array | None, input: Array) -> Array:
    """The running statistics after a batch without elements; NaN, of each channel, without any."""
    return jnp.full(input.shape[1:2], jnp.nan, input.dtype) if running is None else running


def _check_channels(input: Array, **others: Array | None) -> None:
    if input.ndim < 2:
        raise RuntimeError(f"batch_norm: input must have at least 2 dimensions, got {tuple(input.shape)}.")
    for name, value in others.items():
        if value is not None and value.size != input.shape[1]:
            raise RuntimeError(f"{name} should contain {input.shape[1]} elements not {value.size}")


def _check_last(
    op: str, input: Array, normalized_shape: tuple[int, ...], weight: Array | None, bias: Array | None
) -> tuple[int, ...]:
    if not isinstance(normalized_shape, tuple):
        given = type(normalized_shape).__name__
        raise TypeError(f"{op}(): argument 'normalized_shape' (position 2) must be tuple of ints, not {given}")
    shape = normalized_shape
    if not shape:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, "
            "but got normalized_shape = []"
        )
    for name, value in (("weight", weight), ("bias", bias)):
        if value is not None and tuple(value.shape) != shape:
            raise RuntimeError(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape "
                f"{list(value.shape)} and normalized_shape = {list(shape)}"
            )
    if tuple(input.shape[-len(shape) :]) != shape:
        sizes = ", ".join(map(str, shape))
        raise RuntimeError(
            f"Given normalized_shape=[{sizes}], expected input with shape [*, {sizes}], "
            f"but got input of size{list(input.shape)}"
        )
    return shape
