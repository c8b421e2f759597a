"""Number theory, mantissas, neighbours and norms, beside PyTorch's."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import lamina
from tests.parity import bools, compare, floats, integers, positives


@pytest.mark.parametrize("name", ["gcd", "lcm"])
def test_divisors(name):
    def run(t, x, y):
        z = x.clone()
        return getattr(t, name)(x, y), getattr(x, name)(y[0]), getattr(z, name + "_")(y), getattr(t, name)(x, x * 0)

    compare(run, integers(4, 5, low=-20, high=20), integers(4, 5, low=-20, high=20, seed=1))
    compare(run, integers(4, 5, low=0, high=9, dtype=np.uint8), integers(4, 5, low=0, high=9, dtype=np.uint8, seed=1))
    compare(lambda t, x, y: getattr(t, name)(x, y), integers(3, dtype=np.int32), integers(3))
    compare(lambda t, x: getattr(t, name)(x, x), floats(3))
    compare(lambda t, x: getattr(t, name)(x, x), bools(3))


def test_ldexp():
    compare(lambda t, x, y: (t.ldexp(x, y), x.ldexp(y[0])), floats(3, 4), integers(3, 4, low=0))
    compare(lambda t, x, y: t.ldexp(x, y), floats(3, 4), integers(3, 4), grad=False)
    compare(lambda t, x, y: t.ldexp(x, y), floats(3, 4), floats(3, 4, seed=1))
    compare(lambda t, x, y: x.clone().ldexp_(y), floats(3), integers(3, low=0))
    compare(lambda t, x, y: t.ldexp(x, y), integers(3), integers(3))
    compare(lambda t, x, y: t.ldexp(x, y), floats(3, dtype=np.float64), integers(3, low=0))


def test_frexp():
    special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -6.0, 3e38, 2e-38], np.float32)
    compare(lambda t, x: t.frexp(x), special, grad=False)
    for dtype in (np.float32, np.float64, np.float16, ml_dtypes.bfloat16):
        compare(lambda t, x: x.frexp(), floats(3, 4, dtype=dtype, scale=30.0))
    compare(lambda t, x: t.frexp(x), integers(3))


def test_nextafter():
    for dtype in (np.float32, np.float64, ml_dtypes.bfloat16):
        compare(lambda t, x, y: t.nextafter(x, y), floats(3, 4, dtype=dtype), floats(4, dtype=dtype), grad=False)
    compare(
        lambda t, x, y: x.nextafter_(y), np.array([0.0, 1.0, np.inf], np.float32), np.zeros(3, np.float32), grad=False
    )
    compare(lambda t, x: t.nextafter(x, x), integers(3))


def test_polar_and_conj_physical():
    compare(lambda t, x, y: t.polar(x, y), positives(3, 4), floats(4))
    compare(lambda t, x, y: t.polar(x, y), positives(3), floats(3, dtype=np.float64))
    compare(lambda t, x: t.polar(x, x), integers(3))
    z = floats(3, 4) + 1j * floats(3, 4, seed=1)
    compare(lambda t, x: (t.conj_physical(x), x.clone().conj_physical_()), z)
    compare(lambda t, x: t.conj_physical(x), integers(3))


@pytest.mark.parametrize("p", [1, 2.0, 3, float("inf")])
def test_renorm(p):
    compare(lambda t, x: (t.renorm(x, p, 0, 1.5), x.renorm(p, -1, 0.5), x.clone().renorm_(p, 1, 2)), floats(3, 4, 2))
    compare(lambda t, x: t.renorm(x, p, 0, 1.0), floats(3))
    compare(lambda t, x: t.renorm(x, 0, 0, 1.0), floats(3, 2))


def test_fill_diagonal():
    for shape in ((3, 3), (2, 5), (7, 3), (3, 3, 3)):
        for wrap in (False, True):
            compare(lambda t, x, wrap=wrap: x.clone().fill_diagonal_(5, wrap), floats(*shape))
    compare(lambda t, x: x.fill_diagonal_(5), floats(3), grad=False)
    compare(lambda t, x: x.fill_diagonal_(5), floats(2, 2, 3), grad=False)


def test_the_whole_message():
    with pytest.raises(NotImplementedError) as error:
        lamina.gcd(lamina.ones(2), lamina.ones(2))
    assert str(error.value) == "\"gcd_cpu\" not implemented for 'Float'"
