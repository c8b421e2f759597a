"""Sliding blocks of images as columns, and columns added up to images.

Letters: N batch, C channels, H W space, K kernel sizes, L number of blocks.
Blocks are boxes, so both go one dimension after another. With dilation 1, a dimension is cut into pieces as long as
the stride, and a block is a few whole pieces: without overlap, nothing is done but to arrange the axes anew.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, op

Sizes = tuple[int, ...]
Given = int | Sizes

FEW = 64
"""Up to so many shifted slices along a dimension; more are gathered, which compiles in less time and runs slower."""


@op("functional", grad_name="Im2ColBackward0")
def unfold(
    input: Array,
    kernel_size: int | tuple[int, ...],
    dilation: int | tuple[int, ...] = 1,
    padding: int | tuple[int, ...] = 0,
    stride: int | tuple[int, ...] = 1,
) -> Array:
    """The blocks that a kernel meets while it slides over an image, each as a column, from left to right, row by row.

    input (N, C, H, W) or (C, H, W) -> (N, C * K * K, L) or (C * K * K, L)

    >>> import lamina
    >>> lamina.nn.functional.unfold(lamina.arange(6.0).reshape(1, 1, 2, 3), kernel_size=2)
    tensor([[[0., 1.],
             [1., 2.],
             [3., 4.],
             [4., 5.]]])
    """
    windows = _windows("unfold", kernel_size, dilation, padding, stride)
    shape = input.shape
    check.dim(2, input.ndim)
    if not (input.ndim in (3, 4) and 0 not in shape[-3:]):
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, "
            f"but got: {list(shape)}"
        )
    counts = tuple(w.count(size) for w, size in zip(windows, shape[-2:], strict=True))
    if any(count < 1 for count in counts):
        raise RuntimeError(
            f"Given input with spatial size {tuple(shape[-2:])}, {_given(windows)}, calculated shape of the array of "
            f"sliding blocks as {counts}, but its components must be at least one."
        )
    _check_dtype("im2col", input)
    x = input if input.ndim == 4 else input[None]
    columns = _cut(x, 3, windows[1], counts[1])  # N C H K L
    columns = _cut(columns, 2, windows[0], counts[0])  # N C K L K L
    height = x.shape[1] * windows[0].kernel * windows[1].kernel
    columns = columns.transpose(0, 1, 2, 4, 3, 5).reshape(x.shape[0], height, counts[0] * counts[1])  # N C*K*K L
    return columns if input.ndim == 4 else columns[0]


@op("functional", grad_name="Col2ImBackward0")
def fold(
    input: Array,
    output_size: int | tuple[int, ...],
    kernel_size: int | tuple[int, ...],
    dilation: int | tuple[int, ...] = 1,
    padding: int | tuple[int, ...] = 0,
    stride: int | tuple[int, ...] = 1,
) -> Array:
    """The image whose blocks the columns are, as `unfold` orders them; where blocks overlap, they are added.

    input (N, C * K * K, L) or (C * K * K, L) -> (N, C, *output_size) or (C, *output_size)

    >>> import lamina
    >>> lamina.nn.functional.fold(lamina.ones(1, 4, 2), output_size=(2, 3), kernel_size=2)
    tensor([[[[1., 2., 1.],
              [1., 2., 1.]]]])
    """
    out = _pair("fold", "output_size", output_size)
    windows = _windows("fold", kernel_size, dilation, padding, stride)
    counts = _check_fold(input, out, windows)
    _check_dtype("col2im", input)
    x = input if input.ndim == 3 else input[None]
    kernel = tuple(w.kernel for w in windows)
    blocks = x.reshape(x.shape[0], x.shape[1] // (kernel[0] * kernel[1]), *kernel, *counts)  # N C K K L L
    blocks = blocks.transpose(0, 1, 2, 4, 3, 5)  # N C K L K L
    image = _join(_join(blocks, 2, windows[0], counts[0], out[0]), 3, windows[1], counts[1], out[1])  # N C H W
    return image if input.ndim == 3 else image[0]


@dataclass(frozen=True)
class _Window:
    """How blocks lie along one dimension: element k of block l is at l * stride + k * dilation - padding."""

    kernel: int
    dilation: int
    padding: int
    stride: int

    def count(self, size: int) -> int:
        """How many blocks a dimension of this size has."""
        return (size + 2 * self.padding - self.dilation * (self.kernel - 1) - 1) // self.stride + 1

    @property
    def pieces(self) -> int:
        """Of how many pieces as long as the stride a block consists."""
        return -(-self.kernel // self.stride)


def _cut(x: Array, axis: int, window: _Window, count: int) -> Array:
    """(..., H, ...) -> (..., K, L, ...)."""
    size = x.shape[axis]
    kernel, stride, dilation = window.kernel, window.stride, window.dilation
    if dilation == 1 and window.pieces <= FEW:
        length = count + window.pieces - 1
        x = _fit(x, axis, window.padding, length * stride)
        x = x.reshape(*x.shape[:axis], length, stride, *x.shape[axis + 1 :])  # pieces S
        parts = [lax.slice_in_dim(x, i, i + count, axis=axis) for i in range(window.pieces)]
        x = jnp.moveaxis(jnp.stack(parts, axis), axis + 1, axis + 2)  # pieces S L
        x = x.reshape(*x.shape[:axis], window.pieces * stride, count, *x.shape[axis + 3 :])  # K L
        return lax.slice_in_dim(x, 0, kernel, axis=axis)
    x = _fit(x, axis, window.padding, size + 2 * window.padding)
    if kernel <= FEW:
        step = (count - 1) * stride + 1
        starts = [i * dilation for i in range(kernel)]
        return jnp.stack([lax.slice_in_dim(x, a, a + step, stride, axis) for a in starts], axis)
    return jnp.take(x, _places(window, count), axis=axis, mode="clip")


def _join(x: Array, axis: int, window: _Window, count: int, size: int) -> Array:
    """(..., K, L, ...) -> (..., H, ...): what goes to the same place is added."""
    kernel, stride, dilation = window.kernel, window.stride, window.dilation
    if dilation == 1 and window.pieces <= FEW:
        x = _fit(x, axis, 0, window.pieces * stride)
        x = x.reshape(*x.shape[:axis], window.pieces, stride, count, *x.shape[axis + 2 :])
        x = jnp.moveaxis(x, axis + 2, axis + 1)  # pieces L S
        length = count + window.pieces - 1
        parts = [_fit(lax.index_in_dim(x, i, axis, False), axis, i, length) for i in range(window.pieces)]
        total = _sum(parts)
        total = total.reshape(*x.shape[:axis], length * stride, *x.shape[axis + 3 :])
        return _fit(total, axis, -window.padding, size)
    padded = size + 2 * window.padding
    if kernel <= FEW:
        parts = []
        for i in range(kernel):
            part, after = lax.index_in_dim(x, i, axis, False), padded - i * dilation - (count - 1) * stride - 1
            config = [(0, 0, 0)] * part.ndim
            config[axis] = (i * dilation, after, stride - 1)
            parts.append(lax.pad(part, jnp.zeros((), x.dtype), config))
        total = _sum(parts)
    else:
        total = jnp.zeros((*x.shape[:axis], padded, *x.shape[axis + 2 :]), x.dtype)
        total = total.at[(slice(None),) * axis + (_places(window, count),)].add(x)
    return _fit(total, axis, -window.padding, size)


def _sum(parts: list[Array]) -> Array:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _places(window: _Window, count: int) -> np.ndarray:
    """Where element k of block l is in the padded input: (K, L)."""
    return np.add.outer(np.arange(window.kernel) * window.dilation, np.arange(count) * window.stride)


def _fit(x: Array, axis: int, before: int, size: int) -> Array:
    """`before` zeros added before an axis (a negative number cuts), then at its end zeros added or elements cut."""
    after = size - before - x.shape[axis]
    if before == after == 0:
        return x
    config = [(0, 0, 0)] * x.ndim
    config[axis] = (before, after, 0)
    return lax.pad(x, jnp.zeros((), x.dtype), config)


def _windows(name: str, kernel_size: Given, dilation: Given, padding: Given, stride: Given) -> tuple[_Window, _Window]:
    names = ("kernel_size", "dilation", "padding", "stride")
    pairs = [_pair(name, *pair) for pair in zip(names, (kernel_size, dilation, padding, stride), strict=True)]
    for argument, pair in zip(names, pairs, strict=True):
        least = 0 if argument == "padding" else 1
        if min(pair) < least:
            what = "non-negative" if argument == "padding" else "greater than zero"
            raise RuntimeError(f"{name}: {argument} should be {what}, but got {pair}")
    first, second = (_Window(*numbers) for numbers in zip(*pairs, strict=True))
    return first, second


def _pair(name: str, argument: str, value: Given) -> tuple[int, int]:
    pair = (value, value) if isinstance(value, int) else tuple(value)
    if len(pair) != 2:
        raise RuntimeError(f"{name}: {argument} must be one int or two, got {value}.")
    return pair


def _given(windows: tuple[_Window, _Window]) -> str:
    names = ("kernel", "dilation", "padding", "stride")
    return ", ".join(f"{name}={tuple(getattr(w, name) for w in windows)}" for name in names)


def _check_fold(input: Array, out: tuple[int, int], windows: tuple[_Window, _Window]) -> tuple[int, int]:
    if min(out) < 1:
        raise RuntimeError(f"fold: output_size should be greater than zero, but got {out}")
    if not (input.ndim in (2, 3) and 0 not in input.shape[-2:]):
        raise RuntimeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for "
            f"input, but got: {list(input.shape)}"
        )
    kernel = windows[0].kernel * windows[1].kernel
    if input.shape[-2] % kernel:
        raise RuntimeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={input.shape[-2]} and kernel_size={tuple(w.kernel for w in windows)}."
        )
    counts = windows[0].count(out[0]), windows[1].count(out[1])
    if min(counts) < 1 or input.shape[-1] != counts[0] * counts[1]:
        raise RuntimeError(
            f"Given output_size={out}, {_given(windows)}, expected size of input's dimension 2 to match the calculated "
            f"number of sliding blocks {counts[0]} * {counts[1]} = {counts[0] * counts[1]}, but got "
            f"input.size(2)={input.shape[-1]}."
        )
    return counts


def _check_dtype(name: str, input: Array) -> None:
    if promote.category(input.dtype) < 2 and input.dtype != bool:
        raise NotImplementedError(f"\"{name}\" not implemented for '{check.type_name(input.dtype)}'")
