"""Padding: a tensor with more elements (or fewer) at the ends of its last dimensions."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import lax

from lamina.ops import promote
from lamina.ops.op import Array, Number, op


def _grad_name(input: Any, pad: tuple[int, ...], mode: str = "constant", value: Any = None) -> str:
    if mode == "circular":
        return "torch::autograd::CopySlices"
    kind = {"reflect": "ReflectionPad", "replicate": "ReplicationPad"}.get(mode)
    return "ConstantPadNdBackward0" if kind is None else f"{kind}{len(pad) // 2}DBackward0"


@op("functional", grad_name=_grad_name)
def pad(input: Array, pad: tuple[int, ...], mode: str = "constant", value: Number | None = None) -> Array:
    """input with pad[0] elements before and pad[1] after its last dimension, pad[2] and pad[3] for the one before, ...

    mode "constant" fills with `value` (0 unless given), "reflect" mirrors at the outermost element, "replicate"
    repeats it, "circular" goes round. Negative numbers cut elements off.

    input (*, W) -> (*, pad[0] + W + pad[1])

    >>> import lamina
    >>> lamina.nn.functional.pad(lamina.tensor([[1, 2, 3]]), (2, 1), mode="reflect")
    tensor([[3, 2, 1, 2, 3, 2]])
    """
    if isinstance(pad, str):
        raise TypeError("pad(): argument 'pad' (position 2) must be tuple of ints, not str")
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    pairs = list(zip(pad[::2], pad[1::2], strict=True))  # the last dimension first
    if mode == "constant":
        return _pad_constant(input, pairs, value)
    if value is not None and value != 0:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode not in ("reflect", "replicate", "circular"):
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    _check_length(input, pairs)
    if not 1 <= len(pairs) <= 3 or input.ndim not in (len(pairs) + 1, len(pairs) + 2):
        raise NotImplementedError(
            f"Padding size {len(pad)} is not supported for {input.ndim}D input tensor.\n"
            "Supported combinations for non-constant padding:\n"
            "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
            "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
            "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)"
        )
    _check_sizes(mode, input, pairs)
    output = input
    for back, (before, after) in enumerate(pairs, 1):
        if (before, after) != (0, 0):
            output = _pad_along(output, input.ndim - back, before, after, mode)
    return output


def _pad_constant(x: Array, pairs: list[tuple[int, int]], value: Number | None) -> Array:
    _check_length(x, pairs)
    config = [(0, 0, 0)] * (x.ndim - len(pairs)) + [(before, after, 0) for before, after in reversed(pairs)]
    for size, (before, after, _) in zip(x.shape, config, strict=True):
        if size + before + after < 0:
            raise RuntimeError(
                f"pad: padding ({before}, {after}) must leave a size of at least 0, got input {tuple(x.shape)}."
            )
    fill = promote.cast(0 if value is None else value, x.dtype)
    return lax.pad(x, fill, config)


def _pad_along(x: Array, axis: int, before: int, after: int, mode: str) -> Array:
    """Pad one axis: slices joined, whose gradient is slices added, which is faster than a gather with its scatter."""
    if mode == "circular":  # what is cut off does not come back at the other end
        x = _cut(x, axis, before, after)
    size = x.shape[axis]
    left, right = max(before, 0), max(after, 0)
    if mode == "circular":
        first = lax.slice_in_dim(x, size - left, size, axis=axis)
        last = lax.slice_in_dim(x, 0, right, axis=axis)
    elif mode == "reflect":
        first = lax.rev(lax.slice_in_dim(x, 1, 1 + left, axis=axis), (axis,))
        last = lax.rev(lax.slice_in_dim(x, size - 1 - right, size - 1, axis=axis), (axis,))
    else:
        first = _repeat(lax.slice_in_dim(x, 0, 1, axis=axis), axis, left)
        last = _repeat(lax.slice_in_dim(x, size - 1, size, axis=axis), axis, right)
    output = jnp.concatenate([part for part in (first, x, last) if part.shape[axis]] or [x], axis)
    return output if mode == "circular" else _cut(output, axis, before, after)


def _cut(x: Array, axis: int, before: int, after: int) -> Array:
    """What is left when negative numbers cut elements off."""
    return lax.slice_in_dim(x, max(-before, 0), x.shape[axis] + min(after, 0), axis=axis)


def _repeat(edge: Array, axis: int, count: int) -> Array:
    return jnp.broadcast_to(edge, (*edge.shape[:axis], count, *edge.shape[axis + 1 :]))


def _check_length(x: Array, pairs: list[tuple[int, int]]) -> None:
    if len(pairs) > x.ndim:
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension "
            f"but got padding length {2 * len(pairs)} and input of dimension {x.ndim}"
        )


def _check_sizes(mode: str, x: Array, pairs: list[tuple[int, int]]) -> None:
    shape = list(x.shape)
    left = [size + before + after for size, (before, after) in zip(reversed(shape), pairs, strict=False)]
    if mode != "circular":
        if 0 in shape[1 if x.ndim == len(pairs) + 2 else 0 :]:
            raise RuntimeError(
                f"Expected {len(pairs) + 1}D or {len(pairs) + 2}D (batch mode) tensor with possibly 0 batch size and "
                f"other non-zero dimensions for input, but got: {shape}"
            )
        if x.dtype == bool:
            raise NotImplementedError(f"pad with mode '{mode}' is not implemented for 'Bool'")
    if any(size < 0 for size in left) or (mode != "circular" and max(left) < 1):
        raise RuntimeError(f"pad: {tuple(n for pair in pairs for n in pair)} leaves nothing of input {tuple(x.shape)}.")
    for back, (before, after) in enumerate(pairs, 1):
        size = shape[-back]
        if mode == "reflect" and (before >= size or after >= size):
            raise RuntimeError(
                "Padding size should be less than the corresponding input dimension, "
                f"but got: padding ({before}, {after}) at dimension {x.ndim - back} of input {shape}"
            )
        kept = size + min(before, 0) + min(after, 0)
        if mode == "circular" and (before > kept or after > kept):
            raise RuntimeError("Padding value causes wrapping around more than once.")
