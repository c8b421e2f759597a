"""Attention: each query's mean of the values, weighted by how well their keys fit it."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote, target
from lamina.ops.op import Array, Key, Number, op
from lamina.ops.random import dropout


def _is_fused(query: Any, value: Any) -> bool:
    """Whether PyTorch's CPU kernel for attention takes them; its name and one of its habits show."""
    return len(query.shape) == 4 and query.shape[-1] == value.shape[-1]


def _grad_name(query: Any, key: Any, value: Any, *_: Any) -> str:
    if _is_fused(query, value):
        return "ScaledDotProductFlashAttentionForCpuBackward0"
    return "MmBackward0" if len(query.shape) == 2 else "UnsafeViewBackward0"


@op("", grad_name=_grad_name)
def attention(
    query: Array,
    key: Array,
    value: Array,
    attn_mask: Array | None = None,
    is_causal: bool = False,
    scale: Number | None = None,
    enable_gqa: bool = False,
) -> jax.Array:
    """softmax(scale query key^T + mask) value, over the last two dimensions; those before are batches and broadcast.

    A row of which the mask leaves nothing is zero.

    query (*, L, E), key (*, S, E), value (*, S, V), attn_mask broadcasts to (*, L, S) or None -> (*, L, V)
    """
    operands = _prepare(query, key, value, attn_mask, is_causal, enable_gqa)
    return _in_blocks(*operands, None, is_causal, scale)


@op("", grad_name="UnsafeViewBackward0")
def attention_dropout(
    random: Key,
    query: Array,
    key: Array,
    value: Array,
    attn_mask: Array | None,
    dropout_p: Number,
    is_causal: bool = False,
    scale: Number | None = None,
    enable_gqa: bool = False,
) -> jax.Array:
    """`attention` with dropout, of probability dropout_p, on the weights."""
    query, key, value, attn_mask = _prepare(query, key, value, attn_mask, is_causal, enable_gqa)
    ones = jnp.ones((*query.shape[:-1], key.shape[-2]), _wide(query.dtype))
    return _in_blocks(query, key, value, attn_mask, dropout(random, ones, dropout_p), is_causal, scale)


# ------------------------------------------------------------------------------------------------------------- blocks

_KEPT = 2**18
"""How many weights of one head are kept for the way back; more are computed again, row block by row block."""


def _in_blocks(
    query: jax.Array, key: jax.Array, value: jax.Array, mask: Any, kept: Any, is_causal: bool, scale: Number | None
) -> jax.Array:
    """The rows in blocks: a causal block needs no keys after its last row, so up to half of the work falls away."""
    L, S = query.shape[-2], key.shape[-2]
    if scale is None:
        scale = 1 / math.sqrt(query.shape[-1] or 1)
    wide = _wide(query.dtype)
    factor = promote.cast(scale, wide)
    large = L * S > _KEPT
    rows = jax.checkpoint(_rows, static_argnums=(0,)) if large else _rows
    count = 8 if large else min(4, L // 32) if is_causal else 1
    size = max(1, -(-L // max(1, count)))
    outputs = []
    for low in range(0, max(L, 1), size):
        high = min(low + size, L)
        end = min(high, S) if is_causal else S
        outputs.append(
            rows(
                low if is_causal else None,
                query[..., low:high, :],
                key[..., :end, :],
                value[..., :end, :],
                _cut(mask, low, high, end),
                _cut(kept, low, high, end),
                factor,
            )
        )
    output = outputs[0] if len(outputs) == 1 else jnp.concatenate(outputs, -2)
    return output.astype(query.dtype)


def _cut(mask: Any, low: int, high: int, end: int) -> Any:
    """Rows low to high and columns up to end; an axis of size 1 stays."""
    if mask is None:
        return None
    rows = mask if mask.shape[-2] == 1 else mask[..., low:high, :]
    return rows if rows.shape[-1] == 1 else rows[..., :end]


# --------------------------------------------------------------------------------------------------------------- rows


def _product(a: jax.Array, b: jax.Array, axis_a: int, axis_b: int) -> jax.Array:
    """The sum over one of the last two axes of each, the axes before being batches; float32 sums at least."""
    batch = tuple(range(a.ndim - 2))
    dims = (((a.ndim + axis_a,), (b.ndim + axis_b,)), (batch, batch))
    return lax.dot_general(a, b, dims, precision=target.products(), preferred_element_type=_wide(a.dtype))


def _weights(first: int | None, query: jax.Array, key: jax.Array, mask: Any, scale: jax.Array) -> jax.Array:
    """The softmax of the scores; `first` is the number of the first row if later keys are hidden from each."""
    # A factor for each of the L E queries is cheaper than one for each of the L S scores, but rounds in half precision.
    if query.dtype == scale.dtype:
        scores = _product(query * scale, key, -1, -1)
    else:
        scores = _product(query, key, -1, -1) * scale
    if mask is not None:
        scores = jnp.where(mask, scores, -jnp.inf) if mask.dtype == np.bool_ else scores + mask.astype(scores.dtype)
    if first is not None:
        scores = jnp.where(jnp.tri(scores.shape[-2], scores.shape[-1], first, dtype=np.bool_), scores, -jnp.inf)
    highest = jnp.max(scores, -1, keepdims=True, initial=-jnp.inf)
    weights = jnp.exp(scores - jnp.where(highest == -jnp.inf, 0, highest))
    total = jnp.sum(weights, -1, keepdims=True)
    return weights * jnp.where(total == 0, 0, 1 / total)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _rows(
    first: int | None, query: jax.Array, key: jax.Array, value: jax.Array, mask: Any, kept: Any, scale: jax.Array
) -> jax.Array:
    return _rows_forward(first, query, key, value, mask, kept, scale)[0]


def _rows_forward(first: Any, query: Any, key: Any, value: Any, mask: Any, kept: Any, scale: Any) -> Any:
    weights = _weights(first, query, key, mask, scale)
    used = weights if kept is None else weights * kept
    output = _product(used.astype(value.dtype), value, -1, -2)
    return output, (query, key, value, mask, kept, scale, weights)


def _rows_backward(first: Any, saved: Any, grad: Any) -> Any:
    # The derivative of JAX's softmax and einsum takes as many products; this one keeps one array of the scores' size
    # instead of several, and adds up grad . output as a sum over S that fuses with what follows.
    query, key, value, mask, kept, scale, weights = saved
    used = weights if kept is None else weights * kept
    grad = grad.astype(value.dtype)
    # sum over l of used[l, s] grad[l, v]: as (grad^T used)^T, since a product with a transposed left side is slow.
    grad_value = jnp.swapaxes(_product(grad, used.astype(value.dtype), -2, -2), -1, -2)
    grad_used = _product(grad, value, -1, -1)
    grad_weights = grad_used if kept is None else grad_used * kept
    grad_scores = weights * (grad_weights - jnp.sum(grad_weights * weights, -1, keepdims=True))
    small = grad_scores.astype(query.dtype)
    grad_query = _product(small, key, -1, -2) * scale
    grad_key = jnp.swapaxes(_product(query, small, -2, -2), -1, -2) * scale
    grad_mask = None if mask is None or mask.dtype == np.bool_ else _sum_to(grad_scores, mask)
    return (
        grad_query.astype(query.dtype),
        grad_key.astype(key.dtype),
        grad_value.astype(value.dtype),
        grad_mask,
        None,
        None,
    )


_rows.defvjp(_rows_forward, _rows_backward)


def _sum_to(grad: jax.Array, mask: jax.Array) -> jax.Array:
    """Summed over the axes along which the mask was repeated."""
    repeated = tuple(axis for axis in range(grad.ndim) if mask.shape[axis] == 1 and grad.shape[axis] != 1)
    return jnp.sum(grad, repeated, keepdims=True).astype(mask.dtype)


# ------------------------------------------------------------------------------------------------------------- checks

_NAME = "scaled_dot_product_attention"


def _wide(dtype: Any) -> Any:
    """The type of the scores: float32, or float64 for that."""
    return np.dtype(np.float32) if dtype.itemsize == 2 else dtype


def _prepare(
    query: jax.Array, key: jax.Array, value: jax.Array, mask: jax.Array | None, is_causal: bool, enable_gqa: bool
) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array | None]:
    """The operands, checked, with the same batch dimensions; the mask with as many dimensions."""
    _check_types(query, key, value, mask)
    if is_causal and mask is not None and not _is_fused(query, value):
        # PyTorch's kernel applies both, its general path refuses.
        raise RuntimeError(f"_{_NAME}: Explicit attn_mask should not be set when is_causal=True")
    if enable_gqa:
        key, value = _repeat_heads(query, key), _repeat_heads(query, value)
    for name, x, axis, size, beside in (
        ("key", key, -1, query.shape[-1], query),
        ("value", value, -2, key.shape[-2], key),
    ):
        if x.shape[axis] != size:
            expected = f"(*, S, {size})" if axis == -1 else f"(*, {size}, V)"
            other = "query" if beside is query else "key"
            raise RuntimeError(
                f"{_NAME}: {name} must be {expected} to go with {other} {tuple(beside.shape)}, got {tuple(x.shape)}."
            )
    batch = check.broadcast(*(jax.ShapeDtypeStruct(x.shape[:-2], x.dtype) for x in (query, key, value)))
    query, key, value = (jnp.broadcast_to(x, (*batch, *x.shape[-2:])) for x in (query, key, value))
    if mask is not None:
        full = (*query.shape[:-1], key.shape[-2])
        fits = mask.ndim <= len(full) and all(
            size in (1, whole) for size, whole in zip(mask.shape[::-1], full[::-1], strict=False)
        )
        if not fits:
            raise RuntimeError(f"{_NAME}: attn_mask must broadcast to {full}, got {tuple(mask.shape)}.")
        mask = mask.reshape((1,) * (len(full) - mask.ndim) + mask.shape)
    return query, key, value, mask


def _check_types(query: jax.Array, key: jax.Array, value: jax.Array, mask: jax.Array | None) -> None:
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise RuntimeError(
            f"{_NAME}: query, key and value must have at least 2 dimensions, "
            f"got {query.ndim}, {key.ndim} and {value.ndim}."
        )
    if not query.dtype == key.dtype == value.dtype:
        raise RuntimeError(
            f"{_NAME}: query, key and value must be of one type, got {query.dtype}, {key.dtype} and {value.dtype}."
        )
    if promote.category(query.dtype) == 3:
        raise NotImplementedError(f"\"{_NAME}\" not implemented for '{check.type_name(query.dtype)}'")
    if promote.category(query.dtype) != 2:
        raise RuntimeError(f"expected scalar type Float but found {check.type_name(query.dtype)}")
    if mask is not None and mask.dtype not in (np.bool_, np.float32, query.dtype):
        raise RuntimeError(
            f"{_NAME}: attn_mask must be of type bool, float32 or query's {query.dtype}, got {mask.dtype}."
        )


def _repeat_heads(query: jax.Array, x: jax.Array) -> jax.Array:
    """Each of x's heads repeated, so that it has as many as query: (*, H, S, E) -> (*, heads of query, S, E)."""
    if min(query.ndim, x.ndim) < 3:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-x.ndim}, {x.ndim - 1}], but got -3)")
    heads, own = query.shape[-3], x.shape[-3]
    if own == 0 or heads % own:
        raise RuntimeError(f"{_NAME}: query's {heads} heads must be a multiple of those of key and value, got {own}.")
    return jnp.repeat(x, heads // own, axis=-3, total_repeat_length=heads)
