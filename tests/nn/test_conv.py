"""Convolution layers beside PyTorch's."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lamina import nn
from tests.parity import compare, compare_modules, floats

LOOSE = {"rtol": 1e-4, "atol": 2e-5}


@pytest.mark.parametrize("build", [
    lambda nn: nn.Conv1d(2, 4, 3),
    lambda nn: nn.Conv1d(2, 4, 3, stride=2, padding=1, dilation=2, groups=2, bias=False),
    lambda nn: nn.Conv1d(2, 3, 4, padding="same", padding_mode="circular"),
    lambda nn: nn.Conv1d(2, 3, (3,), padding="valid", padding_mode="reflect"),
])  # fmt: skip
def test_conv1d(build):
    compare_modules(build, floats(2, 2, 9), **LOOSE)


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("padding", [(1, 2), "same"])
def test_conv2d(mode, padding):
    compare_modules(lambda nn: nn.Conv2d(3, 4, (3, 4), padding=padding, padding_mode=mode), floats(2, 3, 6, 5), **LOOSE)


@pytest.mark.parametrize("build", [
    lambda nn: nn.Conv2d(3, 6, 3, groups=3),
    lambda nn: nn.Conv2d(3, 2, 3, stride=(2, 1), dilation=(1, 2), bias=False),
    lambda nn: nn.Conv2d(3, 2, 1),
])  # fmt: skip
def test_conv2d_more(build):
    compare_modules(build, floats(2, 3, 6, 6), **LOOSE)
    compare_modules(build, floats(3, 6, 6), **LOOSE)


def test_conv3d():
    compare_modules(lambda nn: nn.Conv3d(2, 3, (2, 3, 2), padding=1), floats(2, 2, 4, 4, 4), **LOOSE)
    compare_modules(lambda nn: nn.Conv3d(2, 3, 2, padding=1, padding_mode="replicate"), floats(1, 2, 3, 3, 3), **LOOSE)


def test_first_values():
    layer = nn.Conv2d(8, 32, 4, groups=2)  # 4 * 4 * 4 inputs for each output: k = 1 / 8
    for parameter in (layer.weight, layer.bias):
        values = parameter.detach().numpy()
        assert np.abs(values).max() <= 1 / 8
        np.testing.assert_allclose(values.std(), 1 / 8 / math.sqrt(3), rtol=0.25)


@pytest.mark.parametrize(("build", "text"), [
    (lambda nn: nn.Conv2d(3, 4, 3, groups=0), "groups must be a positive integer"),
    (lambda nn: nn.Conv2d(3, 4, 3, groups=2), "in_channels must be divisible by groups"),
    (lambda nn: nn.Conv2d(4, 3, 3, groups=2), "out_channels must be divisible by groups"),
    (lambda nn: nn.Conv2d(4, 4, 3, padding="full"), "Invalid padding string 'full', should be one of 'same', 'valid'"),
    (lambda nn: nn.Conv2d(4, 4, 3, 2, "same"), "padding='same' is not supported for strided convolutions"),
    (lambda nn: nn.Conv2d(4, 4, 3, padding_mode="mirror"),
     "padding_mode must be one of 'zeros', 'reflect', 'replicate', 'circular', but got padding_mode='mirror'"),
])  # fmt: skip
def test_messages(build, text):
    compare(lambda t: build(t.nn))
    with pytest.raises(ValueError) as caught:
        build(nn)
    assert str(caught.value) == text
