"""Look-up of rows in a table."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from lamina.ops.op import Array, Number, op


@op("", grad_name="EmbeddingBackward0")
def embedding_lookup(
    indices: Array, weight: Array, padding_idx: int | None = None, scale_grad_by_freq: bool = False
) -> jax.Array:
    """The rows of a table: output[*, :] = weight[indices[*], :].

    An index outside the table, where nobody could look before, reads NaN. The row `padding_idx` gets no gradient; with
    `scale_grad_by_freq` a row's gradient is divided by the number of times it was read.

    indices (*), weight (V, E) -> (*, E)
    """
    if weight.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    if indices.dtype not in (jnp.int32, jnp.int64):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; "
            f"but got lamina.{indices.dtype} instead (while checking arguments for embedding)"
        )
    rows = _gather(weight, indices)
    if scale_grad_by_freq:
        counts = jnp.zeros(weight.shape[:1], weight.dtype).at[indices].add(1, mode="drop")
        rows = _scale_gradient(rows, (1 / _gather(counts[:, None], indices)))
    if padding_idx is not None and padding_idx >= 0:
        # XLA reads `where(c, x, x)` as x: only the gradient sees the choice.
        rows = jnp.where((indices == padding_idx)[..., None], lax.stop_gradient(rows), rows)
    return rows


@op("", differentiable=False)
def embedding_renorm(weight: Array, indices: Array, max_norm: Number, norm_type: Number = 2.0) -> jax.Array:
    """The table with those rows that `indices` names scaled down to a norm of max_norm if theirs is larger.

    weight (V, E), indices (*) -> (V, E)
    """
    if weight.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    rows = _gather(weight, indices)
    norms = _norm(rows, norm_type)
    factor = jnp.where(norms > max_norm, max_norm / (norms + 1e-7), 1).astype(weight.dtype)
    # A row that is named twice is written twice with the same numbers.
    return weight.at[indices].set(rows * factor, mode="drop")


def _gather(weight: jax.Array, indices: jax.Array) -> jax.Array:
    dimensions = lax.GatherDimensionNumbers(
        offset_dims=(indices.ndim,), collapsed_slice_dims=(0,), start_index_map=(0,)
    )
    size = (1, weight.shape[1])
    return lax.gather(weight, indices[..., None], dimensions, size, mode=lax.GatherScatterMode.FILL_OR_DROP)


@jax.custom_jvp
def _scale_gradient(x: jax.Array, factor: jax.Array) -> jax.Array:
    return x


@_scale_gradient.defjvp
def _scale_gradient_jvp(primals: Any, tangents: Any) -> Any:
    return primals[0], tangents[0] * primals[1]


def _norm(rows: jax.Array, norm_type: Number) -> jax.Array:
    """The p-norm of each row, for a p known only at run time: scaled by the largest element, lest powers overflow."""
    p = jnp.asarray(norm_type, jnp.float64).astype(rows.dtype)
    size = jnp.abs(rows)
    largest = size.max(-1, keepdims=True) if rows.shape[-1] else jnp.zeros((*rows.shape[:-1], 1), rows.dtype)
    safe = jnp.where(largest > 0, largest, 1)
    finite = jnp.where(jnp.isinf(p) | (p == 0), 1, p)
    norm = safe * ((size / safe) ** finite).sum(-1, keepdims=True) ** (1 / finite)
    norm = jnp.where(p == 0, (size != 0).sum(-1, keepdims=True).astype(rows.dtype), norm)
    return jnp.where(largest > 0, jnp.where(jnp.isinf(p), largest, norm), 0)
