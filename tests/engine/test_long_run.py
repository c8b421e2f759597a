"""Long training runs: the losses that are kept grow in number, and nothing else does."""

from __future__ import annotations

import gc
from pathlib import Path

import jax
import numpy as np
import pytest

import lamina
from lamina import nn, optim
from lamina.engine import program, run

STATM = Path("/proc/self/statm")


def resident() -> int:
    """Bytes of memory that this process holds."""
    return int(STATM.read_text().split()[1]) * 4096


class Run:
    """The small network of the benchmarks, trained on one batch by Adam, its losses kept."""

    def __init__(self):
        self.net = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 1))
        self.x, self.y = lamina.randn(50, 10), lamina.randn(50, 1)
        self.optimizer = optim.Adam(self.net.parameters())
        self.losses = []

    def until(self, steps: int) -> tuple[int, int, int]:
        """Train until so many losses are kept; live JAX arrays, objects known to the garbage collector, bytes."""
        while len(self.losses) < steps:
            self.optimizer.zero_grad()
            loss = nn.functional.mse_loss(self.net(self.x), self.y)
            loss.backward()
            self.optimizer.step()
            self.losses.append(loss)
        lamina.synchronize()
        gc.collect()
        return len(jax.live_arrays()), len(gc.get_objects()), resident()


def bytes_of_a_scalar() -> float:
    """What JAX itself takes for a scalar that a program computes and somebody keeps."""
    increment = jax.jit(lambda x: x + 1)
    x = increment(np.float32(0))
    before, kept = resident(), []
    for _ in range(20_000):
        x = increment(x)
        kept.append(x)
    return (resident() - before) / len(kept)


@pytest.mark.slow
@pytest.mark.skipif(not STATM.exists(), reason="memory is read from Linux's /proc")
def test_a_hundred_thousand_steps_hold_nothing_but_their_losses():
    scalar = bytes_of_a_scalar()
    training = Run()
    training.until(1_000)
    compiled = lamina.engine.compilations()
    arrays, objects, memory = training.until(20_000)
    more_arrays, more_objects, more_memory = training.until(100_000)
    steps = 80_000

    assert lamina.engine.compilations() == compiled
    assert more_arrays - arrays == steps  # the array of each loss
    # Its tensor, the tensor's value, and what JAX wraps the array in: nothing of the step hangs on a loss.
    assert more_objects - objects <= 3 * steps + 1_000
    # What the allocator adds varies by a quarter from run to run; the count of objects above is exact.
    assert (more_memory - memory) / steps < 1.5 * scalar + 1_000
    assert all(loss._value.home is None for loss in training.losses)
    assert training.losses[-1].item() < training.losses[0].item()


@pytest.mark.slow
@pytest.mark.skipif(not STATM.exists(), reason="memory is read from Linux's /proc")
def test_losses_that_nobody_keeps_leave_nothing():
    training = Run()
    training.until(1_000)
    training.losses.clear()
    arrays, objects, memory = training.until(0)
    for _ in range(20):
        training.until(1_000)
        training.losses.clear()
    more_arrays, more_objects, more_memory = training.until(0)
    assert more_arrays == arrays
    assert more_objects - objects < 1_000
    assert more_memory - memory < 4 << 20


def nodes() -> int:
    """How many nodes the trie has."""
    count, left = 0, list(program.roots())
    while left:
        node = left.pop()
        count += 1
        left.extend(child for child in node.children.values() if isinstance(child, program.Node))
    return count


def forward(x, w):
    (x * w).sum().item()


def forward_and_backward(x, w):
    (x * w).sum().backward()
    w.grad.tolist()
    w.grad = None


@pytest.mark.parametrize("step", [forward, pytest.param(forward_and_backward)])
@pytest.mark.filterwarnings("ignore:lamina compiled:RuntimeWarning")
def test_programs_that_are_forgotten_leave_no_nodes(step, monkeypatch):
    """A loop whose shapes never repeat compiles for ever, but does not fill the memory."""
    monkeypatch.setattr(run, "MAX_PLANS", 5)
    w = lamina.ones(1, requires_grad=True)

    def loop(sizes):
        for size in sizes:
            step(lamina.ones(size), w)
        return nodes()

    before = loop(range(101, 116))
    assert loop(range(116, 146)) == before


def test_a_program_that_was_forgotten_may_come_again(monkeypatch):
    """Backward through a loss of a forgotten program, and then the program itself."""
    monkeypatch.setattr(run, "MAX_PLANS", 2)
    x = lamina.ones(3, requires_grad=True)

    def loss():
        return (x * 2).sum()

    def longer():
        return (loss() + 1).item()

    early = loss()
    assert early.item() == 6.0
    longer()
    for size in (7, 8):
        (lamina.ones(size) * 3).tolist()
        if size == 7:
            longer()  # is used again, so `early` is forgotten
    early.backward()
    assert x.grad.tolist() == [2.0, 2.0, 2.0]
    longer()
    assert loss().item() == 6.0
