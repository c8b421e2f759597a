"""LocalResponseNorm and CrossMapLRN2d beside PyTorch's."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import lamina
from lamina import nn
from tests.parity import compare, compare_modules, floats

LOOSE = {"rtol": 1e-4, "atol": 1e-5}


@pytest.mark.parametrize("options", [(2,), (3, 0.5), (5, 0.5, 0.6, 2.0)])
def test_local_response_norm(options):
    compare_modules(lambda nn: nn.LocalResponseNorm(*options), floats(2, 6, 3, 2), **LOOSE)


@pytest.mark.parametrize("options", [(2, 0.5), (3, 0.5), (4, 0.5), (5, 0.5, 0.6, 2.0), (20,)])
def test_cross_map(options):
    compare_modules(lambda nn: nn.CrossMapLRN2d(*options), floats(2, 7, 3, 2), **LOOSE)


def test_cross_map_types():
    for dtype, tolerance in ((np.float64, 1e-9), (np.float16, 2e-2), (ml_dtypes.bfloat16, 5e-2)):
        x = floats(2, 5, 2, 2, dtype=dtype)
        compare_modules(lambda nn: nn.CrossMapLRN2d(3, 0.5), x, rtol=tolerance, atol=tolerance)


def test_one_channel_alone():
    """PyTorch has no derivative here."""
    x = lamina.tensor(floats(1, 3, 1, 1)).requires_grad_()
    nn.CrossMapLRN2d(1, 1.0, 1.0)(x).sum().backward()
    assert x.grad.shape == x.shape and x.grad.isfinite().all()


def test_errors():
    compare(lambda t, x: t.nn.CrossMapLRN2d(3)(x[0]), floats(2, 3, 4, 1))
    compare(lambda t, x: t.nn.CrossMapLRN2d(3)(x.long()), floats(2, 3, 4, 1))
    compare(lambda t, x: t.nn.CrossMapLRN2d(0)(x), floats(2, 3, 4, 1))
    compare(lambda t, x: t.nn.CrossMapLRN2d(3)(x[:, :0]), floats(2, 3, 4, 1))
    with pytest.raises(ValueError) as caught:
        nn.CrossMapLRN2d(3)(lamina.ones(2, 3))
    assert str(caught.value) == "CrossMapLRN2d: Expected input to be 4D, got 2D instead."
