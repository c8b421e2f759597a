"""Operands of operations that take one element at a time: of one type and one shape, and of types that are allowed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array


def expand(arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    """The arrays broadcast to their common shape."""
    shape = check.broadcast(*arrays)
    ndim = len(shape)
    return tuple(
        x if x.shape == shape else lax.broadcast_in_dim(x, shape, tuple(range(ndim - x.ndim, ndim))) for x in arrays
    )


def match(*operands: Any) -> tuple[Array, ...]:
    """The operands as arrays of one type and one shape."""
    return expand(promote.promote(*operands))


def match_float(*operands: Any) -> tuple[Array, ...]:
    """Like `match`; integers and bools become the default floating type."""
    return expand(promote.promote_float(*operands))


def as_float(x: Array) -> Array:
    """The array; integers and bools as the default floating type."""
    return promote.promote_float(x)[0]


def is_integral(x: Array) -> bool:
    """Whether the type is an integer's, or bool."""
    return promote.category(x.dtype) < 2


def is_complex(x: Array) -> bool:
    """Whether the type is a complex one."""
    return promote.category(x.dtype) == 3


def as_real_float(name: str, x: Array, error: type[Exception] = NotImplementedError) -> Array:
    """Like `as_float`; complex numbers are an error."""
    only_real(name, x, error)
    return as_float(x)


def in_float32(name: str, function: Callable[[Array], Array], x: Array) -> Array:
    """A function of real numbers, of half types in float32: between its steps there are numbers beyond their range, and
    differences of numbers that are nearly alike.
    """
    x = as_real_float(name, x)
    return function(x.astype(np.float32)).astype(x.dtype) if x.dtype.itemsize == 2 else function(x)


def only_real(name: str, x: Array, error: type[Exception] = NotImplementedError) -> None:
    """Complex numbers are an error."""
    if is_complex(x):
        raise error(f"{name}: not defined for complex numbers, got {x.dtype}.")


def only_numbers(name: str, x: Array) -> None:
    """Complex numbers and bools are errors."""
    only_real(name, x)
    if x.dtype == np.bool_:
        raise NotImplementedError(f"\"{name}\" not implemented for 'Bool'")


def match_floating(name: str, *arrays: Array) -> tuple[Array, ...]:
    """Like `match`; types that are not floating are an error."""
    arrays = match(*arrays)
    if promote.category(arrays[0].dtype) != 2:
        raise NotImplementedError(f"\"{name}_cpu\" not implemented for '{check.type_name(arrays[0].dtype)}'")
    return arrays


def is_tensor(x: Any) -> bool:
    """Whether the argument of a `grad_name` function stands for a tensor, not for a Python number."""
    return hasattr(x, "shape") and not promote.is_number(x)


def number_grad_name(name: str, for_tensor: int, for_number: int, operand: str = "other") -> Any:
    """`grad_fn` names that end in one digit if the second operand is a tensor, in another if it is a number."""

    def grad_name(*args: Any, **kwargs: Any) -> str:
        second = kwargs[operand] if operand in kwargs else args[1]
        return f"{name}Backward{for_tensor if is_tensor(second) else for_number}"

    return grad_name
