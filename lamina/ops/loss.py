"""Losses: an error for each element, reduced in one way for all."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from lamina.ops import check, promote
from lamina.ops.activation import stable_log_softmax
from lamina.ops.op import Array, op


@op("")
def mse_loss(input: Array, target: Array, weight: Array | None = None, reduction: str = "mean") -> Array:
    """(input - target)^2. input, target and weight (*) -> (*) for reduction "none", else ()"""
    x, y = _pair("mse_cpu", input, target)
    difference = x - y
    return _reduce_weighted(difference * difference, input, weight, reduction, divide_by_weight=True)


@op("", grad_name="MeanBackward0")
def l1_loss(input: Array, target: Array, weight: Array | None = None, reduction: str = "mean") -> Array:
    """|input - target|. input, target and weight (*) -> (*) for reduction "none", else ()"""
    x, y = promote.promote(input, target)
    check.broadcast(x, y)
    if promote.category(x.dtype) < 2 and reduction == "mean":
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. "
            f"Got: {check.type_name(x.dtype)}"
        )
    return _reduce_weighted(_absolute(x - y), input, weight, reduction, divide_by_weight=True)


@op("")
def smooth_l1_loss(input: Array, target: Array, reduction: str = "mean", beta: float = 1.0) -> Array:
    """0.5 d^2 / beta where |d| < beta, else |d| - 0.5 beta, with d = input - target.

    input and target (*) -> (*) for reduction "none", else ()
    """
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    x, y = _pair("smooth_l1_cpu", input, target)
    difference = x - y
    error = _absolute(difference)
    if beta > 0:
        error = jnp.where(error < beta, 0.5 / beta * difference * difference, error - 0.5 * beta)
    return _reduce(error, reduction)


@op("")
def huber_loss(
    input: Array, target: Array, reduction: str = "mean", delta: float = 1.0, weight: Array | None = None
) -> Array:
    """0.5 d^2 where |d| <= delta, else delta (|d| - 0.5 delta), with d = input - target.

    input, target and weight (*) -> (*) for reduction "none", else ()
    """
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    x, y = _pair("huber_cpu", input, target)
    difference = x - y
    error = _absolute(difference)
    loss = jnp.where(error <= delta, 0.5 * difference * difference, delta * (error - 0.5 * delta))
    return _reduce_weighted(loss, input, weight, reduction, divide_by_weight=False)


@op("", grad_name=lambda input, *_, **__: "NllLossBackward0" if input.ndim < 3 else "NllLoss2DBackward0")
def nll_loss(
    input: Array, target: Array, weight: Array | None = None, ignore_index: int = -100, reduction: str = "mean"
) -> Array:
    """-weight[target] * input[target], input being log-probabilities; the mean divides by the sum of weights.

    input (N, C, *) or (C,), target (N, *) or (), int64, weight (C,) or None -> shape of target or ()
    """
    _check_classes("nll_loss", input, target, weight)
    chosen, weights = _choose(input, target, weight, ignore_index)
    return _reduce_classes(-chosen * weights, weights, reduction)


@op("", grad_name=lambda input, target, *_, **__: _cross_entropy_grad_name(input, target))
def cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Array:
    """-log_softmax(input)[target] for class indices; for class probabilities, -sum of target * log_softmax(input).

    Each class counts weight times. `label_smoothing` mixes the target with the uniform distribution.
    input (N, C, *) or (C,), target (N, *) or (), int64, or probabilities like input, weight (C,) or None
    -> (N, *) or () for reduction "none", else ()
    """
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing:g}")
    if promote.category(input.dtype) != 2:
        raise NotImplementedError(f"\"log_softmax\" not implemented for '{check.type_name(input.dtype)}'")
    x = input.astype(jnp.float32) if input.dtype.itemsize == 2 else input
    if input.shape == target.shape:
        loss = _cross_entropy_probabilities(x, target, weight, ignore_index, reduction, label_smoothing)
    else:
        loss = _cross_entropy_indices(x, target, weight, ignore_index, reduction, label_smoothing)
    return loss.astype(input.dtype)


@op("")
def binary_cross_entropy(input: Array, target: Array, weight: Array | None = None, reduction: str = "mean") -> Array:
    """-weight * (target * log(input) + (1 - target) * log(1 - input)); logarithms are at least -100.

    input between 0 and 1, target the same shape, weight broadcast to it or None -> (*) for "none", else ()
    """
    if input.shape != target.shape:
        raise ValueError(
            f"Using a target size ({_torch_size(target)}) that is different to the input size ({_torch_size(input)}) "
            "is deprecated. Please ensure they have the same size."
        )
    if input.dtype != target.dtype:
        raise RuntimeError(f"Found dtype {check.type_name(target.dtype)} but expected {check.type_name(input.dtype)}")
    loss = _binary_cross_entropy(input, target)
    if weight is not None:
        check.broadcast(loss, weight)
        loss = loss * weight
    return _reduce(loss, reduction)


@op("")
def binary_cross_entropy_with_logits(
    input: Array,
    target: Array,
    weight: Array | None = None,
    reduction: str = "mean",
    pos_weight: Array | None = None,
) -> Array:
    """-weight * (pos_weight * target * log(sigmoid(input)) + (1 - target) * log(1 - sigmoid(input))).

    input and target (*), weight and pos_weight broadcast to them or None -> (*) for reduction "none", else ()
    """
    if input.shape != target.shape:
        raise ValueError(f"Target size ({_torch_size(target)}) must be the same as input size ({_torch_size(input)})")
    if promote.category(target.dtype) != 2:
        raise RuntimeError(
            f"result type Float can't be cast to the desired output type {check.type_name(target.dtype)}"
        )
    x, y = promote.promote(input, target)
    surprise = jnp.logaddexp(-x, 0)  # -log(sigmoid(x))
    if pos_weight is not None:
        check.broadcast(x, pos_weight)
        surprise = (1 + (pos_weight - 1) * y) * surprise
    loss = (1 - y) * x + surprise
    if weight is not None:
        check.broadcast(loss, weight)
        loss = loss * weight
    return _reduce(loss, reduction)


@op("", grad_name="MeanBackward0")
def kl_div(input: Array, target: Array, reduction: str = "mean", log_target: bool = False) -> Array:
    """target * (log(target) - input), input being log-probabilities; with log_target, target is the logarithm itself.

    "batchmean" divides the sum by the first size.
    input and target (*) -> (*) for reduction "none", else ()
    """
    x, y = promote.promote(input, target)
    check.broadcast(x, y)
    loss = jnp.exp(y) * (y - x) if log_target else jax.scipy.special.xlogy(y, y) - y * x
    if reduction == "batchmean":
        return jnp.sum(loss) / input.shape[0] if input.ndim else loss
    return _reduce(loss, reduction)


def _pair(name: str, input: Array, target: Array) -> tuple[Array, Array]:
    """Input and target as floating arrays of one type, of shapes that broadcast."""
    x, y = promote.promote(input, target)
    check.broadcast(x, y)
    if promote.category(x.dtype) < 2:
        raise NotImplementedError(f"\"{name}\" not implemented for '{check.type_name(x.dtype)}'")
    return x, y


def _absolute(difference: Array) -> Array:
    """|difference|, with slope 0 at 0, where `jnp.abs` has 1."""
    return difference * jnp.sign(difference)


def _reduce(loss: Array, reduction: str) -> Array:
    """The one reduction: "none", "mean" or "sum"."""
    if reduction == "none":
        return loss
    if reduction == "sum":
        return jnp.sum(loss)
    if reduction != "mean":
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return jnp.mean(loss)


def _reduce_weighted(loss: Array, input: Array, weight: Array | None, reduction: str, divide_by_weight: bool) -> Array:
    if weight is None:
        return _reduce(loss, reduction)
    if weight.shape != input.shape:
        raise ValueError("Weights and input must have the same size.")
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"Invalid reduction mode: {reduction}. Expected one of 'none', 'mean', 'sum'.")
    if reduction == "mean" and divide_by_weight:
        return jnp.sum(loss * weight) / jnp.sum(weight)
    return _reduce(loss * weight, reduction)


def _reduce_classes(loss: Array, weights: Array, reduction: str) -> Array:
    """The mean divides by the weights that were counted, so ignored targets don't count."""
    return jnp.sum(loss) / jnp.sum(weights) if reduction == "mean" else _reduce(loss, reduction)


def _choose(input: Array, target: Array, weight: Array | None, ignore_index: int) -> tuple[Array, Array]:
    """input[target] and weight[target], both 0 where the target is ignored.

    A comparison with every class instead of a gather: the gradient is then a choice and no scatter, and XLA makes one
    loop of it together with log_softmax. A target that is no class gives NaN, since values can't be checked here.
    """
    axis = min(input.ndim - 1, 1)
    target = target.reshape(()) if input.ndim == 1 else target
    classes = input.shape[axis]
    kept = target != ignore_index
    place = lax.broadcasted_iota(target.dtype, input.shape, axis)
    hit = (place == jnp.expand_dims(target, axis)) & jnp.expand_dims(kept, axis)
    chosen = jnp.sum(jnp.where(hit, input, 0), axis=axis)
    chosen = jnp.where(kept & ((target < 0) | (target >= classes)), jnp.nan, chosen)
    if weight is None:
        return chosen, kept.astype(input.dtype)
    shape = [1] * input.ndim
    shape[axis] = classes
    return chosen, jnp.sum(jnp.where(hit, weight.reshape(shape), 0), axis=axis)


def _cross_entropy_indices(
    x: Array, target: Array, weight: Array | None, ignore_index: int, reduction: str, label_smoothing: float
) -> Array:
    _check_classes("cross_entropy", x, target, weight)
    axis = min(x.ndim - 1, 1)
    logarithms = stable_log_softmax(x, axis)
    chosen, weights = _choose(logarithms, target, weight, ignore_index)
    loss = -chosen * weights
    if label_smoothing > 0:
        smooth = -jnp.sum(_weigh(logarithms, weight, axis), axis=axis)
        target = target.reshape(()) if x.ndim == 1 else target
        smooth = jnp.where(target != ignore_index, smooth, 0)
        loss = (1 - label_smoothing) * loss + label_smoothing / x.shape[axis] * smooth
    return _reduce_classes(loss, weights, reduction)


def _cross_entropy_probabilities(
    x: Array, target: Array, weight: Array | None, ignore_index: int, reduction: str, label_smoothing: float
) -> Array:
    if promote.category(target.dtype) != 2:
        raise RuntimeError(
            f"Expected floating point type for target with class probabilities, got {check.type_name(target.dtype)}"
        )
    if ignore_index >= 0:
        raise RuntimeError("ignore_index is not supported for floating point target")
    _check_weight("cross_entropy: ", x, weight)
    axis = min(x.ndim - 1, 1)
    if label_smoothing > 0:
        target = target * (1 - label_smoothing) + label_smoothing / x.shape[axis]
    loss = -jnp.sum(_weigh(stable_log_softmax(x, axis) * target.astype(x.dtype), weight, axis), axis=axis)
    if reduction == "mean":
        return jnp.sum(loss) / (x.size // x.shape[axis])
    return _reduce(loss, reduction)


def _cross_entropy_grad_name(input: Any, target: Any) -> str:
    if tuple(input.shape) == tuple(target.shape):
        return "DivBackward1"
    return "NllLossBackward0" if len(input.shape) < 3 else "NllLoss2DBackward0"


def _weigh(x: Array, weight: Array | None, axis: int) -> Array:
    return x if weight is None else x * weight.reshape(-1, *(1,) * (x.ndim - axis - 1))


def _check_classes(name: str, input: Array, target: Array, weight: Array | None) -> None:
    if input.ndim == 0:
        raise RuntimeError(f"{name}: input must be (C,) or (N, C, *), got ().")
    if target.dtype.name not in ("int64", "uint8"):
        raise RuntimeError(f"expected target dtype to be Long or Byte, but got {check.type_name(target.dtype)}")
    if input.ndim == 1:
        if target.size != 1 or target.ndim > 1:
            raise RuntimeError(f"{name}: target must be () to go with input {input.shape}, got {target.shape}.")
    elif target.ndim and input.shape[0] != target.shape[0]:
        raise ValueError(
            f"Expected input batch_size ({input.shape[0]}) to match target batch_size ({target.shape[0]})."
        )
    elif input.ndim == 2 and target.ndim > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    elif target.shape != (input.shape[0], *input.shape[2:]):
        expected = [input.shape[0], *input.shape[2:]]
        raise RuntimeError(f"Expected target size {expected}, got {list(target.shape)}")
    _check_weight("", input, weight)


def _check_weight(prefix: str, input: Array, weight: Array | None) -> None:
    classes = input.shape[min(input.ndim - 1, 1)]
    if weight is not None and tuple(weight.shape) != (classes,):
        raise RuntimeError(
            f"{prefix}weight tensor should be defined either for all {classes} classes or no classes "
            f"but got weight tensor of shape: {list(weight.shape)}"
        )


def _torch_size(x: Array) -> str:
    return f"Size({list(x.shape)})"


@jax.custom_jvp
def _binary_cross_entropy(x: Array, y: Array) -> Array:
    return -(y * jnp.maximum(jnp.log(x), -100) + (1 - y) * jnp.maximum(jnp.log1p(-x), -100))


@_binary_cross_entropy.defjvp
def _binary_cross_entropy_jvp(primals: tuple[Array, ...], tangents: tuple[Array, ...]) -> tuple[Array, Array]:
    """Beyond the bound of -100 the slope is PyTorch's: (x - y) / max(x (1 - x), 1e-12), finite at 0 and 1."""
    (x, y), (dx, dy) = primals, tangents
    slope = (x - y) / jnp.maximum(x * (1 - x), 1e-12)
    return _binary_cross_entropy(x, y), slope * dx + (jnp.log1p(-x) - jnp.log(x)) * dy
