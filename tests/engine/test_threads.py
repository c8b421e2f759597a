"""Threads: each records for itself, and all share what was compiled."""

from __future__ import annotations

import sys
import threading

import numpy as np
import pytest

import lamina
from lamina import nn, optim


def together(*functions):
    """Run each function in a thread of its own, all starting at once; raise what one of them raises."""
    barrier, errors = threading.Barrier(len(functions)), []

    def run(function):
        barrier.wait()
        try:
            function()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads), "a thread waits for ever"
    if errors:
        raise errors[0]


@pytest.fixture
def _switch_often():
    """Let threads take turns a hundred times as often as usual, so that races show."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(5e-5)
    yield
    sys.setswitchinterval(interval)


def problem(width: int, seed: int):
    """A network and data, drawn with the seed."""
    lamina.manual_seed(seed)
    net = nn.Sequential(nn.Linear(3, width), nn.Tanh(), nn.Linear(width, 1))
    return net, lamina.randn(6, 3), lamina.randn(6, 1)


def train(net, x, y, steps: int = 30) -> list[float]:
    optimizer = optim.Adam(net.parameters(), lr=0.05)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(net(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss)
    return [loss.item() for loss in losses]


@pytest.mark.usefixtures("_switch_often")
def test_many_threads_train_the_same_architecture_from_cold():
    """All of them make the nodes of one program, and compile it, at the same time."""
    width = 11  # no other test has this program
    problems = [problem(width, seed) for seed in range(4)]
    found = [None] * 4

    def job(i):
        return lambda: found.__setitem__(i, train(*problems[i]))

    together(*map(job, range(4)))
    assert found == [train(*problem(width, seed)) for seed in range(4)]


@pytest.mark.usefixtures("_switch_often")
def test_one_model_serves_many_threads():
    net, *_ = problem(13, 0)
    net.eval()
    rows = [lamina.randn(n, 3) for n in (1, 2, 1, 2)]
    found = [None] * 4

    def job(i):
        def run():
            with lamina.no_grad():
                for _ in range(50):
                    found[i] = net(rows[i])

        return run

    together(*map(job, range(4)))
    weight, bias, last, shift = (p.detach().numpy() for p in net.parameters())
    for row, result in zip(rows, found, strict=True):
        np.testing.assert_allclose(result.numpy(), np.tanh(row.numpy() @ weight.T + bias) @ last.T + shift, rtol=1e-4)


def test_each_thread_has_its_own_gradient_mode():
    modes = []
    with lamina.no_grad():
        together(lambda: modes.append(lamina.is_grad_enabled()))
    assert modes == [True]


def test_what_is_pending_in_one_thread_is_read_in_another():
    pending = {}

    def record():
        x = lamina.tensor([1.0, 2.0], requires_grad=True)
        y = (x * 3).sum()
        y.backward()
        pending.update(x=x, y=y)

    together(record)  # the thread has ended, and nothing of it has run
    assert pending["y"]._value.array is None
    assert pending["y"].item() == 9.0
    assert pending["x"].grad.tolist() == [3.0, 3.0]


def test_what_is_pending_in_one_thread_is_used_in_another():
    pending = {}
    together(lambda: pending.update(x=lamina.tensor([1.0, 2.0]) * 3))
    assert (pending["x"] + 1).tolist() == [4.0, 7.0]


def test_threads_that_read_each_others_results_do_not_wait_for_ever():
    first, second = lamina.tensor([1.0]), lamina.tensor([1.0])
    box = {"a": first, "b": second}

    def job(mine, other):
        def run():
            for _ in range(100):
                box[mine] = box[other] * 0.5 + 1.0

        return run

    together(job("a", "b"), job("b", "a"))
    assert 1.0 <= box["a"].item() <= 2.0
    assert 1.0 <= box["b"].item() <= 2.0


def test_an_error_in_one_thread_leaves_the_others_alone():
    results = []

    def wrong():
        with pytest.raises(RuntimeError):
            lamina.ones(2, 3) @ lamina.ones(2, 3)

    def right():
        for _ in range(20):
            results.append((lamina.ones(2, 3) @ lamina.ones(3, 1)).sum().item())

    together(wrong, right)
    assert results == [6.0] * 20
