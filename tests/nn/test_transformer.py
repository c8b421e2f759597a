"""The Transformer beside PyTorch's: layers, stacks and the whole, with every mask."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lamina
from lamina import nn
from tests.parity import compare, compare_modules, floats, to_numpy

N, L, S, E, H, F = 2, 4, 5, 8, 2, 12
CLOSE = {"rtol": 1e-3, "atol": 2e-5}
CAUSAL = np.triu(np.ones((L, L), bool), 1)
PADDING = np.array([[False, False, False, False], [False, False, True, True]])
MEMORY_PADDING = np.array([[False, False, False, False, True], [False, False, False, True, True]])
MEMORY_MASK = np.eye(L, S, k=1, dtype=bool)

ARGUMENTS = [
    {},
    {"activation": "gelu", "norm_first": True},
    {"bias": False, "layer_norm_eps": 1e-2},
    {"batch_first": True, "activation": "tanh"},
    {"batch_first": True, "norm_first": True, "bias": False},
]


QUIET = pytest.mark.filterwarnings("ignore:enable_nested_tensor is True", "ignore:The PyTorch API of nested tensors")
"""PyTorch says when it cannot use nested tensors, and when it does."""


def layer(nn, kind, arguments):
    """The layer without dropout; an activation that is no name of PyTorch's is a function."""
    t = torch if nn is torch.nn else lamina
    if arguments.get("activation") == "tanh":
        arguments = {**arguments, "activation": t.tanh}
    return getattr(nn, f"Transformer{kind}Layer")(E, H, F, 0.0, **arguments)


def source(arguments, length=L):
    return floats(N, length, E, seed=length) if arguments.get("batch_first") else floats(length, N, E, seed=length)


@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_encoder_layer(arguments):
    def call(m, x, mask, padding):
        return m(x, mask, padding), m(x, mask, is_causal=True)

    compare_modules(lambda nn: layer(nn, "Encoder", arguments), source(arguments), CAUSAL, PADDING, call=call, **CLOSE)


def test_encoder_layer_in_eval_mode():
    compare_modules(lambda nn: nn.TransformerEncoderLayer(E, H, F, 0.5), source({}), train=False, **CLOSE)


@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_decoder_layer(arguments):
    def call(m, x, memory, mask, memory_mask, padding, memory_padding):
        if arguments:
            return m(x, memory, mask, memory_mask, padding, memory_padding)
        return m(x, memory, mask, tgt_is_causal=True)

    compare_modules(
        lambda nn: layer(nn, "Decoder", arguments), source(arguments), source(arguments, S), CAUSAL,
        MEMORY_MASK, PADDING, MEMORY_PADDING, call=call, **CLOSE,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["Encoder", "Decoder"])
def test_layers_without_a_batch(kind):
    inputs = (floats(L, E), floats(S, E)) if kind == "Decoder" else (floats(L, E),)
    compare_modules(lambda nn: layer(nn, kind, {}), *inputs, **CLOSE)


@pytest.mark.parametrize(("norm", "batch_first"), [(True, True), (False, False)])
def test_encoder(norm, batch_first):
    def build(nn):
        own = layer(nn, "Encoder", {"batch_first": batch_first})
        return nn.TransformerEncoder(own, 2, nn.LayerNorm(E) if norm else None, enable_nested_tensor=False)

    def call(m, x, mask, padding):
        return m(x, mask, padding), m(x, mask, is_causal=True)

    compare_modules(build, source({"batch_first": batch_first}), CAUSAL, PADDING, call=call, **CLOSE)


def test_decoder():
    def call(m, x, memory, mask, memory_mask, padding, memory_padding):
        return m(x, memory, mask, memory_mask, padding, memory_padding)

    compare_modules(
        lambda nn: nn.TransformerDecoder(layer(nn, "Decoder", {}), 2, nn.LayerNorm(E)),
        source({}), source({}, S), CAUSAL, MEMORY_MASK, PADDING, MEMORY_PADDING, call=call, **CLOSE,
    )  # fmt: skip


@pytest.mark.parametrize(
    "arguments", [{"norm_first": True}, {"batch_first": True, "activation": "gelu", "bias": False}]
)
def test_transformer(arguments):
    def call(m, src, tgt, mask, memory_mask, padding, memory_padding):
        if arguments.get("batch_first"):
            return m(src, tgt, None, mask, memory_mask, memory_padding, padding, memory_padding)
        return m(src, tgt, tgt_mask=m.generate_square_subsequent_mask(L), tgt_is_causal=True)

    compare_modules(
        lambda nn: nn.Transformer(E, H, 1, 1, F, 0.0, **arguments), source(arguments, S), source(arguments), CAUSAL,
        MEMORY_MASK, PADDING, MEMORY_PADDING, call=call, **CLOSE,
    )  # fmt: skip


def test_transformer_of_own_parts():
    class Part(lamina.nn.Module):
        def __len__(self):
            return 0

        def forward(self, x, *others, **masks):
            return x * 2

    x = lamina.ones(L, N, E)
    m = nn.Transformer(E, H, 1, 1, F, custom_encoder=Part(), custom_decoder=Part())
    assert (m(x, x) == 2).all()
    assert not list(m.parameters())


@QUIET
def test_in_eval_mode_without_gradients_padded_places_are_computed():
    """Elsewhere the results are PyTorch's, which sets these to zero on its path for nested tensors."""
    x = floats(N, L, E)
    results = {}
    for t in (torch, lamina):
        encoder = t.nn.TransformerEncoder(layer(t.nn, "Encoder", {"batch_first": True}), 2).eval()
        if t is torch:
            state = {name: to_numpy(value) for name, value in encoder.state_dict().items()}
        encoder.load_state_dict({name: t.tensor(value) for name, value in state.items()})
        with t.no_grad():
            results[t] = to_numpy(encoder(t.tensor(x), src_key_padding_mask=t.tensor(PADDING)))
    np.testing.assert_allclose(results[lamina][~PADDING], results[torch][~PADDING], **CLOSE)
    assert not results[torch][PADDING].any()
    assert results[lamina][PADDING].all()


def test_square_subsequent_mask():
    compare(lambda t: t.nn.Transformer.generate_square_subsequent_mask(4))
    compare(lambda t: t.nn.Transformer.generate_square_subsequent_mask(3, dtype=t.float64))


def test_layers_are_copies():
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(E, H, F), 3)
    first, second = encoder.layers[0].linear1.weight, encoder.layers[1].linear1.weight
    assert first is not second
    assert (first == second).all()
    assert len(list(encoder.parameters())) == 36


def test_dropout_everywhere():
    """In training two calls differ; with p = 1 only the sums and norms are left."""
    x = lamina.tensor(floats(L, N, E))
    m = nn.TransformerEncoderLayer(E, H, F, 0.5)
    assert (m(x) != m(x)).any()
    silent = nn.TransformerEncoderLayer(E, H, F, 1.0)
    expected = silent.norm2(silent.norm1(x))
    np.testing.assert_allclose(silent(x).detach().numpy(), expected.detach().numpy(), rtol=1e-5, atol=1e-6)


@QUIET
def test_prints_as_pytorch_does():
    ours = repr(nn.Transformer(E, H, 1, 1, F)).split("\n1,")[0]
    assert ours == repr(torch.nn.Transformer(E, H, 1, 1, F))


@QUIET
def test_state_goes_both_ways():
    ours, theirs = nn.Transformer(E, H, 1, 1, F), torch.nn.Transformer(E, H, 1, 1, F)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert [name for name, _ in ours.named_modules()] == [name for name, _ in theirs.named_modules()]


@pytest.mark.parametrize(
    "call",
    [
        lambda m, x: m(x, x[:, :1]),
        lambda m, x: m(x[..., :4], x),
        lambda m, x: m(x, x[..., :4]),
        lambda m, x: m(x, x, src_is_causal=True),
        lambda m, x: m(x, x, x[0]),
    ],
)
def test_wrong_inputs(call):
    compare_modules(lambda nn: nn.Transformer(E, H, 1, 1, F), floats(3, 3, E), call=call)


def test_wrong_activation():
    compare(lambda t: t.nn.TransformerEncoderLayer(E, H, activation="swish"))
