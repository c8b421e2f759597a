"""Attention as `lamina.nn.functional` has it: with dropout, and in several heads with their projections."""

from __future__ import annotations

import math
from typing import Any

from lamina import functions
from lamina.attention import (
    batch_of_masks,
    canonical_mask,
    check_added,
    check_dimensions,
    check_sizes,
    one_more,
    with_padding,
)
from lamina.creation import zeros
from lamina.tensor import Tensor

PUBLIC = {
    "scaled_dot_product_attention": "functional",
    "multi_head_attention_forward": "functional",
}
"""Where users find each function."""


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(scale query key^T + mask) value: for each query the mean of the values whose keys fit it.

    With is_causal, query l sees the keys 0 to l only. A query that sees no key gets zeros.

    Args:
        query, key, value: of one floating type; the dimensions before the last two are batches and broadcast.
        attn_mask: bool, True where a query may see a key; or float, added to the scores.
        dropout_p: the probability with which a weight is dropped, in training and not.
        is_causal: whether to hide later keys.
        scale: default 1 / sqrt(E).
        enable_gqa: whether several heads of query share one of key and value: dimension -3 of key and value
            divides that of query.

    query (*, L, E), key (*, S, E), value (*, S, V), attn_mask broadcasts to (*, L, S) -> (*, L, V)

    >>> import lamina
    >>> from lamina.nn import functional as F
    >>> value = lamina.tensor([[2.0], [4.0], [9.0]])
    >>> F.scaled_dot_product_attention(lamina.ones(3, 8), lamina.ones(3, 8), value, is_causal=True).flatten()
    tensor([2., 3., 5.])
    """
    if not 0 <= dropout_p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {dropout_p}")
    if dropout_p == 0:
        return functions.attention(query, key, value, attn_mask, is_causal, scale, enable_gqa)
    return functions.attention_dropout(query, key, value, attn_mask, dropout_p, is_causal, scale, enable_gqa)


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Attention in `num_heads` subspaces of the projected query, key and value; their outputs, projected once more.

    Also returns the weights, if need_weights. What the arguments mean is told at `lamina.nn.MultiheadAttention`, whose
    parameters they are; static_k and static_v take the place of the projected key and value.

    query (L, N, E) or (L, E); key (S, N, K), value (S, N, V), or without N; key_padding_mask (N, S) or (S,);
    attn_mask (L, S) or (N num_heads, L, S); static_k, static_v (N num_heads, S, E / num_heads)
    -> (L, N, E) or (L, E); weights (N, L, S), with num_heads after N unless averaged, without N if query has none
    """
    batched = check_dimensions(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        same = key is query, value is key
        query = query.unsqueeze(1)
        key = query if same[0] else key.unsqueeze(1)
        value = key if same[1] else value.unsqueeze(1)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    L, N, E = query.shape
    padding = canonical_mask(key_padding_mask, "key_padding_mask", attn_mask, "attn_mask", query.dtype)
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. "
            "You may use the Transformer module method `generate_square_subsequent_mask` to create this mask."
        )
    # Beside padding or where weights are wanted the mask itself is used, and the hint only repeats it.
    hinted = is_causal and padding is None and not need_weights
    mask = None if hinted else canonical_mask(attn_mask, "attn_mask", None, "", query.dtype)
    check_sizes(query, key, value, embed_dim_to_check, num_heads, use_separate_proj_weight)
    if use_separate_proj_weight:
        projections = _separate(query, key, value, (q_proj_weight, k_proj_weight, v_proj_weight), in_proj_bias)
    else:
        projections = _packed(query, key, value, in_proj_weight, in_proj_bias)
    if mask is not None:
        mask = batch_of_masks(mask, N, num_heads, L, key.shape[0])
    q, k, v = projections
    check_added(bias_k, bias_v, static_k, static_v)
    if bias_k is not None and bias_v is not None:
        k, v = (functions.cat([x, b.expand(1, N, -1)]) for x, b in ((k, bias_k), (v, bias_v)))
        mask, padding = one_more(mask), one_more(padding)
    q = _heads(q, num_heads)
    k = _heads(k, num_heads) if static_k is None else _static("static_k", static_k, N, num_heads, E // num_heads)
    v = _heads(v, num_heads) if static_v is None else _static("static_v", static_v, N, num_heads, E // num_heads)
    if add_zero_attn:
        zero = zeros(N, num_heads, 1, E // num_heads, dtype=k.dtype, device=k.device)
        k, v = functions.cat([k, zero], 2), functions.cat([v, zero], 2)
        mask, padding = one_more(mask), one_more(padding)
    if padding is not None:
        mask = with_padding(mask, padding, N, k.shape[2])
    dropout_p = dropout_p if training else 0.0
    if need_weights:
        output, weights = _weighted(q, k, v, mask, dropout_p)
    else:
        output, weights = scaled_dot_product_attention(q, k, v, mask, dropout_p, hinted), None
    output = output.permute(2, 0, 1, 3).reshape(L, N, E)  # L N heads*E/heads
    output = functions.linear(output, out_proj_weight, out_proj_bias)
    if weights is not None and average_attn_weights:
        weights = weights.mean(1)
    if batched:
        return output, weights
    return output.squeeze(1), None if weights is None else weights.squeeze(0)


# -------------------------------------------------------------------------------------------------------------- parts


def _packed(query: Tensor, key: Tensor, value: Tensor, weight: Tensor | None, bias: Tensor | None) -> Any:
    """The three projections by parts of one weight; one product where inputs are the same tensor."""
    if weight is None:
        raise AssertionError("use_separate_proj_weight is False but in_proj_weight is None")
    if query is key and key is value:
        return functions.linear(query, weight, bias).chunk(3, -1)
    E = query.shape[-1]
    biases = (None, None, None) if bias is None else bias.chunk(3)
    if key is value:
        both = None if bias is None else bias[E:]
        return functions.linear(query, weight[:E], biases[0]), *functions.linear(key, weight[E:], both).chunk(2, -1)
    inputs = (query, key, value)
    return [functions.linear(x, w, b) for x, w, b in zip(inputs, weight.chunk(3), biases, strict=True)]


def _separate(query: Tensor, key: Tensor, value: Tensor, weights: Any, bias: Tensor | None) -> Any:
    """The three projections by weights of their own."""
    biases = (None, None, None) if bias is None else bias.chunk(3)
    outputs = []
    for name, x, w, b in zip(("query", "key", "value"), (query, key, value), weights, biases, strict=True):
        if w is None:
            raise AssertionError(f"use_separate_proj_weight is True but {name[0]}_proj_weight is None")
        expected = (query.shape[-1], x.shape[-1])
        if tuple(w.shape) != expected:
            raise AssertionError(f"expecting {name} weights shape of {expected}, but got {w.shape}")
        if b is not None and tuple(b.shape) != expected[:1]:
            raise AssertionError(f"expecting {name} bias shape of {expected[:1]}, but got {b.shape}")
        outputs.append(functions.linear(x, w, b))
    return outputs


def _heads(x: Tensor, num_heads: int) -> Tensor:
    """(L, N, E) -> (N, num_heads, L, E / num_heads)."""
    L, N, E = x.shape
    return x.reshape(L, N, num_heads, E // num_heads).permute(1, 2, 0, 3)


def _static(name: str, x: Tensor, N: int, num_heads: int, size: int) -> Tensor:
    """(N num_heads, S, size) -> (N, num_heads, S, size)."""
    for axis, expected in ((0, N * num_heads), (2, size)):
        if x.shape[axis] != expected:
            raise AssertionError(f"expecting {name}.size({axis}) of {expected}, but got {x.shape[axis]}")
    return x.reshape(N, num_heads, x.shape[1], size)


def _weighted(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, dropout_p: float) -> tuple[Tensor, Tensor]:
    """Attention step by step, since the weights are wanted too. A row that sees nothing is nan, as in PyTorch."""
    scores = (q * math.sqrt(1.0 / q.shape[-1])) @ k.transpose(-2, -1)
    weights = functions.softmax(scores if mask is None else mask + scores, -1)
    if dropout_p > 0.0:
        weights = functions.dropout(weights, dropout_p, True)
    return weights @ v, weights
