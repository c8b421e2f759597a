"""Convolutions beside PyTorch's; every way that `convolve` may choose is met."""

from __future__ import annotations

import jax
import ml_dtypes
import numpy as np
import pytest

import lamina
from lamina.ops import conv
from tests.parity import compare, floats


def _compare(input, weight, bias=True, **options):
    space = len(weight) - 2
    arrays = [floats(*input), floats(*weight, seed=1)] + ([floats(weight[0], seed=2)] if bias else [])
    compare(lambda t, *xs: getattr(t, f"conv{space}d")(*xs, **options), *arrays, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("options", [
    {}, {"stride": 2}, {"padding": 1}, {"stride": (2,), "padding": (2,), "dilation": 2}, {"padding": "same"},
    {"padding": "valid"}, {"padding": "same", "dilation": 3},
])  # fmt: skip
def test_conv1d(options):
    _compare((2, 3, 11), (4, 3, 3), **options)
    _compare((3, 11), (4, 3, 4), bias=False, **options)


@pytest.mark.parametrize("options", [
    {}, {"stride": (2, 1)}, {"padding": (1, 2)}, {"stride": 2, "padding": 1, "dilation": (1, 2)},
    {"padding": "same"}, {"stride": 3}, {"padding": 5},
])  # fmt: skip
def test_conv2d(options):
    _compare((2, 3, 9, 8), (4, 3, 3, 2), **options)
    _compare((3, 9, 8), (4, 3, 3, 3), **options)


@pytest.mark.parametrize("options", [{}, {"stride": (1, 2, 1), "padding": 1}, {"padding": "same", "dilation": 2}])
def test_conv3d(options):
    _compare((2, 3, 6, 5, 6), (4, 3, 2, 3, 2), **options)
    _compare((2, 4, 5, 5, 6), (4, 2, 2, 1, 2), groups=2, **options)


def test_conv3d_with_a_large_kernel():
    _compare((1, 2, 6, 6, 7), (3, 2, 4, 3, 3), padding=1)


@pytest.mark.parametrize(("input", "weight", "groups"), [
    ((2, 4, 7, 7), (6, 2, 3, 3), 2),  # group by group
    ((2, 4, 7, 7), (4, 1, 3, 3), 4),  # depthwise
    ((2, 4, 7, 7), (8, 1, 3, 3), 4),  # depthwise, two for each channel
    ((2, 3, 7, 7), (5, 3, 1, 1), 1),  # one matrix product
    ((2, 4, 7, 7), (6, 2, 1, 1), 2),
    ((2, 1, 7, 7), (5, 1, 3, 3), 1),  # one input channel
    ((2, 1, 8, 7), (3, 1, 5, 4), 1),
    ((2, 1, 12), (3, 1, 9), 1),
    ((2, 1, 8, 8), (2, 1, 6, 6), 1),
    ((2, 4, 8, 8), (4, 1, 6, 6), 4),
    ((2, 4, 9), (4, 1, 5), 4),
])  # fmt: skip
def test_ways(input, weight, groups):
    for options in ({}, {"stride": 2, "padding": 1, "dilation": (1,)}):
        _compare(input, weight, groups=groups, **options)


def test_ways_agree():
    """What XLA's own convolution gives, which runs where there is no CPU."""
    x, w = floats(2, 6, 7, 7), floats(6, 1, 3, 3, seed=1)
    found = conv.convolve(jax.numpy.asarray(x), jax.numpy.asarray(w), (2, 1), ((1, 0), (2, 2)), (1, 2), 6)
    other = conv._convolve_xla(jax.numpy.asarray(x), jax.numpy.asarray(w), (2, 1), ((1, 0), (2, 2)), (1, 2), 6)
    np.testing.assert_allclose(found, other, rtol=1e-5, atol=1e-5)


STRIDED = [
    ((2, 3, 16, 15), (4, 3, 3, 3), {"stride": 2, "padding": 1}),
    ((2, 32, 27, 26), (33, 32, 4, 2), {"stride": 2, "padding": (1, 0)}),
    ((2, 4, 201), (5, 4, 5), {"stride": 3, "padding": 2}),
    ((2, 3, 21, 20), (4, 3, 2, 5), {"stride": (1, 3)}),
    ((2, 3, 23, 20), (4, 3, 2, 2), {"stride": 4}),  # places that no kernel meets
    ((1, 2, 7, 8, 9), (2, 2, 4, 3, 3), {"stride": 2}),
    ((2, 6, 16, 16), (4, 3, 3, 3), {"groups": 2, "stride": 2}),
]


@pytest.mark.parametrize(("input", "weight", "options"), STRIDED)
def test_strided_ones(input, weight, options):
    with pytest.MonkeyPatch.context() as patch:
        ways = []
        strided = conv._convolve_strided
        patch.setattr(conv, "_convolve_strided", lambda *args: ways.append(args) or strided(*args))
        _compare(input, weight, **options)
    assert ways
    # The weight alone learns, as in a first layer.
    arrays = [floats(*input), floats(*weight, seed=1)]
    name = f"conv{len(weight) - 2}d"
    compare(lambda t, *xs: getattr(t, name)(*xs, **options), *arrays, grad=(False, True), rtol=1e-4, atol=2e-5)


def test_derivatives_of_strided_ones():
    def function(x, w):
        return conv.convolve(x, w, (2, 1), ((1, 1), (0, 0)), (1, 1), 1)

    def plain(x, w):
        return conv._convolve_xla(x, w, (2, 1), ((1, 1), (0, 0)), (1, 1), 1)

    x, w, dx, dw = (floats(*shape, seed=i) for i, shape in enumerate([(2, 8, 15, 14), (8, 8, 3, 3)] * 2))
    of_vector = [
        jax.jvp(jax.grad(lambda x, w, f=f: (f(x, w) ** 2).sum(), (0, 1)), (x, w), (dx, dw)) for f in (function, plain)
    ]
    for actual, expected in zip(jax.tree.leaves(of_vector[0]), jax.tree.leaves(of_vector[1]), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-3, atol=1e-1)
    of_one = [lambda w, f=f: jax.grad(lambda x: f(x, w).sum())(x) for f in (function, plain)]
    stacked = [jax.vmap(gradient)(np.stack([w, dw])) for gradient in of_one]
    np.testing.assert_allclose(*stacked, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-9), (np.float16, 1e-2), (ml_dtypes.bfloat16, 1e-1)])
def test_types(dtype, tolerance):
    x, w, b = floats(2, 3, 6, 6, dtype=dtype), floats(4, 3, 3, 3, dtype=dtype), floats(4, dtype=dtype)
    compare(lambda t, *xs: t.conv2d(*xs, padding=1), x, w, b, rtol=tolerance, atol=tolerance)


def test_empty_batch():
    _compare((0, 3, 8, 8), (4, 3, 3, 3))


@pytest.mark.parametrize("padding", [4, (0, 3)])
def test_more_padding_than_kernel(padding):
    _compare((2, 3, 4, 5), (4, 3, 3, 2), padding=padding)


@pytest.mark.parametrize("pad", [0, 1, 3, -1])
def test_conv_tbc(pad):
    arrays = floats(6, 2, 3), floats(3, 3, 4, seed=1), floats(4, seed=2)
    compare(lambda t, x, w, b: t.conv_tbc(x, w, b, pad), *arrays, rtol=1e-4, atol=1e-5, grad_name=True)


@pytest.mark.parametrize(("input", "weight", "bias"), [
    ((5, 2), (3, 3, 4), (4,)), ((5, 2, 3), (3, 3), (4,)), ((5, 2, 3), (3, 3, 4), (1, 4)), ((5, 2, 3), (3, 2, 4), (4,)),
    ((5, 2, 3), (3, 3, 4), (3,)), ((1, 2, 3), (3, 3, 4), (4,)), ((2, 2, 3), (3, 3, 4), (4,)),
])  # fmt: skip
def test_conv_tbc_at_its_limits(input, weight, bias):
    compare(lambda t, *xs: t.nn.functional.conv_tbc(*xs), floats(*input), floats(*weight), floats(*bias), grad=False)


@pytest.mark.parametrize("dtype", [np.int64, np.bool_, np.complex64])
def test_other_types(dtype):
    x, w = (floats(2, 3, 6) * 4).astype(dtype), (floats(4, 3, 3) * 4).astype(dtype)
    compare(lambda t, x, w: t.conv1d(x, w), x, w, rtol=1e-4, atol=1e-4)


def test_names_of_gradients():
    compare(lambda t, x, w: t.conv1d(x, w).grad_fn.name(), floats(1, 2, 5), floats(2, 2, 3))


def test_double_backward():
    def twice(t, x, w):
        y = t.conv2d(x, w, padding=1).pow(2).sum()
        return t.autograd.grad(y, (x, w), create_graph=True)

    compare(twice, floats(1, 2, 5, 5), floats(2, 2, 3, 3), rtol=1e-4, atol=1e-3)
    compare(twice, floats(1, 2, 5, 5), floats(2, 2, 1, 1), rtol=1e-4, atol=1e-3)


MESSAGES = [
    (
        (2, 3, 8, 8),
        (4, 2, 3, 3),
        {},
        "Given groups=1, weight of size [4, 2, 3, 3], expected input[2, 3, 8, 8] to have 2 "
        "channels, but got 3 channels instead",
    ),
    (
        (3, 8),
        (4, 3, 3, 3),
        {},
        "Expected 3D (unbatched) or 4D (batched) input to conv2d, but got input of size: [3, 8]",
    ),
    (
        (2, 3, 2, 2),
        (4, 3, 3, 3),
        {},
        "Calculated padded input size per channel: (2 x 2). Kernel size: (3 x 3). "
        "Kernel size can't be greater than actual input size",
    ),
    ((2, 3, 8, 8), (4, 3, 3, 3), {"stride": 0}, "non-positive stride is not supported"),
    ((2, 3, 8, 8), (4, 3, 3, 3), {"padding": -1}, "negative padding is not supported"),
    ((2, 3, 8, 8), (4, 3, 3, 3), {"dilation": 0}, "non-positive dilation is not supported"),
    ((2, 3, 8, 8), (4, 3, 3, 3), {"groups": 0}, "non-positive groups is not supported"),
    (
        (2, 4, 8, 8),
        (5, 2, 3, 3),
        {"groups": 2},
        "Given groups=2, expected weight to be divisible by 2 at dimension 0, but "
        "got weight of size [5, 2, 3, 3] instead",
    ),
    (
        (2, 3, 8, 8),
        (4, 3, 3, 3),
        {"stride": (1, 2, 3)},
        "expected stride to be a single integer value or a list of 2 "
        "values to match the convolution dimensions, but got stride=[1, 2, 3]",
    ),
    (
        (2, 3, 8, 8),
        (4, 3, 3, 3),
        {"padding": "same", "stride": 2},
        "padding='same' is not supported for strided convolutions",
    ),
    (
        (2, 3, 0, 8),
        (4, 3, 3, 3),
        {"padding": 3},
        "Only zero batch or zero channel inputs are supported, but got input shape: [2, 3, 0, 8]",
    ),
    ((2, 3, 8, 8), (4, 3, 0, 3), {}, "Kernel sizes must be at least 1, got weight of size [4, 3, 0, 3]."),
    ((2, 3, 8, 8), (4, 3, 3, 3), {"padding": "some"}, "Invalid padding string: 'some'"),
]


@pytest.mark.parametrize(("input", "weight", "options", "text"), MESSAGES)
def test_messages(input, weight, options, text):
    _compare(input, weight, bias=False, **options)
    with pytest.raises(RuntimeError) as caught:
        lamina.conv2d(lamina.ones(*input), lamina.ones(*weight), **options)
    assert str(caught.value) == text


def test_messages_about_other_operands():
    compare(lambda t, x, w: t.conv2d(x, w), floats(2, 3, 8, 8), floats(4, 3, 3, 3, dtype=np.float64))
    compare(lambda t, x, w, b: t.conv2d(x, w, b), floats(2, 3, 8, 8), floats(4, 3, 3, 3), floats(3))
    compare(lambda t, x, w, b: t.conv2d(x, w, b), floats(2, 3, 8, 8), floats(4, 3, 3, 3), floats(4, dtype=np.float64))
    with pytest.raises(RuntimeError) as caught:
        lamina.conv2d(lamina.ones(1, 3, 8, 8), lamina.ones(4, 3, 3, 3), lamina.ones(3))
    assert str(caught.value) == (
        "Given weight of size [4, 3, 3, 3], expected bias to be 1-dimensional with 4 elements, "
        "but got bias of size [3] instead"
    )
