"""The cross product, the trace, distances and norms: values, gradients and errors are PyTorch's."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.parity import both_errors, compare, floats, integers


def test_cross_and_trace():
    x, y = floats(2, 3), floats(2, 3, seed=1)
    compare(lambda t, x, y: (t.cross(x, y, dim=1), t.linalg.cross(x, y), t.linalg.cross(x[:1], y)), x, y)
    compare(lambda t, x, y: (t.cross(x, y, dim=0), x.trace(), x.cross(y, 1)), floats(3, 3), floats(3, 3, seed=1))
    compare(lambda t, x: (x.trace(), x[:, :2].trace()), integers(2, 3, dtype=np.int32))


@pytest.mark.parametrize("p", [2.0, 1.0, 0.0, math.inf, 3.0])
def test_cdist(p):
    compare(lambda t, x, y: t.cdist(x, y, p), floats(3, 4), floats(2, 4), atol=1e-5)
    compare(lambda t, x, y: t.cdist(x, y, p), floats(2, 1, 3, 4), floats(5, 2, 4), atol=1e-5)


@pytest.mark.parametrize("order", [2, 1, 0, 3, 0.5, -1, math.inf, -math.inf])
def test_vector_norm(order):
    for x in (floats(3, 4), np.zeros((3, 4), np.float32), np.array([[1, -1], [0, 1]], np.float32)):
        if order == -1 and not x.all():
            continue
        compare(
            lambda t, x: (t.linalg.vector_norm(x, order), t.linalg.vector_norm(x, order, 1, True)), x, grad=order != 0
        )
    compare(lambda t, x: t.linalg.vector_norm(x, order, (0, -1)), floats(2, 3, 4), grad=order != 0)
    compare(lambda t, x: t.linalg.vector_norm(x, order, 0), floats(2, 0), grad=order != 0)


@pytest.mark.parametrize("order", ["fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf])
def test_matrix_norm(order):
    compare(lambda t, x: t.linalg.matrix_norm(x, order), floats(2, 3, 4), rtol=1e-4, atol=1e-5)
    compare(lambda t, x: t.linalg.matrix_norm(x, order, (0, 2), True), floats(2, 3, 4), rtol=1e-4, atol=1e-5)
    compare(lambda t, x: t.linalg.norm(x, order), floats(3, 4), rtol=1e-4, atol=1e-5)


def test_norm_chooses():
    compare(
        lambda t, x: (t.linalg.norm(x), t.linalg.norm(x, dim=1), t.linalg.norm(x, 1, 0), t.linalg.norm(x, dim=(0, 1))),
        floats(2, 3, 4),
    )
    compare(lambda t, x: (t.linalg.norm(x[0], 3), t.linalg.norm(x, keepdim=True)), floats(2, 3))
    compare(lambda t, x: t.linalg.vector_norm(x, dtype=t.float64), floats(2, 3))
    compare(lambda t, x: t.linalg.vector_norm(x), floats(2, 3, dtype=np.float16))


ERRORS = [
    lambda t, x: t.trace(x[0]),
    lambda t, x: t.cross(x, x[:, :2], dim=1),
    lambda t, x: t.cross(x[:, :2], x[:, :2]),
    lambda t, x: t.linalg.cross(x[0], x),
    lambda t, x: t.linalg.vector_norm(x.long()),
    lambda t, x: t.linalg.matrix_norm(x[0]),
    lambda t, x: t.linalg.matrix_norm(x, 3),
    lambda t, x: t.linalg.matrix_norm(x, 2, (0, 0)),
    lambda t, x: t.linalg.norm(x[None], 2),
    lambda t, x: t.linalg.vector_norm(x[:0], math.inf),
    lambda t, x: t.linalg.vector_norm(x.double(), dtype=t.float32),
    lambda t, x: t.cdist(x, x.t()),
    lambda t, x: t.cdist(x[0], x),
]


@pytest.mark.parametrize("case", range(len(ERRORS)))
def test_errors_are_pytorchs_word_for_word(case):
    expected, actual = both_errors(ERRORS[case], 2, 3)
    assert actual == expected
