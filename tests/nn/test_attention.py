"""Attention in several heads beside PyTorch's: every argument of the layer and of the function."""

from __future__ import annotations

import math
import warnings

import ml_dtypes
import numpy as np
import pytest
import torch

import lamina
from lamina import nn
from tests.parity import bools, compare, compare_modules, floats, to_numpy

L, S, N, E, H = 5, 6, 3, 8, 2
CLOSE = {"rtol": 1e-4, "atol": 2e-5}
PADDING = np.array([[False] * S, [False] * (S - 2) + [True] * 2, [False, True] * (S // 2)])


def inputs(kdim=E, vdim=E, batch_first=False, unbatched=False):
    shapes = [(L, N, E), (S, N, kdim), (S, N, vdim)]
    if unbatched:
        shapes = [(shape[0], shape[2]) for shape in shapes]
    elif batch_first:
        shapes = [(shape[1], shape[0], shape[2]) for shape in shapes]
    return [floats(*shape, seed=k) for k, shape in enumerate(shapes)]


def checked(arguments, call=None, *more, train=True, **shapes):
    compare_modules(
        lambda nn: nn.MultiheadAttention(E, H, **arguments), *inputs(**shapes), *more, call=call, train=train, **CLOSE
    )


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize(
    "arguments",
    [
        {}, {"bias": False}, {"add_bias_kv": True}, {"add_zero_attn": True}, {"kdim": 3, "vdim": 7}, {"vdim": 7},
        {"kdim": 3, "bias": False, "add_bias_kv": True, "add_zero_attn": True}, {"batch_first": True},
    ],
)  # fmt: skip
def test_arguments_of_the_layer(arguments, need_weights):
    shapes = {name: arguments[name] for name in ("kdim", "vdim", "batch_first") if name in arguments}
    checked(arguments, lambda m, *x: m(*x, need_weights=need_weights), **shapes)
    checked(arguments, lambda m, *x: m(*x, need_weights=need_weights), train=False, unbatched=True, **shapes)


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("arguments", [{}, {"add_bias_kv": True, "add_zero_attn": True, "batch_first": True}])
@pytest.mark.parametrize("kind", ["bool", "float"])
def test_masks(arguments, kind, need_weights):
    def call(m, q, k, v, *masks):
        full, heads, padding = masks
        return [
            m(q, k, v, padding, need_weights),
            m(q, k, v, None, need_weights, full),
            m(q, k, v, padding, need_weights, heads, False),
        ]

    masks = [bools(L, S) & ~np.eye(L, S, dtype=bool), bools(N * H, L, S) & ~np.eye(L, S, dtype=bool), PADDING]
    if kind == "float":
        masks = [np.where(mask, -np.inf, floats(*mask.shape)).astype(np.float32) for mask in masks]
    checked(arguments, call, *masks, batch_first=arguments.get("batch_first", False))


@pytest.mark.parametrize("need_weights", [True, False])
def test_masks_without_a_batch(need_weights):
    def call(m, q, k, v, full, heads, padding):
        return m(q, k, v, padding, need_weights, full), m(q, k, v, None, need_weights, heads, False)

    checked({}, call, bools(L, S) & ~np.eye(L, S, dtype=bool), bools(H, L, S) & ~np.eye(L, S, dtype=bool), PADDING[1],
            unbatched=True)  # fmt: skip


def test_a_query_that_sees_nothing():
    """nan where weights are asked for, zero before the projection otherwise; as in PyTorch."""
    mask = np.zeros((L, S), bool)
    mask[2] = True
    for need_weights in (True, False):
        compare_modules(
            lambda nn: nn.MultiheadAttention(E, H), *inputs(), mask, grad=False,
            call=lambda m, q, k, v, mask, w=need_weights: m(q, k, v, attn_mask=mask, need_weights=w), **CLOSE,
        )  # fmt: skip


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("batch_first", [True, False])
def test_self_attention_with_a_causal_hint(need_weights, batch_first):
    def call(m, x, mask, padding):
        return [
            m(x, x, x, need_weights=need_weights, attn_mask=mask, is_causal=True),
            m(x, x, x, padding, need_weights, mask, is_causal=True),
        ]

    mask = np.triu(np.ones((N, N), bool), 1)
    padding = np.array([[False, False, True]] * 3)
    compare_modules(
        lambda nn: nn.MultiheadAttention(E, H, batch_first=batch_first), floats(N, N, E), mask, padding, call=call,
        **CLOSE,
    )  # fmt: skip


def test_key_and_value_alike():
    compare_modules(
        lambda nn: nn.MultiheadAttention(E, H), *inputs()[:2], call=lambda m, q, k: m(q, k, k, need_weights=False),
        **CLOSE,
    )  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float64, ml_dtypes.bfloat16])
def test_types(dtype):
    name = np.dtype(dtype).name
    tolerance = {} if dtype == np.float64 else {"rtol": 5e-2, "atol": 8e-2}
    x = floats(L, N, E, dtype=dtype)

    def build(nn):
        t = torch if nn is torch.nn else lamina
        return nn.MultiheadAttention(E, H, dtype=getattr(t, name))

    if dtype == np.float64:
        compare_modules(build, x, call=lambda m, x: m(x, x, x), **tolerance)
    compare_modules(
        build, x, call=lambda m, x: m(x, x, x, need_weights=False)[0], grad=dtype == np.float64, **tolerance
    )


def test_evaluation_without_gradients_is_the_same():
    """PyTorch takes its other path there."""
    results = []
    state = torch.nn.MultiheadAttention(E, H).state_dict()
    for t in (torch, lamina):
        m = t.nn.MultiheadAttention(E, H, batch_first=True).eval()
        m.load_state_dict({name: t.tensor(to_numpy(value)) for name, value in state.items()})
        x, padding = t.tensor(floats(3, 4, E)), t.tensor(PADDING[:, 2:])
        with t.no_grad():
            outputs = (*m(x, x, x, padding), m(x, x, x, attn_mask=padding.new_zeros(4, 4), need_weights=False)[0])
        results.append([y.numpy() for y in outputs])
    for theirs, ours in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_dropout_in_training_only():
    lamina.manual_seed(0)
    m = nn.MultiheadAttention(E, H, dropout=0.5)
    x = lamina.ones(L, N, E)
    _, weights = m(x, x, x, average_attn_weights=False)
    values = weights.detach().numpy()
    np.testing.assert_allclose(values[values != 0], 2 / L, rtol=1e-5)
    assert 0.3 < (values == 0).mean() < 0.7
    assert (
        m(x, x, x, need_weights=False)[0].detach().numpy() != m(x, x, x, need_weights=False)[0].detach().numpy()
    ).any()
    m.eval()
    assert (m(x, x, x)[0] == m(x, x, x)[0]).all()


def test_static_keys_and_values():
    x = (*inputs(), floats(3 * E, E, seed=4), floats(E, E, seed=5), floats(N * H, 4, E // H, seed=6))
    for which in ("static_k", "static_v", "both"):

        def function(t, q, k, v, weight, out, static, which=which):
            given = {name: static for name in ("static_k", "static_v") if which in (name, "both")}
            if which != "both":
                k = v = q[:4]
            return t.nn.functional.multi_head_attention_forward(
                q, k, v, E, H, weight, None, None, None, True, 0.0, out, None, **given
            )

        compare(function, *x, rtol=1e-3, atol=1e-4)


def test_first_values():
    m, scaled = nn.MultiheadAttention(64, 4, add_bias_kv=True), math.sqrt(6 / (64 + 3 * 64))
    weight = m.in_proj_weight.detach().numpy()
    assert np.abs(weight).max() <= scaled
    assert abs(weight.std() - scaled / math.sqrt(3)) < 0.01 * scaled
    assert not m.in_proj_bias.any()
    assert not m.out_proj.bias.any()
    assert m.out_proj.weight.abs().max() <= 1 / 8
    theirs = torch.nn.MultiheadAttention(64, 4, add_bias_kv=True).bias_k.std().item()
    assert abs(m.bias_k.std().item() / theirs - 1) < 0.5


def test_prints_as_pytorch_does():
    ours = repr(nn.MultiheadAttention(8, 2)).split("\n288 ")[0]
    assert ours == repr(torch.nn.MultiheadAttention(8, 2))


def test_weights_go_both_ways():
    """`state_dict` of one is the other's; parameters are listed in PyTorch's order."""
    for arguments in ({}, {"kdim": 3}, {"add_bias_kv": True, "bias": False}):
        ours, theirs = nn.MultiheadAttention(E, H, **arguments), torch.nn.MultiheadAttention(E, H, **arguments)
        assert list(ours.state_dict()) == list(theirs.state_dict())
        assert [name for name, _ in ours.named_parameters()] == [name for name, _ in theirs.named_parameters()]


# ------------------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize("arguments", [(0, 1), (4, 0), (-4, 2), (5, 2)])
def test_wrong_arguments(arguments):
    compare(lambda t: t.nn.MultiheadAttention(*arguments))


@pytest.mark.parametrize(
    "call",
    [
        lambda m, x, mask: m(x[None], x, x),
        lambda m, x, mask: m(x, x[0], x),
        lambda m, x, mask: m(x[0], x, x[0]),
        lambda m, x, mask: m(x, x, x, mask[0]),
        lambda m, x, mask: m(x, x, x, mask[:2]),
        lambda m, x, mask: m(x, x, x, mask[:, :2]),
        lambda m, x, mask: m(x, x, x, attn_mask=mask[0]),
        lambda m, x, mask: m(x, x, x, attn_mask=mask[:2]),
        lambda m, x, mask: m(x, x, x, attn_mask=mask[None]),
        lambda m, x, mask: m(x[0], x[0], x[0], attn_mask=mask[None]),
        lambda m, x, mask: m(x, x, x, attn_mask=mask.long()),
        lambda m, x, mask: m(x, x, x, is_causal=True),
        lambda m, x, mask: m(x[..., :4], x, x),
        lambda m, x, mask: m(x, x, x[:2]),
        lambda m, x, mask: m(x, x, x[..., :4]),
    ],
)
def test_wrong_inputs(call):
    compare_modules(lambda nn: nn.MultiheadAttention(E, H), floats(3, 3, E), np.zeros((3, 3), bool), call=call)


def test_masks_of_two_types_are_deprecated():
    x = lamina.ones(3, 3, E)
    with pytest.warns(UserWarning, match="mismatched") as caught:
        nn.MultiheadAttention(E, H)(x, x, x, lamina.zeros(3, 3).bool(), attn_mask=lamina.zeros(3, 3))
    assert str(caught[0].message) == (
        "Support for mismatched key_padding_mask and attn_mask is deprecated. Use same type for both instead."
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nn.MultiheadAttention(E, H)(x, x, x, lamina.zeros(3, 3), attn_mask=lamina.zeros(3, 3))
