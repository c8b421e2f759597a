"""Comparisons, logic and bits, one element at a time. None passes a gradient."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, ArrayLike, op
from lamina.ops.operands import match


def _ordered(name: str, input: Any, other: Any) -> tuple[Array, ...]:
    x, y = match(input, other)
    if promote.category(x.dtype) == 3:
        raise NotImplementedError(f"\"{name}\" not implemented for '{check.type_name(x.dtype)}'")
    return x, y


@op(inplace=True, differentiable=False)
def eq(input: Array, other: ArrayLike) -> Array:
    """input == other, element by element. Shapes broadcast.

    >>> import lamina
    >>> lamina.eq(lamina.tensor([1, 2]), 2)
    tensor([False,  True])
    """
    return lax.eq(*match(input, other))


@op(inplace=True, differentiable=False, aliases=("not_equal",))
def ne(input: Array, other: ArrayLike) -> Array:
    """input != other, element by element. Shapes broadcast."""
    return lax.ne(*match(input, other))


@op(inplace=True, differentiable=False, aliases=("less",))
def lt(input: Array, other: ArrayLike) -> Array:
    """input < other, element by element. Shapes broadcast."""
    return lax.lt(*_ordered("lt_cpu", input, other))


@op(inplace=True, differentiable=False, aliases=("less_equal",))
def le(input: Array, other: ArrayLike) -> Array:
    """input <= other, element by element. Shapes broadcast."""
    return lax.le(*_ordered("le_cpu", input, other))


@op(inplace=True, differentiable=False, aliases=("greater",))
def gt(input: Array, other: ArrayLike) -> Array:
    """input > other, element by element. Shapes broadcast."""
    return lax.gt(*_ordered("gt_cpu", input, other))


@op(inplace=True, differentiable=False, aliases=("greater_equal",))
def ge(input: Array, other: ArrayLike) -> Array:
    """input >= other, element by element. Shapes broadcast."""
    return lax.ge(*_ordered("ge_cpu", input, other))


@op(differentiable=False)
def isclose(input: Array, other: Array, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Array:
    """|input - other| <= atol + rtol * |other|, element by element; with `equal_nan`, NaN is close to NaN."""
    if input.dtype != other.dtype:
        raise RuntimeError(f"{check.type_name(input.dtype)} did not match {check.type_name(other.dtype)}")
    x, y = match(input, other)
    close = x == y
    if promote.category(x.dtype) >= 2:
        if equal_nan:
            close |= (x != x) & (y != y)
    elif x.dtype == np.bool_:
        return close
    if rtol == 0 and atol == 0:
        return close
    if promote.category(x.dtype) < 2:
        x, y = promote.promote_float(x)[0], promote.promote_float(y)[0]
    distance = lax.abs(x - y)
    return close | (lax.is_finite(distance) & (distance <= atol + lax.abs(rtol * y)))


# Kinds of numbers


def _on_parts(test: Any, x: Array, combine: Any) -> Array:
    if promote.category(x.dtype) == 3:
        return combine(test(lax.real(x)), test(lax.imag(x)))
    return test(x)


def _never(x: Array) -> Array:
    return jnp.zeros(x.shape, np.bool_)


@op(differentiable=False)
def isnan(input: Array) -> Array:
    """Where the input is NaN."""
    return lax.ne(input, input)


@op(differentiable=False)
def isinf(input: Array) -> Array:
    """Where the input is infinite, of either sign."""
    if promote.category(input.dtype) < 2:
        return _never(input)
    return _on_parts(lambda x: lax.abs(x) == np.inf, input, lax.bitwise_or)


@op(differentiable=False)
def isfinite(input: Array) -> Array:
    """Where the input is neither infinite nor NaN."""
    if promote.category(input.dtype) < 2:
        return ~_never(input)
    return _on_parts(lax.is_finite, input, lax.bitwise_and)


def _infinite(name: str, x: Array, infinity: float) -> Array:
    if promote.category(x.dtype) == 3:
        raise RuntimeError(f"{name} does not support complex inputs.")
    return _never(x) if promote.category(x.dtype) < 2 else x == infinity


@op(differentiable=False)
def isposinf(input: Array) -> Array:
    """Where the input is infinity."""
    return _infinite("isposinf", input, np.inf)


@op(differentiable=False)
def isneginf(input: Array) -> Array:
    """Where the input is minus infinity."""
    return _infinite("isneginf", input, -np.inf)


@op(differentiable=False)
def isreal(input: Array) -> Array:
    """Where the imaginary part is 0."""
    return lax.imag(input) == 0 if promote.category(input.dtype) == 3 else ~_never(input)


@op(differentiable=False)
def signbit(input: Array) -> Array:
    """Where the sign bit is set: negative numbers and -0."""
    if promote.category(input.dtype) == 3:
        raise NotImplementedError("signbit is not implemented for complex tensors.")
    return input < 0 if input.dtype.kind == "i" else _never(input) if input.dtype.kind in "bu" else jnp.signbit(input)


# Logic: anything but 0 is True


def _truths(*operands: Array) -> tuple[Array, ...]:
    return match(*(promote.cast(x, np.dtype(np.bool_)) for x in operands))


@op(inplace=True, differentiable=False)
def logical_and(input: Array, other: Array) -> Array:
    """Where both are nonzero. Shapes broadcast."""
    return lax.bitwise_and(*_truths(input, other))


@op(inplace=True, differentiable=False)
def logical_or(input: Array, other: Array) -> Array:
    """Where one or both are nonzero. Shapes broadcast."""
    return lax.bitwise_or(*_truths(input, other))


@op(inplace=True, differentiable=False)
def logical_xor(input: Array, other: Array) -> Array:
    """Where exactly one is nonzero. Shapes broadcast."""
    return lax.bitwise_xor(*_truths(input, other))


@op(inplace=True, differentiable=False)
def logical_not(input: Array) -> Array:
    """Where the input is 0."""
    return lax.bitwise_not(promote.cast(input, np.dtype(np.bool_)))


# Bits, of integers and bools


def _bits(name: str, *operands: Any) -> tuple[Array, ...]:
    arrays = match(*operands)
    if promote.category(arrays[0].dtype) > 1:
        raise NotImplementedError(f"\"{name}_cpu\" not implemented for '{check.type_name(arrays[0].dtype)}'")
    return arrays


@op(inplace=True, differentiable=False)
def bitwise_and(input: ArrayLike, other: ArrayLike) -> Array:
    """input & other, bit by bit; for bools the logical and. Shapes broadcast."""
    return lax.bitwise_and(*_bits("bitwise_and", input, other))


@op(inplace=True, differentiable=False)
def bitwise_or(input: ArrayLike, other: ArrayLike) -> Array:
    """input | other, bit by bit; for bools the logical or. Shapes broadcast."""
    return lax.bitwise_or(*_bits("bitwise_or", input, other))


@op(inplace=True, differentiable=False)
def bitwise_xor(input: ArrayLike, other: ArrayLike) -> Array:
    """input ^ other, bit by bit; for bools the logical exclusive or. Shapes broadcast."""
    return lax.bitwise_xor(*_bits("bitwise_xor", input, other))


@op(inplace=True, differentiable=False)
def bitwise_not(input: Array) -> Array:
    """~input: every bit turned; for bools the logical not."""
    return lax.bitwise_not(*_bits("bitwise_not", input))


def _shift_operands(name: str, input: Any, other: Any) -> tuple[Array, ...]:
    x, y = _bits(name, input, other)
    if x.dtype == np.bool_:
        raise NotImplementedError(f"\"{name}_cpu\" not implemented for 'Bool'")
    return x, y


@op(inplace=True, differentiable=False)
def bitwise_left_shift(input: ArrayLike, other: ArrayLike) -> Array:
    """input * 2^other: the bits moved up. Shapes broadcast."""
    return lax.shift_left(*_shift_operands("lshift", input, other))


@op(inplace=True, differentiable=False)
def bitwise_right_shift(input: ArrayLike, other: ArrayLike) -> Array:
    """input / 2^other rounded downward: the bits moved down, the sign kept. Shapes broadcast."""
    x, y = _shift_operands("rshift", input, other)
    return lax.shift_right_arithmetic(x, y) if x.dtype.kind == "i" else lax.shift_right_logical(x, y)
