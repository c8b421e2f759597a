"""Losses of classes: class indices or class probabilities beside a score for each class."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import lax

from lamina.ops import check, promote
from lamina.ops.activation import stable_log_softmax
from lamina.ops.loss import MEAN, reduce
from lamina.ops.op import Array, op


@op("", grad_name=lambda input, *_, **__: "NllLossBackward0" if input.ndim < 3 else "NllLoss2DBackward0")
def nll_loss(
    input: Array, target: Array, weight: Array | None = None, ignore_index: int = -100, reduction: int = MEAN
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
    reduction: int = MEAN,
    label_smoothing: float = 0.0,
) -> Array:
    """-log_softmax(input)[target] for class indices; for class probabilities, -sum of target * log_softmax(input).

    Each class counts weight times. `label_smoothing` mixes the target with the uniform distribution.
    input (N, C, *) or (C,), target (N, *) or (), int64, or probabilities like input, weight (C,) or None
    -> (N, *) or () for no reduction, else ()
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


def _reduce_classes(loss: Array, weights: Array, reduction: int) -> Array:
    """The mean divides by the weights that were counted, so ignored targets don't count."""
    return jnp.sum(loss) / jnp.sum(weights) if reduction == MEAN else reduce(loss, reduction)


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
    x: Array, target: Array, weight: Array | None, ignore_index: int, reduction: int, label_smoothing: float
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
    x: Array, target: Array, weight: Array | None, ignore_index: int, reduction: int, label_smoothing: float
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
    if reduction == MEAN:
        return jnp.sum(loss) / (x.size // x.shape[axis])
    return reduce(loss, reduction)


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
