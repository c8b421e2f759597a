"""Number theory, and numbers taken apart: mantissa and exponent, modulus and angle."""

from __future__ import annotations

import operator
from functools import reduce

import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, ArrayLike, op
from lamina.ops.operands import is_complex, match, match_floating
from lamina.ops.pointwise import mul, pow


def _match_whole(name: str, input: Array, other: Array) -> tuple[Array, ...]:
    arrays = match(input, other)
    if promote.category(arrays[0].dtype) != 1:
        raise NotImplementedError(f"\"{name}_cpu\" not implemented for '{check.type_name(arrays[0].dtype)}'")
    return arrays


@op(inplace=True, differentiable=False)
def gcd(input: Array, other: Array) -> Array:
    """The greatest common divisor of whole numbers. Shapes broadcast.

    >>> import lamina
    >>> lamina.gcd(lamina.tensor([5, 10, 15]), lamina.tensor([3, 4, 5]))
    tensor([1, 2, 5])
    """
    return jnp.gcd(*_match_whole("gcd", input, other))


@op(inplace=True, differentiable=False)
def lcm(input: Array, other: Array) -> Array:
    """The least common multiple of whole numbers. Shapes broadcast.

    >>> import lamina
    >>> lamina.lcm(lamina.tensor([5, 10, 15]), lamina.tensor([3, 4, 5]))
    tensor([15, 20, 15])
    """
    return jnp.lcm(*_match_whole("lcm", input, other))


@op(inplace=True)
def ldexp(input: Array, other: Array) -> Array:
    """input * 2 ** other. Shapes broadcast.

    >>> import lamina
    >>> lamina.ldexp(lamina.tensor([1.0]), lamina.tensor([1, 2, 3]))
    tensor([2., 4., 8.])
    """
    return mul(input, pow(2.0, other))


@op(returns=("mantissa", "exponent"))
def frexp(input: Array) -> tuple[Array, Array]:
    """Mantissa, from 0.5 to below 1 in size, and exponent: input = mantissa * 2 ** exponent, exponent in int32.

    >>> import lamina
    >>> lamina.frexp(lamina.tensor([1.0, 6.0])).exponent
    tensor([1, 3], dtype=lamina.int32)
    """
    if promote.category(input.dtype) != 2:
        raise RuntimeError("lamina.frexp() only supports floating-point dtypes")
    value = lax.stop_gradient(input)
    exponent = jnp.frexp(promote.cast(value, np.dtype(np.float32)) if input.dtype.itemsize == 2 else value)[1]
    exponent = jnp.where(jnp.isfinite(value), exponent, 0).astype(np.int32)
    # In two steps: 2 ** exponent alone can be out of range.
    half = exponent // 2
    wide = np.dtype(np.float64 if input.dtype == np.float64 else np.float32)
    mantissa = promote.cast(input, wide)
    for part in (half, exponent - half):
        mantissa = mantissa * jnp.exp2(-part.astype(wide))
    return promote.cast(mantissa, input.dtype), exponent


@op(inplace=True, differentiable=False)
def nextafter(input: Array, other: Array) -> Array:
    """The number of the type next to `input`, in the direction of `other`. Shapes broadcast."""
    return jnp.nextafter(*match_floating("nextafter", input, other))


@op("lamina")
def polar(abs: Array, angle: Array) -> Array:
    """abs * (cos(angle) + i sin(angle)): complex numbers from modulus and angle. Shapes broadcast.

    >>> import lamina
    >>> lamina.polar(lamina.tensor([2.0]), lamina.tensor([0.0]))
    tensor([2.+0.j])
    """
    if abs.dtype not in (np.float32, np.float64, np.float16):
        raise RuntimeError(
            f"Expected both inputs to be Half, Float or Double tensors but got {check.type_name(abs.dtype)} and "
            f"{check.type_name(angle.dtype)}"
        )
    if abs.dtype != angle.dtype:
        raise RuntimeError(
            f"Expected object of scalar type {check.type_name(abs.dtype)} but got scalar type "
            f"{check.type_name(angle.dtype)} for second argument"
        )
    abs, angle = match(abs, angle)
    return lax.complex(abs * jnp.cos(angle), abs * jnp.sin(angle))


@op(inplace=True, saves=False)
def conj_physical(input: Array) -> Array:
    """The complex conjugate; a real input itself."""
    return lax.conj(input) if is_complex(input) else input


@op("", inplace=True)
def fill_diagonal(input: Array, fill_value: ArrayLike, wrap: bool = False) -> Array:
    """The input with one number along its main diagonal; a tall matrix gets several of them if `wrap`."""
    if input.ndim < 2:
        raise RuntimeError("dimensions must larger than 1")
    if input.ndim > 2 and len(set(input.shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    columns = input.shape[1] if input.ndim == 2 else 0
    places = [lax.broadcasted_iota(np.int64, input.shape, axis) for axis in range(input.ndim)]
    rows = places[0] % (columns + 1) if wrap and columns else places[0]
    on = reduce(operator.and_, [rows == other for other in places[1:]])
    return jnp.where(on, promote.cast(fill_value, input.dtype), input)
