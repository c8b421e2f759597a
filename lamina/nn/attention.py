"""Attention in several heads, as a layer."""

from __future__ import annotations

from typing import Any

from lamina.backends.attention import SDPBackend, sdpa_kernel
from lamina.creation import empty
from lamina.nn import functional as F
from lamina.nn import init
from lamina.nn.linear import NonDynamicallyQuantizableLinear
from lamina.nn.module import Module
from lamina.nn.parameter import Parameter
from lamina.tensor import Tensor

__all__ = ["MultiheadAttention", "SDPBackend", "sdpa_kernel"]


class MultiheadAttention(Module):
    """concat(head_1, ..., head_h) W_out, with head_i = attention(query W_q_i, key W_k_i, value W_v_i).

    >>> import lamina
    >>> from lamina import nn
    >>> x = lamina.ones(5, 2, 8)
    >>> output, weights = nn.MultiheadAttention(8, 2)(x, x, x)
    >>> output.shape, weights.shape
    (lamina.Size([5, 2, 8]), lamina.Size([2, 5, 5]))

    Args:
        embed_dim, kdim, vdim: features of query and output, of key, and of value; None: as embed_dim.
        num_heads: the heads, which share out embed_dim.
        dropout: the probability with which a weight is dropped, in training.
        bias: whether the projections have biases.
        add_bias_kv, add_zero_attn: whether a learned key and value, and ones of zeros, are appended.
        batch_first: whether N comes before L and S.
    Shapes:
        query (L, N, embed_dim), key (S, N, kdim), value (S, N, vdim), or (N, L, ..) if batch_first, or without N
        -> output as query; weights (N, L, S), or (N, num_heads, L, S) unless averaged
    Parameters:
        in_proj_weight (3 embed_dim, embed_dim) or None: Xavier uniform; None if kdim or vdim differ from embed_dim
        q_proj_weight (embed_dim, embed_dim) or None: Xavier uniform; these three stand for in_proj_weight then
        k_proj_weight (embed_dim, kdim) or None: Xavier uniform
        v_proj_weight (embed_dim, vdim) or None: Xavier uniform
        in_proj_bias (3 embed_dim,) or None: zeros
        bias_k, bias_v (1, 1, embed_dim), if add_bias_kv: Xavier normal
    Source: torch.nn.MultiheadAttention.
    """

    bias_k: Any
    bias_v: Any

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, "
                f"got embed_dim={embed_dim} and num_heads={num_heads} instead"
            )
        if embed_dim % num_heads:
            raise AssertionError("embed_dim must be divisible by num_heads")
        self.embed_dim, self.num_heads, self.head_dim = embed_dim, num_heads, embed_dim // num_heads
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.dropout, self.batch_first, self.add_zero_attn = dropout, batch_first, add_zero_attn

        def new(*shape: int) -> Parameter:
            return Parameter(empty(*shape, device=device, dtype=dtype))

        if self._qkv_same_embed_dim:
            self.in_proj_weight = new(3 * embed_dim, embed_dim)
            for name in ("q_proj_weight", "k_proj_weight", "v_proj_weight"):
                self.register_parameter(name, None)
        else:
            for name, features in (("q", embed_dim), ("k", self.kdim), ("v", self.vdim)):
                self.register_parameter(f"{name}_proj_weight", new(embed_dim, features))
            self.register_parameter("in_proj_weight", None)
        self.register_parameter("in_proj_bias", new(3 * embed_dim) if bias else None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias, device, dtype)
        self.bias_k, self.bias_v = (new(1, 1, embed_dim), new(1, 1, embed_dim)) if add_bias_kv else (None, None)
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        for added in (self.bias_k, self.bias_v):
            if added is not None:
                init.xavier_normal_(added)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """The output, and the weights or None.

        Args:
            query, key, value: see above; where they are one tensor, one product projects them.
            key_padding_mask (N, S): True hides a key from all queries; a float one is added to scores.
            need_weights: whether weights are returned; without them, it is faster.
            attn_mask (L, S) or (N num_heads, L, S): True hides a key from a query; a float one is added to scores.
            average_attn_weights: whether the weights returned are the heads' mean.
            is_causal: says that attn_mask is the causal mask, so that its values need not be looked at.
        """
        swap = self.batch_first and query.ndim == 3
        if swap:
            inputs = {id(x): x.transpose(0, 1) for x in (query, key, value)}
            query, key, value = (inputs[id(x)] for x in (query, key, value))
        output, weights = F.multi_head_attention_forward(
            query, key, value, self.embed_dim, self.num_heads, self.in_proj_weight, self.in_proj_bias,
            self.bias_k, self.bias_v, self.add_zero_attn, self.dropout, self.out_proj.weight, self.out_proj.bias,
            self.training, key_padding_mask, need_weights, attn_mask, not self._qkv_same_embed_dim,
            self.q_proj_weight, self.k_proj_weight, self.v_proj_weight,
            average_attn_weights=average_attn_weights, is_causal=is_causal,
        )  # fmt: skip
        return output.transpose(0, 1) if swap else output, weights
