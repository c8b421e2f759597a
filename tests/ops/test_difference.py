"""Differences, gradients on a grid, trapezoids and covariances, beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import lamina
from tests.parity import bools, compare, floats, integers, positives


def test_diff():
    compare(lambda t, x: (t.diff(x), x.diff(2, 0), t.diff(x, 0), t.diff(x, 9)), floats(3, 5))
    compare(lambda t, x, a, b: t.diff(x, 1, 0, prepend=a, append=b), floats(3, 5), floats(1, 5), floats(2, 5, seed=1))
    compare(lambda t, x: t.diff(x), bools(7))
    compare(lambda t, x: t.diff(x, dim=0), integers(4, 2, dtype=np.uint8, low=0))
    for bad in (lambda t, x: t.diff(x[0]), lambda t, x: t.diff(x, -1), lambda t, x: t.diff(x, append=x.view(1, 3))):
        compare(bad, floats(3))


@pytest.mark.parametrize("edge_order", [1, 2])
def test_gradient(edge_order):
    def run(t, x, a, b):
        return (
            t.gradient(x, edge_order=edge_order),
            t.gradient(x, spacing=2.0, edge_order=edge_order),
            t.gradient(x, spacing=[0.5, 3.0], edge_order=edge_order),
            t.gradient(x, spacing=[a, b], edge_order=edge_order),
            t.gradient(x, dim=1, spacing=0.5, edge_order=edge_order),
            t.gradient(x, dim=(1, 0), spacing=[b, a], edge_order=edge_order),
        )

    places = [np.cumsum(positives(n)).astype(np.float32) for n in (4, 5)]
    compare(run, floats(4, 5), *places, rtol=1e-4, atol=1e-5)


def test_gradient_of_wrong_arguments():
    compare(lambda t, x: t.gradient(x, spacing=[1.0]), floats(3, 3))
    compare(lambda t, x: t.gradient(x, edge_order=3), floats(4))
    compare(lambda t, x: t.gradient(x, edge_order=2), floats(2))


def test_trapezoids():
    def run(t, y, x, line):
        return [
            (f(y), f(y, dx=0.5), f(y, dim=0), f(y, x), f(y, line), f(y, x, dim=0))
            for f in (t.trapezoid, t.trapz, t.cumulative_trapezoid)
        ]

    compare(run, floats(3, 4), floats(3, 4, seed=1), floats(4))
    compare(lambda t, y: (t.trapezoid(y), t.cumulative_trapezoid(y, dx=2)), integers(5))
    compare(lambda t, y, x: t.trapezoid(y, x), floats(3), floats(2))


def test_cov_and_corrcoef():
    def run(t, x, f, a):
        return (
            t.cov(x), x.cov(correction=0), t.cov(x, fweights=f), t.cov(x, aweights=a),
            t.cov(x, fweights=f, aweights=a, correction=2), t.cov(x[0]), t.corrcoef(x), x[1].corrcoef(),
        )  # fmt: skip

    compare(run, floats(3, 6), integers(6, low=1, high=4), positives(6), rtol=1e-4, atol=1e-5)
    compare(lambda t, x: (t.cov(x), t.corrcoef(x)), floats(3, 6) + 1j * floats(3, 6, seed=1), rtol=1e-4, atol=1e-5)
    compare(lambda t, x: t.cov(x), integers(2, 5), rtol=1e-4)
    for bad in (
        lambda t, x: t.cov(x.view(1, 2, 3)),
        lambda t, x: t.cov(x, fweights=x[0]),
        lambda t, x: t.cov(x, aweights=t.ones(2)),
        lambda t, x: t.corrcoef(x.view(1, 2, 3)),
    ):
        compare(bad, floats(2, 3))


def test_the_whole_message():
    with pytest.raises(RuntimeError) as error:
        lamina.cov(lamina.ones(1, 1, 1))
    wanted = "cov(): expected input to have two or fewer dimensions but got an input with 3 dimensions"
    assert str(error.value) == wanted
