"""Looking up rows: values, the gradients that PyTorch gives them, and renormalising."""

from __future__ import annotations

import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
import torch

import lamina
from lamina import functions
from tests.parity import compare, floats, integers


def lookup(t, indices, weight, padding_idx=None, scale_grad_by_freq=False):
    if t is torch:
        return torch.embedding(weight, indices, -1 if padding_idx is None else padding_idx, scale_grad_by_freq)
    return functions.embedding_lookup(indices, weight, padding_idx, scale_grad_by_freq)


@pytest.mark.parametrize("shape", [(), (4,), (2, 3), (0,), (2, 0, 3)])
@pytest.mark.parametrize("padding_idx", [None, 1])
@pytest.mark.parametrize("scale", [False, True])
def test_lookup_agrees(shape, padding_idx, scale):
    compare(lookup, integers(*shape, low=0, high=5), floats(5, 3), padding_idx, scale)


@pytest.mark.parametrize("dtype", [np.float64, np.float16, jnp.bfloat16])
@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_lookup_keeps_the_tables_type(dtype, index):
    compare(lookup, integers(3, 4, low=0, high=5, dtype=index), floats(5, 2, dtype=dtype), 0)


def test_lookup_refuses_indices_that_are_no_integers():
    compare(lookup, floats(3), floats(5, 2))
    with pytest.raises(RuntimeError, match="scalar types: Long, Int; but got lamina.float32 instead"):
        functions.embedding_lookup(lamina.ones(3), lamina.ones(5, 2))


def test_an_index_outside_the_table_reads_nan_and_gives_no_gradient():
    weight = lamina.ones(3, 2, requires_grad=True)
    rows = functions.embedding_lookup(lamina.tensor([0, 3, -1]), weight)
    rows.sum().backward()
    assert np.isnan(rows.detach().numpy()).tolist() == [[False] * 2, [True] * 2, [True] * 2]
    assert weight.grad.tolist() == [[1, 1], [0, 0], [0, 0]]


@pytest.mark.parametrize("norm_type", [1.0, 2.0, 3.5, 0.5, float("inf")])
@pytest.mark.parametrize("max_norm", [0.5, 1.5, 100.0])
def test_renorm_agrees(norm_type, max_norm):
    weight, indices = floats(6, 4), np.array([[1, 2, 1], [5, 2, 0]])
    expected = torch.tensor(weight)
    torch.embedding_renorm_(expected, torch.tensor(indices), max_norm, norm_type)
    actual = functions.embedding_renorm(lamina.tensor(weight), lamina.tensor(indices), max_norm, norm_type)
    np.testing.assert_allclose(actual.numpy(), expected, rtol=1e-5)


def test_renorm_leaves_zero_rows_zero():
    actual = functions.embedding_renorm(lamina.zeros(2, 3), lamina.tensor([0, 1]), 1.0)
    assert actual.tolist() == [[0, 0, 0], [0, 0, 0]]


def test_an_index_outside_the_table_is_an_error_where_it_is_known():
    for indices in ([0, 3], [0, -1], [[1, 2], [3, 0]]):
        compare(lambda t, x, w: t.nn.functional.embedding(x, w), np.array(indices), floats(3, 2))
        compare(lambda t, x, w: t.nn.functional.embedding(x, w.detach(), max_norm=1.0), np.array(indices), floats(3, 2))
    with pytest.raises(IndexError) as caught:
        lamina.nn.functional.embedding(lamina.tensor([0, 3]), lamina.ones(3, 2))
    assert str(caught.value) == "index out of range in self"


FLAT, OFFSETS, ROWS = integers(7, low=0, high=5), np.array([0, 2, 2, 6]), integers(3, 4, low=0, high=5)


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("dtype", [np.float64, np.float16, ml_dtypes.bfloat16])
def test_embedding_bag_types(mode, dtype):
    compare(lambda t, i, w: t.nn.functional.embedding_bag(i, w, mode=mode), ROWS, floats(5, 3, dtype=dtype))
    compare(
        lambda t, i, o, w: t.nn.functional.embedding_bag(i, w, o, mode=mode), FLAT, OFFSETS, floats(5, 3, dtype=dtype)
    )


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_embedding_bag_of_little(mode):
    def call(t, i, w, *offsets, **options):
        return t.nn.functional.embedding_bag(i, w, *offsets, mode=mode, **options)

    compare(call, FLAT[:0], floats(5, 3), OFFSETS[:0])
    compare(call, FLAT[:0], floats(5, 3), OFFSETS[:1])
    compare(call, ROWS[:0], floats(5, 3))
    compare(lambda t, i, w: call(t, i, w, padding_idx=1), np.array([[1, 1], [1, 3]]), floats(5, 3))
    compare(lambda t, i, o, w: call(t, i, w, o, padding_idx=-4), np.array([1, 1, 1, 3]), np.array([0, 2]), floats(5, 3))
    compare(lambda t, i, o, w: call(t, i, w, o, include_last_offset=True), FLAT, np.array([0, 3, 7]), floats(5, 3))


def test_embedding_bag_of_equals():
    compare(lambda t, i, w: t.nn.functional.embedding_bag(i, w, mode="max"), ROWS, np.ones((5, 3), np.float32))
    compare(
        lambda t, i, o, w: t.nn.functional.embedding_bag(i, w, o, mode="max"),
        FLAT, OFFSETS, np.ones((5, 3), np.float32),
    )  # fmt: skip


def test_embedding_bag_does_not_see_what_is_beyond():
    """Where the numbers of indices and offsets are pending, nothing is raised, and what is outside reads NaN."""
    f = lamina.nn.functional
    for mode in ("sum", "mean", "max"):
        wrong = lamina.tensor([0, 6, 1]) + 0
        bags = f.embedding_bag(wrong, lamina.ones(5, 2), lamina.tensor([0, 2]), mode=mode)
        assert bags.isnan().tolist() == [[True, True], [False, False]]


def test_embedding_bag_errors():
    def calls(t, i, rows, w, o, *wrong):
        f = t.nn.functional.embedding_bag
        ones = t.ones(3, 4)
        return [
            lambda: f(i, w), lambda: f(rows, w, o), lambda: f(i, w, o[None]), lambda: f(rows[None], w),
            lambda: f(i, w, wrong[0]), lambda: f(i, w, wrong[1]), lambda: f(i, w, o[:0], include_last_offset=True),
            lambda: f(rows, w, mode="min"), lambda: f(rows, w, mode="max", scale_grad_by_freq=True),
            lambda: f(rows, w, mode="max", sparse=True), lambda: f(rows, w, per_sample_weights=ones),
            lambda: f(rows, w, mode="sum", per_sample_weights=t.ones(12)),
            lambda: f(rows, w, mode="sum", per_sample_weights=ones.double()),
            lambda: f(rows, w, padding_idx=5), lambda: f(rows, w, padding_idx=-6), lambda: f(wrong[2], w),
            lambda: f(rows, w[0]), lambda: f(rows, w.long()), lambda: f(rows.float(), w), lambda: f(rows[:, :0], w),
        ]  # fmt: skip

    for number in range(20):
        compare(
            lambda t, *inputs, number=number: calls(t, *inputs)[number](),
            FLAT, ROWS, floats(5, 3), OFFSETS, OFFSETS + 1, OFFSETS + np.array([0, 0, 0, 3]), ROWS + 5,
        )  # fmt: skip


def test_embedding_bag_messages():
    f, w, rows = lamina.nn.functional.embedding_bag, lamina.ones(5, 3), lamina.tensor(ROWS)
    for call, text in (
        (lambda: f(lamina.tensor(ROWS + 5), w), "embedding_bag: input must be in [0, 5), got 8."),
        (
            lambda: f(rows, w, mode="sum", per_sample_weights=lamina.ones(3, 4).double()),
            "embedding_bag: per_sample_weights must be of type float32 to go with weight, got float64.",
        ),
        (lambda: f(lamina.tensor(FLAT), w, lamina.tensor([0, 3, 2])), "embedding_bag: offsets must not decrease."),
        (lambda: f(rows[:, :0], w), "embedding_bag: a 2D input must have bags of at least 1, got (3, 0)."),
        (
            lambda: f(rows, w, padding_idx=5),
            "padding_idx must be within the number of embeddings, -5 through 4, but got 5",
        ),
    ):
        with pytest.raises(RuntimeError) as caught:
            call()
        assert str(caught.value) == text


def test_the_old_order_of_arguments_is_warned_of():
    with pytest.warns(UserWarning, match="Argument order of nn.functional.embedding_bag was changed"):
        bags = lamina.nn.functional.embedding_bag(lamina.ones(5, 3), lamina.tensor(ROWS))
    assert bags.tolist() == [[1.0] * 3] * 3
