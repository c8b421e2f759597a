"""Integrals by the trapezoidal rule beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

from tests.parity import compare, floats

DOUBLE = np.float64


@pytest.mark.parametrize("name", ["trapezoid", "trapz", "cumulative_trapezoid"])
def test_integrals(name):
    y, x = floats(2, 3, 4, dtype=DOUBLE), floats(3, dtype=DOUBLE, seed=1)
    compare(lambda t, y: (getattr(t, name)(y), getattr(t, name)(y, dx=2.5, dim=0), getattr(t, name)(y, y)), y)
    compare(lambda t, y, x: getattr(t, name)(y, x, dim=1), y, x)
    compare(lambda t, y: (getattr(t, name)(y), getattr(t, name)(y, dx=2)), np.arange(4))
    compare(lambda t, y: (getattr(t, name)(y[:, :0]), getattr(t, name)(y[:, :1])), floats(2, 3), grad=False)


@pytest.mark.parametrize(
    "call",
    [
        lambda t, x: t.trapezoid(x, x[0, :2]),
        lambda t, x: t.trapezoid(x > 0),
        lambda t, x: t.trapezoid(x, x, dx=1),
        lambda t, x: t.trapezoid(x[0, 0]),
    ],
)
def test_refuses(call):
    compare(call, floats(3, 4), grad=False)
