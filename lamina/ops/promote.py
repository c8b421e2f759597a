"""PyTorch's type promotion, for the operations.

Types have categories: bool < integer < floating < complex. Tensors with dimensions decide the type; a 0-dim tensor
or a Python number changes it only when its category is higher. Source: pytorch.org/docs/stable/tensor_attributes.html.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.dtypes import bfloat16

_INTEGERS = (np.uint8, np.int8, np.int16, np.int32, np.int64)
_default_float = [np.dtype(np.float32)]


def default_float() -> np.dtype:
    """The floating type that Python floats get: float32 unless `lamina.set_default_dtype` changed it."""
    return _default_float[0]


def set_default_float(dtype: np.dtype) -> None:
    """Make `dtype` what `default_float` returns."""
    _default_float[0] = np.dtype(dtype)


def default_complex() -> np.dtype:
    """The complex type as wide as the default floating type."""
    return np.dtype(np.complex128 if default_float() == np.float64 else np.complex64)


@cache
def category(dtype: np.dtype) -> int:
    """0 bool, 1 integer, 2 floating, 3 complex."""
    dtype = np.dtype(dtype)
    if dtype == np.bool_:
        return 0
    if jnp.issubdtype(dtype, jnp.integer):
        return 1
    return 2 if jnp.issubdtype(dtype, jnp.floating) else 3


@cache
def promote_types(a: np.dtype, b: np.dtype) -> np.dtype:
    """The smallest type both fit in, by PyTorch's table."""
    a, b = np.dtype(a), np.dtype(b)
    if a == b:
        return a
    if category(a) != category(b):
        low, high = sorted((a, b), key=category)
        if category(high) == 3 and category(low) == 2 and low == np.float64:
            return np.dtype(np.complex128)
        return high
    if category(a) == 1:
        if np.uint8 in (a, b) and np.int8 in (a, b):
            return np.dtype(np.int16)
        return np.promote_types(a, b)
    if {a, b} == {np.dtype(np.float16), np.dtype(bfloat16)}:
        return np.dtype(np.float32)
    return max(a, b, key=lambda dtype: dtype.itemsize)


def is_number(x: Any) -> bool:
    """Whether x stands for a Python number: one itself, or one that became an operand of the compiled program."""
    return isinstance(x, (bool, int, float, complex)) or bool(getattr(x, "weak_type", False))


def _number_dtype(x: Any) -> np.dtype:
    kind = category(x.dtype) if hasattr(x, "dtype") else (bool, int, float, complex).index(_number_kind(x))
    return (np.dtype(np.bool_), np.dtype(np.int64), default_float(), default_complex())[kind]


def _number_kind(x: Any) -> type:
    return next(kind for kind in (bool, int, float, complex) if isinstance(x, kind))


def _combine(higher: np.dtype | None, lower: np.dtype | None) -> np.dtype | None:
    if higher is None or lower is None:
        return higher if lower is None else lower
    if category(higher) == 2 and category(lower) == 3:
        return np.dtype(np.complex128 if higher == np.float64 else np.complex64)
    return promote_types(higher, lower) if category(lower) > category(higher) else higher


def result_type(*operands: Any) -> np.dtype:
    """The type of an operation on these arrays and Python numbers."""
    dims: np.dtype | None = None
    zeros: np.dtype | None = None
    numbers: np.dtype | None = None
    for x in operands:
        if is_number(x):
            dtype = _number_dtype(x)
            numbers = dtype if numbers is None else promote_types(numbers, dtype)
        elif x.ndim == 0:
            zeros = x.dtype if zeros is None else promote_types(zeros, x.dtype)
        else:
            dims = x.dtype if dims is None else promote_types(dims, x.dtype)
    result = _combine(dims, _combine(zeros, numbers))
    assert result is not None
    return result


def cast(x: Any, dtype: np.dtype) -> jax.Array:
    """x as an array of dtype. Complex to real keeps the real part; anything but zero is True."""
    if not hasattr(x, "dtype"):
        if isinstance(x, int) and not isinstance(x, bool) and category(dtype) == 1:
            bits = np.iinfo(dtype).bits
            x = ((x % (1 << bits)) ^ (1 << (bits - 1))) - (1 << (bits - 1)) if dtype.kind == "i" else x % (1 << bits)
        return jnp.asarray(x, dtype)
    if x.dtype == dtype and not x.weak_type:
        return x
    if category(x.dtype) == 3 and category(dtype) < 3:
        x = (x != 0) if category(dtype) == 0 else x.real
    if dtype == np.uint8 and category(x.dtype) == 2:
        x = jax.lax.convert_element_type(x, np.int64)  # so that -1.0 becomes 255, as in PyTorch
    return jax.lax.convert_element_type(x, dtype)


def promote(*operands: Any) -> tuple[jax.Array, ...]:
    """The operands as arrays of their `result_type`."""
    dtype = result_type(*operands)
    return tuple(cast(x, dtype) for x in operands)


def promote_float(*operands: Any) -> tuple[jax.Array, ...]:
    """Like `promote`, but integers and bools become the default floating type, as for `sin` or `true_divide`."""
    dtype = result_type(*operands)
    if category(dtype) < 2:
        dtype = default_float()
    return tuple(cast(x, dtype) for x in operands)
