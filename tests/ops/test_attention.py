"""Attention beside PyTorch's, over masks, shapes and types."""

from __future__ import annotations

import math
import random

import ml_dtypes
import numpy as np
import pytest
import torch

import lamina
from lamina.nn import functional as F
from tests.parity import bools, compare, floats, to_torch

N, H, L, S, E, V = 2, 4, 5, 7, 3, 6
CLOSE = {"rtol": 1e-4, "atol": 1e-5}


def attend(t, *operands, **options):
    return t.nn.functional.scaled_dot_product_attention(*operands, **options)


def operands(dtype=np.float32, L=L, S=S):
    shapes = (N, H, L, E), (N, H, S, E), (N, H, S, V)
    return [floats(*shape, dtype=dtype, seed=k) for k, shape in enumerate(shapes)]


@pytest.mark.parametrize("options", [{}, {"is_causal": True}, {"scale": 0.7}, {"scale": -0.2}, {"scale": 0.0}])
def test_options(options):
    compare(lambda t, *x: attend(t, *x, **options), *operands(), **CLOSE)


@pytest.mark.parametrize("shape", [(L, S), (1, S), (L, 1), (H, L, S), (N, 1, L, S), (N, H, L, S), (1, 1, 1, 1)])
@pytest.mark.parametrize("kind", ["bool", "float"])
def test_masks(shape, kind):
    """Float masks have gradients too, summed over what they were repeated along."""
    mask = bools(*shape) if kind == "bool" else floats(*shape)
    compare(attend, *operands(), mask, **CLOSE)


@pytest.mark.parametrize(("L", "S"), [(6, 6), (4, 9), (9, 4)])
def test_causal_masks_begin_at_the_first_key(L, S):
    compare(lambda t, *x: attend(t, *x, is_causal=True), *operands(L=L, S=S), **CLOSE)


def test_a_row_that_sees_nothing_is_zero():
    mask = bools(L, S)
    mask[1] = False
    for each in (mask, np.where(mask, 0, -np.inf).astype(np.float32)):
        compare(attend, *operands(), each, **CLOSE)
    lamina_rows = F.scaled_dot_product_attention(*map(lamina.tensor, operands()), lamina.tensor(mask))
    assert (lamina_rows[:, :, 1] == 0).all()


def test_infinite_scores():
    query, key, value = operands()
    query[0, 0, 1], query[0, 0, 2] = -np.inf, np.inf
    compare(attend, query, np.abs(key), value, grad=False, **CLOSE)


def test_causal_and_a_mask():
    """PyTorch applies both where its kernel takes the operands, and refuses elsewhere."""
    mask = bools(L, S) | np.eye(L, S, dtype=bool)
    query, key, value = operands()
    for x in ((query, key, key), (query, key, value), (query[0], key[0], key[0])):
        compare(lambda t, *x: attend(t, *x, is_causal=True), *x, mask, **CLOSE)


@pytest.mark.parametrize("is_causal", [False, True])
@pytest.mark.parametrize("shapes", [(), (3,), (2, 1, 3, 2)])
def test_any_number_of_batch_dimensions(shapes, is_causal):
    compare(
        lambda t, *x: attend(t, *x, is_causal=is_causal),
        floats(*shapes, L, E), floats(*shapes, S, E, seed=1), floats(*shapes, S, V, seed=2),
        **CLOSE,
    )  # fmt: skip


def test_batch_dimensions_broadcast():
    query, key, value = operands()
    compare(attend, query, key[:1], value[:, :1], bools(L, S) | np.eye(L, S, dtype=bool), **CLOSE)
    compare(attend, query[0, 0], key, value, **CLOSE)


@pytest.mark.parametrize("heads", [(1, 1), (2, 2), (2, 4), (4, 4)])
def test_grouped_queries(heads):
    query, key, value = operands()
    compare(lambda t, *x: attend(t, *x, enable_gqa=True), query, key[:, : heads[0]], value[:, : heads[1]], **CLOSE)


@pytest.mark.parametrize("dtype", [np.float64, np.float16, ml_dtypes.bfloat16])
@pytest.mark.parametrize("masked", [False, True])
def test_types(dtype, masked):
    mask = (bools(L, S) | np.eye(L, S, dtype=bool),) if masked else ()
    tolerance = {} if dtype == np.float64 else {"rtol": 3e-2, "atol": 3e-2}
    compare(attend, *operands(dtype), *mask, **tolerance)


def test_a_float32_mask_goes_with_any_type():
    compare(attend, *operands(np.float16), floats(L, S), rtol=1e-2, atol=1e-2)
    compare(attend, *operands(np.float64), floats(L, S))


def test_half_precision_sums_in_float32():
    """Nearer to the exact result than arithmetic in float16 could be."""
    query, key, value = (x.astype(np.float16) for x in operands(np.float64, L=64, S=300))
    exact = attend(torch, *(to_torch(x.astype(np.float64)) for x in (query * 4, key, value))).numpy()
    ours = F.scaled_dot_product_attention(*map(lamina.tensor, (query * 4, key, value))).numpy()
    np.testing.assert_allclose(ours, exact, rtol=2e-3, atol=1e-3)


@pytest.mark.parametrize("sizes", [(0, S, E, V), (L, 0, E, V), (L, S, 0, V), (L, S, E, 0), (0, 0, 0, 0)])
@pytest.mark.parametrize("is_causal", [False, True])
def test_sizes_of_zero(sizes, is_causal):
    L, S, E, V = sizes
    compare(
        lambda t, *x: attend(t, *x, is_causal=is_causal), floats(N, H, L, E), floats(N, H, S, E), floats(N, H, S, V),
        grad=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("L", "S", "options"),
    [(70, 70, {"is_causal": True}), (130, 100, {"is_causal": True}), (100, 150, {"is_causal": True}),
     (530, 520, {"is_causal": True})],
)  # fmt: skip
def test_long_sequences_are_computed_in_blocks(L, S, options):
    x = (floats(1, 2, L, 4), floats(1, 2, S, 4, seed=1), floats(1, 2, S, 3, seed=2))
    compare(lambda t, *x: attend(t, *x, **options), *x, **CLOSE)


def test_a_mask_is_cut_as_the_rows_are():
    x = (floats(1, 2, 600, 4), floats(1, 2, 600, 4, seed=1), floats(1, 2, 600, 3, seed=2))
    compare(attend, *x, floats(2, 1, 600), **CLOSE)


@pytest.mark.parametrize("case", range(12))
def test_random_configurations(case):
    draw = random.Random(case)
    L, S, E, V = (draw.choice([1, 2, 5, 33]) for _ in range(4))
    batch = [draw.choice([1, 2, 3]) for _ in range(2)]
    mask = [np.ones((L, S), bool), bools(batch[0], 1, L, S), floats(batch[1], L, S), floats(1, S)][draw.randrange(4)]
    is_causal = draw.random() < 0.3
    options = {"is_causal": is_causal, "scale": draw.choice([None, 0.3])}
    inputs = (floats(*batch, L, E), floats(*batch, S, E, seed=1), floats(*batch, S, V, seed=2))
    inputs = inputs if is_causal else (*inputs, mask)
    compare(lambda t, *x: attend(t, *x, **options), *inputs, **CLOSE)


def test_name_of_the_gradient():
    query, key, value = operands()
    for x in ((query, key, key), (query, key, value), (query[0, 0], key[0, 0], value[0, 0])):
        compare(attend, *x, grad_name=True, **CLOSE)


def test_second_derivatives():
    def penalty(t, query, key, value):
        output = attend(t, query[0], key[0], value[0])
        (grad,) = t.autograd.grad((output * output).sum(), query, create_graph=True)
        return (grad * grad).sum()

    compare(penalty, *operands(np.float64), rtol=1e-7, atol=1e-9)


# ------------------------------------------------------------------------------------------------------------ dropout


def test_dropout_drops_weights():
    """With values that tell the keys apart, each weight is 0 or divided by 1 - p."""
    lamina.manual_seed(1)
    query, key, value = lamina.zeros(8, 40, 2), lamina.zeros(8, 50, 2), lamina.eye(50).expand(8, 50, 50)
    weights = F.scaled_dot_product_attention(query, key, value, dropout_p=0.3).numpy()
    kept = weights != 0
    assert abs(kept.mean() - 0.7) < 0.02
    np.testing.assert_allclose(weights[kept], 1 / 50 / 0.7, rtol=1e-5)
    again = F.scaled_dot_product_attention(query, key, value, dropout_p=0.3).numpy()
    assert (weights != again).any()
    lamina.manual_seed(1)
    assert (F.scaled_dot_product_attention(query, key, value, dropout_p=0.3).numpy() == weights).all()
    assert (F.scaled_dot_product_attention(query, key, value, dropout_p=1.0) == 0).all()


@pytest.mark.parametrize("is_causal", [False, True])
def test_gradients_with_dropout(is_causal):
    """The weights that were kept are read off with a unit matrix; the formula with them has the same gradients."""
    arrays = [floats(2, 65, 4, dtype=np.float64, seed=k) for k in range(3)]
    query, key, value = (lamina.tensor(x, requires_grad=True) for x in arrays)
    lamina.manual_seed(5)
    eye = lamina.eye(65, dtype=lamina.float64).expand(2, 65, 65)
    weights = F.scaled_dot_product_attention(query, key, eye, None, 0.4, is_causal).detach().numpy()
    lamina.manual_seed(5)
    output = F.scaled_dot_product_attention(query, key, value, None, 0.4, is_causal)
    (output * output).sum().backward()

    expected = [torch.tensor(x, requires_grad=True) for x in arrays]
    scores = expected[0] @ expected[1].transpose(-1, -2) / 2
    if is_causal:
        scores = scores.masked_fill(torch.ones(65, 65).triu(1).bool(), -math.inf)
    result = (scores.softmax(-1) * torch.tensor((weights != 0) / 0.6)) @ expected[2]
    (result * result).sum().backward()
    np.testing.assert_allclose(output.detach().numpy(), result.detach().numpy(), rtol=1e-9)
    for ours, theirs in zip((query, key, value), expected, strict=True):
        np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-8, atol=1e-10)


# ------------------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    "change",
    [
        lambda q, k, v: (q[0, 0, 0], k[0, 0, 0], v[0, 0, 0]),
        lambda q, k, v: (q[0], k[0, :, :, :2], v[0]),
        lambda q, k, v: (q[0], k[0, :, :2], v[0]),
        lambda q, k, v: (q, k.astype(np.float64), v),
        lambda q, k, v: (q.astype(np.int32), k.astype(np.int32), v.astype(np.int32)),
        lambda q, k, v: (q > 0, k > 0, v > 0),
        lambda q, k, v: (q.astype(np.complex64), k.astype(np.complex64), v.astype(np.complex64)),
        lambda q, k, v: (q, k[:, :3], v[:, :3]),
        lambda q, k, v: (q, k, v, np.ones((L, S), np.int32)),
        lambda q, k, v: (q, k, v, np.ones((L, S), np.float64)),
        lambda q, k, v: (q, k, v, np.ones((L - 1, S), np.float32)),
        lambda q, k, v: (q[:1], k[:1], v[:1], np.ones((2, 1, L, S), np.float32)),
        lambda q, k, v: (q, k, v, np.ones((1, 1, 1, L, S), np.float32)),
    ],
)
def test_wrong_operands(change):
    compare(attend, *change(*operands()), grad=False)


def test_wrong_heads():
    for heads in (3, 8):
        x = (floats(2, 4, 3, 2), floats(2, heads, 3, 2), floats(2, heads, 3, 2))
        compare(lambda t, *x: attend(t, *x, enable_gqa=True), *x, grad=False)
    compare(lambda t, x: attend(t, x, x, x, enable_gqa=True), floats(3, 2), grad=False)


def test_wrong_numbers():
    compare(lambda t, *x: attend(t, *x, dropout_p=1.5), *operands(), grad=False)
    compare(lambda t, *x: attend(t, *x, None, 0.0, False, 0.3), *operands(), grad=False)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((2, 3), (4, 5), (4, 3)), "key must be (*, S, 3) to go with query (2, 3), got (4, 5)."),
        (((2, 3), (4, 3), (5, 3)), "value must be (*, 4, V) to go with key (4, 3), got (5, 3)."),
        (((2, 3), (4, 3), (4, 3), (4, 2)), "attn_mask must broadcast to (2, 4), got (4, 2)."),
    ],
)
def test_messages(shapes, message):
    with pytest.raises(RuntimeError) as caught:
        F.scaled_dot_product_attention(*(lamina.ones(*shape) for shape in shapes))
    assert str(caught.value) == f"scaled_dot_product_attention: {message}"
