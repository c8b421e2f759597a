"""Interpolation: images of another size. Each dimension is resampled by a small matrix of weights.

Letters: I input size, O output size. An output place o lies at (o + 0.5) I / O - 0.5 of the input, or, where corners
are aligned, at o (I - 1) / (O - 1).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from lamina.ops import check, promote
from lamina.ops.op import Array, op
from lamina.ops.resample import resample, selection

MODES = {"nearest": (1, 2, 3), "nearest-exact": (1, 2, 3), "linear": (1,), "bilinear": (2,), "trilinear": (3,),
         "bicubic": (2,), "lanczos": (2,)}  # fmt: skip
"""Of each mode, for how many dimensions of space it is."""


def _grad_name(input: Any, sizes: Any, scales: Any, mode: str, align_corners: bool, antialias: bool) -> str:
    words = "".join(word.capitalize() for word in mode.split("-"))
    return f"Upsample{words}{input.ndim - 2}D{'Aa' if antialias else ''}Backward0"


@op("", grad_name=_grad_name)
def interpolate(
    input: Array,
    sizes: tuple[int, ...],
    scales: tuple[float, ...] | None,
    mode: str,
    align_corners: bool,
    antialias: bool,
) -> Array:
    """input with other spatial sizes. input (N, C, *) -> (N, C, *sizes)

    `scales`, if given, say how far output places are apart, in place of the sizes.
    """
    _check(input, sizes, mode, antialias)
    lengths = input.shape[2:]
    x = input.astype(jnp.float32) if input.dtype.itemsize == 2 else input
    nearest = mode in ("nearest", "nearest-exact")
    exact = input.dtype == np.float64 or (input.dtype == np.uint8 and not nearest)
    computed = np.dtype(np.float64 if exact else np.float32)
    steps = [
        _step(length, size, None if scales is None else scales[place], align_corners, computed)
        for place, (length, size) in enumerate(zip(lengths, sizes, strict=True))
    ]
    if nearest:
        for axis, (size, step) in enumerate(zip(sizes, steps, strict=True), 2):
            x = _nearest(x, axis, size, step, mode == "nearest-exact")
        return x.astype(input.dtype)
    matrices = [
        _antialiased(length, size, step, mode) if antialias else _interpolating(length, size, step, align_corners, mode)
        for length, size, step in zip(lengths, sizes, steps, strict=True)
    ]
    if input.dtype == np.uint8:
        # As in PyTorch: the last dimension first, rounded after each one, and none where the size stays.
        for axis, matrix in reversed(list(enumerate(matrices, 2))):
            x = x if matrix.shape[0] == matrix.shape[1] else _resample_bytes(x, axis, matrix)
        return x
    for axis, matrix in enumerate(matrices, 2):
        x = resample(x, axis, matrix)
    return x.astype(input.dtype)


def _step(length: int, size: int, scale: float | None, align_corners: bool, dtype: np.dtype) -> Any:
    """How far neighbours of the output are apart in the input, rounded as PyTorch rounds it."""
    if align_corners:
        return dtype.type(length - 1) / dtype.type(size - 1) if size > 1 else dtype.type(0)
    if scale is not None and scale > 0:
        return dtype.type(1.0 / scale)
    return dtype.type(length) / dtype.type(size)


def _nearest(x: Array, axis: int, size: int, step: Any, exact: bool) -> Array:
    length, output = x.shape[axis], np.arange(size).astype(step.dtype)
    place = np.floor((output + step.dtype.type(0.5)) * step) if exact else np.floor(output * step)
    rows = np.minimum(place.astype(np.int64), length - 1)
    if size % length == 0 and (rows == np.arange(size) // (size // length)).all():
        # Each element several times: a broadcast, whose gradient is a sum.
        shape = (*x.shape[:axis], length, size // length, *x.shape[axis + 1 :])
        repeated = jnp.broadcast_to(jnp.expand_dims(x, axis + 1), shape)
        return repeated.reshape(*x.shape[:axis], size, *x.shape[axis + 1 :])
    if promote.category(x.dtype) != 2:
        return jnp.take(x, rows, axis=axis)
    return resample(x, axis, selection(rows, length))


def _interpolating(length: int, size: int, step: Any, align_corners: bool, mode: str) -> np.ndarray:
    """The weights of each output element's 2 (linear) or 4 (cubic) neighbours. -> (length, size)"""
    output, half = np.arange(size).astype(step.dtype), step.dtype.type(0.5)
    place = step * output if align_corners else step * (output + half) - half
    cubic = mode == "bicubic"
    if not cubic:
        place = np.maximum(place, 0)
    first = np.minimum(np.floor(place), length - 1)
    part = np.clip(place - first, 0, 1)
    weights = _cubic_weights(part, -0.75) if cubic else (1 - part, part)
    matrix = np.zeros((length, size), step.dtype)
    for offset, weight in enumerate(weights, -1 if cubic else 0):
        np.add.at(matrix, (np.clip(first.astype(np.int64) + offset, 0, length - 1), np.arange(size)), weight)
    return matrix


def _cubic_weights(t: np.ndarray, a: float) -> tuple[np.ndarray, ...]:
    """Keys' cubic kernel at distances t + 1, t, 1 - t and 2 - t."""
    return tuple(_cubic(distance, a) for distance in (t + 1, t, 1 - t, 2 - t))


def _cubic(x: np.ndarray, a: float) -> np.ndarray:
    near, far = ((a + 2) * x - (a + 3)) * x * x + 1, ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0))


def _triangle(x: np.ndarray) -> np.ndarray:
    return np.maximum(1 - x, 0)


def _keys(x: np.ndarray) -> np.ndarray:
    return _cubic(x, -0.5)


def _lanczos(x: np.ndarray) -> np.ndarray:
    return np.where(x < 3, np.sinc(x) * np.sinc(x / 3), 0)


_KERNELS: dict[str, tuple[float, Callable[[np.ndarray], np.ndarray]]] = {
    "bilinear": (1.0, _triangle),
    "bicubic": (2.0, _keys),
    "lanczos": (3.0, _lanczos),
}
"""Half the width of each kernel, and the kernel as a function of the distance."""


def _antialiased(length: int, size: int, step: Any, mode: str) -> np.ndarray:
    """The weights of a kernel that is as wide as output elements lie apart. -> (length, size)"""
    half_width, kernel = _KERNELS[mode]
    stretch = np.maximum(step, 1)
    support = step.dtype.type(half_width) * stretch
    half = step.dtype.type(0.5)
    center = step * (np.arange(size).astype(step.dtype) + half)
    start = np.maximum((center - support + half).astype(np.int64), 0)
    stop = np.minimum((center + support + half).astype(np.int64), length)
    place = np.arange(length)[:, None]
    distance = np.abs((place - center + half) / stretch)
    weights = np.where((start <= place) & (place < stop), kernel(distance), 0)
    total = weights.sum(axis=0)
    return weights / np.where(total == 0, 1, total)


def _resample_bytes(x: Array, axis: int, matrix: np.ndarray) -> Array:
    """`resample` in whole numbers: weights have as many bits as fit 16 with their sign, and the sum is rounded."""
    largest, bits = float(matrix.max(initial=0)), 0
    while bits < 22 and int(0.5 + largest * (1 << (bits + 1))) < 1 << 15:
        bits += 1
    weights = np.trunc(matrix.astype(np.float64) * (1 << bits) + np.where(matrix < 0, -0.5, 0.5)).astype(np.int32)
    total = jnp.moveaxis(jnp.tensordot(x.astype(jnp.int32), weights, ((axis,), (0,))), -1, axis)
    return jnp.clip((total + (1 << (bits - 1))) >> bits, 0, 255).astype(x.dtype)


def _check(input: Array, sizes: tuple[int, ...], mode: str, antialias: bool) -> None:
    letters = "DHW"[3 - len(sizes) :]
    if any(size <= 0 for size in (*input.shape[2:], *sizes)):
        given = ", ".join(f"{letter}: {size}" for letter, size in zip(letters, input.shape[2:], strict=True))
        found = ", ".join(f"{letter}: {size}" for letter, size in zip(letters, sizes, strict=True))
        raise RuntimeError(
            f"Input and output sizes should be greater than 0, but got input ({given}) and output ({found})"
        )
    if math.prod(input.shape[1:]) == 0:
        raise RuntimeError(
            f"Non-empty {input.ndim}D data tensor expected but got a tensor with sizes {list(input.shape)}"
        )
    floating = promote.category(input.dtype) == 2 and not (antialias and input.dtype.itemsize == 2)
    bytes_too = mode in ("nearest", "nearest-exact", "bilinear", "bicubic", "lanczos")
    if not floating and not (bytes_too and input.dtype == np.uint8):
        raise NotImplementedError(f"\"interpolate\" ({mode}) not implemented for '{check.type_name(input.dtype)}'")
