"""RNNCell, LSTMCell and GRUCell, against PyTorch's with the same parameters."""

from __future__ import annotations

import pytest
import torch

import lamina
from lamina import nn
from tests.parity import compare_modules, floats

E, H, N = 3, 4, 2


@pytest.mark.parametrize("kind", ["RNNCell", "LSTMCell", "GRUCell"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("batch", [(N,), ()])
@pytest.mark.parametrize("given", [True, False])
def test_cells_agree(kind, bias, batch, given):
    states = [floats(*batch, H, seed=k) for k in range(2 if kind == "LSTMCell" else 1)] if given else []

    def call(module, x, *states):
        return module(x, states if kind == "LSTMCell" else states[0]) if states else module(x)

    compare_modules(lambda nn: getattr(nn, kind)(E, H, bias), floats(*batch, E), *states, call=call)


@pytest.mark.parametrize("kind", ["RNNCell", "LSTMCell", "GRUCell"])
def test_cells_refuse_inputs_of_three_dimensions(kind):
    compare_modules(lambda nn: getattr(nn, kind)(E, H), floats(2, 2, E))
    with pytest.raises(ValueError, match=f"^{kind}: Expected input to be 1D or 2D, got 3D instead"):
        getattr(nn, kind)(E, H)(lamina.ones(2, 2, E))


def test_a_cell_learns_through_many_steps():
    cell = nn.LSTMCell(1, 8)
    x = lamina.ones(4, 1)
    h = c = lamina.zeros(4, 8)
    for _ in range(20):
        h, c = cell(x, (h, c))
    h.sum().backward()
    assert all(bool((p.grad != 0).any()) for p in cell.parameters())


@pytest.mark.parametrize("nonlinearity", ["relu", "tanh"])
def test_nonlinearities_agree(nonlinearity):
    compare_modules(lambda nn: nn.RNNCell(E, H, nonlinearity=nonlinearity), floats(N, E))


def test_a_wrong_nonlinearity_is_refused_when_called():
    compare_modules(lambda nn: nn.RNNCell(E, H, nonlinearity="sin"), floats(N, E))
    with pytest.raises(RuntimeError, match=r"^Unknown nonlinearity: sin"):
        nn.RNNCell(E, H, nonlinearity="sin")(lamina.ones(N, E))


@pytest.mark.parametrize("kind", ["RNNCell", "LSTMCell", "GRUCell"])
def test_states_that_pytorch_refuses(kind):
    def call(module, x, h):
        return module(x, (h, h) if kind == "LSTMCell" else h)

    for input, shape in (
        ((N, E), (N + 1, H)),
        ((N, E), (N, H + 1)),
        ((N, E + 1), (1, N, H)),
        ((E,), (N, H)),
        ((N, E), (H,)),
    ):
        compare_modules(lambda nn: getattr(nn, kind)(E, H), floats(*input), floats(*shape), call=call)


def test_double_and_repr():
    compare_modules(lambda nn: nn.GRUCell(E, H).double(), floats(N, E, dtype="float64"))
    assert nn.LSTMCell(E, H, dtype=lamina.float64, device="cpu").weight_ih.dtype is lamina.float64
    assert nn.RNNCell(3, 4, False, "relu").extra_repr() == torch.nn.RNNCell(3, 4, False, "relu").extra_repr()
