"""Normalisations over neighbouring channels beside PyTorch's."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import lamina
from lamina import functions
from tests.parity import compare, floats

LOOSE = {"rtol": 1e-4, "atol": 1e-5}


@pytest.mark.parametrize("shape", [(2, 5, 3), (2, 5, 3, 2), (1, 4, 2, 1, 3, 2)])
@pytest.mark.parametrize("size", [1, 2, 3, 20])
def test_local_response_norm(shape, size):
    compare(
        lambda t, x: t.nn.functional.local_response_norm(x, size, alpha=0.5, beta=0.6, k=2.0), floats(*shape), **LOOSE
    )


def test_nothing():
    compare(lambda t, x: t.nn.functional.local_response_norm(x, 3), floats(2, 0, 3), grad=False)
    compare(lambda t, x: t.nn.functional.local_response_norm(x, 0), floats(0, 4, 3), grad=False)


@pytest.mark.parametrize("dtype", [np.float64, np.float16, ml_dtypes.bfloat16])
def test_types(dtype):
    tolerance = 1e-9 if dtype is np.float64 else 2e-2
    x = floats(2, 5, 3, dtype=dtype)
    compare(lambda t, x: t.nn.functional.local_response_norm(x, 3, 0.5), x, rtol=tolerance, atol=tolerance)


def test_names_of_gradients():
    compare(lambda t, x: t.nn.functional.local_response_norm(x, 3).grad_fn.name(), floats(2, 4, 3))


def test_errors():
    for call in (
        lambda t, x: t.nn.functional.local_response_norm(x[0], 2),
        lambda t, x: t.nn.functional.local_response_norm(x, 0),
        lambda t, x: t.nn.functional.local_response_norm(x, 2.0),
    ):
        compare(call, floats(2, 3, 4))
    with pytest.raises(ValueError) as caught:
        lamina.nn.functional.local_response_norm(lamina.ones(2, 3), 2)
    assert str(caught.value) == "Expected 3D or higher dimensionality input (got 2 dimensions)"
    with pytest.raises(RuntimeError) as wrong:
        functions.local_response_norm(lamina.ones(2, 3, 4), -1)
    assert str(wrong.value) == "local_response_norm: size must be greater than zero, got -1."
