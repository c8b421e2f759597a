"""The smaller and the larger, choosing and filling against PyTorch's."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lamina
from tests.parity import bools, compare, floats, integers

INF, NAN = math.inf, math.nan
SPECIAL = np.array([0.0, -0.0, 1, -1, 0.5, -0.5, 2, -2, 1.5, 2.5, 30, INF, -INF, NAN], np.float32)


@pytest.mark.parametrize("bounds", [(-0.5, 0.5), (None, 0.3), (0, None), (1, -1), (NAN, 1.0), (0, 1)])
def test_clamp_by_numbers(bounds):
    x = np.concatenate([floats(6), np.array([0, 1, -1, 0.5, -0.5, INF, -INF], np.float32)])
    compare(lambda t, x: t.clamp(x, *bounds), x, grad=not math.isnan(bounds[0] or 0), grad_name=True)
    compare(lambda t, x: t.clip(x, min=bounds[0], max=bounds[1]), np.append(x, np.float32(NAN)), grad=False)
    if not math.isnan(bounds[0] or 0):
        compare(lambda t, x: t.clamp(x, *bounds), integers(3, 4))


def test_clamp_by_tensors():
    x, low, high = floats(3, 4), floats(4, seed=1), floats(3, 1, seed=2)
    compare(lambda t, x, low, high: t.clamp(x, low, high), x, low, high, grad_name=True)
    compare(lambda t, x, low: (t.clamp(x, min=low), t.clamp_min(x, low)), x, low, grad_name=True)
    compare(lambda t, x, high: (t.clamp(x, max=high), t.clamp_max(x, high)), x, high, grad_name=True)
    compare(lambda t, x: (t.clamp_min(x, 0.1), t.clamp_max(x, 0)), x, grad_name=True)
    compare(lambda t, x, low: t.clamp(x, low), np.array([0.0, 1, 2], np.float32), np.array([0.0, 1, 3], np.float32))


def test_clamp_without_bounds_raises():
    with pytest.raises(RuntimeError) as caught:
        lamina.clamp(lamina.ones(2))
    assert str(caught.value) == "torch.clamp: At least one of 'min' or 'max' must not be None"


def test_where():
    compare(lambda t, c, x, y: t.where(c, x, y), bools(3, 4), floats(4), floats(3, 1), grad_name=True)
    compare(lambda t, c, x: (t.where(c, x, 0.0), t.where(c, 1, x)), bools(3, 4), floats(3, 4))
    compare(lambda t, c: (t.where(c, 1, 2), t.where(c, 1.0, 2), t.where(c, True, False)), bools(3, 4))
    compare(lambda t, c, x, y: t.where(c, x, y), bools(3), integers(3), floats(3, dtype=np.float64))
    compare(lambda t, x: t.where(x, x, x), floats(3))
    with pytest.raises(RuntimeError) as caught:
        lamina.where(lamina.ones(2), 1.0, 2.0)
    assert str(caught.value) == ("where expected condition to be a boolean tensor, but got a tensor with dtype Float")


def test_where_as_a_method():
    compare(lambda t, c, x, y: x.where(c, y), bools(3, 4), floats(4), floats(3, 1), grad_name=True)
    compare(lambda t, c, x: (x.where(c, 0.0), x.where(c, 1), x.where(other=-INF, condition=c)), bools(3, 1), floats(4))
    compare(lambda t, c, x: (x.where(c, 0.5), x.where(c, True)), bools(3, 4), integers(4))
    compare(lambda t, c, x: x.where(c), bools(3, 4), floats(4))


def test_where_of_the_condition_alone():
    compare(lambda t, c: (t.where(c), t.where(c[0, 0])), bools(3, 4))
    compare(lambda t, x: t.where(x > 0), floats(3, 4))
    compare(lambda t, x: (t.where(x), t.where(x[:0])), integers(5, low=0, high=2))
    compare(lambda t, c, x: t.where(c, x), bools(3, 4), floats(3, 4))


def test_where_keeps_nan_out():
    compare(lambda t, x: t.where(x > 0, t.log(t.where(x > 0, x, 1.0)), 0.0), floats(3, 4))


def test_masked_fill():
    compare(lambda t, x, m: t.masked_fill(x, m, -INF), floats(3, 4), bools(4), grad_name=True)
    compare(lambda t, x, m, v: t.masked_fill(x, m, v[0]), floats(3, 4), bools(3, 1), floats(2))
    compare(lambda t, x, m: t.masked_fill(x, m, 3), integers(3, 4), bools(3, 4))
    compare(lambda t, x, m: t.masked_fill(x, m, 3.5), integers(3, 4), bools(3, 4))
    compare(lambda t, x, m: t.masked_fill(x, m, 3), floats(3, 4), integers(3, 4))
    compare(lambda t, x, m: t.masked_fill(x, m, m), floats(3, 4), bools(3, 4))


def test_heaviside():
    compare(lambda t, x, v: t.heaviside(x, v), SPECIAL, np.array([0.5], np.float32), grad=False)
    compare(lambda t, x, v: t.heaviside(x, v), floats(3), integers(3), grad=False)
