"""Constants: what `zeros`, `full`, `arange`, `linspace` and `eye` record."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lamina.ops import promote
from lamina.ops.op import Array, Number, Shape, op


def _host_fill(value: Any, size: Any, dtype: Any) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.full(size, np.asarray(value).astype(dtype))


@op("", host=_host_fill)
def fill_constant(value: int, size: Shape, dtype: np.dtype) -> Array:
    """Zeros or ones: -> size."""
    return jnp.full(size, value, dtype)


@op("", host=_host_fill)
def full_constant(value: Number, size: Shape, dtype: np.dtype) -> Array:
    """One number everywhere: -> size. Another number compiles nothing new."""
    return jnp.broadcast_to(promote.cast(value, dtype), size)


def _host_arange(count: int, start: float, step: float, dtype: Any) -> np.ndarray:
    return (np.arange(count) * step + start).astype(dtype)


@op("", host=_host_arange)
def arange_constant(count: int, start: float, step: float, dtype: np.dtype) -> Array:
    """start, start + step, ... -> (count,)."""
    wide = np.int64 if isinstance(start, int) and isinstance(step, int) else np.float64
    return promote.cast(jax.lax.iota(wide, count) * step + start, dtype)


def _host_linspace(steps: int, start: float, end: float, dtype: Any) -> np.ndarray:
    # Both halves count from their own end, as PyTorch's do, so that the last number is exact.
    compute = np.float64 if np.dtype(dtype).kind in "iu" else np.dtype(dtype)
    if steps == 1:
        return np.array([start]).astype(dtype)
    step = np.asarray((end - start) / max(steps - 1, 1)).astype(compute)
    index = np.arange(steps).astype(compute)
    low = np.asarray(start).astype(compute) + step * index
    high = np.asarray(end).astype(compute) - step * (np.asarray(steps - 1).astype(compute) - index)
    return np.where(np.arange(steps) < steps // 2, low, high).astype(dtype)


@op("", host=_host_linspace)
def linspace_constant(steps: int, start: float, end: float, dtype: np.dtype) -> Array:
    """From start to end in equal steps: -> (steps,)."""
    return jnp.asarray(_host_linspace(steps, start, end, dtype))


def _host_eye(n: int, m: int, dtype: Any) -> np.ndarray:
    return np.eye(n, m).astype(dtype)


@op("", host=_host_eye)
def eye_constant(n: int, m: int, dtype: np.dtype) -> Array:
    """Ones on the diagonal: -> (n, m)."""
    return jnp.eye(n, m, dtype=dtype)
