"""Gradients before they are asked for: the same numbers and the same errors, in one program less."""

from __future__ import annotations

import random

import numpy as np
import pytest

import lamina
from lamina import engine, nn
from lamina.engine import foresight
from lamina.engine.run import _recent
from tests.engine.both import both
from tests.parity import floats


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Foresee after the first time, so that a few steps show it."""
    monkeypatch.setattr(foresight, "AFTER", 1)


def foreseeing():
    """How many programs compute gradients ahead."""
    return sum(plan.foresees for plan in _recent)


def start(t, sizes=(3, 4, 1)):
    net = t.nn.Sequential(t.nn.Linear(*sizes[:2]), t.nn.Tanh(), t.nn.Linear(*sizes[1:]))
    with t.no_grad():
        for i, p in enumerate(net.parameters()):
            p.copy_(t.tensor(floats(*p.shape, seed=i)))
    if t is lamina:
        lamina.synchronize()  # what was copied belongs to no step
    return net, t.optim.Adam(net.parameters(), lr=0.01)


def test_the_forward_pass_is_computed_once():
    net, optimizer = start(lamina, (3, 16, 1))
    x = lamina.tensor(floats(5, 3))
    engine.reset()
    sizes = []
    for _ in range(6):
        loss = (net(x) ** 2).mean()
        loss.item()
        optimizer.zero_grad()
        loss.backward()
        sizes.append(engine.state.trace.node.depth)
        optimizer.step()
    assert sizes[0] > 5  # the forward pass again, and backward
    assert sizes[1:] == [0] * 5  # nothing is left to record
    assert engine.compilations() == 4


def test_it_happens_after_some_times(monkeypatch):
    monkeypatch.setattr(foresight, "AFTER", 8)
    net, optimizer = start(lamina, (3, 17, 1))
    x = lamina.tensor(floats(5, 3))
    engine.reset()
    for _ in range(8):
        loss = (net(x) ** 2).mean()
        loss.item()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert engine.compilations() == 2


def test_it_ends_where_backward_does_not_follow():
    net, optimizer = start(lamina, (3, 18, 1))
    x = lamina.tensor(floats(5, 3))
    before = foreseeing()

    def losses(steps, follows):
        for _ in range(steps):
            loss = (net(x) ** 2).mean()
            loss.item()
            if follows:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

    losses(3, True)
    assert foreseeing() == before + 1
    losses(foresight.IN_VAIN + 1, False)
    assert foreseeing() == before
    losses(2, True)
    assert foreseeing() == before + 1


def test_the_memory_of_the_graph_is_given_back():
    net, _ = start(lamina, (3, 19, 1))
    x = lamina.tensor(floats(5, 3))
    for _ in range(4):
        loss = (net(x) ** 2).mean()
        loss.item()
        loss.backward()
    assert loss._value.home is None
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


def test_no_gradients_ahead_for_a_loss_that_nobody_holds():
    net, _ = start(lamina, (3, 20, 1))
    x = lamina.tensor(floats(5, 3))
    for _ in range(3):
        output = net(x)
        loss = (output**2).mean()
        output.tolist()
        loss.backward()
    engine.reset()
    output = net(x)
    output.tolist()
    assert output._value.home.foreseen is None


def run(t, action, seed):
    """Six steps in which the loss is read first, and something happens before `backward`; all that is seen."""
    rng = random.Random(seed)
    net, optimizer = start(t)
    x, seen = t.tensor(floats(5, 3, seed=seed)), []
    for _ in range(6):
        hidden = net[1](net[0](x))
        output = net[2](hidden)
        loss = (output**2).mean()
        other = output.sum()
        seen.append(loss.item())
        optimizer.zero_grad()
        if rng.random() < 0.7:
            seen.append(action(t, net, loss, other, hidden, output))
        else:
            loss.backward()
        seen += [None if p.grad is None else p.grad.clone() for p in net.parameters()]
        optimizer.step()
    return [x for x in seen if x is not None] + [p.detach() for p in net.parameters()]


def twice(t, net, loss, other, hidden, output):
    loss.backward(retain_graph=True)
    loss.backward()


def too_often(t, net, loss, other, hidden, output):
    loss.backward()
    try:
        loss.backward()
    except RuntimeError as error:
        return str(error)[:60]


def both_losses(t, net, loss, other, hidden, output):
    loss.backward(retain_graph=True)
    other.backward()


def together(t, net, loss, other, hidden, output):
    (loss + other).backward()


def other_first(t, net, loss, other, hidden, output):
    other.backward(retain_graph=True)
    loss.backward()


def freed_by_the_other(t, net, loss, other, hidden, output):
    other.backward()
    try:
        loss.backward()
    except RuntimeError as error:
        return str(error)[:60]


def hooked(t, net, loss, other, hidden, output):
    hidden.register_hook(lambda gradient: gradient * 2)
    loss.backward()


def hooked_leaf(t, net, loss, other, hidden, output):
    handle = net[0].weight.register_hook(lambda gradient: gradient * 3)
    loss.backward()
    handle.remove()


def retained(t, net, loss, other, hidden, output):
    hidden.retain_grad()
    loss.backward()
    return hidden.grad.clone()


def frozen(t, net, loss, other, hidden, output):
    net[2].weight.requires_grad_(False)
    loss.backward()
    net[2].weight.requires_grad_(True)


def scaled(t, net, loss, other, hidden, output):
    loss.backward(gradient=t.tensor(0.5))


def of_inputs(t, net, loss, other, hidden, output):
    loss.backward(inputs=[net[0].weight])


def asked(t, net, loss, other, hidden, output):
    (gradient,) = t.autograd.grad(loss, net[0].bias, retain_graph=True)
    loss.backward()
    return gradient


def second_order(t, net, loss, other, hidden, output):
    (gradient,) = t.autograd.grad(loss, net[0].weight, create_graph=True)
    (loss + (gradient**2).sum()).backward()


def not_at_all(t, net, loss, other, hidden, output):
    return other.item()


def accumulated(t, net, loss, other, hidden, output):
    loss.backward()
    again = (net(t.ones(2, 3)) ** 2).mean()
    again.item()
    again.backward()


def detached(t, net, loss, other, hidden, output):
    kept = loss.detach()
    loss.backward()
    return kept * 2


ACTIONS = (
    twice, too_often, both_losses, together, other_first, freed_by_the_other, hooked, hooked_leaf, retained, frozen,
    scaled, of_inputs, asked, second_order, not_at_all, accumulated, detached,
)  # fmt: skip


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_before_backward(action, seed):
    both(lambda t: run(t, action, seed), rtol=1e-4, atol=1e-5)


def test_dropout_and_numbers_that_vary_are_those_of_the_reading():
    """A gradient that belongs to other random numbers than the loss would be seen at once."""
    layer = nn.Dropout(0.5)
    w = lamina.ones(64, requires_grad=True)
    for i in range(6):
        loss = (layer(w) * float(i + 1)).sum()
        number = loss.item()
        w.grad = None
        loss.backward()
        assert number == pytest.approx(float(w.grad.sum()))


def test_nan_is_found_where_it_came_from():
    w = lamina.zeros(2, requires_grad=True)
    for _ in range(3):
        loss = (w * 2).sum()
        loss.item()
        loss.backward()
    with lamina.debug(nans=True), pytest.raises(Exception, match="NaN|nan"):
        loss = (w / w).sum()
        loss.item()
        loss.backward()


def test_gradients_of_large_parameters():
    net = nn.Sequential(nn.Linear(200, 100), nn.ReLU(), nn.Linear(100, 1))
    x = lamina.tensor(floats(4, 200))
    found = []
    for _ in range(4):
        net.zero_grad()
        loss = (net(x) ** 2).mean()
        loss.item()
        loss.backward()
        found.append([p.grad.numpy() for p in net.parameters()])
    for gradients in found[1:]:
        for a, b in zip(found[0], gradients, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
