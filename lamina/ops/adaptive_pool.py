"""Adaptive pooling: the mean or the maximum of windows that are laid out for a given output size.

Of I elements and O windows, window o holds the elements from floor(o I / O) to ceil((o + 1) I / O).
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from lamina.ops import check, promote
from lamina.ops.maximum import Found, first_maximum, places, sliding_maximum
from lamina.ops.op import Array
from lamina.ops.resample import resample, selection
from lamina.ops.spaces import op_by_space


def _avg_grad_name(space: int, input: Any, output_size: Any) -> str:
    sizes = (output_size,) * space if isinstance(output_size, int) else tuple(output_size)
    return "MeanBackward1" if sizes == (1,) * space else f"AdaptiveAvgPool{space}DBackward0"


@op_by_space(
    "adaptive_avg_pool{n}d", {1: "lamina functional", 2: "functional", 3: "functional"}, grad_name=_avg_grad_name
)
def adaptive_avg_pool(space: int, input: Array, output_size: int | tuple[int | None, ...]) -> Array:
    """The mean of each of `output_size` windows, which cover the input; a size of None keeps the input's.

    input (N, C, {axes}) or (C, {axes}) -> (*, C, {new}), {new} being output_size
    """
    name = f"adaptive_avg_pool{space}d"
    sizes = _arguments(name, space, input, output_size)
    # 16-bit types are added up in float32 and rounded once.
    x = input.astype(jnp.float32) if input.dtype.itemsize == 2 else input
    for axis, size in reversed(list(enumerate(sizes, input.ndim - space))):
        x = _mean_along(x, axis, size)
    return x.astype(input.dtype)


@op_by_space("adaptive_max_pool{n}d", {1: "lamina"}, grad_name="AdaptiveMaxPool{n}DBackward0")
def adaptive_max_pool(space: int, input: Array, output_size: int | tuple[int | None, ...]) -> tuple[Array, Array]:
    """The largest value in each of `output_size` windows, and where in {volume} it was found, as int64.

    input (N, C, {axes}) or (C, {axes}) -> twice (*, C, {new}), {new} being output_size; None keeps the input's
    """
    name = f"adaptive_max_pool{space}d"
    sizes = _arguments(name, space, input, output_size)
    found: Found = (input, places(input.shape, space))
    for axis, size in reversed(list(enumerate(sizes, input.ndim - space))):
        found = _max_along(*found, axis, size)
    value, place = found
    assert place is not None
    return value, place


def _mean_along(x: Array, axis: int, size: int) -> Array:
    length = x.shape[axis]
    if size and length % size == 0:
        x = x.reshape(*x.shape[:axis], size, length // size, *x.shape[axis + 1 :])
        return jnp.mean(x, axis=axis + 1)
    start, stop = _windows(length, size)
    place = np.arange(length)[:, None]
    return resample(x, axis, ((start <= place) & (place < stop)) / (stop - start))


def _max_along(x: Array, indices: Array | None, axis: int, size: int) -> Found:
    start, stop = _windows(x.shape[axis], size)
    # Windows differ in length by one at most, so two of the same length that may overlap make each of them.
    x, indices, reach = sliding_maximum(x, indices, axis, int((stop - start).max(initial=1)))
    rows = (start, stop - reach)
    taken = [
        (resample(x, axis, selection(row, x.shape[axis])), None if indices is None else jnp.take(indices, row, axis))
        for row in (rows if (rows[0] != rows[1]).any() else rows[:1])
    ]
    return first_maximum(taken)


def _windows(length: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Where each window begins, and where it has ended."""
    window = np.arange(size)
    return window * length // max(size, 1), -(-(window + 1) * length // max(size, 1))


def _arguments(name: str, space: int, input: Array, output_size: Any) -> tuple[int, ...]:
    """The output's spatial sizes."""
    if not isinstance(output_size, (int, tuple)):
        raise TypeError(f"{name}: output_size must be an int or a tuple, got {type(output_size).__name__}.")
    sizes = (output_size,) * space if isinstance(output_size, int) else output_size
    if space == 1 and not all(isinstance(size, int) for size in sizes):
        raise TypeError(f"{name}: output_size must be an int, got {output_size}.")
    if space > 1 and isinstance(output_size, tuple) and len(sizes) >= input.ndim:
        raise ValueError(f"Input dimension should be at least {len(sizes) + 1}")
    if input.ndim not in (space + 1, space + 2):
        raise RuntimeError(f"{name}: Expected {space + 1}D or {space + 2}D tensor, but got {list(input.shape)}")
    if len(sizes) != space:
        raise RuntimeError(f"{name}: output_size must be {space} sizes or one for all, got {output_size}.")
    sizes = tuple(old if size is None else size for size, old in zip(sizes, input.shape[-space:], strict=True))
    if any(size < 0 for size in sizes):
        raise RuntimeError(f"{name}: elements of output_size must be greater than or equal to 0 but received {sizes}")
    needed = (
        input.shape[-space:] if name in ("adaptive_avg_pool1d", "adaptive_avg_pool2d") else input.shape[-space - 1 :]
    )
    if 0 in needed:
        dim = input.ndim - len(needed) + needed.index(0)
        raise RuntimeError(
            f"{name}: Expected input to have non-zero size for non-batch dimensions, but input has sizes "
            f"{list(input.shape)} with dimension {dim} being empty"
        )
    if promote.category(input.dtype) != 2:
        raise NotImplementedError(f"\"{name}\" not implemented for '{check.type_name(input.dtype)}'")
    return sizes
