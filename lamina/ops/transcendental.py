"""Exponentials, logarithms, trigonometry and special functions, one element at a time."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jax import lax

from lamina.ops.choice import at_least, at_most
from lamina.ops.op import Array, ArrayLike, op
from lamina.ops.operands import (
    as_float,
    as_real_float,
    in_float32,
    is_complex,
    match,
    match_float,
    match_floating,
    number_grad_name,
    only_real,
)

# Exponentials and logarithms


@op(inplace=True)
def exp(input: Array) -> Array:
    """e to the power of the input."""
    return lax.exp(as_float(input))


@op("lamina Tensor special", inplace=True)
def exp2(input: Array) -> Array:
    """2 to the power of the input."""
    return lax.exp2(as_float(input))


@op("lamina Tensor special", inplace=True)
def expm1(input: Array) -> Array:
    """exp(input) - 1, accurate near 0."""
    return lax.expm1(as_float(input))


@op(inplace=True)
def log(input: Array) -> Array:
    """The natural logarithm."""
    return lax.log(as_float(input))


@jax.custom_jvp
def _log2(x: Array) -> Array:
    return jnp.log2(x)


@jax.custom_jvp
def _log10(x: Array) -> Array:
    return jnp.log10(x)


_log2.defjvps(lambda t, result, x: t / (x * math.log(2)))
_log10.defjvps(lambda t, result, x: t / (x * math.log(10)))


@op(inplace=True)
def log2(input: Array) -> Array:
    """The logarithm to base 2."""
    return _log2(as_float(input))


@op(inplace=True)
def log10(input: Array) -> Array:
    """The logarithm to base 10."""
    return _log10(as_float(input))


@op("lamina Tensor special", inplace=True, grad_name="Log1PBackward0")
def log1p(input: Array) -> Array:
    """log(1 + input), accurate near 0."""
    return lax.log1p(as_float(input))


@op()
def logaddexp(input: Array, other: Array) -> Array:
    """log(exp(input) + exp(other)), without overflow. Shapes broadcast."""
    if is_complex(input) or is_complex(other):
        x, y = match(input, other)
        swap = lax.real(x) < lax.real(y)
        larger, smaller = jnp.where(swap, y, x), jnp.where(swap, x, y)
        return larger + lax.log1p(lax.exp(smaller - larger))
    return jnp.logaddexp(*match_floating("logaddexp", input, other))


@op()
def logaddexp2(input: Array, other: Array) -> Array:
    """log2(2^input + 2^other), without overflow. Shapes broadcast."""
    return jnp.logaddexp2(*match_floating("logaddexp2", input, other))


@op("lamina Tensor special", inplace=True, grad_name=number_grad_name("Xlogy", 0, 2))
def xlogy(input: ArrayLike, other: ArrayLike) -> Array:
    """input * log(other), and 0 where `input` is 0. Shapes broadcast."""
    x, y = match_float(input, other)
    only_real("xlogy", x)
    no_matter = (x == 0) & ((y <= 0) | (y == math.inf))
    return x * lax.log(jnp.where(no_matter, jnp.ones_like(y), y))


@op("lamina Tensor functional", inplace=True)
def sigmoid(input: Array) -> Array:
    """1 / (1 + exp(-input)).

    >>> import lamina
    >>> lamina.sigmoid(lamina.tensor([0.]))
    tensor([0.5000])
    """
    return lax.logistic(as_float(input))


@jax.custom_jvp
def _logit(x: Array) -> Array:
    return lax.log(x / (1 - x))


# NaN outside [0, 1], like the value.
_logit.defjvps(lambda t, result, x: t * jnp.where((x < 0) | (x > 1), math.nan, 1 / (x * (1 - x))))


@op("lamina Tensor special", inplace=True)
def logit(input: Array, eps: float | None = None) -> Array:
    """log(z / (1 - z)): the inverse of `sigmoid`. With `eps`, z is the input clamped to [eps, 1 - eps]."""
    x = as_real_float("logit", input)
    if eps is None:
        return _logit(x)
    return _logit(at_least(at_most(x, jnp.full_like(x, 1 - eps)), jnp.full_like(x, eps)))


# Trigonometry


@op(inplace=True)
def sin(input: Array) -> Array:
    """The sine, of radians."""
    return lax.sin(as_float(input))


@op(inplace=True)
def cos(input: Array) -> Array:
    """The cosine, of radians."""
    return lax.cos(as_float(input))


@op(inplace=True)
def tan(input: Array) -> Array:
    """The tangent, of radians."""
    return lax.tan(as_float(input))


@op(inplace=True, aliases=("arcsin",))
def asin(input: Array) -> Array:
    """The inverse sine, in radians."""
    return lax.asin(as_float(input))


@op(inplace=True, aliases=("arccos",))
def acos(input: Array) -> Array:
    """The inverse cosine, in radians."""
    return lax.acos(as_float(input))


@op(inplace=True, aliases=("arctan",))
def atan(input: Array) -> Array:
    """The inverse tangent, in radians."""
    return lax.atan(as_float(input))


@jax.custom_jvp
def _atan2(y: Array, x: Array) -> Array:
    return lax.atan2(y, x)


def _inverse_square_norm(y: Array, x: Array) -> Array:
    norm = x * x + y * y
    return jnp.where(norm == 0, jnp.zeros_like(norm), 1 / norm)


# PyTorch's gradient at (0, 0) is 0, JAX's NaN.
_atan2.defjvps(
    lambda t, result, y, x: t * (x * _inverse_square_norm(y, x)),
    lambda t, result, y, x: t * (-y * _inverse_square_norm(y, x)),
)


@op(inplace=True, aliases=("arctan2",))
def atan2(input: Array, other: Array) -> Array:
    """The angle of the point with ordinate `input` and abscissa `other`, in (-pi, pi]. Shapes broadcast."""
    y, x = match_float(input, other)
    only_real("atan2", x)
    return _atan2(y, x)


@op(inplace=True)
def sinh(input: Array) -> Array:
    """The hyperbolic sine."""
    return lax.sinh(as_float(input))


@op(inplace=True)
def cosh(input: Array) -> Array:
    """The hyperbolic cosine."""
    return lax.cosh(as_float(input))


@op("lamina Tensor functional", inplace=True)
def tanh(input: Array) -> Array:
    """The hyperbolic tangent."""
    return lax.tanh(as_float(input))


@op(inplace=True, aliases=("arcsinh",))
def asinh(input: Array) -> Array:
    """The inverse hyperbolic sine."""
    return lax.asinh(as_float(input))


@op(inplace=True, aliases=("arccosh",))
def acosh(input: Array) -> Array:
    """The inverse hyperbolic cosine."""
    return lax.acosh(as_float(input))


@op(inplace=True, aliases=("arctanh",))
def atanh(input: Array) -> Array:
    """The inverse hyperbolic tangent."""
    return lax.atanh(as_float(input))


@op("lamina Tensor special", inplace=True)
def sinc(input: Array) -> Array:
    """sin(pi input) / (pi input), and 1 at 0."""
    return jnp.sinc(as_float(input))


@op(inplace=True, saves=False, grad_name="Deg2RadBackward0")
def deg2rad(input: Array) -> Array:
    """Degrees as radians."""
    return as_real_float("deg2rad", input, RuntimeError) * (math.pi / 180)


@op(inplace=True, saves=False, grad_name="Rad2DegBackward0")
def rad2deg(input: Array) -> Array:
    """Radians as degrees."""
    return as_real_float("rad2deg", input, RuntimeError) * (180 / math.pi)


@op()
def angle(input: Array) -> Array:
    """The angle in the complex plane, in radians: 0 or pi for real numbers."""
    if is_complex(input):
        return _atan2(lax.imag(input), lax.real(input))
    x = lax.stop_gradient(as_float(input))
    return jnp.where(x != x, x, jnp.where(x < 0, jnp.full_like(x, math.pi), jnp.zeros_like(x)))


# Special functions


@op("lamina Tensor special", inplace=True)
def erf(input: Array) -> Array:
    """The error function: 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to the input."""
    return lax.erf(as_real_float("erf", input))


@op("lamina Tensor special", inplace=True)
def erfc(input: Array) -> Array:
    """1 - erf(input), accurate for large inputs."""
    return lax.erfc(as_real_float("erfc", input))


@op("lamina Tensor special", inplace=True)
def erfinv(input: Array) -> Array:
    """The inverse of `erf`, on (-1, 1)."""
    return lax.erf_inv(as_real_float("erfinv", input))


@jax.custom_jvp
def _digamma(x: Array) -> Array:
    return jnp.where(x == 0, jnp.copysign(jnp.full_like(x, math.inf), -x), lax.digamma(x))


@jax.custom_jvp
def _lgamma(x: Array) -> Array:
    return lax.lgamma(x)


def trigamma(x: Array) -> Array:
    """The derivative of `digamma`; below 1/2 by reflection, for which JAX's has none."""
    low = x < 0.5
    y = jnp.where(low, 1 - x, x)
    tail = lax.zeta(jnp.full_like(y, 2), y)
    return jnp.where(low, (math.pi / jnp.sin(math.pi * x)) ** 2 - tail, tail)


# Infinite at 0 as in PyTorch, where JAX's are NaN.
_digamma.defjvps(lambda t, result, x: t * jnp.where(x == 0, math.inf, trigamma(x)))
_lgamma.defjvps(lambda t, result, x: t * _digamma(x))


@op(inplace=True)
def lgamma(input: Array) -> Array:
    """The logarithm of the absolute value of the gamma function."""
    return in_float32("lgamma", _lgamma, input)


@op("lamina Tensor special", inplace=True)
def digamma(input: Array) -> Array:
    """The derivative of `lgamma`."""
    return in_float32("digamma", _digamma, input)


@op("lamina Tensor special", inplace=True)
def i0(input: Array) -> Array:
    """The modified Bessel function of the first kind, of order 0."""
    return in_float32("i0", jnp.i0, input)
