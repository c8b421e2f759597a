"""Operations on the numbers of sparse tensors: types, gradients, empty tensors. The rest is in tests/sparse."""

from __future__ import annotations

import numpy as np

import lamina
from lamina import functions


def test_narrow_types_add_up_in_float32():
    ones = lamina.ones(4096, dtype=lamina.bfloat16)
    places = lamina.zeros(4096, dtype=lamina.int64)
    assert functions.coo_sums(ones, places, 2).tolist() == [4096.0, 0.0]
    assert functions.coo_sums(lamina.ones(3, dtype=lamina.int64), lamina.tensor([1, 1, 0]), 2).tolist() == [1, 2]


def test_nothing_gives_zeros():
    none = lamina.zeros(2, 0, dtype=lamina.int64)
    assert functions.coo_to_dense(none, lamina.zeros(0), (2, 2)).tolist() == [[0, 0], [0, 0]]
    product = functions.coo_matmul(none[0], none[1], lamina.zeros(0), lamina.ones(2, 3), 2)
    assert product.tolist() == [[0, 0, 0], [0, 0, 0]]


def test_softmax_of_groups():
    values = lamina.tensor([1.0, 2.0, 3.0, 200.0], requires_grad=True)
    found = functions.coo_softmax(values, lamina.tensor([0, 1, 0, 2]), 3)
    weight = 1 / (1 + np.exp(-2))
    np.testing.assert_allclose(found.detach().numpy(), [1 - weight, 1, weight, 1], rtol=1e-6)
    found[2].backward()
    np.testing.assert_allclose(values.grad.numpy(), weight * (1 - weight) * np.array([-1, 0, 1, 0]), rtol=1e-5)
