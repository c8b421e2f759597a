"""RNN, LSTM and GRU, against PyTorch's with the same parameters."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

import lamina
from lamina import nn
from tests.parity import compare_modules, floats

E, H, N = 3, 4, 2


def configurations():
    """Every kind with every option at least a few times, drawn with a fixed seed."""
    rng = random.Random(0)
    for number in range(24):
        kind = ("RNN", "LSTM", "GRU")[number % 3]
        options = {
            "num_layers": rng.choice([1, 2, 3]),
            "bias": rng.random() < 0.7,
            "batch_first": rng.random() < 0.5,
            "bidirectional": rng.random() < 0.5,
        }
        if kind == "RNN":
            options["nonlinearity"] = rng.choice(["tanh", "relu"])
        if kind == "LSTM" and rng.random() < 0.6:
            options["proj_size"] = 2
        yield kind, options, rng.choice([1, 5]), rng.random() < 0.7, rng.random() < 0.6


def state_shapes(kind, options, batched):
    count = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    sizes = [options.get("proj_size", 0) or H] + [H] * (kind == "LSTM")
    return [(count, N, size) if batched else (count, size) for size in sizes]


@pytest.mark.parametrize(("kind", "options", "length", "batched", "given"), list(configurations()))
def test_layers_agree(kind, options, length, batched, given):
    shape = ((N, length, E) if options["batch_first"] else (length, N, E)) if batched else (length, E)
    states = [floats(*s, seed=k) for k, s in enumerate(state_shapes(kind, options, batched))] if given else []

    def call(module, x, *states):
        return module(x, states if kind == "LSTM" else states[0]) if states else module(x)

    compare_modules(
        lambda nn: getattr(nn, kind)(E, H, **options), floats(*shape), *states, call=call, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_layers_agree_in_double(kind):
    compare_modules(lambda nn: getattr(nn, kind)(E, H, 2).double(), floats(5, N, E, dtype=np.float64))


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_device_and_type(kind):
    module = getattr(nn, kind)(E, H, device="cpu:1", dtype=lamina.float64)
    assert {p.dtype for p in module.parameters()} == {lamina.float64}
    output, _ = module(lamina.ones(5, N, E, device="cpu:1", dtype=lamina.float64))
    assert output.device == lamina.device("cpu:1") and output.dtype is lamina.float64
    assert module.flatten_parameters() is None and module.all_weights[0][1] is module.weight_hh_l0


def test_parameters_begin_within_bounds():
    module = nn.LSTM(E, 100)
    for name, parameter in module.named_parameters():
        values = abs(parameter.detach().numpy())
        assert 0.095 < values.max() <= 0.1, name
    assert module.all_weights[0][0] is module.weight_ih_l0


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("RNN", {"nonlinearity": "sin"}),
        ("GRU", {"num_layers": 0}),
        ("LSTM", {"dropout": 1.5}),
        ("LSTM", {"dropout": True}),
        ("GRU", {"dropout": None}),
        ("RNN", {"dropout": "much"}),
        ("LSTM", {"bias": 1}),
        ("LSTM", {"batch_first": 0}),
        ("LSTM", {"proj_size": 4}),
        ("LSTM", {"proj_size": -1}),
        ("RNN", {"proj_size": 2}),
        ("GRU", {"proj_size": 0}),
    ],
)
def test_options_that_pytorch_refuses(kind, options):
    with pytest.raises((ValueError, TypeError)) as wanted:
        getattr(torch.nn, kind)(E, H, **options)
    with pytest.raises(type(wanted.value)) as caught:
        getattr(nn, kind)(E, H, **options)
    assert str(caught.value) == str(wanted.value)


@pytest.mark.parametrize("sizes", [(0, 4), (4, 0), (2.5, 4), (3, "4")])
def test_sizes_that_pytorch_refuses(sizes):
    with pytest.raises((ValueError, TypeError)) as wanted:
        torch.nn.GRU(*sizes)
    with pytest.raises(type(wanted.value)) as caught:
        nn.GRU(*sizes)
    assert str(caught.value) == str(wanted.value)


def test_dropout_with_one_layer_warns():
    with pytest.warns(UserWarning, match="non-zero dropout expects num_layers greater than 1, but got dropout=0.5"):
        nn.GRU(E, H, dropout=0.5)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("shape", [(5, N, E + 1), (5, E + 1), (2, 5, N, E), (E,), (0, N, E)])
def test_inputs_that_pytorch_refuses(kind, shape):
    compare_modules(lambda nn: getattr(nn, kind)(E, H), floats(*shape))


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("shape", [(1, N + 1, H), (2, N, H), (1, N, H + 1), (1, H)])
def test_states_that_pytorch_refuses(kind, shape):
    def call(module, x, h):
        return module(x, (h, h) if kind == "LSTM" else h)

    compare_modules(lambda nn: getattr(nn, kind)(E, H), floats(5, N, E), floats(*shape), call=call)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("shape", [(5, N, E + 1), (5, E + 1), (2, 5, N, E), (E,), (0, N, E)])
def test_messages_for_inputs_are_pytorchs(kind, shape):
    def message(nn, t):
        with pytest.raises((ValueError, RuntimeError)) as caught:
            getattr(nn, kind)(E, H)(t.ones(*shape))
        return str(caught.value)

    assert message(nn, lamina) == message(torch.nn, torch)


def test_messages_are_pytorchs():
    module = nn.LSTM(E, H)
    with pytest.raises(RuntimeError, match=r"^input.size\(-1\) must be equal to input_size. Expected 3, got 7"):
        module(lamina.ones(5, N, 7))
    with pytest.raises(RuntimeError, match=r"^Expected hidden\[1\] size \(1, 2, 4\), got \[1, 2, 5\]"):
        module(lamina.ones(5, N, E), (lamina.ones(1, N, H), lamina.ones(1, N, H + 1)))
    with pytest.raises(
        RuntimeError, match=r"^For batched 3-D input, hx and cx should also be 3-D but got \(2-D, 2-D\)"
    ):
        module(lamina.ones(5, N, E), (lamina.ones(1, H), lamina.ones(1, H)))
    with pytest.raises(ValueError, match=r"^RNN input dtype \(lamina.float64\) does not match weight dtype"):
        module(lamina.ones(5, N, E, dtype=lamina.float64))


def test_dropout_between_layers():
    module = nn.GRU(E, 64, num_layers=2, dropout=0.5)
    x = lamina.randn(5, N, E)
    first, second = module(x)[0], module(x)[0]
    assert not lamina.equal(first, second)
    module.eval()
    assert lamina.equal(module(x)[0], module(x)[0])
    # With everything dropped, the second layer sees zeros: its output no longer depends on the input.
    module.train().dropout = 1.0
    assert lamina.equal(module(x)[0], module(2 * x)[0])


def test_repr():
    assert (
        nn.LSTM(3, 4, 2, False, True, 0.5, True, 2).extra_repr()
        == torch.nn.LSTM(3, 4, 2, False, True, 0.5, True, 2).extra_repr()
    )
