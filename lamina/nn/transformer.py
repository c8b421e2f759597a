"""The Transformer: layers of attention and feed-forward networks, stacks of them, and an encoder with a decoder.

PyTorch has a second path for layers in eval mode without gradients, which computes the same and, through nested
tensors, leaves padded places out: there it returns zeros. lamina has one path; what it returns at padded places are
the ordinary path's numbers.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

from lamina import functions
from lamina.attention import canonical_mask
from lamina.creation import full
from lamina.functions_activation import relu
from lamina.nn import init
from lamina.nn.attention import MultiheadAttention
from lamina.nn.container import ModuleList
from lamina.nn.dropout import Dropout
from lamina.nn.linear import Linear
from lamina.nn.module import Module
from lamina.nn.norm import LayerNorm
from lamina.tensor import Tensor

Activation = str | Callable[[Tensor], Tensor]


class _Layer(Module):
    """What the layers share: self-attention, a feed-forward network, and around each a sum and a norm."""

    activation: Callable[[Tensor], Tensor]

    def _build(
        self, attentions: tuple[str, ...], d_model: int, nhead: int, dim_feedforward: int, dropout: float,
        activation: Activation, layer_norm_eps: float, batch_first: bool, norm_first: bool, bias: bool,
        device: Any, dtype: Any,
    ) -> None:  # fmt: skip
        blocks = len(attentions) + 1
        for name in attentions:
            attention = MultiheadAttention(
                d_model, nhead, dropout, bias, batch_first=batch_first, device=device, dtype=dtype
            )
            self.add_module(name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, bias, device, dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, device, dtype)
        self.norm_first = norm_first
        for k in range(1, blocks + 1):
            self.add_module(f"norm{k}", LayerNorm(d_model, layer_norm_eps, bias=bias, device=device, dtype=dtype))
        for k in range(1, blocks + 1):
            self.add_module(f"dropout{k}", Dropout(dropout))
        self.activation = _activation(activation) if isinstance(activation, str) else activation

    def _added(self, x: Tensor, norm: Module, block: Callable[[Tensor], Tensor]) -> Tensor:
        return x + block(norm(x)) if self.norm_first else norm(x + block(x))

    def _attended(self, attention: Module, x: Tensor, memory: Tensor, mask: Any, padding: Any, causal: bool) -> Tensor:
        return attention(x, memory, memory, padding, need_weights=False, attn_mask=mask, is_causal=causal)[0]

    def _fed_forward(self, x: Tensor) -> Tensor:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))


class TransformerEncoderLayer(_Layer):
    """x = norm1(x + self_attn(x)); x = norm2(x + linear2(activation(linear1(x)))).

    >>> import lamina
    >>> from lamina import nn
    >>> nn.TransformerEncoderLayer(8, nhead=2)(lamina.ones(5, 3, 8)).shape
    lamina.Size([5, 3, 8])

    Args:
        d_model, nhead: features and heads of attention.
        dim_feedforward: hidden features of the feed-forward network.
        dropout: probability, within attention, the network, and after both.
        activation: "relu", "gelu" or a function of one tensor.
        layer_norm_eps: eps of the norms.
        batch_first: whether N comes before L.
        norm_first: whether to normalize before attention and network, and not after the sums.
        bias: whether linear layers and norms have biases.
    Shapes:
        src (L, N, d_model), (N, L, d_model) if batch_first, or (L, d_model) -> same
    Source: torch.nn.TransformerEncoderLayer.
    """

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: Activation = relu, layer_norm_eps: float = 1e-5, batch_first: bool = False,
        norm_first: bool = False, bias: bool = True, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self._build(
            ("self_attn",), d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first,
            norm_first, bias, device, dtype,
        )  # fmt: skip

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """The layer's output; masks as in `MultiheadAttention`."""
        padding = canonical_mask(src_key_padding_mask, "src_key_padding_mask", src_mask, "src_mask", src.dtype)
        mask = canonical_mask(src_mask, "src_mask", None, "", src.dtype)
        x = self._added(
            src, self.norm1, lambda x: self.dropout1(self._attended(self.self_attn, x, x, mask, padding, is_causal))
        )
        return self._added(x, self.norm2, lambda x: self.dropout2(self._fed_forward(x)))


class TransformerDecoderLayer(_Layer):
    """x = norm1(x + self_attn(x)); x = norm2(x + multihead_attn(x, memory)); x = norm3(x + network(x)).

    Args: those of `TransformerEncoderLayer`.
    Shapes:
        tgt (L, N, d_model), memory (S, N, d_model), or (N, L, ..) if batch_first, or without N -> shape of tgt
    Source: torch.nn.TransformerDecoderLayer.
    """

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: Activation = relu, layer_norm_eps: float = 1e-5, batch_first: bool = False,
        norm_first: bool = False, bias: bool = True, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self._build(
            ("self_attn", "multihead_attn"), d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps,
            batch_first, norm_first, bias, device, dtype,
        )  # fmt: skip

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """The layer's output; masks as in `MultiheadAttention`."""

        def look_at_itself(x: Tensor) -> Tensor:
            return self.dropout1(self._attended(self.self_attn, x, x, tgt_mask, tgt_key_padding_mask, tgt_is_causal))

        def look_at_memory(x: Tensor) -> Tensor:
            return self.dropout2(
                self._attended(self.multihead_attn, x, memory, memory_mask, memory_key_padding_mask, memory_is_causal)
            )

        x = self._added(tgt, self.norm1, look_at_itself)
        x = self._added(x, self.norm2, look_at_memory)
        return self._added(x, self.norm3, lambda x: self.dropout3(self._fed_forward(x)))


class TransformerEncoder(Module):
    """Equal layers one after the other, copies of one, and a norm after the last.

    Args:
        encoder_layer: what is copied, its parameters too.
        num_layers: how often.
        norm: applied to the output, or None.
        enable_nested_tensor, mask_check: of no effect, since padded places are computed like others.
    Shapes:
        src as the layers take it -> same
    Source: torch.nn.TransformerEncoder.
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = _copies(encoder_layer, num_layers)
        self.num_layers, self.norm = num_layers, norm
        self.enable_nested_tensor, self.use_nested_tensor, self.mask_check = enable_nested_tensor, False, mask_check

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """The last layer's output, normalized; is_causal None stands for False, and the mask is used as it is."""
        padding = canonical_mask(src_key_padding_mask, "src_key_padding_mask", mask, "mask", src.dtype)
        mask = canonical_mask(mask, "mask", None, "", src.dtype)
        for layer in self.layers:
            src = layer(src, src_mask=mask, is_causal=bool(is_causal), src_key_padding_mask=padding)
        return src if self.norm is None else self.norm(src)


class TransformerDecoder(Module):
    """Equal layers one after the other, copies of one, and a norm after the last.

    Args:
        decoder_layer: what is copied, its parameters too.
        num_layers: how often.
        norm: applied to the output, or None.
    Shapes:
        tgt and memory as the layers take them -> shape of tgt
    Source: torch.nn.TransformerDecoder.
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = _copies(decoder_layer, num_layers)
        self.num_layers, self.norm = num_layers, norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """The last layer's output, normalized; tgt_is_causal None stands for False, and the mask is used as it is."""
        for layer in self.layers:
            tgt = layer(
                tgt,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=bool(tgt_is_causal),
                memory_is_causal=memory_is_causal,
            )
        return tgt if self.norm is None else self.norm(tgt)


class Transformer(Module):
    """An encoder of src, and a decoder of tgt that looks at the encoder's output.

    Args: those of `TransformerEncoderLayer`, and
        num_encoder_layers, num_decoder_layers: how many of each.
        custom_encoder, custom_decoder: modules in their place.
    Shapes:
        src (S, N, d_model), tgt (L, N, d_model), or (N, S, ..) if batch_first, or without N -> shape of tgt
    Source: torch.nn.Transformer.
    """

    def __init__(
        self, d_model: int = 512, nhead: int = 8, num_encoder_layers: int = 6, num_decoder_layers: int = 6,
        dim_feedforward: int = 2048, dropout: float = 0.1, activation: Activation = relu,
        custom_encoder: Any = None, custom_decoder: Any = None, layer_norm_eps: float = 1e-5,
        batch_first: bool = False, norm_first: bool = False, bias: bool = True, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()

        def stack(kind: Any, layer: Any, count: int) -> Module:
            own = layer(
                d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias,
                device, dtype,
            )  # fmt: skip
            return kind(own, count, LayerNorm(d_model, layer_norm_eps, bias=bias, device=device, dtype=dtype))

        if custom_encoder is None:
            custom_encoder = stack(TransformerEncoder, TransformerEncoderLayer, num_encoder_layers)
        if custom_decoder is None:
            custom_decoder = stack(TransformerDecoder, TransformerDecoderLayer, num_decoder_layers)
        self.encoder, self.decoder = custom_encoder, custom_decoder
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter)
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first

    def forward(
        self, src: Tensor, tgt: Tensor, src_mask: Tensor | None = None, tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None, src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None, memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None, tgt_is_causal: bool | None = None, memory_is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        """The decoder's output; masks as in `MultiheadAttention`."""
        _check_inputs(src, tgt, self.d_model, self.batch_first)
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        return self.decoder(
            tgt, memory, tgt_mask=tgt_mask, memory_mask=memory_mask, tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask, tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )  # fmt: skip

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """The causal mask (sz, sz): 0 up to the diagonal, -inf behind it."""
        return functions.triu(full((sz, sz), -math.inf, dtype=dtype, device=device), 1)


def _check_inputs(src: Tensor, tgt: Tensor, d_model: int, batch_first: bool) -> None:
    batch = 0 if batch_first else 1
    if src.ndim == 3 and src.shape[batch] != tgt.shape[batch]:
        raise RuntimeError("the batch number of src and tgt must be equal")
    if src.shape[-1] != d_model or tgt.shape[-1] != d_model:
        raise RuntimeError("the feature number of src and tgt must be equal to d_model")


def _copies(module: Module, count: int) -> ModuleList:
    return ModuleList([copy.deepcopy(module) for _ in range(count)])


def _activation(name: str) -> Callable[[Tensor], Tensor]:
    if name not in ("relu", "gelu"):
        raise RuntimeError(f"activation should be relu/gelu, not {name}")
    return relu if name == "relu" else functions.gelu
