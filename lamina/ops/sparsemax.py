"""Sparsemax: the nearest distribution, in which most probabilities can be exactly zero.

Source: Martins and Astudillo, From Softmax to Sparsemax, 2016.
"""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, op


@op("functional")
def contrib_sparsemax(input: Array, dim: int = -1) -> Array:
    """max(0, input - tau) along dim, with the tau that makes the sum 1.

    input (*) -> (*)

    >>> import lamina
    >>> lamina.nn.functional.contrib_sparsemax(lamina.tensor([1.0, 0.5, -1.0]))
    tensor([0.7500, 0.2500, 0.0000])
    """
    if promote.category(input.dtype) != 2:
        raise NotImplementedError(f"\"contrib_sparsemax\" not implemented for '{check.type_name(input.dtype)}'")
    dim = check.dim(dim, input.ndim)
    if not input.size:
        return input
    wide = input.astype(jnp.float32) if input.dtype.itemsize == 2 else input
    return _project(wide, dim).astype(input.dtype) if input.ndim else jnp.ones_like(input) + 0 * input


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def _project(x: Array, dim: int) -> Array:
    """The threshold is found without a sort, which is slow on a CPU.

    The mean excess of the elements above a threshold that is too low is a threshold that is higher and still not too
    high; when it drops no more elements it is tau. The first one, max - 1, is above most elements already.
    """
    x = x - jnp.max(x, dim, keepdims=True)

    def above(tau: Array) -> tuple[Array, Array]:
        kept = x > tau
        count = jnp.sum(kept, dim, keepdims=True, dtype=jnp.int32)
        return (jnp.sum(jnp.where(kept, x, 0), dim, keepdims=True) - 1) / count.astype(x.dtype), count

    def closer(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        tau, count, _ = state
        return *above(tau), count

    tau, count = above(jnp.full_like(x, -1, shape=jnp.max(x, dim, keepdims=True).shape))
    tau, _, _ = lax.while_loop(lambda state: jnp.any(state[1] != state[2]), closer, (tau, count, jnp.zeros_like(count)))
    return jnp.maximum(x - tau, 0)


@_project.defjvp
def _project_jvp(dim: int, primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    """Within the support, what moves all elements alike changes nothing."""
    output = _project(primals[0], dim)
    support = output != 0
    count = jnp.sum(support, dim, keepdims=True).astype(output.dtype)
    change = jnp.where(support, tangents[0], 0)
    return output, jnp.where(support, change - jnp.sum(change, dim, keepdims=True) / count, 0)
