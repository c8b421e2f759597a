"""CTCLoss beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import lamina
from lamina import nn
from tests.parity import compare_modules, floats

TARGETS, TIMES, LENGTHS = np.array([[1, 2, 2], [2, 1, 0]]), np.array([6, 4]), np.array([3, 2])


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_reductions(reduction):
    compare_modules(lambda nn: nn.CTCLoss(reduction=reduction), floats(6, 2, 4), TARGETS, TIMES, LENGTHS)


def test_options():
    compare_modules(lambda nn: nn.CTCLoss(blank=3), floats(6, 2, 4), TARGETS, TIMES, LENGTHS)
    compare_modules(lambda nn: nn.CTCLoss(zero_infinity=True), floats(6, 2, 4), TARGETS, np.array([6, 1]), LENGTHS)
    compare_modules(lambda nn: nn.CTCLoss(), floats(6, 4), np.array([1, 2, 2]), np.array(6), np.array(3))
    compare_modules(lambda nn: nn.CTCLoss(), floats(6, 2, 4), np.array([1, 2, 2, 2, 1]), (6, 4), (3, 2))


def test_training_with_other_lengths_compiles_once():
    """Lengths and targets are numbers of a program, not constants of it."""
    layer, loss = nn.Linear(3, 4), nn.CTCLoss()
    optimizer = lamina.optim.SGD(layer.parameters(), lr=0.1)
    x, generator = lamina.tensor(floats(10, 5, 3)), np.random.default_rng(0)

    def step():
        targets, lengths = generator.integers(1, 4, (5, 4)), generator.integers(1, 5, 5)
        optimizer.zero_grad()
        value = loss(layer(x).log_softmax(2), lamina.tensor(targets), (10, 9, 8, 7, 6), tuple(lengths.tolist()))
        value.backward()
        optimizer.step()
        return value

    for _ in range(3):
        step()
    before = len(lamina.engine.explain())
    losses = [step().item() for _ in range(3)]
    assert np.isfinite(losses).all()
    first_read = len(lamina.engine.explain())
    assert [step().item() > 0 for _ in range(3)] == [True] * 3
    assert len(lamina.engine.explain()) == first_read
    assert first_read - before <= 2  # reading the loss cuts the step once more
