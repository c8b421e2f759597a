"""Fractional max pooling: windows of one size that begin at places drawn at random, for a given output size.

Source: Graham, Fractional Max-Pooling, arxiv.org/abs/1412.6071.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote
from lamina.ops.maximum import Found, first_maximum, places, sliding_maximum
from lamina.ops.op import Array
from lamina.ops.spaces import AXES, op_by_space, sizes


@op_by_space("fractional_max_pool{n}d", "", grad_name="FractionalMaxPool{n}DBackward0", spaces=(2, 3))
def fractional_max_pool(
    space: int,
    input: Array,
    kernel_size: int | tuple[int, ...],
    output_size: int | tuple[int, ...],
    random_samples: Array,
) -> tuple[Array, Array]:
    """The largest value in each of `output_size` windows of `kernel_size`, and its place in {volume}, as int64.

    With u from random_samples and a = (I - K) / (O - 1), window o of a dimension begins at floor((o + u) a) -
    floor(u a), and the last one ends with the input.

    input (N, C, {axes}) or (C, {axes}), random_samples (N, C, {n}) in [0, 1) -> twice (*, C, {new})
    """
    name = f"fractional_max_pool{space}d"
    kernel, size = sizes(name, "kernel_size", kernel_size, space), sizes(name, "output_size", output_size, space)
    _check(name, space, input, kernel, size, random_samples)
    batch = input.shape[: input.ndim - space]
    # In two dimensions PyTorch reads the numbers from the last dimension on.
    samples = random_samples[: batch[0]] if len(batch) == 2 else random_samples[0]
    samples = samples[..., ::-1] if space == 2 else samples
    found: Found = (input, places(input.shape, space))
    for place, axis in reversed(list(enumerate(range(len(batch), input.ndim)))):
        starts = _starts(samples[..., place], input.shape[axis], size[place], kernel[place])
        found = _max_along(*found, axis, starts, kernel[place])
    value, index = found
    assert index is not None
    return value, index


def _starts(sample: Array, length: int, size: int, kernel: int) -> Array:
    """Where each window begins. sample (*) -> (*, size), int32"""
    last = jnp.full((*sample.shape, min(size, 1)), length - kernel, jnp.int32)
    if size < 2:
        return last
    alpha = np.asarray((length - kernel) / (size - 1), sample.dtype)
    window = jnp.arange(size - 1, dtype=sample.dtype)
    offset = ((window + sample[..., None]) * alpha).astype(jnp.int32) - (sample * alpha).astype(jnp.int32)[..., None]
    return jnp.concatenate([offset, last], -1)


def _max_along(x: Array, indices: Array | None, axis: int, starts: Array, kernel: int) -> Found:
    """The first maximum of `kernel` elements from each start. x (N, C, *), starts (N, C, J)"""
    x, indices, reach = sliding_maximum(x, indices, axis, kernel)
    assert indices is not None
    begins = (starts, starts + (kernel - reach)) if kernel > 1 else (starts,)
    return first_maximum((_take(x, begin, axis), _take(indices, begin, axis)) for begin in begins)


def _take(x: Array, begin: Array, axis: int) -> Array:
    """Elements `begin` of an axis, at all places of the other dimensions of space. begin (*, J)"""
    rows = jnp.moveaxis(x, axis, -1)
    shape = rows.shape[:-1]
    flat = rows.reshape(*begin.shape[:-1], int(np.prod(shape[begin.ndim - 1 :])), x.shape[axis])
    taken = _take_last(flat, begin) if promote.category(x.dtype) == 2 else _gather(flat, begin)
    return jnp.moveaxis(taken.reshape(*shape, begin.shape[-1]), -1, axis)


def _gather(x: Array, places: Array) -> Array:
    return jnp.take_along_axis(x, places[..., None, :], -1)


@jax.custom_vjp
def _take_last(x: Array, places: Array) -> Array:
    """output[.., r, j] = x[.., r, places[.., j]]. x (*, R, I), places (*, J) -> (*, R, J)"""
    return _gather(x, places)


def _take_last_forward(x: Array, places: Array) -> Any:
    return _gather(x, places), (places, x.shape[-1])


def _take_last_backward(saved: Any, gradient: Array) -> Any:
    # A product with ones and zeros: a scatter takes many times as long on the CPU.
    places, size = saved
    ones = (places[..., None] == jnp.arange(size, dtype=places.dtype)).astype(gradient.dtype)  # (*, J, I)
    product = jnp.einsum("...rj,...ji->...ri", gradient, ones, precision=lax.Precision.HIGHEST)
    return product, np.zeros(places.shape, jax.dtypes.float0)


_take_last.defvjp(_take_last_forward, _take_last_backward)


def _check(name: str, space: int, input: Array, kernel: Any, size: Any, samples: Array) -> None:
    if input.ndim not in (space + 1, space + 2):
        raise RuntimeError(f"{name}: Expected {space + 1}D or {space + 2}D tensor, but got: {list(input.shape)}")
    space_shape, channels = input.shape[-space:], input.shape[-space - 1]
    if 0 in input.shape[-space - 1 :]:
        raise RuntimeError(
            f"{name}: Expected input to have non-zero size for non-batch dimensions, but got {list(input.shape)}."
        )
    if any(k <= 0 for k in kernel):
        raise RuntimeError(f"{name}: kernel_size must be greater than zero, but got {kernel}")
    for letter, length, k, new in zip(AXES[space], space_shape, kernel, size, strict=True):
        # Of volumes PyTorch asks for an element more.
        if new + k - 1 > length - (space == 3):
            raise RuntimeError(
                f"{name}: kernel_size {k} and output_size {new} are too large for {length} elements along {letter}"
            )
    if promote.category(input.dtype) != 2:
        raise NotImplementedError(f"\"{name}\" not implemented for '{check.type_name(input.dtype)}'")
    if samples.dtype != input.dtype:
        raise RuntimeError("Expect _random_samples to have the same dtype as input")
    if samples.ndim != 3:
        raise RuntimeError(f"Expect _random_samples to have 3 dimensions, got {samples.ndim}")
    batch = input.shape[0] if input.ndim == space + 2 else 1
    if samples.shape[0] < batch:
        raise RuntimeError(
            f"Expect _random_samples.size(0) no less then input batch size {batch}, got {samples.shape[0]}."
        )
    if samples.shape[1:] != (channels, space):
        raise RuntimeError(
            f"Expect _random_samples to be (*, {channels}, {space}) to go with input {tuple(input.shape)}, "
            f"got {tuple(samples.shape)}."
        )
