"""A tour of lamina: every floor once, from the ground up. Read it before the code."""

from __future__ import annotations

import copy

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lamina
from lamina import engine, nn, optim
from lamina.engine import state
from lamina.nn import functional as F
from lamina.ops import TABLE

# --- operations: pure functions of JAX arrays ---


def test_an_operation_is_a_pure_function_of_arrays():
    relu = TABLE["relu"]
    assert relu.function(jnp.array([-1.0, 2.0])).tolist() == [0.0, 2.0]
    assert relu.grad_name == "ReluBackward0"
    # Being pure, it can be differentiated by JAX; lamina has no derivative of its own.
    assert jax.grad(lambda x: relu.function(x).sum())(jnp.array([-1.0, 2.0])).tolist() == [0.0, 1.0]


# --- the engine: record -> program -> lower -> run ---


def names_of(node) -> list[str]:
    return [step.op.name for step in node.path()]


def test_an_operation_on_tensors_is_recorded():
    lamina.synchronize()
    x = lamina.tensor([[1.0, 2.0], [3.0, 4.0]])
    y = (x @ x).relu().sum()
    assert names_of(state.trace.node) == ["input", "matmul", "relu", "sum"]
    assert y.shape == () and y.dtype is lamina.float32  # known at once
    assert y._value.array is None  # pending
    assert y.item() == 54.0  # read, so it runs
    assert state.trace.values == []


def test_a_wrong_shape_raises_where_it_is_written():
    with pytest.raises(RuntimeError) as caught:
        lamina.ones(2, 3) @ lamina.ones(4, 5)
    assert str(caught.value) == "mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)"


def test_the_second_time_nothing_is_compiled():
    lamina.synchronize()
    x = lamina.randn(4, 5)
    for attempt in range(3):
        before = engine.compilations()
        y = (x.exp() * 3).sum(dim=1)
        np.testing.assert_allclose(y.numpy(), (np.exp(x.numpy()) * 3).sum(1), rtol=1e-5)
        assert engine.compilations() - before == (1 if attempt == 0 else 0)
    assert "test_tiny.py" in engine.explain()[-1].line  # who made it new


# --- tensors: names for values ---


def test_tensors_behave_and_print_as_pytorchs_do():
    x = lamina.arange(6).view(2, 3)
    assert repr(x[:, 1:] / 2) == "tensor([[0.5000, 1.0000],\n        [2.0000, 2.5000]])"
    assert (x + 1.5).dtype is lamina.float32 and x.sum().dtype is lamina.int64
    x[0].fill_(7)  # a view writes through to what it was cut from
    assert x.tolist() == [[7, 7, 7], [3, 4, 5]]


def test_jax_and_numpy_go_in_and_out():
    array = jnp.ones(3)
    x = lamina.as_tensor(array)
    assert x.array() is array
    assert isinstance(jnp.asarray(x * 2), jax.Array)
    assert np.asarray(x).tolist() == [1.0, 1.0, 1.0]


def test_random_numbers_repeat():
    draws = []
    for _ in range(2):
        lamina.manual_seed(3)
        draws.append((lamina.randn(2).tolist(), F.dropout(lamina.ones(20)).tolist()))
    assert draws[0] == draws[1]


# --- autograd: backward is one instruction ---


def test_backward():
    lamina.synchronize()
    x = lamina.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = (x * x).sum()
    assert repr(y.grad_fn).startswith("<SumBackward0")
    y.backward()
    assert names_of(state.trace.node) == ["input", "mul", "sum", "backward"]
    assert x.grad.tolist() == [2.0, 4.0, 6.0]
    with pytest.raises(RuntimeError, match="a second time"):
        y.backward()


def test_second_derivatives():
    x = lamina.tensor(2.0, requires_grad=True)
    (first,) = lamina.autograd.grad(x**3, x, create_graph=True)
    (second,) = lamina.autograd.grad(first, x)
    assert (first.item(), second.item()) == (12.0, 12.0)


# --- modules and optimizers: state and how it is combined ---


class Residual(nn.Module):
    """input + a layer of it."""

    def __init__(self, features):
        super().__init__()
        self.layer = nn.Linear(features, features)

    def forward(self, input):
        return input + self.layer(input).tanh()


def test_a_model_trains():
    lamina.manual_seed(0)
    x = lamina.randn(64, 4)
    y = x.square().sum(dim=1, keepdim=True)
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), Residual(16), nn.Linear(16, 1))
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for step in range(60):
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()  # runs the whole step, as one program
        losses.append(loss)
        if step == 2:
            compiled = engine.compilations()
    assert engine.compilations() == compiled
    assert losses[-1].item() < losses[0].item() / 4

    names = [name for name, _ in model.named_parameters()]
    assert names[2:4] == ["2.layer.weight", "2.layer.bias"]
    twin = copy.deepcopy(model)
    twin.load_state_dict(model.state_dict())
    with lamina.no_grad():
        assert twin(x).equal(model(x))


def test_a_module_is_a_function_for_jax():
    net = nn.Linear(3, 1)
    parameters = {name: p.detach().array() for name, p in net.named_parameters()}
    x = np.ones((5, 3), np.float32)
    total = jax.jit(jax.grad(lambda p: lamina.func.functional_call(net, p, x).sum()))
    np.testing.assert_allclose(total(parameters)["weight"], [[5.0, 5.0, 5.0]])


def test_a_module_prints_what_it_contains():
    assert repr(nn.Linear(16, 5)).splitlines()[-1].strip() == "● bias: Float [5]"
