"""Recurrent layers as functions of their weights, beside PyTorch's."""

from __future__ import annotations

import pytest
import torch

import lamina
from tests.parity import compare, floats, to_numpy

MODULES = {"lstm": "LSTM", "gru": "GRU", "rnn_tanh": "RNN", "rnn_relu": "RNN"}


def weights(name, **options):
    torch.manual_seed(0)
    return [to_numpy(x) for x in getattr(torch.nn, MODULES[name])(3, 4, **options).parameters()]


@pytest.mark.parametrize("name", MODULES)
def test_padded_and_packed(name):
    params = weights(name, num_layers=2, bidirectional=True)
    state = floats(4, 2, 4)
    states = [state, floats(4, 2, 4, seed=1)] if name == "lstm" else state

    def padded(t, x, hx, params):
        return getattr(t, name)(x, hx, params, True, 2, 0.0, False, True, True)

    compare(padded, floats(2, 5, 3), states, params, rtol=1e-4, atol=1e-5)
    if name in ("lstm", "rnn_relu"):

        def packed(t, data, hx, params):
            return getattr(t, name)(data, t.tensor([2, 2, 1, 1, 1]), hx, params, True, 2, 0.0, False, True)

        compare(packed, floats(7, 3), states, params, rtol=1e-4, atol=1e-5)


def test_names_and_no_biases():
    params = weights("gru", bias=False)

    def run(t, x, hx, params):
        return t.gru(x, hx, params, has_biases=False, num_layers=1, dropout=0.0, train=True, bidirectional=False,
                     batch_first=False)  # fmt: skip

    compare(run, floats(5, 2, 3), floats(1, 2, 4), params, rtol=1e-4, atol=1e-5)


def test_dropout_between_layers():
    params = [lamina.tensor(x) for x in weights("gru", num_layers=2)]
    x, hx = lamina.ones(3, 2, 3), lamina.zeros(2, 2, 4)
    plain, dropped = (lamina.gru(x, hx, params, True, 2, 0.5, train, False, False)[0] for train in (False, True))
    assert not lamina.allclose(plain, dropped)


def test_errors():
    x, hx = lamina.ones(3, 2, 3), lamina.zeros(2, 2, 4)
    with pytest.raises(TypeError, match="missing: batch_first"):
        lamina.gru(x, hx, [], True, 2, 0.5, False, False)
    with pytest.raises(RuntimeError) as caught:
        lamina.gru(x, hx, [], True, 2, 0.5, False, False, False)
    assert str(caught.value) == "gru: params must be 4 tensors for each of 2 layers, got 0."
