"""Histograms, counts and membership, beside PyTorch's."""

from __future__ import annotations

import numpy as np

from tests.parity import bools, compare, floats, integers, positives


def test_histc():
    x = np.concatenate([floats(200), [np.nan, -2.0, 2.0]]).astype(np.float32)
    compare(lambda t, x: (t.histc(x, 8, -2, 2), x.histc(5, -1, 3)), x, grad=False)
    compare(
        lambda t, x: (t.histc(x), t.histc(x, bins=7), t.histc(x, 4, 1, 1)), positives(50, dtype=np.float64), grad=False
    )
    compare(lambda t, x: t.histc(x, 4), np.ones(3, np.float32), grad=False)
    compare(lambda t, x: t.histc(x, 4), np.ones(0, np.float32), grad=False)
    compare(lambda t, x: t.histc(x, 0), floats(3), grad=False)
    compare(lambda t, x: t.histc(x, 4), integers(20), grad=False)


def test_histogram():
    x, weight, edges = floats(6, 20), positives(6, 20), np.array([-1.0, -0.5, 0.1, 2.0], np.float32)

    def run(t, x, weight, edges):
        return (
            t.histogram(x, 7),
            t.histogram(x, 5, range=(-1.0, 1.0)),
            t.histogram(x, 5, weight=weight, density=True),
            x.histogram(edges),
            t.histogram(x, edges, weight=weight, density=True),
        )

    compare(run, x, weight, edges, grad=False)
    compare(lambda t, x: t.histogram(x, 3), np.ones(4, np.float32), grad=False)
    compare(lambda t, x: t.histogram(x, 0), floats(4), grad=False)
    compare(lambda t, x: t.histogram(x, 2, weight=x[:2]), floats(4), grad=False)
    compare(lambda t, x: t.histogram(x, 2, range=(1.0, 0.0)), floats(4), grad=False)
    compare(lambda t, x: t.histogram(x, 2), integers(4), grad=False)


def test_histogramdd():
    def run(t, x, weight, a, b):
        return (
            t.histogramdd(x, 3),
            t.histogramdd(x, [2, 4], range=[-1.0, 1.0, -2.0, 0.5]),
            t.histogramdd(x, [a, b], weight=weight, density=True),
        )

    compare(
        run, floats(40, 2), positives(40), np.array([-1, 0, 2], np.float32), np.array([0, 1], np.float32), grad=False
    )
    compare(lambda t, x: t.histogramdd(x, 3), floats(4), grad=False)
    compare(lambda t, x: t.histogramdd(x, [3]), floats(4, 2), grad=False)


def test_bincount():
    x = integers(30, low=0, high=7)
    compare(lambda t, x, w: (t.bincount(x), x.bincount(minlength=12), t.bincount(x, w)), x, floats(30), grad=False)
    compare(lambda t, x, w: t.bincount(x, w), x.astype(np.uint8), integers(30), grad=False)
    compare(lambda t, x: t.bincount(x), integers(0), grad=False)
    for bad in (integers(4), integers(2, 2, low=0), floats(4), bools(4)):
        compare(lambda t, x: t.bincount(x), bad, grad=False)
    compare(lambda t, x: t.bincount(x, minlength=-1), x)
    compare(lambda t, x: t.bincount(x, t.ones(2)), x)


def test_isin():
    def run(t, x, y):
        return t.isin(x, y), t.isin(x, y, invert=True), t.isin(x, y, assume_unique=False), t.isin(x, 2), t.isin(1, y)

    compare(run, integers(5, 6), integers(3))
    compare(run, integers(5, 6, low=0, high=90), integers(40, low=0, high=90))
    compare(run, np.array([1.0, np.nan, 2.0], np.float32), integers(4), grad=False)
    compare(lambda t, x, y: t.isin(x, y), floats(3), np.array([], np.float32), grad=False)
