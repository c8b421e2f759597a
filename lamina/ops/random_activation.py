"""Activation functions that draw random numbers."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote, random
from lamina.ops.activation import leaky_relu
from lamina.ops.op import Array, Key, Number, op


@op("", grad_name="RreluWithNoiseBackward0")
def rrelu(
    key: Key, input: Array, lower: Number = 1.0 / 8, upper: Number = 1.0 / 3, training: bool = False
) -> jax.Array:
    """output = input where it is positive, else r * input: each r from U(lower, upper) in training, else their mean.

    input (*) -> (*)
    """
    if not training:
        return leaky_relu(input, (lower + upper) / 2)
    if promote.category(input.dtype) != 2:
        raise NotImplementedError(f"\"rrelu_with_noise_out_cpu\" not implemented for '{check.type_name(input.dtype)}'")
    slope = random.uniform(key, input.shape, _wide_type(input)) * (upper - lower) + lower
    return jnp.where(input <= 0, (input * slope).astype(input.dtype), input)


@op("", grad_name="SoftmaxBackward0")
def gumbel_softmax(key: Key, logits: Array, tau: Number = 1.0, hard: bool = False, dim: int = -1) -> jax.Array:
    """output = softmax((logits + g) / tau) along dim, each g from the standard Gumbel distribution.

    With `hard`, the output is 1 where that is largest and 0 elsewhere, with the gradient of the softmax.
    logits (*) -> (*)
    """
    if promote.category(logits.dtype) != 2:
        raise RuntimeError(f"gumbel_softmax: logits must be of a floating type, got {logits.dtype}.")
    dim = check.dim(dim, logits.ndim)
    wide = _wide_type(logits)
    # A uniform number in the middle between two neighbours is never 0, but may round to 1.
    middle = random.uniform(key, logits.shape, wide) + np.array(2.0 ** -(jnp.finfo(wide).nmant + 2), wide)
    gumbel = -jnp.log(jnp.maximum(-jnp.log(middle), jnp.finfo(wide).tiny))
    soft = jax.nn.softmax((logits.astype(wide) + gumbel) / tau, axis=dim if logits.ndim else None)
    soft = soft.astype(logits.dtype)
    if not hard or logits.size == 0:
        return soft
    size = logits.shape[dim] if logits.ndim else 1
    largest = jax.nn.one_hot(jnp.argmax(soft, axis=dim), size, axis=dim, dtype=soft.dtype) if logits.ndim else soft
    return lax.stop_gradient(largest - soft) + soft


def _wide_type(x: jax.Array) -> np.dtype:
    return np.dtype(np.float32) if x.dtype.itemsize == 2 else x.dtype
