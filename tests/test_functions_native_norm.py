"""Normalizations with their statistics, beside PyTorch's."""

from __future__ import annotations

import pytest

import lamina
from tests.parity import compare, floats, positives

X, C, VAR = floats(4, 6, 3), floats(6, seed=1), positives(6)


def test_native_layer_norm():
    compare(lambda t, x, w: t.native_layer_norm(x, (3,), w, None, 1e-5), X, floats(3))
    compare(lambda t, x, w: t.native_layer_norm(x, (6, 3), w, w, 1e-2), X, floats(6, 3))


def test_native_batch_norm():
    def run(training):
        return lambda t, x, w, mean, var: (
            t.native_batch_norm(x, w, None, mean, var, training, 0.1, 1e-5),
            mean,
            var,
        )

    for training in (True, False):
        compare(run(training), X, C, C, VAR, grad=(True, True, False, False))


def test_native_group_norm():
    compare(lambda t, x, w: t.native_group_norm(x, w, w, 4, 6, 3, 2, 1e-5), X, C, grad=False)
    compare(lambda t, x, w: t.native_group_norm(x, w, w, 4, 6, 3, 2, 1e-5)[0], X, C)
    with pytest.raises(RuntimeError) as caught:
        lamina.native_group_norm(lamina.ones(2, 3), None, None, 2, 3, 2, 1, 1e-5)
    assert str(caught.value) == (
        "native_group_norm: input of shape (2, 3) must have N * C * HxW = 12 elements, and C = 3 must be a multiple of "
        "group = 1."
    )
