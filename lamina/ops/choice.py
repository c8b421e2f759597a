"""The smaller and the larger, choosing and filling, one element at a time."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, ArrayLike, Number, op
from lamina.ops.operands import expand, is_complex, is_integral, is_tensor, match, number_grad_name, only_real


def at_least(x: Array, low: Array) -> Array:
    """x where it is at least low, or NaN; else low, which then gets the gradient."""
    return jnp.where((x >= low) | (x != x), x, low)


def at_most(x: Array, high: Array) -> Array:
    """x where it is at most high, or NaN; else high, which then gets the gradient."""
    return jnp.where((x <= high) | (x != x), x, high)


def _clamp_grad_name(input: Any, min: Any = None, max: Any = None) -> str:
    return "ClampBackward0" if is_tensor(min) or is_tensor(max) else "ClampBackward1"


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
    only_real("clamp", x)
    if min is not None:
        x = at_least(x, limits[0])
    return x if max is None else at_most(x, limits[-1])


@op(inplace=True, grad_name=number_grad_name("ClampMin", 1, 0, "min"))
def clamp_min(input: Array, min: ArrayLike) -> Array:
    """max(input, min). Shapes broadcast."""
    x, low = match(input, min)
    only_real("clamp_min", x)
    return at_least(x, low)


@op(inplace=True, grad_name=number_grad_name("ClampMax", 1, 0, "max"))
def clamp_max(input: Array, max: ArrayLike) -> Array:
    """min(input, max). Shapes broadcast."""
    x, high = match(input, max)
    only_real("clamp_max", x)
    return at_most(x, high)


@op()
def maximum(input: Array, other: Array) -> Array:
    """The larger of both, NaN where either is. Equal operands share the gradient. Shapes broadcast."""
    x, y = match(input, other)
    only_real("maximum", x, RuntimeError)
    return lax.max(x, y)


@op()
def minimum(input: Array, other: Array) -> Array:
    """The smaller of both, NaN where either is. Equal operands share the gradient. Shapes broadcast."""
    x, y = match(input, other)
    only_real("minimum", x, RuntimeError)
    return lax.min(x, y)


@op()
def fmax(input: Array, other: Array) -> Array:
    """The larger of both; where one is NaN, the other. Shapes broadcast."""
    x, y = match(input, other)
    only_real("fmax", x, RuntimeError)
    return jnp.where((x >= y) | (y != y), x, y)


@op()
def fmin(input: Array, other: Array) -> Array:
    """The smaller of both; where one is NaN, the other. Shapes broadcast."""
    x, y = match(input, other)
    only_real("fmin", x, RuntimeError)
    return jnp.where((x <= y) | (y != y), x, y)


@op(inplace=True, differentiable=False)
def heaviside(input: Array, values: Array) -> Array:
    """0 where input < 0, 1 where input > 0, and `values` where input is 0. Shapes broadcast."""
    if input.dtype != values.dtype:
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")
    x, at_zero = match(input, values)
    only_real("heaviside", x, RuntimeError)
    return jnp.where(x == 0, at_zero, (x > 0).astype(x.dtype))


# Choosing and filling


@op("")
def where(condition: Array, input: ArrayLike, other: ArrayLike) -> Array:
    """`input` where the condition holds, `other` elsewhere. Shapes broadcast."""
    if condition.dtype not in (np.bool_, np.uint8):
        raise RuntimeError(
            "where expected condition to be a boolean tensor, but got a tensor with dtype "
            f"{check.type_name(condition.dtype)}"
        )
    choice, x, y = expand((promote.cast(condition, np.dtype(np.bool_)), *promote.promote(input, other)))
    return lax.select(choice, x, y)


def _masked_fill_grad_name(input: Any, mask: Any, value: Any) -> str:
    return f"MaskedFillBackward{1 if is_tensor(value) else 0}"


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
    if promote.category(promote.result_type(value)) == 3 and not is_complex(input):
        raise RuntimeError(f"value cannot be converted to type {check.type_name(input.dtype).lower()} without overflow")
    keep, x = expand((mask, input))
    return lax.select(keep, jnp.broadcast_to(promote.cast(value, x.dtype), x.shape), x)


@op(inplace=True)
def nan_to_num(
    input: Array, nan: Number | None = None, posinf: Number | None = None, neginf: Number | None = None
) -> Array:
    """NaN as `nan` (0), infinity as `posinf` (the type's largest number), minus infinity as `neginf` (its lowest)."""
    if is_integral(input):
        return input
    if is_complex(input):
        parts = (nan_to_num(part, nan, posinf, neginf) for part in (lax.real(input), lax.imag(input)))
        return lax.complex(*parts)
    largest = float(jnp.finfo(input.dtype).max)
    finite = jnp.where(input != input, promote.cast(0.0 if nan is None else nan, input.dtype), input)
    finite = jnp.where(input == math.inf, promote.cast(largest if posinf is None else posinf, input.dtype), finite)
    return jnp.where(input == -math.inf, promote.cast(-largest if neginf is None else neginf, input.dtype), finite)
