"""Optax's transformations as optimizers: they take the steps they take without lamina."""

from __future__ import annotations

import copy

import jax
import numpy as np
import optax
import pytest

import lamina
from lamina import nn
from lamina.optim import Optax

pytestmark = pytest.mark.filterwarnings("ignore:lamina compiled")

SHAPES = {"weight": (3, 2), "bias": (2,), "scale": ()}
TRANSFORMATIONS = {
    "sgd": lambda: optax.sgd(0.1, momentum=0.9, nesterov=True),
    "lion": lambda: optax.lion(0.02, weight_decay=0.1),
    "lamb": lambda: optax.lamb(optax.cosine_decay_schedule(0.1, 20)),
    "clipped": lambda: optax.chain(optax.clip_by_global_norm(0.5), optax.adamw(optax.linear_schedule(0.1, 0.0, 8))),
    "noise": lambda: optax.chain(optax.add_noise(0.1, 0.5, 3), optax.sgd(0.1)),
    "masked": lambda: optax.multi_transform(
        {"a": optax.adam(0.1), "b": optax.set_to_zero()}, {"weight": "a", "bias": "b", "scale": "a"}
    ),
    "injected": lambda: optax.inject_hyperparams(optax.rmsprop)(learning_rate=0.05),
    "checked": lambda: optax.apply_if_finite(optax.adafactor(0.1, min_dim_size_to_factor=2), 3),
}


def drawn(seed):
    rng = np.random.default_rng(seed)
    return {name: np.asarray(rng.standard_normal(shape), "float32") for name, shape in SHAPES.items()}


@jax.enable_x64(True)  # as lamina's programs are: optax by itself would count in float32
def by_optax(tx, steps):
    params = jax.tree.map(jax.numpy.asarray, drawn(0))
    state, found = tx.init(params), []
    for step in range(steps):
        updates, state = tx.update(jax.tree.map(jax.numpy.asarray, drawn(step + 1)), state, params)
        params = optax.apply_updates(params, updates)
        found.append(params)
    return found


def by_lamina(optimizer, steps, first=0):
    found = []
    group = optimizer.param_groups[0]
    for step in range(first, first + steps):
        for name, p in zip(group["param_names"], group["params"], strict=True):
            p.grad = lamina.tensor(drawn(step + 1)[name])
        optimizer.step()
        found.append({n: p.detach().numpy() for n, p in zip(group["param_names"], group["params"], strict=True)})
    return found


def named():
    return [(name, lamina.tensor(value, requires_grad=True)) for name, value in drawn(0).items()]


@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_steps_are_optax_own(name):
    tx = TRANSFORMATIONS[name]()
    ours, theirs = by_lamina(Optax(named(), tx), 10), by_optax(tx, 10)
    for a, b in zip(ours, theirs, strict=True):
        for key in SHAPES:
            np.testing.assert_allclose(a[key], b[key], rtol=1e-5, atol=1e-6, err_msg=key)
            assert a[key].dtype == np.float32


@pytest.mark.parametrize("name", ["clipped", "noise", "masked"])
def test_a_saved_state_continues_the_same_way(name):
    optimizer = Optax(named(), TRANSFORMATIONS[name]())
    by_lamina(optimizer, 3)
    saved = copy.deepcopy(optimizer.state_dict())
    assert saved["param_groups"] == [{"params": [0, 1, 2], "param_names": list(SHAPES)}]
    assert all(isinstance(value, lamina.Tensor) for value in saved["state"]["optax"].values())
    other = Optax(named(), TRANSFORMATIONS[name]())
    with lamina.no_grad():
        for p, q in zip(other.param_groups[0]["params"], optimizer.param_groups[0]["params"], strict=True):
            p.copy_(q)
    other.load_state_dict(saved)
    twin = copy.deepcopy(optimizer)
    ends = [by_lamina(each, 3, 3)[-1] for each in (optimizer, other, twin)]
    for key in SHAPES:
        assert np.array_equal(ends[0][key], ends[1][key]) and np.array_equal(ends[0][key], ends[2][key])


def test_a_state_of_another_transformation_is_refused_and_nothing_is_changed():
    optimizer = Optax([lamina.ones(2, requires_grad=True)], optax.adam(0.1))
    other = Optax([lamina.ones(2, requires_grad=True)], optax.sgd(0.1, momentum=0.9))
    before = optimizer.state_dict()["state"]["optax"]
    with pytest.raises(ValueError) as caught:
        optimizer.load_state_dict(other.state_dict())
    names = [*before, *other.state["optax"]]
    assert str(caught.value) == f"Optax: the loaded state belongs to another transformation. It differs in {names}."
    assert optimizer.state["optax"] is before


def test_a_training_loop_compiles_a_fixed_number_of_programs():
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    optimizer = Optax(model.parameters(), optax.adamw(optax.warmup_cosine_decay_schedule(0.0, 0.1, 5, 50)))
    x = lamina.randn(8, 3)
    losses = []

    def step():
        optimizer.zero_grad()
        loss = ((model(x) - 1) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())

    for _ in range(3):
        step()
    before = lamina.engine.compilations()
    for _ in range(20):
        step()
    assert lamina.engine.compilations() == before and losses[-1] < losses[0] / 2


def test_a_parameter_without_gradient_counts_as_gradient_zero():
    p, q = (lamina.ones(2, requires_grad=True) for _ in range(2))
    optimizer = Optax([p, q], optax.sgd(0.5, momentum=0.5))
    q.grad = lamina.ones(2)
    optimizer.step()
    assert (p.tolist(), q.tolist()) == ([1, 1], [0.5, 0.5])
    p.grad, q.grad = lamina.ones(2), None
    optimizer.step()
    assert (p.tolist(), q.tolist()) == ([0.5, 0.5], [0.25, 0.25])
    p.grad = None
    optimizer.step()
    assert q.tolist() == [0.25, 0.25]


def test_the_loss_goes_to_who_asks_for_it():
    p = lamina.ones(1, requires_grad=True)
    tx = optax.chain(optax.sgd(0.5), optax.contrib.reduce_on_plateau(factor=0.5, patience=1, rtol=0.5))
    optimizer = Optax([p], tx)

    def closure():
        optimizer.zero_grad()
        loss = (p * 0.1).sum() + 1
        loss.backward()
        return loss

    before = p.item()
    moves = []
    for _ in range(6):
        assert optimizer.step(closure).item() > 0.5
        moves.append(before - p.item())
        before = p.item()
    assert moves[0] == pytest.approx(0.05, rel=1e-4) and moves[-1] < 0.03


def test_groups_are_one():
    p, q = (lamina.ones(2, requires_grad=True) for _ in range(2))
    with pytest.raises(ValueError) as caught:
        Optax([{"params": [p]}, {"params": [q]}], optax.sgd(0.1))
    assert str(caught.value) == (
        "Optax: one group of parameters is all there can be; optax.multi_transform treats some of them differently."
    )
