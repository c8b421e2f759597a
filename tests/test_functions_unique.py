"""The different elements of a tensor, beside PyTorch's."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from tests.parity import bools, compare, floats, integers


@pytest.mark.parametrize("name", ["unique", "unique_consecutive"])
@pytest.mark.parametrize("dim", [None, 0, -1])
def test_unique(name, dim):
    def run(t, x):
        f = getattr(t, name)
        more = {"return_inverse": True, "return_counts": True}
        return f(x, dim=dim), f(x, dim=dim, return_inverse=True), getattr(x, name)(dim=dim, **more)

    compare(run, integers(5, 6, low=0, high=2))
    compare(run, np.round(floats(4, 3)), grad=False)
    compare(run, bools(7, 2))
    compare(run, integers(3, 2, 4, low=0, high=2, dtype=np.uint8))


def test_unique_of_odd_inputs():
    compare(lambda t, x: t.unique(x, return_counts=True), np.array([np.nan, 1, np.nan, 1], np.float32), grad=False)
    compare(lambda t, x: t.unique(x, return_inverse=True), np.array(3))
    compare(lambda t, x: t.unique(x, return_inverse=True), integers(0))
    compare(lambda t, x: t.unique(x, dim=0), integers(0, 3))
    compare(lambda t, x: t.unique(x, dim=0), integers(3, 0))
    compare(lambda t, x: t.unique(x, dim=2), integers(3, 2))
    compare(lambda t, x: t.unique(x), np.round(floats(9)).astype(ml_dtypes.bfloat16), grad=False)
    compare(lambda t, x: t.unique_consecutive(x, return_counts=True), integers(0))
