"""Linear layers beside PyTorch's."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lamina
from lamina import nn
from tests.parity import compare, compare_modules, floats


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(3,), (2, 3), (4, 2, 3), (0, 3)])
def test_linear(shape, bias):
    compare_modules(lambda nn: nn.Linear(3, 5, bias=bias), floats(*shape))


def test_linear_is_torchs_sixteen_times():
    compare_modules(lambda nn: nn.Linear(16, 16), floats(2, 16))
    compare(lambda t, x: t.nn.Linear(3, 4)(x), floats(2, 5))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(), (2,), (2, 6)])
def test_bilinear(shape, bias):
    compare_modules(lambda nn: nn.Bilinear(3, 4, 5, bias), floats(*shape, 3), floats(*shape, 4), rtol=1e-4, atol=1e-5)


def test_identity():
    compare_modules(lambda nn: nn.Identity(54, unused=True), floats(2, 3))


def test_first_values():
    """From U(-k, k): inside, spread like it, and none twice the same."""
    for layer, bound in ((nn.Linear(64, 100), 1 / 8), (nn.Bilinear(16, 4, 100), 1 / 4)):
        for parameter in (layer.weight, layer.bias):
            values = parameter.detach().numpy()
            assert np.abs(values).max() <= bound and len(np.unique(values)) > 0.99 * values.size
            np.testing.assert_allclose(values.std(), bound / math.sqrt(3), rtol=0.25)


def test_dtype_and_reset():
    layer = nn.Linear(2, 3, dtype=lamina.float64)
    assert layer.weight.dtype is lamina.float64 and layer.bias.dtype is lamina.float64
    before = layer.weight.detach().numpy().copy()
    layer.reset_parameters()
    assert (layer.weight.detach().numpy() != before).all() and layer.weight.requires_grad


def test_bilinear_says_which_input_is_wrong():
    with pytest.raises(RuntimeError) as caught:
        nn.Bilinear(3, 4, 5)(lamina.ones(2, 7), lamina.ones(2, 4))
    assert str(caught.value) == "bilinear: input1 must be (*, 3) to go with weight (5, 3, 4), got (2, 7)."
    assert caught.value.__notes__ == ["in Bilinear(in1_features=3, in2_features=4, out_features=5, bias=True)"]


def test_bilinear_needs_features():
    with pytest.raises(ValueError) as caught:
        nn.Bilinear(0, 4, 5)
    assert str(caught.value) == "Bilinear: in1_features must be positive, got 0."


def test_sizes_and_biases_that_pytorch_refuses():
    for sizes in ((0, 3, 4), (-1, 3, 4), (2, -3, 4), (2.0, 3, 4), ("a", 3, 4)):
        compare(lambda t, sizes=sizes: t.nn.Bilinear(*sizes))
    compare(lambda t, x, y, w, b: t.nn.functional.bilinear(x, y, w, b), floats(5, 2), floats(5, 3), floats(4, 2, 3),
            floats(2))  # fmt: skip
