"""Indices that are at hand are looked at, once; for others nothing waits."""

from __future__ import annotations

import gc

import numpy as np

import lamina
from lamina import bounds


def test_what_is_outside():
    for dtype in ("int64", "int32", "uint8", "int16"):
        x = lamina.tensor([0, 2, 5], dtype=dtype)
        assert bounds.first_outside(x, 6) is None
        assert bounds.first_outside(x, 5) == 5
        assert bounds.first_outside(x, 2) == 2
        assert bounds.first_outside(x, 5, ignored=5) is None
    assert bounds.first_outside(lamina.tensor([[0, -1], [7, 1]]), 2) == -1
    assert bounds.first_outside(lamina.tensor([[0, -1], [7, 1]]), 2, ignored=-1) == 7
    assert bounds.first_outside(lamina.tensor(3), 3) == 3
    assert bounds.first_outside(lamina.tensor(2), 3) is None


def test_what_is_not_looked_at():
    assert bounds.first_outside(lamina.tensor([0.0, 7.0]), 2) is None
    assert bounds.first_outside(lamina.zeros(0, dtype=lamina.int64), 2) is None
    assert bounds.first_outside(lamina.zeros(0, dtype=lamina.int64), 0) is None
    many = lamina.tensor(np.full(100_000, 7))
    lamina.synchronize()
    assert bounds.first_outside(many, 2) == 7


def test_nothing_runs():
    x = lamina.tensor([1, 2]) * 2
    assert bounds.first_outside(x, 2) is None
    assert x._value.array is None


def test_in_nothing_there_is_no_place():
    assert bounds.first_outside(lamina.tensor([0]), 0) == 0
    assert bounds.first_outside(lamina.tensor([0]) * 2, 0) == 0


def test_an_array_is_looked_at_once(monkeypatch):
    x = lamina.tensor([1, 2])
    assert bounds.first_outside(x, 3) is None
    with monkeypatch.context() as patch:
        patch.setattr(np, "asarray", None)
        assert bounds.first_outside(x, 3) is None
        assert bounds.first_outside(x.detach(), 3) is None
    assert bounds.first_outside(x, 2) == 2
    x.add_(1)
    x.tolist()
    assert bounds.first_outside(x, 3) == 3


def test_nothing_is_kept():
    gc.collect()
    before = len(bounds._passed)
    x = lamina.tensor([1, 2, 1])
    assert bounds.first_outside(x, 3) is None
    assert len(bounds._passed) == before + 1
    del x
    gc.collect()
    assert len(bounds._passed) == before
