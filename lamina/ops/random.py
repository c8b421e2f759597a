"""Random operations.

Where a stream is read, (seed, offset), alone decides the numbers: not the shapes before, not where the flushes fell,
not the device.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops.op import Array, Key, Number, Shape, op
from lamina.ops.promote import category


@op("lamina")
def dropout(key: Key, input: Array, p: Number = 0.5, training: bool = True) -> jax.Array:
    """Zero each element with probability p and divide the others by 1 - p; the input itself unless training.

    input (*) -> (*)
    """
    _require_floating("dropout", input, training)
    return _dropped(key, input, input.shape, p) if training else input


@op("lamina")
def feature_dropout(key: Key, input: Array, p: Number = 0.5, training: bool = True) -> jax.Array:
    """Zero each channel with probability p and divide the others by 1 - p; the input itself unless training.

    input (N, C, *) -> (N, C, *)
    """
    if input.ndim < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    _require_floating("feature_dropout", input, training)
    if not training:
        return input
    return _dropped(key, input, input.shape[:2] + (1,) * (input.ndim - 2), p)


@op("lamina")
def alpha_dropout(key: Key, input: Array, p: Number = 0.5, training: bool = True) -> jax.Array:
    """Set each element to SELU's lower limit with probability p, then scale and shift so that inputs of mean 0 and
    variance 1 keep them; the input itself unless training.

    input (*) -> (*)
    """
    _require_floating("alpha_dropout", input, training)
    return _alpha_dropped(key, input, input.shape, p) if training else input


@op("lamina")
def feature_alpha_dropout(key: Key, input: Array, p: Number = 0.5, training: bool = True) -> jax.Array:
    """`alpha_dropout` of whole channels: input (N, C, *) -> (N, C, *)."""
    if input.ndim < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    _require_floating("feature_alpha_dropout", input, training)
    if not training:
        return input
    return _alpha_dropped(key, input, input.shape[:2] + (1,) * (input.ndim - 2), p)


@op("lamina Tensor", differentiable=False)
def bernoulli(key: Key, input: Array, p: Number | None = None) -> jax.Array:
    """1 with the probability that the input's element (or p, for all) gives, else 0.

    input (*) -> (*), of the input's type
    """
    if p is not None:
        always = jnp.asarray(p, jnp.float64) >= 1
        return (_dropped_places(key, input.shape, p) | always).astype(input.dtype)
    if category(input.dtype) != 2:
        raise RuntimeError(f"bernoulli: input must be of a floating type, the probabilities of 1, got {input.dtype}.")
    # Uniform numbers in [0, 1) are below 1 always and below 0 never.
    return (uniform(key, input.shape, input.dtype) < input).astype(input.dtype)


@op("")
def random_bits(key: Key, shape: Shape, width: int = 32) -> jax.Array:
    """Random unsigned integers of 8, 16, 32 or 64 bits: () -> shape."""
    return bits(key, shape, np.dtype(f"uint{width}"))


@op("")
def random_uniform(key: Key, shape: Shape, dtype: Any = None) -> jax.Array:
    """Uniform random numbers in [0, 1): () -> shape."""
    return uniform(key, shape, np.dtype(dtype or np.float32))


@op("")
def random_normal(key: Key, shape: Shape, dtype: Any = None) -> jax.Array:
    """Standard normal random numbers: () -> shape."""
    return normal(key, shape, np.dtype(dtype or np.float32))


def bits(key: Key, shape: Shape, dtype: np.dtype) -> jax.Array:
    """Random bits as unsigned integers of dtype.

    ThreeFry, because XLA's CPU code for it takes 1.3 ns a number where Philox takes 4.3, and GPUs wait for memory with
    either. The offset goes into the cipher's key, not its counter: neighbouring offsets of one counter would give
    the same numbers shifted.
    """
    cipher_key = _mix(jnp.asarray(key.seed, jnp.uint64)) + jnp.asarray(key.offset, jnp.uint64)
    state = jnp.stack([cipher_key, jnp.zeros((), jnp.uint64)])
    return lax.rng_bit_generator(state, shape, dtype=dtype, algorithm=lax.RandomAlgorithm.RNG_THREE_FRY)[1]


def uniform(key: Key, shape: Shape, dtype: np.dtype) -> jax.Array:
    """Uniform numbers in [0, 1), of as many random bits as dtype's fraction holds."""
    dtype = np.dtype(dtype)
    digits = jnp.finfo(dtype).nmant + 1
    width = 64 if digits > 32 else 32
    drawn = bits(key, shape, np.dtype(f"uint{width}")) >> np.array(width - digits, f"uint{width}")[()]
    return drawn.astype(dtype) * np.array(2.0**-digits, dtype)


def normal(key: Key, shape: Shape, dtype: np.dtype) -> jax.Array:
    """Standard normal numbers, from the inverse of their distribution function."""
    dtype = np.dtype(dtype)
    wide = np.dtype(np.float64) if dtype == np.float64 else np.dtype(np.float32)
    # Halfway between two neighbours, so that neither end, where the inverse is infinite, is met.
    half = np.array(2.0 ** -(jnp.finfo(wide).nmant + 2), wide)
    symmetric = (uniform(key, shape, wide) + half) * wide.type(2) - wide.type(1)
    edge = np.nextafter(wide.type(1), wide.type(0))
    return (lax.erf_inv(jnp.clip(symmetric, -edge, edge)) * wide.type(math.sqrt(2))).astype(dtype)


def jax_key(key: Key) -> jax.Array:
    """A key for JAX's own samplers, from the place in the stream."""
    return jax.random.wrap_key_data(bits(key, (2,), np.dtype(np.uint32)), impl="threefry2x32")


def wide(x: jax.Array) -> jax.Array:
    """x in float32, or in float64 if it is already: samplers know no narrower type."""
    return x if x.dtype == np.float64 else x.astype(np.float32)


def _mix(x: jax.Array) -> jax.Array:
    """splitmix64: a one-to-one map that sends neighbouring seeds far apart."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _dropped_places(key: Key, shape: Shape, p: Number) -> jax.Array:
    """Where a random 32-bit integer is below p 2^32: True with probability p, up to 2^-32."""
    threshold = jnp.clip(jnp.asarray(p, jnp.float64) * 2.0**32, 0, 2.0**32 - 1).astype(jnp.uint32)
    return bits(key, shape, np.dtype(np.uint32)) < threshold


def _dropped(key: Key, input: jax.Array, mask_shape: Shape, p: Number) -> jax.Array:
    share = jnp.asarray(p, jnp.float64)
    scale = jnp.where(share < 1, 1 / jnp.where(share < 1, 1 - share, 1), 0).astype(input.dtype)
    dropped = jnp.broadcast_to(_dropped_places(key, mask_shape, p), input.shape)
    return jnp.where(dropped, jnp.zeros((), input.dtype), input * scale)


_SELU_LIMIT = 1.7580993408473766
"""alpha * scale of SELU: what it tends to below, negated."""


def _alpha_dropped(key: Key, input: jax.Array, mask_shape: Shape, p: Number) -> jax.Array:
    share = jnp.asarray(p, jnp.float64)
    some = share < 1
    a = jnp.where(some, 1 / jnp.sqrt(jnp.where(some, (_SELU_LIMIT**2 * share + 1) * (1 - share), 1)), 0)
    # A kept x becomes a x + b, a dropped one a (-limit) + b, with b = a limit p.
    b = (a * _SELU_LIMIT * share).astype(input.dtype)
    low = (a * _SELU_LIMIT * (share - 1)).astype(input.dtype)
    dropped = jnp.broadcast_to(_dropped_places(key, mask_shape, p) | ~some, input.shape)
    return jnp.where(dropped, jnp.broadcast_to(low, input.shape), input * a.astype(input.dtype) + b)


def _require_floating(name: str, input: jax.Array, training: bool) -> None:
    if training and category(input.dtype) < 2:
        raise RuntimeError("result type Float can't be cast to the desired output type Long")
