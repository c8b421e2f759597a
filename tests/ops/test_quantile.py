"""Quantiles and the most frequent value, beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import lamina
from tests.parity import bools, compare, floats, integers, positives

NAN = np.array([[3.0, np.nan, 1.0, 2.0, 7.0], [np.nan] * 5, [5.0, 4.0, 9.0, 1.0, 1.0]], np.float32)
MODES = ("linear", "lower", "higher", "midpoint", "nearest")


@pytest.mark.parametrize("interpolation", MODES)
@pytest.mark.parametrize("name", ["quantile", "nanquantile"])
def test_quantiles(name, interpolation):
    def run(t, x, q):
        f = getattr(t, name)
        return (
            f(x, 0.3, interpolation=interpolation),
            f(x, q, 1, interpolation=interpolation),
            f(x, q, 0, True, interpolation=interpolation),
            getattr(x, name)(0.75, 1, keepdim=True, interpolation=interpolation),
        )

    compare(run, NAN, np.array([0.0, 0.1, 0.5, 1.0], np.float32), grad=False)
    compare(run, floats(4, 5), np.array([0.2, 0.9], np.float32))


def test_quantile_of_odd_shapes_and_types():
    compare(lambda t, x: t.quantile(x, 0.5), np.array(3.0, np.float32))
    compare(lambda t, x: t.quantile(x, t.tensor([0.5, 0.1], dtype=t.float64), -1), floats(2, 3, dtype=np.float64))
    compare(lambda t, x: t.quantile(x, 0.5, keepdim=True), floats(2, 3))
    compare(lambda t, x, q: t.quantile(x.t(), q, 1), floats(3, 4), np.array(0.25, np.float32))
    for bad in (0.5, 2.0):
        compare(lambda t, x, q=bad: t.quantile(x, q), integers(4) if bad < 1 else floats(4))
    compare(lambda t, x: t.quantile(x, t.ones(2, dtype=t.float64)), floats(4))
    compare(lambda t, x: t.quantile(x, 0.5, interpolation="other"), floats(4))
    compare(lambda t, x: t.quantile(x, t.ones(2, 2)), floats(4))
    compare(lambda t, x: t.quantile(x, t.tensor([0.5, -0.5])), floats(4))
    compare(lambda t, x: t.quantile(x, 0.5, out=t.zeros(())), floats(4), grad=False)


def test_the_whole_message():
    with pytest.raises(RuntimeError) as error:
        lamina.quantile(lamina.ones(2), 2.0)
    assert str(error.value) == "quantile() q must be in the range [0, 1] but got 2"
    with pytest.raises(RuntimeError) as error:
        lamina.nanquantile(lamina.ones(2), lamina.tensor([0.5, 2.0]))
    assert str(error.value) == "nanquantile() q values must be in the range [0, 1]"


def test_mode():
    def run(t, x):
        return t.mode(x), t.mode(x, 0), x.mode(-1, True)

    compare(run, np.round(floats(4, 9)))
    compare(run, integers(3, 12, low=0, high=4))
    compare(lambda t, x: t.mode(x), NAN[:1], grad=False)
    compare(lambda t, x: t.mode(x, 0), bools(9))
    compare(lambda t, x: t.mode(x), floats(5, 1))
    compare(lambda t, x: t.mode(x, 1), floats(2, 0))
    compare(lambda t, x: t.mode(x), np.ones((), np.float32))
    compare(lambda t, x: t.mode(x), positives(3, 4, dtype=np.float16))
