"""Convolution layers beside PyTorch's."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lamina
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


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize("space", [1, 3])
def test_padding_modes(mode, space):
    name, shape = f"Conv{space}d", (2, 2, *(5, 4, 5)[:space])
    compare_modules(lambda nn: getattr(nn, name)(2, 4, 3, 2, 2, 1, 2, False, mode), floats(*shape), **LOOSE)
    build = lambda nn: getattr(nn, name)(2, 3, 2, padding="same", dilation=2, padding_mode=mode)  # noqa: E731
    compare_modules(build, floats(*shape[1:]), **LOOSE)


@pytest.mark.parametrize("build", [
    lambda nn: nn.Conv2d(-4, 4, 3), lambda nn: nn.Conv2d(4, -4, 3), lambda nn: nn.Conv2d(4, 4, -3),
    lambda nn: nn.Conv2d(4, 4, 3.5), lambda nn: nn.Conv2d(4, 4, "3"), lambda nn: nn.Conv2d(4, 4, 3, groups=1.0),
    lambda nn: nn.Conv2d(4, 4, 3, stride=0), lambda nn: nn.Conv2d(4, 4, 3, padding=-1),
    lambda nn: nn.Conv2d(4, 4, 3, dilation=0), lambda nn: nn.Conv2d(4, 4, (3,)), lambda nn: nn.Conv2d(4, 4, (3, 3, 3)),
    lambda nn: nn.Conv2d(4, 4, 3, padding=(1, 1, 1)), lambda nn: nn.Conv2d(4, 4, 3, padding=9, padding_mode="circular"),
    lambda nn: nn.Conv2d(4, 4, [3, 3], [1, 2], [0, 1]), lambda nn: nn.Conv2d(4, 4, 3, padding="valid", bias=False),
    lambda nn: nn.Conv2d(4, 4, 3, groups=-1), lambda nn: nn.ConvTranspose2d(4, 4, -3),
    lambda nn: nn.ConvTranspose2d(4, 4, 3, output_padding=1), lambda nn: nn.ConvTranspose2d(4, 4, 3, padding=9),
    lambda nn: nn.ConvTranspose2d(4, 4, 3, groups=3),
])  # fmt: skip
def test_odd_arguments(build):
    compare(lambda t: build(t.nn).extra_repr())
    compare_modules(build, floats(1, 4, 5, 5), **LOOSE)


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors is a no-op")
def test_arguments_that_fail_when_called():
    compare_modules(lambda nn: nn.Conv2d(4, 4, 0), floats(1, 4, 5, 5))
    compare_modules(lambda nn: nn.Conv2d(0, 4, 3).extra_repr() and nn.Conv2d(4, 0, 3), floats(1, 4, 5, 5))
    compare_modules(lambda nn: nn.ConvTranspose2d(4, 4, 3, padding="same"), floats(1, 4, 5, 5))


@pytest.mark.parametrize(("space", "options"), [
    (1, {}), (1, {"stride": 2, "padding": 1, "output_padding": 1, "groups": 2, "bias": False, "dilation": 3}),
    (2, {"stride": (2, 1), "padding": (0, 1), "output_padding": (1, 0)}), (2, {"groups": 2, "dilation": (1, 2)}),
    (3, {"stride": 2}), (3, {"padding": (0, 1, 1), "bias": False}),
])  # fmt: skip
def test_conv_transpose(space, options):
    def build(nn):
        return getattr(nn, f"ConvTranspose{space}d")(4, 2, 3, **options)

    compare_modules(build, floats(2, 4, *(3, 4, 2)[:space]), **LOOSE)
    compare_modules(build, floats(4, *(3, 4, 2)[:space]), **LOOSE)


def test_conv_transpose_arguments_in_order():
    compare_modules(lambda nn: nn.ConvTranspose2d(4, 4, 3, 2, 1, 1, 2, False, 2, "zeros"), floats(1, 4, 3, 3), **LOOSE)


@pytest.mark.parametrize("size", [(8, 9), (1, 2, 7, 8), [2, 9, 8], (9,), (10, 8), (6, 8), (1, 1, 1, 9, 9)])
def test_output_size(size):
    for shape in ((1, 3, 3, 4), (3, 3, 4)):
        compare_modules(
            lambda nn: nn.ConvTranspose2d(3, 2, 3, stride=(2, 3), padding=(0, 1)),
            floats(*shape),
            call=lambda module, x: module(x, output_size=size),
            **LOOSE,
        )


def test_messages_about_output_size():
    up, x = nn.ConvTranspose2d(4, 4, 3, 2), lamina.ones(1, 4, 5, 5)
    for size, text in (
        ((12,), "ConvTranspose2D: for 4D input, output_size must have 2 or 4 elements (got 1)"),
        ((13, 12), "requested an output size of (13, 12), but valid sizes range from [11, 11] to [12, 12] "
                   "(for an input of lamina.Size([5, 5]))"),
    ):  # fmt: skip
        with pytest.raises(ValueError) as caught:
            up(x, size)
        assert str(caught.value) == text


def test_first_values():
    up = nn.ConvTranspose2d(32, 8, 4, groups=2)  # fan-in as PyTorch counts it: 4 * 4 * 4
    assert np.abs(up.weight.detach().numpy()).max() <= 1 / 8
    np.testing.assert_allclose(up.weight.detach().numpy().std(), 1 / 8 / math.sqrt(3), rtol=0.25)
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
    (lambda nn: nn.ConvTranspose2d(4, 4, 3, padding_mode="reflect"),
     'Only "zeros" padding mode is supported for ConvTranspose2d'),
    (lambda nn: nn.ConvTranspose2d(4, 3, 3, groups=2), "out_channels must be divisible by groups"),
])  # fmt: skip
def test_messages(build, text):
    compare(lambda t: build(t.nn))
    with pytest.raises(ValueError) as caught:
        build(nn)
    assert str(caught.value) == text
