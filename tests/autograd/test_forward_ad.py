"""Dual numbers beside PyTorch's."""

from __future__ import annotations

import pytest

import lamina
from lamina.autograd import forward_ad
from tests.parity import compare, floats

X, T, Y = floats(3), floats(3, seed=1), floats(3, seed=2)


def of(t):
    return __import__(f"{t.__name__}.autograd.forward_ad", fromlist=["dual_level"])


def test_tangents():
    def run(t, x, tangent, y):
        with of(t).dual_level():
            dual = of(t).make_dual(x, tangent)
            results = [dual, dual.exp() * y, (dual * y).sum(), y * 2, dual.sort()[0], dual.argmax()]
            return [tuple(of(t).unpack_dual(x)) for x in results]

    compare(run, X, T, Y, grad=False)


def test_gradients_pass_tangents():
    def run(t, x, tangent, y):
        with of(t).dual_level():
            dual = of(t).make_dual(x, tangent)
            return of(t).unpack_dual((dual**3 * y).sum()).tangent

    compare(run, X, T, Y)


def test_two_duals():
    def run(t, x, tangent, y):
        with of(t).dual_level():
            a, b = of(t).make_dual(x, tangent), of(t).make_dual(y, y)
            return tuple(of(t).unpack_dual(a * b))

    compare(run, X, T, Y, grad=False)


def test_after_the_level():
    def run(t, x, tangent):
        with of(t).dual_level():
            dual = of(t).make_dual(x, tangent)
        return of(t).unpack_dual(dual).tangent

    compare(run, X, T, grad=False)


WRONG = {
    "no level": lambda f, t, x: f.make_dual(x, x),
    "whole numbers": lambda f, t, x: (f.enter_dual_level(), f.make_dual(t.ones(3, dtype=t.int64), x)),
    "a whole tangent": lambda f, t, x: (f.enter_dual_level(), f.make_dual(x, t.ones(3, dtype=t.int64))),
    "another shape": lambda f, t, x: (f.enter_dual_level(), f.make_dual(x, x[:2])),
    "another type": lambda f, t, x: (f.enter_dual_level(), f.make_dual(x, x.double())),
    "twice": lambda f, t, x: (f.enter_dual_level(), f.enter_dual_level()),
    "another level": lambda f, t, x: (f.enter_dual_level(), f.exit_dual_level(level=3)),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_errors(wrong):
    def run(t, x):
        try:
            WRONG[wrong](of(t), t, x)
        finally:
            if wrong != "no level":
                of(t).exit_dual_level()

    compare(run, X, grad=False)


def test_a_decorator():
    @forward_ad.dual_level()
    def slope(x):
        return forward_ad.unpack_dual(forward_ad.make_dual(x, x) ** 2).tangent

    assert slope(lamina.tensor([3.0])).tolist() == [18.0]
