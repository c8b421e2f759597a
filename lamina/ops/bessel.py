"""Bessel functions, Airy's function, and spherical ones, one element at a time.

Those that PyTorch gives no gradient have none here. Approximations: see `bessel_tables.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax import lax

from lamina.ops import bessel_tables as table
from lamina.ops import check
from lamina.ops.op import Array, op
from lamina.ops.operands import as_real_float, in_float32


def _float(name: str, x: Array) -> jax.Array:
    x = as_real_float(name, x)
    if x.dtype.itemsize == 2:
        raise NotImplementedError(f"\"{name}_cpu\" not implemented for '{check.type_name(x.dtype)}'")
    return x


def _polynomial(coefficients: Sequence[float], x: Array) -> jax.Array:
    result = jnp.full_like(x, coefficients[0])
    for c in coefficients[1:]:
        result = result * x + c
    return result


def _chebyshev(coefficients: Sequence[float], x: Array) -> jax.Array:
    before, last, result = jnp.zeros_like(x), jnp.zeros_like(x), jnp.full_like(x, coefficients[0])
    for c in coefficients[1:]:
        before, last = last, result
        result = x * last - before + c
    return (result - before) / 2


# --- modified, of the first kind ---


@op("special", grad_name="SpecialI0EBackward0")
def i0e(input: Array) -> jax.Array:
    """exp(-|input|) times `i0`."""
    return in_float32("i0e", lax.bessel_i0e, input)


@op("special", grad_name="SpecialI1Backward0")
def i1(input: Array) -> jax.Array:
    """The modified Bessel function of the first kind, of order 1."""
    return in_float32("i1", _i1, input)


@op("special", grad_name="SpecialI1EBackward0")
def i1e(input: Array) -> jax.Array:
    """exp(-|input|) times `i1`."""
    return in_float32("i1e", lax.bessel_i1e, input)


def _i0(x: Array) -> jax.Array:
    return jnp.exp(jnp.abs(x)) * lax.bessel_i0e(x)


def _i1(x: Array) -> jax.Array:
    return jnp.exp(jnp.abs(x)) * lax.bessel_i1e(x)


@op("special", differentiable=False)
def modified_bessel_i0(input: Array) -> jax.Array:
    """The modified Bessel function of the first kind, of order 0, without a gradient: see `i0`."""
    return _i0(_float("modified_bessel_i0", input))


@op("special", differentiable=False)
def modified_bessel_i1(input: Array) -> jax.Array:
    """The modified Bessel function of the first kind, of order 1, without a gradient: see `i1`."""
    return _i1(_float("modified_bessel_i1", input))


# --- modified, of the second kind ---


def _k0(x: Array, scaled: bool) -> jax.Array:
    low = jnp.minimum(x, 2)
    near = _chebyshev(table.K0_A, low * low - 2) - jnp.log(low / 2) * _i0(low)
    far = _chebyshev(table.K0_B, 8 / jnp.maximum(x, 2) - 2) / jnp.sqrt(x)
    return _joined(x, near, far, scaled)


def _k1(x: Array, scaled: bool) -> jax.Array:
    low = jnp.minimum(x, 2)
    near = jnp.log(low / 2) * _i1(low) + _chebyshev(table.K1_A, low * low - 2) / low
    far = _chebyshev(table.K1_B, 8 / jnp.maximum(x, 2) - 2) / jnp.sqrt(x)
    return _joined(x, near, far, scaled)


def _joined(x: Array, near: Array, far: Array, scaled: bool) -> jax.Array:
    if scaled:
        near = near * jnp.exp(jnp.minimum(x, 2))
    else:
        far = far * jnp.exp(-x)
    result = jnp.where(x <= 2, near, far)
    return jnp.where(x == 0, jnp.inf, jnp.where(x < 0, jnp.nan, result)).astype(x.dtype)


@op("special", differentiable=False)
def modified_bessel_k0(input: Array) -> jax.Array:
    """The modified Bessel function of the second kind, of order 0; infinite at 0, nan below."""
    return _k0(_float("modified_bessel_k0", input), False)


@op("special", differentiable=False)
def modified_bessel_k1(input: Array) -> jax.Array:
    """The modified Bessel function of the second kind, of order 1; infinite at 0, nan below."""
    return _k1(_float("modified_bessel_k1", input), False)


@op("special", differentiable=False)
def scaled_modified_bessel_k0(input: Array) -> jax.Array:
    """exp(input) times `modified_bessel_k0`."""
    return _k0(_float("scaled_modified_bessel_k0", input), True)


@op("special", differentiable=False)
def scaled_modified_bessel_k1(input: Array) -> jax.Array:
    """exp(input) times `modified_bessel_k1`."""
    return _k1(_float("scaled_modified_bessel_k1", input), True)


# --- of the first and second kind ---


def _waves(order: int, x: Array) -> tuple[jax.Array, jax.Array]:
    """For x above 5: J = amplitude times cos, Y = amplitude times sin of the angle that comes out as a pair."""
    x = jnp.maximum(x, 5)
    z = 5 / x
    square = z * z
    if order == 0:
        pp, pq, qp, qq = table.J0_PP, table.J0_PQ, table.J0_QP, table.J0_QQ
    else:
        pp, pq, qp, qq = table.J1_PP, table.J1_PQ, table.J1_QP, table.J1_QQ
    p = _polynomial(pp, square) / _polynomial(pq, square)
    q = z * _polynomial(qp, square) / _polynomial(qq, square)
    angle = x - (math.pi / 4 if order == 0 else 3 * math.pi / 4)
    size = math.sqrt(2 / math.pi) / jnp.sqrt(x)
    sine, cosine = jnp.sin(angle), jnp.cos(angle)
    return size * (p * cosine - q * sine), size * (p * sine + q * cosine)


def _j0(x: Array) -> jax.Array:
    x = jnp.abs(x)
    low = jnp.minimum(x, 5)
    s = low * low
    ratio = _polynomial(table.J0_RP, s) / _polynomial(table.J0_RQ, s)
    near = (s - 5.78318596294678452118e00) * (s - 3.04712623436620863991e01) * ratio
    near = jnp.where(x < 1e-5, 1 - s / 4, near)
    return jnp.where(x <= 5, near, _waves(0, x)[0])


def _j1(x: Array) -> jax.Array:
    size = jnp.abs(x)
    low = jnp.minimum(size, 5)
    s = low * low
    ratio = _polynomial(table.J1_RP, s) / _polynomial(table.J1_RQ, s)
    near = ratio * low * (s - 1.46819706421238932572e01) * (s - 4.92184563216946036703e01)
    return jnp.where(x < 0, -1, 1) * jnp.where(size <= 5, near, _waves(1, size)[0])


@op("special", differentiable=False)
def bessel_j0(input: Array) -> jax.Array:
    """The Bessel function of the first kind, of order 0."""
    return _j0(_float("bessel_j0", input))


@op("special", differentiable=False)
def bessel_j1(input: Array) -> jax.Array:
    """The Bessel function of the first kind, of order 1."""
    x = _float("bessel_j1", input)
    return _j1(x).astype(x.dtype)


def _below(x: Array, near: Array, far: Array) -> jax.Array:
    result = jnp.where(x <= 5, near, far)
    return jnp.where(x == 0, -jnp.inf, jnp.where(x < 0, jnp.nan, result)).astype(x.dtype)


@op("special", differentiable=False)
def bessel_y0(input: Array) -> jax.Array:
    """The Bessel function of the second kind, of order 0; minus infinity at 0, nan below."""
    x = _float("bessel_y0", input)
    low = jnp.minimum(x, 5)
    s = low * low
    near = _polynomial(table.Y0_YP, s) / _polynomial(table.Y0_YQ, s)
    near = near + 2 / math.pi * jnp.log(low) * _j0(low)
    return _below(x, near, _waves(0, x)[1])


@op("special", differentiable=False)
def bessel_y1(input: Array) -> jax.Array:
    """The Bessel function of the second kind, of order 1; minus infinity at 0, nan below."""
    x = _float("bessel_y1", input)
    low = jnp.minimum(x, 5)
    s = low * low
    near = low * _polynomial(table.Y1_YP, s) / _polynomial(table.Y1_YQ, s)
    near = near + 2 / math.pi * (_j1(low) * jnp.log(low) - 1 / low)
    return _below(x, near, _waves(1, x)[1])


@op("special", differentiable=False)
def spherical_bessel_j0(input: Array) -> jax.Array:
    """sin(input) / input, accurate near 0."""
    x = _float("spherical_bessel_j0", input)
    s = x * x
    series = _polynomial([(-1.0) ** k / math.factorial(2 * k + 1) for k in reversed(range(7))], s)
    small = jnp.abs(x) < 0.5
    ratio = jnp.sin(x) / jnp.where(small, 1, x)
    return jnp.where(jnp.isinf(x), 0, jnp.where(small, series, ratio)).astype(x.dtype)


# --- Airy's ---


@op("special", differentiable=False)
def airy_ai(input: Array) -> jax.Array:
    """Airy's function Ai: the solution of y'' = input y that vanishes at infinity."""
    x = _float("airy_ai", input)
    left = jnp.maximum(-x, 2)
    angle = 2 * left * jnp.sqrt(left) / 3
    z = 1 / angle
    s = z * z
    even = 1 + s * _polynomial(table.AIRY_AFN, s) / _polynomial(table.AIRY_AFD, s)
    odd = z * _polynomial(table.AIRY_AGN, s) / _polynomial(table.AIRY_AGD, s)
    turned = angle + math.pi / 4
    root = math.sqrt(1 / math.pi)
    waves = root / jnp.sqrt(jnp.sqrt(left)) * (jnp.sin(turned) * even - jnp.cos(turned) * odd)
    right = jnp.maximum(x, 2)
    decay = 2 * right * jnp.sqrt(right) / 3
    ratio = _polynomial(table.AIRY_AN, 1 / decay) / _polynomial(table.AIRY_AD, 1 / decay)
    falls = root * ratio / (2 * jnp.sqrt(jnp.sqrt(right)) * jnp.exp(decay))
    # Between, two power series: f = 1 + x^3 / (2 3) + ..., g = x + x^4 / (3 4) + ...
    middle = jnp.clip(x, -2.1, 2.1)
    cube = middle**3
    f = term_f = jnp.ones_like(x)
    g = term_g = middle
    for k in range(1, 16):
        term_f = term_f * cube / ((3 * k - 1) * (3 * k))
        term_g = term_g * cube / ((3 * k) * (3 * k + 1))
        f, g = f + term_f, g + term_g
    series = 0.355028053887817239260 * f - 0.258819403792806798405 * g
    result = jnp.where(x < -2.09, waves, jnp.where(x >= 2.09, falls, series))
    result = jnp.where(x > 103.892, 0, result)
    return jnp.where(jnp.isinf(x), jnp.nan, result).astype(x.dtype)
