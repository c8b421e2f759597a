"""Looking up rows: values, the gradients that PyTorch gives them, and renormalising."""

from __future__ import annotations

import jax.numpy as jnp
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
