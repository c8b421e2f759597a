"""Where all random numbers stand, and back."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

import lamina
from lamina.data.chance import Standing, random_state, set_random_state


def draw():
    return random.random(), random.gauss(0, 1), np.random.rand(), np.random.randn(), lamina.rand(2).tolist()


@pytest.fixture(autouse=True)
def undisturbed():
    before = random_state()
    yield
    set_random_state(before)


def test_the_three_are_put_back(tmp_path):
    np.random.randn()  # another one is kept for the next call
    state, standing = random_state(), Standing.now()
    lamina.save(state, tmp_path / "x.lamina")
    first = draw()
    assert draw() != first
    written = Standing(*json.loads(json.dumps(standing.plain())))
    for put_back in (
        standing.put_back, written.put_back, lambda: set_random_state(lamina.load(tmp_path / "x.lamina"))
    ):  # fmt: skip
        put_back()
        assert Standing.now().same(standing)
        assert draw() == first


@pytest.mark.parametrize("one", [random.random, np.random.rand, np.random.randn, lambda: lamina.rand(1)])
def test_each_that_moves_is_noticed(one):
    before = Standing.now()
    one()
    assert not Standing.now().same(before)
