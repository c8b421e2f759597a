"""Arithmetic and elementary functions, one element at a time.

Operands are promoted to a common type and broadcast to a common shape, both as PyTorch does it. Comparisons, logic and
bits are in `logic.py`.
"""

from __future__ import annotations

import builtins
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, ArrayLike, Number, op


def _expand(arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    shape = check.broadcast(*arrays)
    ndim = len(shape)
    return tuple(
        x if x.shape == shape else lax.broadcast_in_dim(x, shape, tuple(range(ndim - x.ndim, ndim))) for x in arrays
    )


def match(*operands: Any) -> tuple[Array, ...]:
    """The operands as arrays of one type and one shape."""
    return _expand(promote.promote(*operands))


def match_float(*operands: Any) -> tuple[Array, ...]:
    """Like `match`; integers and bools become the default floating type."""
    return _expand(promote.promote_float(*operands))


def _float(x: Array) -> Array:
    return promote.promote_float(x)[0]


def _is_integral(x: Array) -> bool:
    return promote.category(x.dtype) < 2


def _is_complex(x: Array) -> bool:
    return promote.category(x.dtype) == 3


def _real_float(name: str, x: Array, error: type[Exception] = NotImplementedError) -> Array:
    _only_real(name, x, error)
    return _float(x)


def _only_real(name: str, x: Array, error: type[Exception] = NotImplementedError) -> None:
    if _is_complex(x):
        raise error(f"{name}: not defined for complex numbers, got {x.dtype}.")


def _only_numbers(name: str, x: Array) -> None:
    _only_real(name, x)
    if x.dtype == np.bool_:
        raise NotImplementedError(f"\"{name}\" not implemented for 'Bool'")


def _match_floating(name: str, *arrays: Array) -> tuple[Array, ...]:
    arrays = match(*arrays)
    if promote.category(arrays[0].dtype) != 2:
        raise NotImplementedError(f"\"{name}_cpu\" not implemented for '{check.type_name(arrays[0].dtype)}'")
    return arrays


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


def _is_tensor(x: Any) -> bool:
    """Whether the argument of a `grad_name` function stands for a tensor, not for a Python number."""
    return hasattr(x, "shape") and not promote.is_number(x)


def _number_grad_name(name: str, for_tensor: int, for_number: int, operand: str = "other") -> Any:
    """`grad_fn` names that end in one digit if the second operand is a tensor, in another if it is a number."""

    def grad_name(*args: Any, **kwargs: Any) -> str:
        second = kwargs[operand] if operand in kwargs else args[1]
        return f"{name}Backward{for_tensor if _is_tensor(second) else for_number}"

    return grad_name


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


@op("lamina", saves=False, grad_name=_number_grad_name("Rsub", 0, 1))
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
        return lax.div(*match_float(input, other))
    if rounding_mode not in ("trunc", "floor"):
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
        )
    x, y = match(input, other)
    _only_numbers("div", x)
    _no_zero_division(other, x.dtype)
    if rounding_mode == "floor":
        return floor_quotient(x, y)
    return lax.div(x, y) if _is_integral(x) else toward_zero(lax.div(x, y))


@op(inplace=True, grad_name="DivBackward0")
def true_divide(input: ArrayLike, other: ArrayLike) -> Array:
    """input / other; integers give floating results."""
    return lax.div(*match_float(input, other))


def toward_zero(x: Array) -> Array:
    """x, floating, without what follows the point."""
    return jnp.where(x < 0, lax.ceil(x), lax.floor(x))


def floor_quotient(x: Array, y: Array) -> Array:
    """x / y rounded downward, of arrays of one type and shape."""
    if _is_integral(x):
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
    _only_numbers("floor_divide", x)
    _no_zero_division(other, x.dtype)
    return floor_quotient(x, y)


@op(inplace=True, grad_name=_number_grad_name("Remainder", 1, 0))
def remainder(input: ArrayLike, other: ArrayLike) -> Array:
    """input - floor(input / other) * other: the remainder with the sign of `other`, as Python's `%`."""
    x, y = match(input, other)
    _only_numbers("remainder", x)
    _no_zero_division(other, x.dtype)
    rest = lax.rem(x, y)
    return jnp.where((rest != 0) & ((rest < 0) != (y < 0)), rest + y, rest)


@op(inplace=True, grad_name=_number_grad_name("Fmod", 1, 0))
def fmod(input: Array, other: ArrayLike) -> Array:
    """input - trunc(input / other) * other: the remainder with the sign of `input`, as C's `fmod`."""
    x, y = match(input, other)
    _only_numbers("fmod", x)
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
    if _is_integral(tensor1) and _is_integral(tensor2):
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


@op(inplace=True, grad_name=lambda input, end, weight: f"LerpBackward{1 if _is_tensor(weight) else 0}")
def lerp(input: Array, end: Array, weight: ArrayLike) -> Array:
    """input + weight * (end - input): between the two, `input` at weight 0 and `end` at weight 1. Shapes broadcast."""
    operands: tuple[tuple[str, Any], ...] = (("end", end), ("weight", weight))
    for name, x in operands:
        if not promote.is_number(x) and x.dtype != input.dtype:
            expected, got = check.type_name(input.dtype).lower(), check.type_name(x.dtype).lower()
            raise RuntimeError(f"expected dtype {expected} for `{name}` but got dtype {got}")
    if _is_integral(input):
        raise NotImplementedError(f"\"lerp\" not implemented for '{check.type_name(input.dtype)}'")
    start, end, weight = _expand((input, end, promote.cast(weight, input.dtype)))
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
        flat = (x == 0) & ((lax.real(y) if _is_complex(y) else y) >= 0)
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
    return f"PowBackward{0 if not _is_tensor(exponent) else 1 if _is_tensor(input) else 2}"


@op(inplace=True, grad_name=_pow_grad_name)
def pow(input: ArrayLike, exponent: ArrayLike) -> Array:
    """input ** exponent. Shapes broadcast.

    The gradient is 0 for an exponent of 0, and with respect to the exponent where `input` is 0.

    >>> import lamina
    >>> lamina.pow(2, lamina.tensor([1., 2., 3.]))
    tensor([2., 4., 8.])
    """
    return _power_of(input, exponent)


@op("", grad_name=_number_grad_name("Pow", 1, 2))
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
    return lax.sqrt(_float(input))


@op(inplace=True)
def rsqrt(input: Array) -> Array:
    """1 / sqrt(input)."""
    return lax.rsqrt(_float(input))


@op(inplace=True)
def reciprocal(input: Array) -> Array:
    """1 / input."""
    return lax.integer_pow(_float(input), -1)


@op(inplace=True)
def hypot(input: Array, other: Array) -> Array:
    """sqrt(input^2 + other^2), without overflow on the way. Shapes broadcast."""
    return _hypot(*_match_floating("hypot", input, other))


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
    if _is_complex(input):
        raise NotImplementedError("sign is not defined for complex numbers. Use sgn: input / |input|.")
    return _sign(input)


def _sign(x: Array) -> Array:
    if x.dtype == np.bool_:
        return x
    sign = lax.sign(x)
    # PyTorch's sign of NaN is 0.
    return jnp.where(x != x, jnp.zeros_like(x), sign) if not _is_integral(x) else sign


@op(inplace=True)
def sgn(input: Array) -> Array:
    """input / |input|, and 0 at 0: `sign`, also for complex numbers."""
    if not _is_complex(input):
        return _sign(input)
    # JAX's own gives no gradient.
    zero = input == 0
    return jnp.where(zero, input, input / lax.abs(jnp.where(zero, jnp.ones_like(input), input)))


@op(inplace=True, grad_name=_number_grad_name("Copysign", 0, 1))
def copysign(input: Array, other: ArrayLike) -> Array:
    """The magnitude of `input` with the sign of `other`. Shapes broadcast."""
    x, y = match_float(input, other)
    _only_real("copysign", x)
    magnitude = _magnitude(x)
    return jnp.where(jnp.signbit(y), -magnitude, magnitude)


@op(inplace=True, saves=False)
def floor(input: Array) -> Array:
    """Rounded downward to an integer, in the input's type."""
    _only_numbers("floor", input)
    return input if _is_integral(input) else lax.floor(input)


@op(inplace=True, saves=False)
def ceil(input: Array) -> Array:
    """Rounded upward to an integer, in the input's type."""
    _only_numbers("ceil", input)
    return input if _is_integral(input) else lax.ceil(input)


@op(inplace=True, saves=False, aliases=("fix",))
def trunc(input: Array) -> Array:
    """Rounded toward zero to an integer, in the input's type."""
    _only_numbers("trunc", input)
    return input if _is_integral(input) else toward_zero(input)


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
    _only_numbers("round", input)
    if _is_integral(input):
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


# Exponentials and logarithms


@op(inplace=True)
def exp(input: Array) -> Array:
    """e to the power of the input."""
    return lax.exp(_float(input))


@op("lamina Tensor special", inplace=True)
def exp2(input: Array) -> Array:
    """2 to the power of the input."""
    return lax.exp2(_float(input))


@op("lamina Tensor special", inplace=True)
def expm1(input: Array) -> Array:
    """exp(input) - 1, accurate near 0."""
    return lax.expm1(_float(input))


@op(inplace=True)
def log(input: Array) -> Array:
    """The natural logarithm."""
    return lax.log(_float(input))


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
    return _log2(_float(input))


@op(inplace=True)
def log10(input: Array) -> Array:
    """The logarithm to base 10."""
    return _log10(_float(input))


@op("lamina Tensor special", inplace=True, grad_name="Log1PBackward0")
def log1p(input: Array) -> Array:
    """log(1 + input), accurate near 0."""
    return lax.log1p(_float(input))


@op()
def logaddexp(input: Array, other: Array) -> Array:
    """log(exp(input) + exp(other)), without overflow. Shapes broadcast."""
    return jnp.logaddexp(*_match_floating("logaddexp", input, other))


@op()
def logaddexp2(input: Array, other: Array) -> Array:
    """log2(2^input + 2^other), without overflow. Shapes broadcast."""
    return jnp.logaddexp2(*_match_floating("logaddexp2", input, other))


@op("lamina Tensor special", inplace=True, grad_name=_number_grad_name("Xlogy", 0, 2))
def xlogy(input: ArrayLike, other: ArrayLike) -> Array:
    """input * log(other), and 0 where `input` is 0. Shapes broadcast."""
    x, y = match_float(input, other)
    _only_real("xlogy", x)
    no_matter = (x == 0) & ((y <= 0) | (y == math.inf))
    return x * lax.log(jnp.where(no_matter, jnp.ones_like(y), y))


@op("lamina Tensor functional", inplace=True)
def sigmoid(input: Array) -> Array:
    """1 / (1 + exp(-input)).

    >>> import lamina
    >>> lamina.sigmoid(lamina.tensor([0.]))
    tensor([0.5000])
    """
    return lax.logistic(_float(input))


@jax.custom_jvp
def _logit(x: Array) -> Array:
    return lax.log(x / (1 - x))


# NaN outside [0, 1], like the value.
_logit.defjvps(lambda t, result, x: t * jnp.where((x < 0) | (x > 1), math.nan, 1 / (x * (1 - x))))


@op("lamina Tensor special", inplace=True)
def logit(input: Array, eps: float | None = None) -> Array:
    """log(z / (1 - z)): the inverse of `sigmoid`. With `eps`, z is the input clamped to [eps, 1 - eps]."""
    x = _real_float("logit", input)
    if eps is None:
        return _logit(x)
    return _logit(_at_least(_at_most(x, jnp.full_like(x, 1 - eps)), jnp.full_like(x, eps)))


# Trigonometry


@op(inplace=True)
def sin(input: Array) -> Array:
    """The sine, of radians."""
    return lax.sin(_float(input))


@op(inplace=True)
def cos(input: Array) -> Array:
    """The cosine, of radians."""
    return lax.cos(_float(input))


@op(inplace=True)
def tan(input: Array) -> Array:
    """The tangent, of radians."""
    return lax.tan(_float(input))


@op(inplace=True, aliases=("arcsin",))
def asin(input: Array) -> Array:
    """The inverse sine, in radians."""
    return lax.asin(_float(input))


@op(inplace=True, aliases=("arccos",))
def acos(input: Array) -> Array:
    """The inverse cosine, in radians."""
    return lax.acos(_float(input))


@op(inplace=True, aliases=("arctan",))
def atan(input: Array) -> Array:
    """The inverse tangent, in radians."""
    return lax.atan(_float(input))


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
    _only_real("atan2", x)
    return _atan2(y, x)


@op(inplace=True)
def sinh(input: Array) -> Array:
    """The hyperbolic sine."""
    return lax.sinh(_float(input))


@op(inplace=True)
def cosh(input: Array) -> Array:
    """The hyperbolic cosine."""
    return lax.cosh(_float(input))


@op("lamina Tensor functional", inplace=True)
def tanh(input: Array) -> Array:
    """The hyperbolic tangent."""
    return lax.tanh(_float(input))


@op(inplace=True, aliases=("arcsinh",))
def asinh(input: Array) -> Array:
    """The inverse hyperbolic sine."""
    return lax.asinh(_float(input))


@op(inplace=True, aliases=("arccosh",))
def acosh(input: Array) -> Array:
    """The inverse hyperbolic cosine."""
    return lax.acosh(_float(input))


@op(inplace=True, aliases=("arctanh",))
def atanh(input: Array) -> Array:
    """The inverse hyperbolic tangent."""
    return lax.atanh(_float(input))


@op("lamina Tensor special", inplace=True)
def sinc(input: Array) -> Array:
    """sin(pi input) / (pi input), and 1 at 0."""
    return jnp.sinc(_float(input))


@op(inplace=True, saves=False, grad_name="Deg2RadBackward0")
def deg2rad(input: Array) -> Array:
    """Degrees as radians."""
    return _real_float("deg2rad", input, RuntimeError) * (math.pi / 180)


@op(inplace=True, saves=False, grad_name="Rad2DegBackward0")
def rad2deg(input: Array) -> Array:
    """Radians as degrees."""
    return _real_float("rad2deg", input, RuntimeError) * (180 / math.pi)


# Special functions


@op("lamina Tensor special", inplace=True)
def erf(input: Array) -> Array:
    """The error function: 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to the input."""
    return lax.erf(_real_float("erf", input))


@op("lamina Tensor special", inplace=True)
def erfc(input: Array) -> Array:
    """1 - erf(input), accurate for large inputs."""
    return lax.erfc(_real_float("erfc", input))


@op("lamina Tensor special", inplace=True)
def erfinv(input: Array) -> Array:
    """The inverse of `erf`, on (-1, 1)."""
    return lax.erf_inv(_real_float("erfinv", input))


@jax.custom_jvp
def _digamma(x: Array) -> Array:
    return jnp.where(x == 0, jnp.copysign(jnp.full_like(x, math.inf), -x), lax.digamma(x))


@jax.custom_jvp
def _lgamma(x: Array) -> Array:
    return lax.lgamma(x)


# Infinite at 0 as in PyTorch, where JAX's are NaN.
_digamma.defjvps(lambda t, result, x: t * jnp.where(x == 0, math.inf, lax.polygamma(jnp.ones_like(x), x)))
_lgamma.defjvps(lambda t, result, x: t * _digamma(x))


@op(inplace=True)
def lgamma(input: Array) -> Array:
    """The logarithm of the absolute value of the gamma function."""
    return _lgamma(_real_float("lgamma", input))


@op("lamina Tensor special", inplace=True)
def digamma(input: Array) -> Array:
    """The derivative of `lgamma`."""
    return _digamma(_real_float("digamma", input))


@op("lamina Tensor special", inplace=True)
def i0(input: Array) -> Array:
    """The modified Bessel function of the first kind, of order 0."""
    return jnp.i0(_real_float("i0", input))


# The smaller and the larger


def _at_least(x: Array, low: Array) -> Array:
    return jnp.where((x >= low) | (x != x), x, low)


def _at_most(x: Array, high: Array) -> Array:
    return jnp.where((x <= high) | (x != x), x, high)


def _clamp_grad_name(input: Any, min: Any = None, max: Any = None) -> str:
    return "ClampBackward0" if _is_tensor(min) or _is_tensor(max) else "ClampBackward1"


@op(inplace=True, aliases=("clip",), grad_name=_clamp_grad_name)
def clamp(input: Array, min: ArrayLike | None = None, max: ArrayLike | None = None) -> Array:
    """min(max(input, min), max); a bound that is None does not bound. Shapes broadcast.

    The gradient passes where min <= input <= max, both bounds included.

    >>> import lamina
    >>> lamina.clamp(lamina.tensor([-1., 0., 3.]), 0, 2)
    tensor([0., 0., 2.])
    """
    bounds = [bound for bound in (min, max) if bound is not None]
    if not bounds:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    x, *limits = match(input, *bounds)
    _only_real("clamp", x)
    if min is not None:
        x = _at_least(x, limits[0])
    return x if max is None else _at_most(x, limits[-1])


@op(inplace=True, grad_name=_number_grad_name("ClampMin", 1, 0, "min"))
def clamp_min(input: Array, min: ArrayLike) -> Array:
    """max(input, min). Shapes broadcast."""
    x, low = match(input, min)
    _only_real("clamp_min", x)
    return _at_least(x, low)


@op(inplace=True, grad_name=_number_grad_name("ClampMax", 1, 0, "max"))
def clamp_max(input: Array, max: ArrayLike) -> Array:
    """min(input, max). Shapes broadcast."""
    x, high = match(input, max)
    _only_real("clamp_max", x)
    return _at_most(x, high)


@op()
def maximum(input: Array, other: Array) -> Array:
    """The larger of both, NaN where either is. Equal operands share the gradient. Shapes broadcast."""
    x, y = match(input, other)
    _only_real("maximum", x, RuntimeError)
    return lax.max(x, y)


@op()
def minimum(input: Array, other: Array) -> Array:
    """The smaller of both, NaN where either is. Equal operands share the gradient. Shapes broadcast."""
    x, y = match(input, other)
    _only_real("minimum", x, RuntimeError)
    return lax.min(x, y)


@op()
def fmax(input: Array, other: Array) -> Array:
    """The larger of both; where one is NaN, the other. Shapes broadcast."""
    x, y = match(input, other)
    _only_real("fmax", x, RuntimeError)
    return jnp.where((x >= y) | (y != y), x, y)


@op()
def fmin(input: Array, other: Array) -> Array:
    """The smaller of both; where one is NaN, the other. Shapes broadcast."""
    x, y = match(input, other)
    _only_real("fmin", x, RuntimeError)
    return jnp.where((x <= y) | (y != y), x, y)


@op(inplace=True, differentiable=False)
def heaviside(input: Array, values: Array) -> Array:
    """0 where input < 0, 1 where input > 0, and `values` where input is 0. Shapes broadcast."""
    if input.dtype != values.dtype:
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")
    x, at_zero = match(input, values)
    _only_real("heaviside", x, RuntimeError)
    return jnp.where(x == 0, at_zero, (x > 0).astype(x.dtype))


# Choosing and filling


@op("lamina")
def where(condition: Array, input: ArrayLike, other: ArrayLike) -> Array:
    """`input` where the condition holds, `other` elsewhere. Shapes broadcast.

    >>> import lamina
    >>> x = lamina.tensor([-1., 2.])
    >>> lamina.where(x > 0, x, 0.)
    tensor([0., 2.])
    """
    if condition.dtype not in (np.bool_, np.uint8):
        raise RuntimeError(
            "where expected condition to be a boolean tensor, but got a tensor with dtype "
            f"{check.type_name(condition.dtype)}"
        )
    choice, x, y = _expand((promote.cast(condition, np.dtype(np.bool_)), *promote.promote(input, other)))
    return lax.select(choice, x, y)


def _masked_fill_grad_name(input: Any, mask: Any, value: Any) -> str:
    return f"MaskedFillBackward{1 if _is_tensor(value) else 0}"


@op(inplace=True, saves=False, grad_name=_masked_fill_grad_name)
def masked_fill(input: Array, mask: Array, value: ArrayLike) -> Array:
    """`value`, a number or a 0-dim tensor, where the mask is True; the input elsewhere. Shapes broadcast."""
    if mask.dtype != np.bool_:
        raise RuntimeError(f"masked_fill_ only supports boolean masks, but got mask with dtype {mask.dtype}")
    if jnp.ndim(value):
        raise RuntimeError(
            "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{jnp.ndim(value)} dimension(s)."
        )
    if promote.category(promote.result_type(value)) == 3 and not _is_complex(input):
        raise RuntimeError(f"value cannot be converted to type {check.type_name(input.dtype).lower()} without overflow")
    keep, x = _expand((mask, input))
    return lax.select(keep, jnp.broadcast_to(promote.cast(value, x.dtype), x.shape), x)


@op(inplace=True)
def nan_to_num(
    input: Array, nan: Number | None = None, posinf: Number | None = None, neginf: Number | None = None
) -> Array:
    """NaN as `nan` (0), infinity as `posinf` (the type's largest number), minus infinity as `neginf` (its lowest)."""
    if _is_integral(input):
        return input
    if _is_complex(input):
        parts = (nan_to_num(part, nan, posinf, neginf) for part in (lax.real(input), lax.imag(input)))
        return lax.complex(*parts)
    largest = float(jnp.finfo(input.dtype).max)
    finite = jnp.where(input != input, promote.cast(0.0 if nan is None else nan, input.dtype), input)
    finite = jnp.where(input == math.inf, promote.cast(largest if posinf is None else posinf, input.dtype), finite)
    return jnp.where(input == -math.inf, promote.cast(-largest if neginf is None else neginf, input.dtype), finite)


# Complex numbers


def _put_real(base: Array, value: Array) -> Array:
    return lax.complex(value, lax.imag(base)) if _is_complex(base) else value


@op("lamina", view=True, put=_put_real, saves=False)
def real(input: Array) -> Array:
    """The real part, a view of the input's memory."""
    return lax.real(input) if _is_complex(input) else input


@op("lamina", view=True, put=lambda base, value: lax.complex(lax.real(base), value), saves=False)
def imag(input: Array) -> Array:
    """The imaginary part, a view of the input's memory."""
    if not _is_complex(input):
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return lax.imag(input)


@op(saves=False)
def conj(input: Array) -> Array:
    """The complex conjugate; a real input itself."""
    return lax.conj(input) if _is_complex(input) else input


@op()
def angle(input: Array) -> Array:
    """The angle in the complex plane, in radians: 0 or pi for real numbers."""
    if _is_complex(input):
        return _atan2(lax.imag(input), lax.real(input))
    x = lax.stop_gradient(_float(input))
    return jnp.where(x != x, x, jnp.where(x < 0, jnp.full_like(x, math.pi), jnp.zeros_like(x)))


# Copies


@op("Tensor", grad_name="ToCopyBackward0", saves=False)
def to_dtype(input: Array, dtype: np.dtype) -> Array:
    """The same numbers in another type; what `x.to(dtype)` records."""
    return promote.cast(input, dtype)


@op("lamina Tensor", saves=False)
def clone(input: Array) -> Array:
    """A copy with its own memory; gradients flow through it to the input."""
    return input


@op("", saves=False)
def alias(input: Array) -> Array:
    """The same values under another Tensor."""
    return input
