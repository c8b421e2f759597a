"""Normalisation by the response of neighbouring channels."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import promote
from lamina.ops.op import Array, op

_FEW = 16
"""Up to this many shifted slices are added; more neighbours are summed by a matrix product over the channels."""


@op("functional", grad_name="DivBackward0")
def local_response_norm(input: Array, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> jax.Array:
    """output[c] = input[c] / (k + alpha / size * sum of input[d]^2 over the size channels d around c)^beta.

    The neighbours are c - size // 2 to c + (size - 1) // 2, as far as they are there.

    input (N, C, *), at least three dimensions -> same
    """
    if input.ndim < 3:
        raise ValueError(f"Expected 3D or higher dimensionality input (got {input.ndim} dimensions)")
    if not isinstance(size, int):
        raise TypeError(f"local_response_norm: size must be int, got {type(size).__name__}.")
    if input.size == 0:
        return input
    if size <= 0:
        raise RuntimeError(f"local_response_norm: size must be greater than zero, got {size}.")
    (floating,) = promote.promote_float(input)
    x = floating.astype(jnp.float32) if floating.dtype.itemsize == 2 else floating
    neighbours = _window_sum(x * x, size // 2, (size - 1) // 2)
    return (x / (neighbours * (alpha / size) + k) ** beta).astype(floating.dtype)


@op("", grad_name="CrossMapLRN2dBackward")
def cross_map_lrn2d(input: Array, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1) -> jax.Array:
    """output[c] = input[c] * (k + alpha / size * sum of input[d]^2)^-beta, over the channels d less than
    (size + 1) // 2 away from c, and channel 0.

    That channel 0 counts everywhere is PyTorch's way, and so is the derivative, whose window of channels is another one
    than in the formula.

    input (N, C, H, W) -> same
    """
    if input.ndim != 4:
        raise ValueError(f"CrossMapLRN2d: Expected input to be 4D, got {input.ndim}D instead.")
    if input.shape[1] == 0:
        raise IndexError(f"CrossMapLRN2d: input must have channels, got {tuple(input.shape)}.")
    if promote.category(input.dtype) != 2:
        raise RuntimeError(f"result type Float can't be cast to the desired output type {input.dtype}")
    x = input.astype(jnp.float32) if input.dtype.itemsize == 2 else input
    return _cross_map(x, size, alpha / size, beta, k).astype(input.dtype)


def _window_sum(x: jax.Array, before: int, after: int) -> jax.Array:
    """At each channel, the sum from `before` channels before it to `after` channels after it."""
    channels = x.shape[1]
    if before + after >= _FEW:
        return _by_channel(_band(channels, -before, after), x)
    padded = jnp.pad(x, [(0, 0), (before, after), *[(0, 0)] * (x.ndim - 2)])
    return sum(lax.slice_in_dim(padded, i, i + channels, axis=1) for i in range(before + after + 1))  # type: ignore[return-value]


def _band(channels: int, first: int, last: int) -> np.ndarray:
    """band[c, d] = whether channel d is among c + first to c + last."""
    away = np.arange(channels) - np.arange(channels)[:, None]
    return (away >= first) & (away <= last)


def _by_channel(matrix: np.ndarray, x: jax.Array) -> jax.Array:
    return jnp.einsum("cd,nd...->nc...", matrix.astype(x.dtype), x, precision=lax.Precision.HIGHEST)


@partial(jax.custom_vjp, nondiff_argnums=(1, 2, 3, 4))
def _cross_map(x: jax.Array, size: int, factor: float, beta: float, k: float) -> jax.Array:
    return _cross_map_forward(x, size, factor, beta, k)[0]


def _cross_map_forward(x: jax.Array, size: int, factor: float, beta: float, k: float) -> tuple[jax.Array, Any]:
    reach = (size - 1) // 2
    window = _band(x.shape[1], -reach, reach)
    window[:, 0] = True
    scale = _by_channel(window, x * x) * factor + k
    output = x * scale**-beta
    return output, (x, output, scale)


def _cross_map_backward(size: int, factor: float, beta: float, k: float, kept: Any, g: jax.Array) -> tuple[jax.Array]:
    x, output, scale = kept
    first = -min(size // 2 + 1 if size % 2 else size // 2, size - 1)
    sums = _by_channel(_band(x.shape[1], first, first + size - 1), g * output / scale)
    return (g * scale**-beta - 2 * factor * beta * x * sums,)


_cross_map.defvjp(_cross_map_forward, _cross_map_backward)
