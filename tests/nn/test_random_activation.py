"""RReLU beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import lamina
from lamina import nn
from tests.parity import compare_modules, floats


@pytest.mark.parametrize("options", [(), (0.1, 0.3), (-0.5, 0.25, False), (0.2, 0.2, True)])
def test_evaluation(options):
    compare_modules(lambda nn: nn.RReLU(*options), floats(2, 3, 4), train=False, call=lambda m, x: m(x * 1.5))


def test_equal_bounds_leave_no_choice():
    compare_modules(lambda nn: nn.RReLU(0.25, 0.25), floats(2, 3, 4))
    compare_modules(lambda nn: nn.RReLU(0.5, 0.25), floats(2, 3, 4))


def test_slopes_are_uniform():
    lamina.manual_seed(0)
    x = lamina.full((20000,), -2.0).requires_grad_()
    y = nn.RReLU(0.1, 0.5)(x)
    y.sum().backward()
    slopes = x.grad.numpy()
    np.testing.assert_allclose(y.detach().numpy(), -2 * slopes, rtol=1e-6)
    assert 0.1 <= slopes.min() < 0.102 and 0.498 < slopes.max() <= 0.5
    histogram, _ = np.histogram(slopes, bins=10, range=(0.1, 0.5))
    assert np.abs(histogram - 2000).max() < 200
