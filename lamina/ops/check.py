"""Checks on shapes, dtypes and dimensions, with messages that say what was expected and what came.

They look at shapes and dtypes only, so they run while recording and cost a replay nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_TYPE_NAMES = {
    "bool": "Bool", "uint8": "Byte", "int8": "Char", "int16": "Short", "int32": "Int", "int64": "Long",
    "float16": "Half", "bfloat16": "BFloat16", "float32": "Float", "float64": "Double",
    "complex64": "ComplexFloat", "complex128": "ComplexDouble",
}  # fmt: skip


def type_name(dtype: Any) -> str:
    """The name PyTorch's messages use for a dtype: `Float` for float32, `Long` for int64."""
    return _TYPE_NAMES.get(np.dtype(dtype).name, np.dtype(dtype).name)


def _pattern(sizes: tuple[Any, ...]) -> str:
    return f"({', '.join('*' if size is ... else str(size) for size in sizes)}{',' if len(sizes) == 1 else ''})"


def shape(op: str, name: str, x: Any, expected: tuple[Any, ...], **beside: Any) -> None:
    """Raise RuntimeError unless x has the expected shape; a leading `...` stands for any sizes.

    `beside` names the arrays that the expectation comes from.
    """
    if expected and expected[0] is ...:
        rest = expected[1:]
        fits = x.ndim >= len(rest) and tuple(x.shape[x.ndim - len(rest) :]) == tuple(rest)
    else:
        fits = tuple(x.shape) == tuple(expected)
    if not fits:
        reason = " and ".join(f"{other} {tuple(value.shape)}" for other, value in beside.items())
        to_go_with = f" to go with {reason}" if reason else ""
        raise RuntimeError(f"{op}: {name} must be {_pattern(expected)}{to_go_with}, got {tuple(x.shape)}.")


def dim(dim: int, ndim: int) -> int:
    """The dimension as a number from 0; IndexError with PyTorch's words when there is none."""
    low, high = (-ndim, ndim - 1) if ndim else (-1, 0)
    if not low <= dim <= high:
        raise IndexError(f"Dimension out of range (expected to be in range of [{low}, {high}], but got {dim})")
    return dim % ndim if ndim else 0


def dims(dims: int | tuple[int, ...] | None, ndim: int) -> tuple[int, ...]:
    """Several dimensions from 0; None or () means all."""
    if dims is None or dims == ():
        return tuple(range(ndim))
    if isinstance(dims, int):
        return (dim(dims, ndim),)
    found = tuple(dim(d, ndim) for d in dims)
    for d in found:
        if found.count(d) > 1:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
    return found


def broadcast(*arrays: Any) -> tuple[int, ...]:
    """The shape they broadcast to; RuntimeError with PyTorch's words when they don't."""
    shapes = [tuple(getattr(x, "shape", ())) for x in arrays]
    ndim = max(len(s) for s in shapes)
    result: list[int] = [1] * ndim
    for sizes in shapes:
        for axis in reversed(range(ndim - len(sizes), ndim)):
            size = sizes[axis - (ndim - len(sizes))]
            if size == 1 or size == result[axis]:
                continue
            if result[axis] != 1:
                raise RuntimeError(
                    f"The size of tensor a ({result[axis]}) must match the size of tensor b ({size}) "
                    f"at non-singleton dimension {axis}"
                )
            result[axis] = size
    return tuple(result)
