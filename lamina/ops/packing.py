"""Sequences of different lengths in one array: padded, or packed step by step without padding.

Where each row goes is given as numbers, not compiled in: other lengths of the same total are the same program.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from lamina.ops.op import Array, Arrays, Number, op


@jax.custom_vjp
def _take_rows(input: jax.Array, index: jax.Array, back: jax.Array, fill: jax.Array) -> jax.Array:
    taken = jnp.take(input, index, 0, mode="clip")
    there = (index >= 0).reshape(-1, *(1,) * (input.ndim - 1))
    return jnp.where(there, taken, fill)


def _take_forward(input: jax.Array, index: jax.Array, back: jax.Array, fill: jax.Array) -> tuple[jax.Array, tuple]:
    return _take_rows(input, index, back, fill), (index, back, fill)


def _take_backward(saved: tuple, grad: jax.Array) -> tuple:
    # No row is taken twice, so the gradient takes rows too, the other way: JAX's would add up scattered ones.
    index, back, fill = saved
    return _take_rows(grad, back, index, jnp.zeros_like(fill)), None, None, None


_take_rows.defvjp(_take_forward, _take_backward)


@op("", grad_name="PackPaddedSequenceBackward0")
def take_rows(input: Array, index: Array, back: Array, fill: Number = 0) -> jax.Array:
    """output[p] = input[index[p]], or `fill` where index[p] is -1. No row is taken twice.

    input (R, *), index (P,), back (R,): index[back[r]] = r, or -1 if row r is not taken -> (P, *)
    """
    return _take_rows(input, index, back, jnp.asarray(fill, input.dtype))


@op("", grad_name="CopySlices")
def pad_steps(
    input: Array, lengths: Array, fill: Number, steps: int, batch_first: bool, to_batch_first: bool
) -> jax.Array:
    """A padded batch with another number of steps, or another layout, and `fill` after the end of each sequence.

    input (N, T, *) if batch_first, else (T, N, *); lengths (N,) -> (N, steps, *) if to_batch_first, else (steps, N, *)
    """
    time = 1 if batch_first else 0
    more = steps - input.shape[time]
    if more > 0:
        input = jnp.pad(input, [(0, more if axis == time else 0) for axis in range(input.ndim)])
    elif more < 0:
        input = jax.lax.slice_in_dim(input, 0, steps, axis=time)
    if batch_first != to_batch_first:
        input = input.swapaxes(0, 1)
    place = jnp.arange(steps, dtype=lengths.dtype)
    valid = place < lengths[:, None] if to_batch_first else place[:, None] < lengths
    return jnp.where(valid.reshape(*valid.shape, *(1,) * (input.ndim - 2)), input, jnp.asarray(fill, input.dtype))


@op("", grad_name="PadSequenceBackward0")
def pad_stack(sequences: Arrays, fill: Number, steps: int, batch_first: bool, left: bool) -> jax.Array:
    """Sequences (L_n, *) as one batch, filled up: (N, steps, *), or (steps, N, *) unless batch_first."""
    value = jnp.asarray(fill, sequences[0].dtype)

    def pad(x: jax.Array) -> jax.Array:
        more = steps - x.shape[0]
        x = jnp.broadcast_to(x, (x.shape[0], *sequences[0].shape[1:])).astype(value.dtype)
        widths = [((more, 0) if left else (0, more)), *((0, 0) for _ in x.shape[1:])]
        return jnp.pad(x, widths, constant_values=value)

    return jnp.stack([pad(x) for x in sequences], 0 if batch_first else 1)
