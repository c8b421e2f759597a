"""Padding: a tensor with more elements (or fewer) at the ends of its last dimensions."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import lax

from lamina.ops import promote
from lamina.ops.op import Array, Number, op


def _grad_name(input: Any, pad: tuple[int, ...], mode: str = "constant", value: Any = None) -> str:
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
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    pairs = list(zip(pad[::2], pad[1::2], strict=True))  # the last dimension first
    if mode == "constant":
        return _pad_constant(input, pairs, value)
    if value is not None and value != 0:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode not in ("reflect", "replicate", "circular"):
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if not 1 <= len(pairs) <= 3 or input.ndim not in (len(pairs) + 1, len(pairs) + 2):
        raise NotImplementedError(
            f"Padding size {len(pad)} is not supported for {input.ndim}D input tensor.\n"
            "Supported combinations for non-constant padding:\n"
            "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
            "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
            "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)"
        )
    output = input
    for back, (before, after) in enumerate(pairs, 1):
        _check_reach(mode, input, input.ndim - back, before, after)
        output = _pad_along(output, input.ndim - back, before, after, mode)
    return output


def _pad_constant(x: Array, pairs: list[tuple[int, int]], value: Number | None) -> Array:
    if len(pairs) > x.ndim:
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension "
            f"but got padding length {2 * len(pairs)} and input of dimension {x.ndim}"
        )
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
    size = x.shape[axis]
    cut = lax.slice_in_dim(x, max(-before, 0), size + min(after, 0), axis=axis)
    before, after = max(before, 0), max(after, 0)
    if mode == "circular":
        left = lax.slice_in_dim(cut, cut.shape[axis] - before, cut.shape[axis], axis=axis)
        right = lax.slice_in_dim(cut, 0, after, axis=axis)
    elif mode == "reflect":
        left = lax.rev(lax.slice_in_dim(x, 1, 1 + before, axis=axis), (axis,))
        right = lax.rev(lax.slice_in_dim(x, size - 1 - after, size - 1, axis=axis), (axis,))
    else:
        left = _repeat(lax.slice_in_dim(x, 0, 1, axis=axis), axis, before)
        right = _repeat(lax.slice_in_dim(x, size - 1, size, axis=axis), axis, after)
    return jnp.concatenate([left, cut, right], axis)


def _repeat(edge: Array, axis: int, count: int) -> Array:
    return jnp.broadcast_to(edge, (*edge.shape[:axis], count, *edge.shape[axis + 1 :]))


def _check_reach(mode: str, x: Array, axis: int, before: int, after: int) -> None:
    size = x.shape[axis]
    if mode == "reflect" and (before >= size or after >= size):
        raise RuntimeError(
            "Padding size should be less than the corresponding input dimension, "
            f"but got: padding ({before}, {after}) at dimension {axis} of input {list(x.shape)}"
        )
    kept = size + min(before, 0) + min(after, 0)
    if mode == "circular" and (before > kept or after > kept):
        raise RuntimeError("Padding value causes wrapping around more than once.")
    if size + before + after < 0 or size == 0:
        raise RuntimeError(f"pad: padding ({before}, {after}) does not fit dimension {axis} of input {tuple(x.shape)}.")
