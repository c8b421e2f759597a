"""Arithmetic, one element at a time.

Operands are promoted to a common type and broadcast to a common shape, both as PyTorch does it. Exponentials and their
like are in `transcendental.py`, the choice between elements in `choice.py`, comparisons, logic and bits in `logic.py`.
"""

from __future__ import annotations

import builtins
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, ArrayLike, Number, op
from lamina.ops.operands import (
    as_float,
    expand,
    is_complex,
    is_integral,
    is_tensor,
    match,
    match_float,
    match_floating,
    number_grad_name,
    only_numbers,
    only_real,
)


def _no_zero_division(divisor: Any, dtype: np.dtype) -> None:
    if promote.category(dtype) < 2 and isinstance(divisor, int) and divisor == 0:
        raise RuntimeError("ZeroDivisionError")


def _is_one(number: Any) -> bool:
    return isinstance(number, (int, float)) and not isinstance(number, bool) and number == 1


def _scale(number: Any, dtype: np.dtype, name: str) -> Array:
    """The factor `alpha` or `value` of an operation, as an array of the result's type."""
    kind = promote.category(promote.result_type(number))
    if kind == 0 and dtype != np.bool_:
        raise RuntimeError(f"Boolean {name} only supported for Boolean results.")
    if kind > promote.category(dtype) and kind == 2 and name == "alpha":
        raise RuntimeError(f"For integral input tensors, argument {name} must not be a floating point number.")
    return promote.cast(number, dtype)


# Sums, products and quotients


@op(inplace=True, saves=False)
def add(input: ArrayLike, other: ArrayLike, *, alpha: Number = 1) -> Array:
    """input + alpha * other. Shapes broadcast; the result's type fits both.

    >>> import lamina
    >>> lamina.add(lamina.tensor([1., 2.]), lamina.tensor([[10.], [20.]]))
    tensor([[11., 12.],
            [21., 22.]])
    """
    x, y = match(input, other)
    if not _is_one(alpha):
        factor = jnp.broadcast_to(_scale(alpha, y.dtype, "alpha"), y.shape)
        y = lax.bitwise_and(y, factor) if y.dtype == np.bool_ else lax.mul(y, factor)
    return lax.bitwise_or(x, y) if x.dtype == np.bool_ else lax.add(x, y)


def _subtract(x: Any, y: Any, alpha: Any) -> Array:
    bools = [promote.result_type(operand) == np.bool_ for operand in (x, y)]
    if any(bools):
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. "
            "Use the `^` or `logical_xor()` operator instead."
            if all(bools)
            else "Subtraction, the `-` operator, with a bool tensor is not supported. "
            "If you are trying to invert a mask, use the `~` or `logical_not()` operator instead."
        )
    x, y = match(x, y)
    return lax.sub(x, y if _is_one(alpha) else y * _scale(alpha, y.dtype, "alpha"))


@op(inplace=True, saves=False, aliases=("subtract",))
def sub(input: ArrayLike, other: ArrayLike, *, alpha: Number = 1) -> Array:
    """input - alpha * other. Shapes broadcast; the result's type fits both."""
    return _subtract(input, other, alpha)


@op("lamina", saves=False, grad_name=number_grad_name("Rsub", 0, 1))
def rsub(input: Array, other: ArrayLike, *, alpha: Number = 1) -> Array:
    """other - alpha * input."""
    return _subtract(other, input, alpha)


@op(inplace=True, aliases=("multiply",))
def mul(input: ArrayLike, other: ArrayLike) -> Array:
    """input * other. Shapes broadcast; the result's type fits both."""
    x, y = match(input, other)
    return lax.bitwise_and(x, y) if x.dtype == np.bool_ else lax.mul(x, y)


def _div_grad_name(input: Any, other: Any, *, rounding_mode: str | None = None) -> str:
    return "DivBackward0" if rounding_mode is None else "DivBackward2"


@op(inplace=True, aliases=("divide",), grad_name=_div_grad_name)
def div(input: ArrayLike, other: ArrayLike, *, rounding_mode: str | None = None) -> Array:
    """input / other. Shapes broadcast.

    Args:
        rounding_mode: None gives the quotient, floating also for integers; "trunc" rounds it toward zero and
            "floor" downward, both in the common type of the operands.
    """
    if rounding_mode is None:
        return divided(*match_float(input, other))
    if rounding_mode not in ("trunc", "floor"):
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
        )
    x, y = match(input, other)
    only_numbers("div", x)
    _no_zero_division(other, x.dtype)
    if rounding_mode == "floor":
        return floor_quotient(x, y)
    return lax.div(x, y) if is_integral(x) else toward_zero(lax.div(x, y))


@op(inplace=True, grad_name="DivBackward0")
def true_divide(input: ArrayLike, other: ArrayLike) -> Array:
    """input / other; integers give floating results."""
    return divided(*match_float(input, other))


def divided(x: Array, y: Array) -> Array:
    """x / y, floating; of half types rounded once: XLA would round the reciprocal of a constant y to the type first."""
    if x.dtype.itemsize > 2:
        return lax.div(x, y)
    return lax.div(x.astype(np.float32), y.astype(np.float32)).astype(x.dtype)


def toward_zero(x: Array) -> Array:
    """x, floating, without what follows the point."""
    return jnp.where(x < 0, lax.ceil(x), lax.floor(x))


def floor_quotient(x: Array, y: Array) -> Array:
    """x / y rounded downward, of arrays of one type and shape."""
    if is_integral(x):
        quotient, rest = lax.div(x, y), lax.rem(x, y)
        return jnp.where((rest != 0) & ((rest < 0) != (y < 0)), quotient - 1, quotient)
    # floor(x / y) is off by one where the rounded quotient reaches the next integer; the remainder is exact.
    x, y = lax.stop_gradient(x), lax.stop_gradient(y)
    quotient = lax.div(x, y)
    rest = lax.rem(x, y)
    exact = (x - rest) / y
    exact = jnp.where((rest != 0) & ((y < 0) != (rest < 0)), exact - 1, exact)
    down = lax.floor(exact)
    down = jnp.where(exact - down > 0.5, down + 1, down)
    signed_zero = jnp.where(quotient < 0, -jnp.zeros_like(x), jnp.zeros_like(x))
    return jnp.where(y == 0, quotient, jnp.where(exact != 0, down, signed_zero))


@op(inplace=True, differentiable=False)
def floor_divide(input: ArrayLike, other: ArrayLike) -> Array:
    """The quotient input / other rounded downward, in the common type of the operands. It passes no gradient."""
    x, y = match(input, other)
    only_numbers("floor_divide", x)
    _no_zero_division(other, x.dtype)
    return floor_quotient(x, y)


@op(inplace=True, grad_name=number_grad_name("Remainder", 1, 0))
def remainder(input: ArrayLike, other: ArrayLike) -> Array:
    """input - floor(input / other) * other: the remainder with the sign of `other`, as Python's `%`."""
    x, y = match(input, other)
    only_numbers("remainder", x)
    _no_zero_division(other, x.dtype)
    rest = lax.rem(x, y)
    return jnp.where((rest != 0) & ((rest < 0) != (y < 0)), rest + y, rest)


@op(inplace=True, grad_name=number_grad_name("Fmod", 1, 0))
def fmod(input: Array, other: ArrayLike) -> Array:
    """input - trunc(input / other) * other: the remainder with the sign of `input`, as C's `fmod`."""
    x, y = match(input, other)
    only_numbers("fmod", x)
    _no_zero_division(other, x.dtype)
    return lax.rem(x, y)


@op(inplace=True)
def addcmul(input: Array, tensor1: Array, tensor2: Array, *, value: Number = 1) -> Array:
    """input + value * tensor1 * tensor2. Shapes broadcast."""
    x, a, b = match(input, tensor1, tensor2)
    product = lax.mul(a, b)
    return lax.add(x, product if _is_one(value) else product * _scale(value, x.dtype, "value"))


@op(inplace=True)
def addcdiv(input: Array, tensor1: Array, tensor2: Array, *, value: Number = 1) -> Array:
    """input + value * tensor1 / tensor2, for floating types. Shapes broadcast."""
    if is_integral(tensor1) and is_integral(tensor2):
        raise RuntimeError(
            "Integer division with addcdiv is no longer supported, and in a future release addcdiv will perform a "
            "true division of tensor1 and tensor2. The historic addcdiv behavior can be implemented as "
            "(input + value * torch.trunc(tensor1 / tensor2)).to(input.dtype) for integer inputs and as "
            "(input + value * tensor1 / tensor2) for float inputs. The future addcdiv behavior is just the latter "
            "implementation: (input + value * tensor1 / tensor2), for all dtypes."
        )
    x, a, b = match(input, tensor1, tensor2)
    quotient = lax.div(a, b) if _is_one(value) else _scale(value, x.dtype, "value") * a / b
    return lax.add(x, quotient)


@op(inplace=True, grad_name=lambda input, end, weight: f"LerpBackward{1 if is_tensor(weight) else 0}")
def lerp(input: Array, end: Array, weight: ArrayLike) -> Array:
    """input + weight * (end - input): between the two, `input` at weight 0 and `end` at weight 1. Shapes broadcast."""
    operands: tuple[tuple[str, Any], ...] = (("end", end), ("weight", weight))
    for name, x in operands:
        if not promote.is_number(x) and x.dtype != input.dtype:
            expected, got = check.type_name(input.dtype).lower(), check.type_name(x.dtype).lower()
            raise RuntimeError(f"expected dtype {expected} for `{name}` but got dtype {got}")
    if is_integral(input):
        raise NotImplementedError(f"\"lerp\" not implemented for '{check.type_name(input.dtype)}'")
    start, end, weight = expand((input, end, promote.cast(weight, input.dtype)))
    # From the nearer end, so that both ends are met exactly.
    from_start = lax.abs(weight) < 0.5
    return jnp.where(from_start, start + weight * (end - start), end - (end - start) * (1 - weight))


# Powers


@jax.custom_jvp
def _power(x: Array, y: Array) -> Array:
    """x ** y for floating and complex numbers with PyTorch's gradients where JAX's are NaN: x ** 0, and log(0) * 0."""
    return lax.pow(x, y)


def _power_jvp(primals: Any, tangents: Any) -> Any:
    x, y = primals
    dx, dy = tangents
    result = _power(x, y)
    tangent = jnp.zeros_like(result)
    if type(dx) is not jax.custom_derivatives.SymbolicZero:
        slope = y * _power(x, jnp.where(y == 0, jnp.ones_like(y), y) - 1)
        tangent += dx * jnp.where(y == 0, jnp.zeros_like(slope), slope)
    if type(dy) is not jax.custom_derivatives.SymbolicZero:
        flat = (x == 0) & ((lax.real(y) if is_complex(y) else y) >= 0)
        slope = result * lax.log(jnp.where(flat, jnp.ones_like(x), x))
        tangent += dy * jnp.where(flat, jnp.zeros_like(slope), slope)
    return result, tangent


_power.defjvp(_power_jvp, symbolic_zeros=True)


def _integer_power(x: Array, y: Array) -> Array:
    power = jnp.power(x, jnp.maximum(y, 0))
    if not jnp.issubdtype(x.dtype, jnp.signedinteger):
        return power
    reciprocal = jnp.where(x == 1, 1, jnp.where(x == -1, 1 - 2 * (y & 1), 0)).astype(x.dtype)
    return jnp.where(y < 0, reciprocal, power)


def _power_of(base: Any, exponent: Any) -> Array:
    dtype = promote.result_type(base, exponent)
    if promote.category(dtype) < 2:
        if isinstance(exponent, int) and exponent < 0:
            raise RuntimeError("Integers to negative integer powers are not allowed.")
        x, y = match(base, exponent)
        if dtype == np.bool_:
            if isinstance(exponent, bool):
                return x if exponent else jnp.ones_like(x)
            raise NotImplementedError("\"pow\" not implemented for 'Bool'")
        return lax.integer_pow(x, exponent) if isinstance(exponent, int) else _integer_power(x, y)
    if isinstance(exponent, (int, float)):
        x = promote.cast(base, dtype)
        if exponent in (1, 2, 3, -1, -2):
            return lax.integer_pow(x, int(exponent))
        if exponent == 0.5:
            return lax.sqrt(x)
        if exponent == -0.5:
            return lax.rsqrt(x)
    return _power(*match(base, exponent))


def _pow_grad_name(input: Any, exponent: Any) -> str:
    return f"PowBackward{0 if not is_tensor(exponent) else 1 if is_tensor(input) else 2}"


@op(inplace=True, grad_name=_pow_grad_name)
def pow(input: ArrayLike, exponent: ArrayLike) -> Array:
    """input ** exponent. Shapes broadcast.

    The gradient is 0 for an exponent of 0, and with respect to the exponent where `input` is 0.

    >>> import lamina
    >>> lamina.pow(2, lamina.tensor([1., 2., 3.]))
    tensor([2., 4., 8.])
    """
    return _power_of(input, exponent)


@op("", grad_name=number_grad_name("Pow", 1, 2))
def rpow(input: ArrayLike, other: ArrayLike) -> Array:
    """other ** input: what Python calls for `2 ** x`."""
    return _power_of(other, input)


@op(inplace=True, grad_name=lambda input, exponent: _pow_grad_name(input, exponent))
def float_power(input: ArrayLike, exponent: ArrayLike) -> Array:
    """input ** exponent, in float64 (complex128 for complex numbers)."""
    wide = np.dtype(np.complex128 if promote.category(promote.result_type(input, exponent)) == 3 else np.float64)
    x, y = (x if isinstance(x, (int, float)) else promote.cast(x, wide) for x in (input, exponent))
    return promote.cast(_power_of(x, y) if hasattr(x, "ndim") else _power_of(promote.cast(x, wide), y), wide)


@op(inplace=True, grad_name="PowBackward0")
def square(input: Array) -> Array:
    """input ** 2."""
    return _power_of(input, 2)


@op(inplace=True)
def sqrt(input: Array) -> Array:
    """The square root; NaN for negative numbers."""
    return lax.sqrt(as_float(input))


@op(inplace=True)
def rsqrt(input: Array) -> Array:
    """1 / sqrt(input)."""
    return lax.rsqrt(as_float(input))


@op(inplace=True)
def reciprocal(input: Array) -> Array:
    """1 / input."""
    return lax.integer_pow(as_float(input), -1)


@op(inplace=True)
def hypot(input: Array, other: Array) -> Array:
    """sqrt(input^2 + other^2), without overflow on the way. Shapes broadcast."""
    return _hypot(*match_floating("hypot", input, other))


@jax.custom_jvp
def _hypot(x: Array, y: Array) -> Array:
    return jnp.hypot(x, y)


_hypot.defjvps(lambda t, result, x, y: t * (x / result), lambda t, result, x, y: t * (y / result))


# Signs and rounding


@op(inplace=True, saves=False, aliases=("negative",))
def neg(input: Array) -> Array:
    """-input."""
    if input.dtype == np.bool_:
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. "
            "If you are trying to invert a mask, use the `~` or `logical_not()` operator instead."
        )
    return lax.neg(input)


@op(saves=False)
def positive(input: Array) -> Array:
    """The input itself; what Python calls for `+x`."""
    if input.dtype == np.bool_:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


@jax.custom_jvp
def _magnitude(x: Array) -> Array:
    return lax.abs(x)


# PyTorch's gradient at 0 is 0, JAX's 1.
_magnitude.defjvps(lambda t, result, x: t * _sign(x))


@op(inplace=True, aliases=("absolute",))
def abs(input: Array) -> Array:
    """The absolute value, of complex numbers the modulus. Its gradient at 0 is 0."""
    if input.dtype == np.bool_:
        raise NotImplementedError("\"abs_cpu\" not implemented for 'Bool'")
    if input.dtype == np.uint8:
        return input
    return _magnitude(input) if promote.category(input.dtype) == 2 else lax.abs(input)


@op(inplace=True, saves=False)
def sign(input: Array) -> Array:
    """-1, 0 or 1, in the input's type."""
    if is_complex(input):
        raise NotImplementedError("sign is not defined for complex numbers. Use sgn: input / |input|.")
    return _sign(input)


def _sign(x: Array) -> Array:
    if x.dtype == np.bool_:
        return x
    sign = lax.sign(x)
    # PyTorch's sign of NaN is 0.
    return jnp.where(x != x, jnp.zeros_like(x), sign) if not is_integral(x) else sign


@op(inplace=True)
def sgn(input: Array) -> Array:
    """input / |input|, and 0 at 0: `sign`, also for complex numbers."""
    if not is_complex(input):
        return _sign(input)
    # JAX's own gives no gradient.
    zero = input == 0
    return jnp.where(zero, input, input / lax.abs(jnp.where(zero, jnp.ones_like(input), input)))


@op(inplace=True, grad_name=number_grad_name("Copysign", 0, 1))
def copysign(input: Array, other: ArrayLike) -> Array:
    """The magnitude of `input` with the sign of `other`. Shapes broadcast."""
    x, y = match_float(input, other)
    only_real("copysign", x)
    magnitude = _magnitude(x)
    return jnp.where(jnp.signbit(y), -magnitude, magnitude)


@op(inplace=True, saves=False)
def floor(input: Array) -> Array:
    """Rounded downward to an integer, in the input's type."""
    only_numbers("floor", input)
    return input if is_integral(input) else lax.floor(input)


@op(inplace=True, saves=False)
def ceil(input: Array) -> Array:
    """Rounded upward to an integer, in the input's type."""
    only_numbers("ceil", input)
    return input if is_integral(input) else lax.ceil(input)


@op(inplace=True, saves=False, aliases=("fix",))
def trunc(input: Array) -> Array:
    """Rounded toward zero to an integer, in the input's type."""
    only_numbers("trunc", input)
    return input if is_integral(input) else toward_zero(input)


@op(
    "lamina Tensor special",
    inplace=True,
    saves=False,
    grad_name=lambda input, *, decimals=0: f"RoundBackward{1 if decimals else 0}",
)
def round(input: Array, *, decimals: int = 0) -> Array:
    """Rounded to the nearest integer, halves to the even one; with `decimals`, to that many digits after the point.

    >>> import lamina
    >>> lamina.round(lamina.tensor([0.5, 1.5, 2.5]))
    tensor([0., 2., 2.])
    """
    only_numbers("round", input)
    if is_integral(input):
        if decimals:
            raise NotImplementedError(f"\"round_cpu\" not implemented for '{check.type_name(input.dtype)}'")
        return input
    if decimals == 0:
        return lax.round(input, lax.RoundingMethod.TO_NEAREST_EVEN)
    scale = 10.0 ** builtins.abs(decimals)
    scaled = input * scale if decimals > 0 else input / scale
    rounded = lax.round(scaled, lax.RoundingMethod.TO_NEAREST_EVEN)
    return lax.stop_gradient(rounded / scale if decimals > 0 else rounded * scale)


@op(inplace=True, saves=False)
def frac(input: Array) -> Array:
    """input - trunc(input)."""
    if promote.category(input.dtype) != 2:
        raise NotImplementedError(f"\"frac_cpu\" not implemented for '{check.type_name(input.dtype)}'")
    return input - toward_zero(input)
