"""Gradients of pieces of a tensor: side by side, apart, over each other, along several dimensions."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

import lamina
from lamina import nn
from lamina.engine import run
from lamina.engine.pieces import Piece, Pieces
from tests.parity import compare, floats

USES = {
    "all": lambda x: x.split((1, 2, 3)),
    "some": lambda x: x.split((1, 2, 3))[1:],
    "apart": lambda x: (x[0:1], x[3:5]),
    "over each other": lambda x: (x[0:4], x[2:6], x[2:3]),
    "one": lambda x: (x[2:4],),
    "rows": lambda x: x.unbind(),
    "rows again": lambda x: (*x.unbind(), x[2], x[-1]),
    "columns and rows": lambda x: (*x.chunk(2, 1), x[1], x[:, 2]),
    "of a piece": lambda x: (*x[1:5].chunk(2), *x[0].unbind()),
    "and all of it": lambda x: (*x.unbind(1), x, x.t()),
    "with steps": lambda x: (x[::2], x[1:4], x[:, 1::2]),
    "none": lambda x: (x[2:2], x[1]),
}


@pytest.mark.parametrize("name", USES)
def test_gradients(name):
    def run(t, x, weights):
        h = x * 2  # the pieces of a result, and of a leaf
        parts = [part for whole in (h, x) for part in USES[name](whole)]
        return sum((part * weights.flatten()[: part.numel()].view(part.shape)).sum() for part in parts)

    compare(run, floats(6, 4), floats(6, 4))


def test_places_of_pieces_are_constants():
    """Pieces that are cut at one line lie at different places each, which are no reason to give them at run time."""
    net, x = nn.Linear(4, 12), lamina.ones(3, 4)
    before = list(run._recent)
    for _ in range(3):
        total = lamina.zeros(())
        for _ in range(2):
            for part in net(x).chunk(3, -1):
                total = total + part.exp().sum()
        total.backward()
        net.weight.grad.sum().item()
    new = [plan for plan in run._recent if plan not in before]
    assert new
    assert not any(executable.numbers for plan in new for executable in plan.executables.values())


def test_complex_numbers():
    compare(
        lambda t, x: sum((part * 2j * k).abs().sum() for k, part in enumerate(x.chunk(3))), floats(6) + 1j * floats(6)
    )


def test_second_derivatives():
    def run(t, x):
        first, second = x.chunk(2)
        (grad,) = t.autograd.grad((first * second**2).sum(), x, create_graph=True)
        return (grad[1:] * grad[:-1]).sum()

    compare(run, floats(6))


def test_what_lies_side_by_side_is_joined():
    pieces = Pieces()
    for i in (3, 1, 0, 2):
        pieces.add(7, Piece(0, i, 1), jnp.full(2, float(i)))
    (whole,) = pieces.joined(7, (4, 2))
    np.testing.assert_array_equal(whole, [[0, 0], [1, 1], [2, 2], [3, 3]])
    assert pieces.joined(7, (4, 2)) == []
    for start, size in ((0, 2), (1, 2), (3, 1)):
        pieces.add(0, Piece(1, start, size), jnp.ones((2, size)))
    found = pieces.joined(0, (2, 5))
    np.testing.assert_array_equal(sum(found), [[1, 2, 1, 1, 0]] * 2)
    assert len(found) == 2
