"""Elements by their places in memory: `as_strided`, and complex numbers seen as pairs."""

from __future__ import annotations

import math

import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops.layout import is_contiguous
from lamina.ops.op import Array, Shape, op
from lamina.ops.operands import is_complex


def _places(size: Shape, stride: Shape, start: int) -> Array:
    """Where each element of the result lies in the flat input."""
    places = jnp.full(size, start, np.int64)
    for axis, step in enumerate(stride):
        places = places + lax.broadcasted_iota(np.int64, size, axis) * step
    return places


def _put(base: Array, value: Array, size: Shape, stride: Shape, start: int, storage_offset: int) -> Array:
    flat = lax.reshape(base, (base.size,))
    if not math.prod(size):
        return base
    value = jnp.broadcast_to(value, size)
    if is_contiguous(size, stride):
        flat = lax.dynamic_update_slice(flat, lax.reshape(value, (value.size,)), (start,))
    else:
        flat = flat.at[_places(size, stride, start)].set(value, mode="drop")
    return lax.reshape(flat, base.shape)


@op("", view=True, put=_put, saves=False, grad_name="AsStridedBackward0")
def strided(input: Array, size: Shape, stride: Shape, start: int, storage_offset: int) -> Array:
    """The elements of the flat input that lie `stride` apart from `start` on: any input -> size.

    Args:
        storage_offset: where the result lies in memory that the input may be only a part of.
    """
    flat = lax.reshape(input, (input.size,))
    if not math.prod(size):
        return jnp.zeros(size, input.dtype)
    if is_contiguous(size, stride):
        return lax.reshape(lax.slice(flat, (start,), (start + math.prod(size),)), size)
    return flat.at[_places(size, stride, start)].get(mode="promise_in_bounds")


@op("", saves=False, grad_name="AsStridedScatterBackward0")
def strided_scatter(input: Array, src: Array, size: Shape, stride: Shape, start: int) -> Array:
    """The input with src where `strided` would read."""
    if tuple(src.shape) != tuple(size):
        raise RuntimeError(
            f"expected src to have a size equal to the slice of self. src size = {list(src.shape)}, "
            f"slice size = {list(size)}"
        )
    return _put(input, src.astype(input.dtype), size, stride, start, start)


def _as_real(x: Array) -> Array:
    return jnp.stack([lax.real(x), lax.imag(x)], -1)


def _as_complex(x: Array) -> Array:
    return lax.complex(x[..., 0], x[..., 1])


@op("lamina", view=True, put=lambda base, value: _as_complex(value), saves=False)
def view_as_real(input: Array) -> Array:
    """Complex numbers as pairs of real and imaginary part, a view: (*) -> (*, 2).

    >>> import lamina
    >>> lamina.view_as_real(lamina.tensor([1 + 2j]))
    tensor([[1., 2.]])
    """
    if not is_complex(input):
        raise RuntimeError("view_as_real is only supported for complex tensors")
    return _as_real(input)


@op("lamina", view=True, put=lambda base, value: _as_real(value), saves=False)
def view_as_complex(input: Array) -> Array:
    """Pairs as complex numbers, a view: (*, 2) -> (*).

    >>> import lamina
    >>> lamina.view_as_complex(lamina.tensor([[1.0, 2.0]]))
    tensor([1.+2.j])
    """
    if input.dtype not in (np.float32, np.float64, np.float16):
        raise RuntimeError(
            f"view_as_complex is only supported for half, float and double tensors, but got a tensor of scalar type: "
            f"{input.dtype}"
        )
    if not input.ndim:
        raise RuntimeError("Input tensor must have one or more dimensions")
    if input.shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    return _as_complex(input)
