"""Activation functions, one element at a time, and softmax along a dimension.

Which branch a boundary belongs to decides its gradient there, so the comparisons below are PyTorch's, strict or not.
They are written so that NaN stays NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, Number, op

_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


@op("lamina Tensor", inplace=True)
def relu(input: Array) -> Array:
    """output = max(0, input).

    input (*) -> (*)

    >>> import lamina
    >>> lamina.relu(lamina.tensor([-1.0, 0.0, 2.0]))
    tensor([0., 0., 2.])
    """
    if input.dtype == jnp.bool_:
        raise RuntimeError("Boolean inputs not supported for relu")
    if promote.category(input.dtype) == 3:
        raise NotImplementedError("clamp is not supported for complex types")
    return jnp.where(input <= 0, jnp.zeros((), input.dtype), input)


@op("")
def leaky_relu(input: Array, negative_slope: Number = 0.01) -> Array:
    """output = input where it is positive, else negative_slope * input.

    input (*) -> (*)
    """
    return _floating("leaky_relu", input, lambda x: jnp.where(x > 0, x, x * negative_slope))


@op("")
def elu(input: Array, alpha: Number = 1.0) -> Array:
    """output = input where it is positive, else alpha * (exp(input) - 1).

    input (*) -> (*)
    """
    return _floating("elu", input, lambda x: jnp.where(x <= 0, alpha * _expm1_negative(x), x))


@op("lamina", grad_name="EluBackward0")
def selu(input: Array) -> Array:
    """output = scale * (input where it is positive, else alpha * (exp(input) - 1)).

    scale = 1.0507009873554805 and alpha = 1.6732632423543772 keep mean 0 and variance 1 from layer to layer.
    input (*) -> (*)
    """

    def function(x: Array) -> Array:
        return jnp.where(x <= 0, _SELU_SCALE * _SELU_ALPHA * _expm1_negative(x), _SELU_SCALE * x)

    return _floating("elu", input, function)


@op("lamina")
def celu(input: Array, alpha: Number = 1.0) -> Array:
    """output = input where it is positive, else alpha * (exp(input / alpha) - 1).

    input (*) -> (*)
    """
    return _floating("elu", input, lambda x: jnp.where(x <= 0, alpha * jnp.expm1(jnp.where(x <= 0, x, 0) / alpha), x))


@op("functional")
def gelu(input: Array, approximate: str = "none") -> Array:
    """output = input * Phi(input), Phi the distribution function of the standard normal.

    With approximate="tanh": 0.5 * input * (1 + tanh(sqrt(2 / pi) * (input + 0.044715 * input^3))).
    input (*) -> (*)
    """
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")

    def exact(x: Array) -> Array:
        return 0.5 * x * (1 + lax.erf(x * math.sqrt(0.5)))

    def by_tanh(x: Array) -> Array:
        return 0.5 * x * (1 + jnp.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))

    return _floating("GeluKernelImpl", input, exact if approximate == "none" else by_tanh)


@op("")
def silu(input: Array) -> Array:
    """output = input * sigmoid(input).

    input (*) -> (*)
    """
    return _floating("silu_cpu", input, lambda x: x * lax.logistic(x))


@op("")
def mish(input: Array) -> Array:
    """output = input * tanh(softplus(input)).

    input (*) -> (*)
    """
    return _floating("mish_cpu", input, lambda x: x * jnp.tanh(jnp.logaddexp(x, 0)))


@op("functional")
def softplus(input: Array, beta: Number = 1, threshold: Number = 20) -> Array:
    """output = log(1 + exp(beta * input)) / beta; input itself where beta * input > threshold.

    input (*) -> (*)
    """

    def function(x: Array) -> Array:
        scaled = x * beta
        linear = scaled > threshold
        return jnp.where(linear, x, jnp.log1p(jnp.exp(jnp.where(linear, 0, scaled))) / beta)

    return _floating("softplus_cpu", input, function)


@op("functional", grad_name="DivBackward0")
def softsign(input: Array) -> Array:
    """output = input / (1 + |input|).

    input (*) -> (*)
    """
    (x,) = promote.promote_float(input)
    return x / (1 + jnp.abs(x))


@op("")
def hardtanh(input: Array, min_val: Number = -1.0, max_val: Number = 1.0) -> Array:
    """output = input, held between min_val and max_val; no gradient passes at or beyond them.

    input (*) -> (*)
    """
    if input.dtype == jnp.bool_:
        raise NotImplementedError("Bool inputs not supported for hardtanh")
    low, high = promote.cast(min_val, input.dtype), promote.cast(max_val, input.dtype)
    return jnp.where(input <= low, low, jnp.where(input >= high, high, input))


@op("", grad_name="HardtanhBackward0")
def relu6(input: Array) -> Array:
    """output = min(max(0, input), 6).

    input (*) -> (*)
    """
    return hardtanh(input, 0, 6)


@op("")
def hardsigmoid(input: Array) -> Array:
    """output = min(max(0, input + 3), 6) / 6.

    input (*) -> (*)
    """
    return _floating("hardsigmoid", input, lambda x: jnp.where(x <= -3, 0, jnp.where(x >= 3, 1, (x + 3) / 6)))


@op("")
def hardswish(input: Array) -> Array:
    """output = input * min(max(0, input + 3), 6) / 6.

    input (*) -> (*)
    """
    return _floating("hardswish", input, lambda x: jnp.where(x <= -3, 0, jnp.where(x >= 3, x, x * (x + 3) / 6)))


@op("functional", grad_name="LogSigmoidBackward0")
def logsigmoid(input: Array) -> Array:
    """output = log(sigmoid(input)) = -log(1 + exp(-input)).

    input (*) -> (*)
    """
    return _floating("log_sigmoid_cpu", input, lambda x: -jnp.logaddexp(-x, 0))


@op("lamina Tensor special", saves=True)
def softmax(input: Array, dim: int, dtype: np.dtype | None = None) -> Array:
    """output = exp(input) / sum of exp(input) along dim.

    input (*) -> (*), of type dtype where given.

    >>> import lamina
    >>> lamina.softmax(lamina.tensor([0.0, 0.0, 0.0, 0.0]), dim=0)
    tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """
    dim = check.dim(dim, input.ndim)
    input = input if dtype is None else promote.cast(input, dtype)
    return _floating("softmax", input, lambda x: _softmax(x, dim))


@op("lamina Tensor special")
def log_softmax(input: Array, dim: int, dtype: np.dtype | None = None) -> Array:
    """output = input - log of the sum of exp(input) along dim.

    input (*) -> (*), of type dtype where given.
    """
    dim = check.dim(dim, input.ndim)
    input = input if dtype is None else promote.cast(input, dtype)
    return _floating("log_softmax", input, lambda x: stable_log_softmax(x, dim))


@op("", grad_name="SoftmaxBackward0")
def softmin(input: Array, dim: int, dtype: np.dtype | None = None) -> Array:
    """output = softmax(-input) along dim.

    input (*) -> (*), of type dtype where given.
    """
    return softmax(-input, dim, dtype)


@op("functional")
def glu(input: Array, dim: int = -1) -> Array:
    """output = a * sigmoid(b), a and b the halves of input along dim.

    input (*, 2 N, *) -> (*, N, *)
    """
    if input.ndim == 0:
        raise RuntimeError("glu does not support 0-dimensional tensors")
    dim = check.dim(dim, input.ndim)
    if input.shape[dim] % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {dim} is size {input.shape[dim]}")

    def function(x: Array) -> Array:
        a, b = jnp.split(x, 2, axis=dim)
        return a * lax.logistic(b)

    return _floating("glu_cpu", input, function)


@op("lamina")
def threshold(input: Array, threshold: Number, value: Number) -> Array:
    """output = input where it is greater than threshold, else value.

    input (*) -> (*)
    """
    if input.dtype == jnp.bool_ or promote.category(input.dtype) == 3:
        raise NotImplementedError(f"\"threshold_cpu\" not implemented for '{check.type_name(input.dtype)}'")
    low, other = promote.cast(threshold, input.dtype), promote.cast(value, input.dtype)
    return jnp.where(input <= low, other, input)


@op("functional", grad_name="SubBackward0")
def tanhshrink(input: Array) -> Array:
    """output = input - tanh(input).

    input (*) -> (*)
    """
    (x,) = promote.promote_float(input)
    return x - jnp.tanh(x)


@op("lamina Tensor functional")
def hardshrink(input: Array, lambd: Number = 0.5) -> Array:
    """output = input where |input| > lambd, else 0.

    input (*) -> (*)
    """
    return _floating("hardshrink_cpu", input, lambda x: jnp.where((x >= -lambd) & (x <= lambd), 0, x))


@op("functional")
def softshrink(input: Array, lambd: Number = 0.5) -> Array:
    """output = input - lambd where input > lambd, input + lambd where input < -lambd, else 0.

    input (*) -> (*)
    """
    if isinstance(lambd, (int, float)) and not lambd >= 0:
        raise RuntimeError(f"lambda must be greater or equal to 0, but found to be {lambd:g}.")

    def function(x: Array) -> Array:
        return jnp.where(x > lambd, x - lambd, jnp.where(x < -lambd, x + lambd, x * 0))

    return _floating("softshrink_cpu", input, function)


@op("lamina Tensor functional", grad_name="PreluKernelBackward0")
def prelu(input: Array, weight: Array) -> Array:
    """output = input where it is positive, else weight * input, with one weight for each channel or one for all.

    input (N, C, *) or (*), weight (C,) or (1,) -> shape of input
    """
    if input.dtype != weight.dtype:
        raise RuntimeError(
            f"prelu: Type promoting not supported. Got {input.dtype.name} for input and {weight.dtype.name} for weight."
        )
    if weight.ndim > 1:
        raise RuntimeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.ndim}")
    if weight.size != 1:
        if input.ndim == 0:
            raise RuntimeError("Not allow zero-dim input tensor.")
        channels = input.shape[1] if input.ndim > 1 else 1
        if weight.size != channels:
            raise RuntimeError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {weight.size} "
                f"and channel size = {channels}."
            )
        weight = weight.reshape(-1, *(1,) * (input.ndim - 2))
    else:
        weight = weight.reshape(())
    return jnp.where(input > 0, input, weight * input)


def _floating(name: str, x: Array, function: Callable[[Array], Array]) -> Array:
    """function(x) for a floating x; 16-bit types are computed in float32 and rounded once, as PyTorch does."""
    if promote.category(x.dtype) != 2:
        raise NotImplementedError(f"\"{name}\" not implemented for '{check.type_name(x.dtype)}'")
    if x.dtype.itemsize > 2:
        return function(x)
    return function(x.astype(jnp.float32)).astype(x.dtype)


def _expm1_negative(x: Array) -> Array:
    """exp(x) - 1 where x <= 0; elsewhere something finite, so that no gradient becomes NaN."""
    return jnp.expm1(jnp.where(x <= 0, x, 0))


def _shift(x: Array, dim: int) -> Array:
    """x less its maximum along dim. The result of a softmax does not depend on it, so no gradient passes."""
    return x - lax.stop_gradient(jnp.max(x, axis=dim, keepdims=True))


def _softmax(x: Array, dim: int) -> Array:
    if x.size == 0 or x.ndim == 0:
        return _of_nothing(x, jnp.exp)
    exponentials = jnp.exp(_shift(x, dim))
    return exponentials / jnp.sum(exponentials, axis=dim, keepdims=True)


def stable_log_softmax(x: Array, dim: int) -> Array:
    """`log_softmax` of floating numbers, shifted so that no exponential overflows."""
    if x.size == 0 or x.ndim == 0:
        return _of_nothing(x, lambda shifted: shifted)
    shifted = _shift(x, dim)
    return shifted - jnp.log(jnp.sum(jnp.exp(shifted), axis=dim, keepdims=True))


def _of_nothing(x: Array, function: Callable[[Array], Any]) -> Array:
    """Softmax of a tensor with no elements, or with one: exp(x - x)."""
    return function(x - x)
