"""Functions around gamma, zeta and the normal distribution, one element at a time."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from lamina.ops import transcendental
from lamina.ops.op import Array, ArrayLike, op
from lamina.ops.operands import as_real_float, in_float32, is_tensor, match_float, match_floating, only_real

# --- gamma ---


@op("special", grad_name="LgammaBackward0")
def gammaln(input: Array) -> jax.Array:
    """See `lamina.lgamma`."""
    return transcendental.lgamma(input)


@op("special", grad_name="DigammaBackward0")
def psi(input: Array) -> jax.Array:
    """See `lamina.digamma`."""
    return transcendental.digamma(input)


@op("special", grad_name="SigmoidBackward0")
def expit(input: Array) -> jax.Array:
    """See `lamina.sigmoid`."""
    return transcendental.sigmoid(input)


_MOST_STEPS = 4096


@jax.custom_vjp
def _zeta(x: Array, q: Array) -> jax.Array:
    """Below 0, where x must be whole, terms are added until what is left of the sum begins above 0.

    There it takes a step for each whole number; for q below -4096 the result is nan.
    """
    below = (q < 0) & (q != jnp.floor(q)) & (q > -_MOST_STEPS)

    def more(state: tuple[jax.Array, jax.Array]) -> jax.Array:
        return jnp.any(below & (state[0] < 0))

    def add(state: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        place, total = state
        now = below & (place < 0)
        return jnp.where(now, place + 1, place), jnp.where(now, total + place**-x, total)

    place, total = lax.while_loop(more, add, (q, jnp.zeros_like(q)))
    result = total + lax.zeta(jnp.where(place > 0, x, 2), jnp.where(place > 0, place, 1))
    result = jnp.where((q < 0) & ((x != jnp.floor(x)) | (q <= -_MOST_STEPS)), jnp.nan, result)
    result = jnp.where((q <= 0) & (q == jnp.floor(q)), jnp.inf, result)
    return jnp.where(x < 1, jnp.nan, jnp.where(x == 1, jnp.inf, result)).astype(q.dtype)


# As in PyTorch there is no derivative by x: there it is an error, here nan.
_zeta.defvjp(
    lambda x, q: (_zeta(x, q), (x, q)),
    lambda saved, grad: (jnp.full_like(grad, jnp.nan), grad * -saved[0] * _zeta(saved[0] + 1, saved[1])),
)


def _polygamma(n: int, x: Array) -> jax.Array:
    if n == 0:
        return transcendental.digamma(x)

    @jax.custom_jvp
    def value(x: Array) -> jax.Array:
        if n == 1:
            return transcendental.trigamma(x)
        factor = (1 if n % 2 else -1) * math.factorial(n)
        return factor * _zeta(jnp.full_like(x, n + 1), x)

    value.defjvps(lambda t, result, x: t * _polygamma(n + 1, x))
    return value(x)


@op("Tensor", inplace=True, grad_name="PolygammaBackward0")
def polygamma(input: Array, n: int) -> jax.Array:
    """The n-th derivative of `digamma`."""
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return in_float32("polygamma", lambda x: _polygamma(n, x), input)


@op("lamina Tensor", inplace=True)
def mvlgamma(input: Array, p: int) -> jax.Array:
    """The logarithm of the gamma function of p dimensions: p (p - 1) / 4 log(pi), plus the sum of
    lgamma(input - j / 2) over j from 0 to below p. Defined above (p - 1) / 2.
    """
    return _mvlgamma("mvlgamma", input, p)


@op("special", grad_name="MvlgammaBackward0")
def multigammaln(input: Array, p: int) -> jax.Array:
    """See `lamina.mvlgamma`."""
    return _mvlgamma("multigammaln", input, p)


def _mvlgamma(name: str, input: Array, p: int) -> jax.Array:
    if p < 1:
        raise RuntimeError(f"{name}: p has to be greater than or equal to 1")
    x = as_real_float(name, input)
    places = -jnp.arange(p, dtype=x.dtype) / 2
    return jnp.sum(transcendental.lgamma(x[..., None] + places), -1) + p * (p - 1) / 4 * math.log(math.pi)


def _lower(name: str, input: Array, other: Array) -> jax.Array:
    a, x = match_floating(name, input, other)
    inside = (a > 0) & (x > 0) & jnp.isfinite(a) & jnp.isfinite(x)
    result = lax.igamma(jnp.where(inside, a, 1), jnp.where(inside, x, 1))
    return jnp.where(inside, result, _edge(a, x)).astype(a.dtype)


def _edge(a: Array, x: Array) -> jax.Array:
    """The lower function where a or x is 0, infinite or out of range."""
    edge = jnp.where(jnp.isinf(x), jnp.where(jnp.isinf(a), jnp.nan, 1), jnp.where(jnp.isinf(a), 0, jnp.nan))
    edge = jnp.where((x == 0) & (a > 0), 0, jnp.where((a == 0) & (x > 0), 1, edge))
    return jnp.where((a < 0) | (x < 0) | jnp.isnan(a) | jnp.isnan(x), jnp.nan, edge)


def _upper(name: str, input: Array, other: Array) -> jax.Array:
    a, x = match_floating(name, input, other)
    inside = (a > 0) & (x > 0) & jnp.isfinite(a) & jnp.isfinite(x)
    result = lax.igammac(jnp.where(inside, a, 1), jnp.where(inside, x, 1))
    return jnp.where(inside, result, 1 - _edge(a, x)).astype(a.dtype)


@op(inplace=True)
def igamma(input: Array, other: Array) -> jax.Array:
    """The lower incomplete gamma function: the integral of t^(input - 1) exp(-t) from 0 to other, divided by
    gamma(input). Shapes broadcast.
    """
    return _lower("igamma", input, other)


@op(inplace=True)
def igammac(input: Array, other: Array) -> jax.Array:
    """1 - igamma(input, other), accurate where that is small. Shapes broadcast."""
    return _upper("igammac", input, other)


@op("special", grad_name="IgammaBackward0")
def gammainc(input: Array, other: Array) -> jax.Array:
    """See `lamina.igamma`."""
    return _lower("igamma", input, other)


@op("special", grad_name="IgammacBackward0")
def gammaincc(input: Array, other: Array) -> jax.Array:
    """See `lamina.igammac`."""
    return _upper("igammac", input, other)


def _two(name: str) -> Any:
    """The name of a gradient: 0 for two tensors, 1 if the first operand is a number, 2 if the second is."""

    def grad_name(input: Any, other: Any) -> str:
        return f"{name}Backward{0 if is_tensor(input) and is_tensor(other) else 2 if is_tensor(input) else 1}"

    return grad_name


@op("special", grad_name=_two("SpecialZeta"))
def zeta(input: ArrayLike, other: ArrayLike) -> jax.Array:
    """Hurwitz's zeta function: the sum of (k + other)^-input over k from 0. Shapes broadcast.

    Its gradient by input is nan: none is known. So is the result for `other` of -4096 and below, but for whole numbers.
    """
    x, q = match_float(input, other)
    only_real("zeta", x)
    return _zeta(x, q)


# --- entropy ---


@jax.custom_jvp
def _entr(x: Array) -> jax.Array:
    inside = x > 0
    value = -x * jnp.log(jnp.where(inside, x, 1))
    return jnp.where(jnp.isnan(x), x, jnp.where(inside, value, jnp.where(x == 0, 0, -jnp.inf))).astype(x.dtype)


_entr.defjvps(lambda t, result, x: t * -(1 + jnp.log(x)))


@op("special", grad_name="SpecialEntrBackward0")
def entr(input: Array) -> jax.Array:
    """-input log(input); 0 at 0, minus infinity below."""
    return _entr(as_real_float("entr", input))


@op("special", grad_name=_two("SpecialXlog1Py"))
def xlog1py(input: ArrayLike, other: ArrayLike) -> jax.Array:
    """input log(1 + other), and 0 where `input` is 0. Shapes broadcast."""
    x, y = match_float(input, other)
    only_real("xlog1py", x)
    no_matter = (x == 0) & ((y <= -1) | (y == math.inf))
    return x * jnp.log1p(jnp.where(no_matter, jnp.zeros_like(y), y))


# --- the normal distribution ---

_P = (2.46196981473530512524e-10, 5.64189564831068821977e-1, 7.46321056442269912687, 4.86371970985681366614e1,
      1.96520832956077098242e2, 5.26445194995477358631e2, 9.34528527171957607540e2, 1.02755188689515710272e3,
      5.57535335369399327526e2)  # fmt: skip
_Q = (1.0, 1.32281951154744992508e1, 8.67072140885989742329e1, 3.54937778887819891062e2, 9.75708501743205489753e2,
      1.82390916687909736289e3, 2.24633760818710981792e3, 1.65666309194161350182e3,
      5.57535340817727675546e2)  # fmt: skip
_R = (5.64189583547755073984e-1, 1.27536670759978104416, 5.01905042251180477414, 6.16021097993053585195,
      7.40974269950448939160, 2.97886665372100240670)  # fmt: skip
_S = (1.0, 2.26052863220117276590, 9.39603524938001434673, 1.20489539808096656605e1, 1.70814450747565897222e1,
      9.60896809063285878198, 3.36907645100081516050)  # fmt: skip
"""erfcx from 1 to 8, and above. Source: S. Moshier, Cephes mathematical library."""


def _ratio(above: tuple[float, ...], below: tuple[float, ...], x: Array) -> jax.Array:
    return jnp.polyval(jnp.asarray(above, x.dtype), x) / jnp.polyval(jnp.asarray(below, x.dtype), x)


@jax.custom_jvp
def _erfcx(x: Array) -> jax.Array:
    size = jnp.abs(x)
    low, mid, high = jnp.minimum(size, 1), jnp.clip(size, 1, 8), jnp.clip(size, 8, 50)
    far = jnp.maximum(size, 50)
    s = 1 / (far * far)
    asymptotic = (1 - s / 2 + 0.75 * s * s) / (far * math.sqrt(math.pi))
    value = jnp.where(size < 50, _ratio(_R, _S, high), asymptotic)
    value = jnp.where(size < 8, _ratio(_P, _Q, mid), value)
    value = jnp.where(size < 1, jnp.exp(low * low) * lax.erfc(low), value)
    value = jnp.where(x < 0, 2 * jnp.exp(x * x) - value, value)
    return jnp.where(jnp.isnan(x), x, value)


_erfcx.defjvps(lambda t, result, x: t * (2 * x * result - 2 / math.sqrt(math.pi)))


@op("special", grad_name="SpecialErfcxBackward0")
def erfcx(input: Array) -> jax.Array:
    """exp(input^2) erfc(input), without underflow."""
    return in_float32("erfcx", _erfcx, input)


@op("special", grad_name="MulBackward1")
def ndtr(input: Array) -> jax.Array:
    """The distribution function of the standard normal distribution: (1 + erf(input / sqrt(2))) / 2."""
    return (1 + lax.erf(as_real_float("ndtr", input) * math.sqrt(0.5))) * 0.5


@jax.custom_jvp
def _log_ndtr(x: Array) -> jax.Array:
    t = x * math.sqrt(0.5)
    low = jnp.minimum(t, -0.5)
    return jnp.where(x < -1, jnp.log(_erfcx(-low) / 2) - low * low, jnp.log1p(-lax.erfc(jnp.maximum(t, -1)) / 2))


_log_ndtr.defjvps(lambda t, result, x: t * math.sqrt(2 / math.pi) / _erfcx(-x * math.sqrt(0.5)))


@op("special", grad_name="SpecialLogNdtrBackward0")
def log_ndtr(input: Array) -> jax.Array:
    """The logarithm of `ndtr`, accurate in both tails."""
    return in_float32("log_ndtr", _log_ndtr, input)


@jax.custom_jvp
def _ndtri(p: Array) -> jax.Array:
    return jax.scipy.special.ndtri(p)


_ndtri.defjvps(lambda t, result, p: t * math.sqrt(2 * math.pi) * jnp.exp(result * result / 2))


@op("special", grad_name="SpecialNdtriBackward0")
def ndtri(input: Array) -> jax.Array:
    """The inverse of `ndtr`: minus infinity at 0, infinity at 1, nan outside."""
    return in_float32("ndtri", _ndtri, input)
