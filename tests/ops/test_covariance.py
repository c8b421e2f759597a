"""Covariance, correlation and limited norms beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

from tests.parity import compare, floats, positives

DOUBLE = np.float64


def test_covariance():
    x, times, share = floats(3, 5, dtype=DOUBLE), np.array([1, 2, 0, 1, 3]), positives(5, dtype=DOUBLE)
    compare(lambda t, x: (t.cov(x), x.cov(correction=0), t.cov(x[0]), t.corrcoef(x), x.corrcoef()), x)
    compare(
        lambda t, x, f, a: (t.cov(x, fweights=f), t.cov(x, aweights=a), t.cov(x, fweights=f, aweights=a)),
        x,
        times,
        share,
    )
    compare(lambda t, x, a: t.cov(x, correction=0, aweights=a), x, share)
    compare(lambda t, x: (t.cov(x), t.corrcoef(x)), x + 1j * x[:, ::-1])
    compare(lambda t, x: (t.cov(x), t.corrcoef(x[0])), np.arange(6).reshape(2, 3) ** 2)


@pytest.mark.parametrize(
    "call",
    [
        lambda t, x: t.cov(x[None]),
        lambda t, x: t.cov(x, fweights=x[0]),
        lambda t, x: t.cov(x, aweights=x[0].long()),
        lambda t, x: t.cov(x, aweights=x[0, :2]),
        lambda t, x: t.cov(x > 0),
        lambda t, x: t.renorm(x, -2, 0, 1.0),
        lambda t, x: t.renorm(x, 2, 0, -1.0),
        lambda t, x: t.renorm(x[0], 2, 0, 1.0),
        lambda t, x: t.renorm(x, 2, 5, 1.0),
    ],
)
def test_refuses(call):
    compare(call, floats(3, 4), grad=False)


@pytest.mark.parametrize("p", [1, 2, 3.5, np.inf])
def test_renorm(p):
    x = floats(3, 4, dtype=DOUBLE)
    compare(lambda t, x: (t.renorm(x, p, 0, 1.5), x.renorm(p, -1, 0.5)), x)
    compare(lambda t, x: x.clone().renorm_(p, 0, 1.0), x, grad=False)
