"""Orthogonal polynomials, by their recurrences; Chebyshev's of high degree on (-1, 1) by sines and cosines."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax

from lamina.ops import check
from lamina.ops.op import Array, ArrayLike, op
from lamina.ops.operands import match_float, only_real

_Step = Callable[[jax.Array, jax.Array, jax.Array], jax.Array]


def _operands(name: str, input: ArrayLike, n: ArrayLike) -> tuple[jax.Array, jax.Array]:
    """The points, and the degrees as whole numbers."""
    x, degree = match_float(input, n)
    only_real(name, x)
    if x.dtype.itemsize == 2:
        raise NotImplementedError(f"\"{name}_cpu\" not implemented for '{check.type_name(x.dtype)}'")
    return x, degree.astype(jnp.int64)


def _recurred(x: Array, n: Array, first: Array, step: _Step, most: Array) -> jax.Array:
    """The polynomial of degree n: 1, first, and step(k, before, last) for degree k + 1, up to degree `most`."""
    State = tuple[jax.Array, jax.Array, jax.Array, jax.Array]

    def more(state: State) -> jax.Array:
        return state[0] < most

    def next_degree(state: State) -> State:
        k, before, last, result = state
        following = step(k.astype(x.dtype), before, last)
        return k + 1, last, following, jnp.where(n == k + 1, following, result)

    start = jnp.where(n == 0, jnp.ones_like(x), first)
    found = lax.while_loop(more, next_degree, (jnp.ones((), n.dtype), jnp.ones_like(x), first, start))[3]
    return jnp.where(n < 0, jnp.zeros_like(x), found)


def _highest(n: Array) -> jax.Array:
    return jnp.max(n, initial=0)


# --- Chebyshev's ---


def _chebyshev(kind: str, x: Array, n: Array, above: int) -> jax.Array:
    """The four kinds differ in their second polynomial, in their ends, and in what they are of the angle acos(x)."""
    angle = jnp.arccos(jnp.clip(x, -1, 1))
    real = n.astype(x.dtype)
    odd = jnp.where(n % 2 == 0, 1, -1).astype(x.dtype)
    one = jnp.ones_like(x)
    half = (real + 0.5) * angle
    sine, low, high = jnp.sin(angle), jnp.cos(angle / 2), jnp.sin(angle / 2)
    if kind == "t":
        first, top, bottom, waves = x, one, one, jnp.cos(real * angle)
    elif kind == "u":
        flat = (real + 1) * jnp.cos((real + 1) * angle) / jnp.where(x == 0, 1, x)
        waves = jnp.where(sine == 0, flat, jnp.sin((real + 1) * angle) / jnp.where(sine == 0, 1, sine))
        first, top, bottom = 2 * x, real + 1, real + 1
    elif kind == "v":
        waves = jnp.where(high == 1, odd * (2 * real + 1), jnp.cos(half) / jnp.where(high == 1, 1, low))
        first, top, bottom = 2 * x - 1, one, 2 * real + 1
    else:
        waves = jnp.where(low == 1, 2 * real + 1, jnp.sin(half) / jnp.where(low == 1, 1, high))
        first, top, bottom = 2 * x + 1, 2 * real + 1, one
    direct = (n > above) & (jnp.abs(x) < 1)
    most = _highest(jnp.where(direct | (jnp.abs(x) == 1), 0, n))
    result = _recurred(x, n, first, lambda k, before, last: 2 * x * last - before, most)
    result = jnp.where(direct, waves, result)
    ends = jnp.where(x > 0, top, odd * bottom)
    return jnp.where((jnp.abs(x) == 1) & (n >= 0), ends, result)


@op("special", differentiable=False)
def chebyshev_polynomial_t(input: ArrayLike, n: ArrayLike) -> jax.Array:
    """Chebyshev's polynomial of the first kind, of degree n: cos(n acos(input)). Shapes broadcast."""
    return _chebyshev("t", *_operands("chebyshev_polynomial_t", input, n), 6)


@op("special", differentiable=False)
def chebyshev_polynomial_u(input: ArrayLike, n: ArrayLike) -> jax.Array:
    """Chebyshev's polynomial of the second kind, of degree n: sin((n + 1) a) / sin(a), a = acos(input)."""
    return _chebyshev("u", *_operands("chebyshev_polynomial_u", input, n), 8)


@op("special", differentiable=False)
def chebyshev_polynomial_v(input: ArrayLike, n: ArrayLike) -> jax.Array:
    """Chebyshev's polynomial of the third kind, of degree n: cos((n + 1/2) a) / cos(a / 2), a = acos(input)."""
    return _chebyshev("v", *_operands("chebyshev_polynomial_v", input, n), 8)


@op("special", differentiable=False)
def chebyshev_polynomial_w(input: ArrayLike, n: ArrayLike) -> jax.Array:
    """Chebyshev's polynomial of the fourth kind, of degree n: sin((n + 1/2) a) / sin(a / 2), a = acos(input)."""
    return _chebyshev("w", *_operands("chebyshev_polynomial_w", input, n), 8)


def _shifted(kind: str, input: ArrayLike, n: ArrayLike, above: int) -> jax.Array:
    x, degree = _operands(f"shifted_chebyshev_polynomial_{kind}", input, n)
    return _chebyshev(kind, 2 * x - 1, degree, above)


@op("special", differentiable=False)
def shifted_chebyshev_polynomial_t(input: ArrayLike, n: ArrayLike) -> jax.Array:
    """`chebyshev_polynomial_t` at 2 input - 1."""
    return _shifted("t", input, n, 6)


@op("special", differentiable=False)
def shifted_chebyshev_polynomial_u(input: ArrayLike, n: ArrayLike) -> jax.Array:
    """`chebyshev_polynomial_u` at 2 input - 1."""
    return _shifted("u", input, n, 6)


@op("special", differentiable=False)
def shifted_chebyshev_polynomial_v(input: ArrayLike, n: ArrayLike) -> jax.Array:
    """`chebyshev_polynomial_v` at 2 input - 1."""
    return _shifted("v", input, n, 6)


@op("special", differentiable=False)
def shifted_chebyshev_polynomial_w(input: ArrayLike, n: ArrayLike) -> jax.Array:
    """`chebyshev_polynomial_w` at 2 input - 1."""
    return _shifted("w", input, n, 4)


# --- Hermite's, Laguerre's, Legendre's ---


def _not_too_high(x: Array, n: Array, result: Array) -> jax.Array:
    """Nan where PyTorch stops counting: above degree 128 in float32, 512 in float64."""
    return jnp.where(n > (128 if x.dtype == jnp.float32 else 512), jnp.nan, result)


@op("special", differentiable=False)
def hermite_polynomial_h(input: ArrayLike, n: ArrayLike) -> jax.Array:
    """The physicists' Hermite polynomial of degree n: H[k + 1] = 2 input H[k] - 2 k H[k - 1]. Shapes broadcast."""
    x, n = _operands("hermite_polynomial_h", input, n)
    most = jnp.minimum(_highest(n), 512)
    return _not_too_high(x, n, _recurred(x, n, 2 * x, lambda k, p, q: 2 * x * q - 2 * k * p, most))


@op("special", differentiable=False)
def hermite_polynomial_he(input: ArrayLike, n: ArrayLike) -> jax.Array:
    """The probabilists' Hermite polynomial of degree n: He[k + 1] = input He[k] - k He[k - 1]. Shapes broadcast."""
    x, n = _operands("hermite_polynomial_he", input, n)
    most = jnp.minimum(_highest(n), 512)
    return _not_too_high(x, n, _recurred(x, n, x, lambda k, p, q: x * q - k * p, most))


@op("special", differentiable=False)
def laguerre_polynomial_l(input: ArrayLike, n: ArrayLike) -> jax.Array:
    """Laguerre's polynomial of degree n: (k + 1) L[k + 1] = (2 k + 1 - input) L[k] - k L[k - 1]. Shapes broadcast."""
    x, n = _operands("laguerre_polynomial_l", input, n)
    return _recurred(x, n, 1 - x, lambda k, p, q: ((2 * k + 1 - x) * q - k * p) / (k + 1), _highest(n))


@op("special", differentiable=False)
def legendre_polynomial_p(input: ArrayLike, n: ArrayLike) -> jax.Array:
    """Legendre's polynomial of degree n: (k + 1) P[k + 1] = (2 k + 1) input P[k] - k P[k - 1]. Shapes broadcast."""
    x, n = _operands("legendre_polynomial_p", input, n)
    return _recurred(x, n, x, lambda k, p, q: ((2 * k + 1) * x * q - k * p) / (k + 1), _highest(n))
