"""Cells, and what of the layers cannot be seen through modules: second derivatives and the form of the loop."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import lamina
from lamina.engine import cache
from lamina.ops import recurrent
from tests.parity import compare, floats

CELLS = {"rnn_tanh_cell": 1, "rnn_relu_cell": 1, "gru_cell": 3}


def weights(gates: int, bias: bool = True, dtype: type = np.float32) -> list[np.ndarray]:
    shapes = [(gates * 4, 3), (gates * 4, 4)] + [(gates * 4,)] * 2 * bias
    return [floats(*shape, seed=seed, dtype=dtype) for seed, shape in enumerate(shapes)]


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cells_agree(name, bias, dtype):
    def cell(t, x, h, *w):
        return getattr(t, name)(x, h, *w)

    compare(cell, floats(2, 3, dtype=dtype), floats(2, 4, dtype=dtype), *weights(CELLS[name], bias, dtype))


@pytest.mark.parametrize("bias", [True, False])
def test_lstm_cell_agrees(bias):
    compare(
        lambda t, x, h, c, *w: t.lstm_cell(x, (h, c), *w),
        floats(2, 3),
        floats(2, 4),
        floats(2, 4, seed=5),
        *weights(4, bias),
    )


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize(("input", "hx"), [((2, 5), (2, 4)), ((2, 3), (3, 4)), ((2, 3), (2, 5))])
def test_cells_refuse_what_pytorch_refuses(name, input, hx):
    compare(lambda t, x, h, *w: getattr(t, name)(x, h, *w), floats(*input), floats(*hx), *weights(CELLS[name]))


def test_a_cell_says_which_size_is_wrong():
    w = [lamina.tensor(x) for x in weights(3)]
    with pytest.raises(RuntimeError, match=r"^input has inconsistent input_size: got 5 expected 3$"):
        lamina.gru_cell(lamina.ones(2, 5), lamina.ones(2, 4), *w)
    with pytest.raises(RuntimeError, match=r"^Input batch size 2 doesn't match hidden0 batch size 3$"):
        lamina.gru_cell(lamina.ones(2, 3), lamina.ones(3, 4), *w)
    with pytest.raises(RuntimeError, match=r"^hidden0 has inconsistent hidden_size: got 5, expected 4$"):
        lamina.gru_cell(lamina.ones(2, 3), lamina.ones(2, 5), *w)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_layers_can_be_differentiated_twice(kind):
    options = {"proj_size": 2} if kind == "LSTM" else {}
    layer = getattr(torch.nn, kind)(3, 4, bidirectional=True, **options).double()
    w = [p.detach().numpy() for p in layer.parameters()]
    x = floats(5, 2, 3, dtype=np.float64)
    tx = torch.tensor(x, requires_grad=True)

    output, states = layer(tx)
    loss = sum((y**2).sum() for y in (output, *(states if kind == "LSTM" else (states,))))
    first = torch.autograd.grad(loss, [tx, *layer.parameters()], create_graph=True)
    expected = torch.autograd.grad(sum((g**2).sum() for g in first), [tx, *layer.parameters()])

    mode = "RNN_TANH" if kind == "RNN" else kind

    def of_gradient(arguments):
        def loss(arguments):
            return sum(
                (y**2).sum() for y in recurrent.recurrent(arguments[0], None, arguments[1:], mode, True, True, False)
            )

        return sum((g**2).sum() for g in jax.grad(loss)(arguments))

    with jax.enable_x64(True):
        actual = jax.grad(of_gradient)([jnp.asarray(a) for a in (x, *w)])
    for a, b in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)


def test_the_weights_gradient_is_one_product_outside_the_loop():
    """The reason for a derivative of our own: the loops of forward and backward multiply once in each step."""
    w = [jnp.asarray(x) for x in weights(4)]

    def loss(x, w):
        return recurrent.recurrent(x, None, w, "LSTM", True, False, False)[0].sum()

    jaxpr = jax.make_jaxpr(jax.grad(loss, (0, 1)))(jnp.ones((7, 2, 3), jnp.float32), w)
    loops = [e for e in jaxpr.eqns if e.primitive.name == "scan"]
    assert [str(loop.params["jaxpr"]).count("dot_general") for loop in loops] == [1, 1]


def test_layers_work_inside_jax_transforms():
    w = [jnp.asarray(x) for x in weights(3)]

    def run(x):
        return recurrent.recurrent(x, None, w, "GRU", True, False, False)[0]

    x = jnp.asarray(floats(6, 5, 2, 3))
    np.testing.assert_allclose(jax.vmap(run)(x), jnp.stack([run(each) for each in x]), rtol=1e-5, atol=1e-6)


def loop(cell, steps):
    def run(t, x, *w):
        h = state = t.zeros(2, 4, dtype=x.dtype)
        for i in range(steps):
            if cell == "lstm_cell":
                h, _ = state = t.lstm_cell(x[i], state if i else (h, h), *w)
            else:
                h = getattr(t, cell)(x[i], h, *w)
        return h

    return run


@pytest.mark.parametrize("cell", [*CELLS, "lstm_cell"])
def test_many_uses_of_a_cell(cell):
    gates = CELLS.get(cell, 4)
    for bias in (True, False):
        compare(loop(cell, 9), floats(9, 2, 3, dtype=np.float64), *weights(gates, bias, np.float64))


def test_a_long_loop_is_compiled_in_calls(monkeypatch):
    texts = []
    compiled = jax.stages.Lowered.compile

    def compile(lowered, *args):
        found = compiled(lowered, *args)
        texts.append(found.as_text())
        return found

    monkeypatch.setattr(jax.stages.Lowered, "compile", compile)
    monkeypatch.setattr(cache, "load", lambda *args: None)
    x, *w = map(lamina.tensor, (floats(10, 2, 3), *weights(3)))
    for steps, calls in ((3, 0), (10, 10)):
        lamina.engine.reset()
        loop("gru_cell", steps)(lamina, x * steps, *w).tolist()
        assert sum(text.count(" call(") for text in texts) == calls
        texts.clear()
