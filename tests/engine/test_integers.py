"""Sums of single whole numbers on the host: what the operations give, and without a program where it fits."""

from __future__ import annotations

import operator

import numpy as np
import pytest

import lamina
from lamina import engine
from tests.engine.both import both

OPERATORS = (operator.add, operator.sub, operator.mul)


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64", "uint8", "float32", "bool"])
@pytest.mark.parametrize("compute", OPERATORS)
@pytest.mark.parametrize("other", [0, 3, -5, 2**40, True, 1.5])
def test_they_are_what_pytorch_gives(dtype, compute, other):
    def run(t):
        x = t.tensor(7).to(getattr(t, dtype))
        found = [compute(x, other), compute(other, x), compute(compute(x, other), 2)]
        return [(y, str(y.dtype).split(".")[1]) for y in found]

    both(run)


def test_numbers_that_do_not_fit_wrap_around():
    both(lambda t: [(t.tensor(2**62) * 2).item(), (t.tensor(-(2**63)) - 1).item(), (t.tensor(100).char() + 100).item()])


def test_no_program_is_run():
    places = lamina.tensor([5, 9, 2, 7, 1, 3, 8, 0])
    pending = lamina.ones(3) * 2
    engine.reset()
    assert [int(place + 3) for place in places] == [8, 12, 5, 10, 4, 6, 11, 3]
    assert [(1 + place * 2 - 1).__index__() for place in places] == [10, 18, 4, 14, 2, 6, 16, 0]
    assert pending._value.array is None and engine.compilations() == 0
    assert pending.tolist() == [2, 2, 2]


def test_pending_numbers_are_read_by_a_program():
    place = lamina.arange(100).sum()
    assert int(place + 1) == 4951
    data = lamina.arange(6000)
    assert data[place : place + 3].tolist() == [4950, 4951, 4952]


def test_within_a_transform_numbers_stay_constants():
    number = lamina.tensor(3)
    found = lamina.func.vmap(lambda x: x * (number + 1))(lamina.arange(3))
    assert found.tolist() == [0, 4, 8]


def test_what_is_computed_from_a_view_follows_its_base():
    both(lambda t: _counted(t))


def _counted(t):
    places = t.tensor([1, 2, 3, 4, 5, 6, 7, 8])
    one = places[1]
    before = one + 1
    places += 10
    return [before, one + 1, places, np.int64(4) + one, one.dtype == t.int64]
