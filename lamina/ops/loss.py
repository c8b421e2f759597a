"""Losses of numbers and of probabilities: an error for each element, reduced in one way for all losses."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, ArrayLike, Number, op

NONE, MEAN, SUM = 0, 1, 2
"""Reductions by PyTorch's numbers. Any other number is as good as NONE.

Losses that the package itself has, such as `lamina.kl_div`, take these numbers, and NONE unless given, as PyTorch's do.
"""


@op("")
def mse_loss(input: Array, target: Array, weight: Array | None = None, reduction: int = MEAN) -> Array:
    """(input - target)^2. input, target and weight (*) -> (*) for no reduction, else ()"""
    x, y = _pair("mse_cpu", input, target)
    difference = x - y
    return _reduce_weighted(difference * difference, input, weight, reduction, divide_by_weight=True)


@op("", grad_name="MeanBackward0")
def l1_loss(input: Array, target: Array, weight: Array | None = None, reduction: int = MEAN) -> Array:
    """|input - target|. input, target and weight (*) -> (*) for no reduction, else ()"""
    x, y = promote.promote(input, target)
    check.broadcast(x, y)
    return _reduce_weighted(_absolute(x - y), input, weight, reduction, divide_by_weight=True)


@op("")
def smooth_l1_loss(input: Array, target: Array, reduction: int = MEAN, beta: float = 1.0) -> Array:
    """0.5 d^2 / beta where |d| < beta, else |d| - 0.5 beta, with d = input - target.

    input and target (*) -> (*) for no reduction, else ()
    """
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    x, y = _pair("smooth_l1_cpu", input, target)
    difference = x - y
    error = _absolute(difference)
    if beta > 0:
        error = jnp.where(error < beta, 0.5 / beta * difference * difference, error - 0.5 * beta)
    return reduce(error, reduction)


@op("")
def huber_loss(
    input: Array, target: Array, reduction: int = MEAN, delta: float = 1.0, weight: Array | None = None
) -> Array:
    """0.5 d^2 where |d| <= delta, else delta (|d| - 0.5 delta), with d = input - target.

    input, target and weight (*) -> (*) for no reduction, else ()
    """
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    x, y = _pair("huber_cpu", input, target)
    difference = x - y
    error = _absolute(difference)
    loss = jnp.where(error <= delta, 0.5 * difference * difference, delta * (error - 0.5 * delta))
    return _reduce_weighted(loss, input, weight, reduction, divide_by_weight=False)


@op("")
def binary_cross_entropy(input: Array, target: Array, weight: Array | None = None, reduction: int = MEAN) -> Array:
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
    return reduce(loss, reduction)


@op("lamina")
def binary_cross_entropy_with_logits(
    input: Array,
    target: Array,
    weight: Array | None = None,
    pos_weight: Array | None = None,
    reduction: int = NONE,
) -> Array:
    """-weight * (pos_weight * target * log(sigmoid(input)) + (1 - target) * log(1 - sigmoid(input))).

    input and target (*), weight and pos_weight broadcast to them or None -> (*) for no reduction, else ()
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
    return reduce(loss, reduction)


@op("lamina", grad_name=lambda input, target, reduction, **_: reduced_name(reduction, "SubBackward0"))
def kl_div(input: Array, target: Array, reduction: int = NONE, *, log_target: bool = False) -> Array:
    """target * (log(target) - input), input being log-probabilities; with log_target, target is the logarithm itself.

    input and target (*) -> (*) for no reduction, else ()
    """
    x, y = promote.promote(input, target)
    check.broadcast(x, y)
    loss = jnp.exp(y) * (y - x) if log_target else jax.scipy.special.xlogy(y, y) - y * x
    return reduce(loss, reduction)


@op("lamina", grad_name="MeanBackward0")
def poisson_nll_loss(input: Array, target: Array, log_input: bool, full: bool, eps: Number, reduction: int) -> Array:
    """exp(input) - target * input, or, if input is not the logarithm, input - target * log(input + eps).

    `full` adds Stirling's approximation of log(target!) where target > 1.
    input and target (*) -> (*) for no reduction, else ()
    """
    x, y = promote.promote(input, target)
    check.broadcast(x, y)
    if promote.category(x.dtype) < 2:
        x = promote.cast(x, promote.default_float())
    loss = jnp.exp(x) - y.astype(x.dtype) * x if log_input else x - y.astype(x.dtype) * jnp.log(x + eps)
    if full:
        large = y > 1
        count = jnp.where(large, y, 2).astype(x.dtype)  # the logarithm of 0 would make the gradient NaN
        stirling = count * jnp.log(count) - count + 0.5 * jnp.log(2 * np.pi * count)
        loss = loss + jnp.where(large, stirling, 0)
    return reduce(loss, reduction)


@op("", grad_name="MeanBackward0")
def gaussian_nll_loss(
    input: Array, target: Array, var: ArrayLike, full: bool = False, eps: Number = 1e-6, reduction: int = MEAN
) -> Array:
    """0.5 * (log(var) + (input - target)^2 / var), where var is at least eps; `full` adds 0.5 * log(2 pi).

    The gradient of var is that beyond the bound, too. Where var is negative the loss is NaN.
    input (*, E), target (*, E), var (*, E), (*, 1), (*) or () -> (*, E) for no reduction, else ()
    """
    if promote.is_number(var):
        variance = jnp.full(input.shape, promote.cast(var, input.dtype))
    else:
        variance = _variance_beside(input, jnp.asarray(var))
    x, y, v = promote.promote(input, target, variance)
    check.broadcast(x, y)
    # v - stop_gradient(v) is 0, with the slope of v.
    bounded = jnp.where(v < eps, promote.cast(eps, v.dtype) + (v - lax.stop_gradient(v)), v)
    bounded = jnp.where(v < 0, jnp.nan, bounded)
    loss = 0.5 * (jnp.log(bounded) + (x - y) ** 2 / bounded)
    if full:
        loss = loss + 0.5 * np.log(2 * np.pi).item()
    return reduce(loss, reduction)


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


def reduce(loss: Array, reduction: int) -> Array:
    """The one reduction: NONE, MEAN or SUM."""
    if not isinstance(reduction, int):
        raise TypeError(f"argument 'reduction' must be int, not {type(reduction).__name__}")
    if reduction == SUM:
        return jnp.sum(loss)
    if reduction != MEAN:
        return loss
    if promote.category(loss.dtype) < 2:
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. "
            f"Got: {check.type_name(loss.dtype)}"
        )
    return jnp.mean(loss)


def reduced_name(reduction: int, none: str) -> str:
    """The name of the gradient of a loss that is a chain of operations: that of the last one."""
    return {MEAN: "MeanBackward0", SUM: "SumBackward0"}.get(reduction, none)


def _reduce_weighted(loss: Array, input: Array, weight: Array | None, reduction: int, divide_by_weight: bool) -> Array:
    if weight is None:
        return reduce(loss, reduction)
    if weight.shape != input.shape:
        raise ValueError("Weights and input must have the same size.")
    if reduction == MEAN and divide_by_weight:
        return jnp.sum(loss * weight) / jnp.sum(weight)
    return reduce(loss * weight, reduction)


def _variance_beside(input: Array, var: Array) -> Array:
    """The variance with as many dimensions as the input; ValueError unless it lacks the last or has one of size 1."""
    if var.shape == input.shape:
        return var
    if var.shape == input.shape[:-1]:
        return var[..., None]
    if var.ndim == input.ndim:
        differing = [size for mine, size in zip(input.shape, var.shape, strict=True) if mine != size]
        if sum(differing) == 1:
            return var
    raise ValueError(
        f"gaussian_nll_loss: var must be {tuple(input.shape)}, {tuple(input.shape[:-1])} or have one size of 1 "
        f"to go with input {tuple(input.shape)}, got {tuple(var.shape)}."
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
