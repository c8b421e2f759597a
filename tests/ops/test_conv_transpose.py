"""Transposed convolutions beside PyTorch's; every way that `convolve_transposed` may choose is met."""

from __future__ import annotations

import random

import jax
import ml_dtypes
import numpy as np
import pytest

import lamina
from lamina.ops import conv_transpose
from tests.parity import compare, floats

LOOSE = {"rtol": 1e-4, "atol": 3e-5}


def _compare(input, weight, bias=True, groups=1, **options):
    arrays = [floats(*input), floats(*weight, seed=1)] + ([floats(weight[1] * groups, seed=2)] if bias else [])
    name = f"conv_transpose{len(weight) - 2}d"
    compare(lambda t, *xs: getattr(t, name)(*xs, groups=groups, **options), *arrays, **LOOSE)


@pytest.mark.parametrize(("input", "weight", "options"), [
    ((2, 3, 5), (3, 4, 3), {}),
    ((3, 5), (3, 4, 4), {"stride": 2, "padding": 1}),
    ((2, 4, 5), (4, 2, 5), {"stride": (3,), "output_padding": 2, "groups": 2}),
    ((2, 3, 5), (3, 2, 2), {"stride": 3}),  # places that no element reaches
    ((2, 3, 5), (3, 2, 3), {"dilation": 2}),
    ((2, 3, 5), (3, 2, 3), {"dilation": 2, "stride": 2, "output_padding": 1}),
    ((2, 3, 5), (3, 2, 3), {"dilation": 3, "output_padding": 2, "padding": 2}),
    ((2, 3, 4, 5), (3, 4, 4, 4), {"stride": 2, "padding": 1}),
    ((3, 4, 5), (3, 4, 2, 3), {"stride": (2, 1), "output_padding": (1, 0), "padding": (0, 2)}),
    ((2, 3, 4, 5), (3, 4, 2, 2), {"stride": 2, "bias": False}),  # no overlap
    ((2, 4, 4, 5), (4, 1, 3, 3), {"stride": 2, "groups": 4, "padding": 1}),  # depthwise
    ((2, 4, 4, 5), (4, 2, 3, 3), {"groups": 2, "dilation": (1, 2)}),
    ((2, 3, 1, 1), (3, 4, 4, 4), {}),  # one place
    ((2, 3, 1, 1), (3, 4, 4, 3), {"padding": 1, "stride": 2, "output_padding": 1, "dilation": (1, 2)}),
    ((2, 4, 1, 1), (4, 2, 3, 3), {"groups": 2}),
    ((2, 3, 4, 5), (3, 2, 7, 7), {"padding": 3}),
    ((2, 3, 4, 5), (3, 2, 3, 3), {"padding": 3, "stride": 3}),  # cuts more than a stride
    ((1, 2, 3, 3, 2), (2, 3, 4, 4, 4), {"stride": 2, "padding": 1}),
    ((2, 3, 3, 2), (2, 3, 2, 3, 1), {"stride": (1, 2, 3), "output_padding": (0, 1, 2)}),
])  # fmt: skip
def test_options(input, weight, options):
    _compare(input, weight, **options)


def _draw(seed):
    choose = random.Random(seed)
    space, groups = choose.choice([1, 2, 2]), choose.choice([1, 1, 2])

    def sizes(choices):
        return choose.choice([choose.choice(choices), tuple(choose.choice(choices) for _ in range(space))])

    options = {
        "stride": sizes([1, 2, 3]),
        "padding": sizes([0, 1, 2]),
        "output_padding": sizes([0, 0, 1]),
        "dilation": sizes([1, 1, 2]),
    }
    input = (2, 2 * groups, *(choose.choice([2, 4, 5]) for _ in range(space)))
    return input, (2 * groups, choose.choice([1, 2]), *(choose.choice([1, 2, 3, 5]) for _ in range(space))), {
        "groups": groups, **options
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_drawn(seed):
    input, weight, options = _draw(seed)
    _compare(input, weight, **options)


@pytest.mark.parametrize(("stride", "dilation", "groups"), [((2, 1), (1, 2), 2), ((2, 3), (1, 1), 1)])
def test_ways_agree(stride, dilation, groups):
    """What XLA's own convolution gives, which runs where there is no CPU."""
    x, w = jax.numpy.asarray(floats(2, 4, 4, 5)), jax.numpy.asarray(floats(4, 3, 3, 4, seed=1))
    out = tuple((n - 1) * s - 2 + d * (k - 1) + 2 for n, s, d, k in zip((4, 5), stride, dilation, (3, 4), strict=True))
    arguments = (x, w, stride, (1, 1), out, dilation, groups)
    found, other = conv_transpose.convolve_transposed(*arguments), conv_transpose._transposed_xla(*arguments)
    assert found.shape == (2, 3 * groups, *out)
    np.testing.assert_allclose(found, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("dtype", "tolerance"), [
    (np.float64, 1e-9), (np.float16, 1e-2), (ml_dtypes.bfloat16, 1e-1), (np.complex64, 1e-4),
])  # fmt: skip
def test_types(dtype, tolerance):
    w, b = floats(3, 2, 4, 4, dtype=dtype, seed=1), floats(2, dtype=dtype)
    for x in (floats(2, 3, 4, 4, dtype=dtype), floats(2, 3, 1, 1, dtype=dtype)):
        compare(lambda t, *xs: t.conv_transpose2d(*xs, 2, 1), x, w, b, rtol=tolerance, atol=tolerance)


def test_whole_numbers():
    compare(lambda t, x, w: t.conv_transpose1d(x, w, stride=2), np.arange(6).reshape(1, 2, 3), np.ones((2, 2, 3), int))


def test_empty():
    _compare((0, 3, 4, 4), (3, 2, 3, 3))
    _compare((1, 4, 1, 1), (4, 1, 3, 3), groups=4, padding=1, stride=2)  # cut down to one place


def test_names_of_gradients():
    compare(lambda t, x, w: t.conv_transpose1d(x, w).grad_fn.name(), floats(1, 2, 5), floats(2, 2, 3))


def test_double_backward():
    def twice(t, x, w):
        y = t.conv_transpose2d(x, w, stride=2, padding=1).pow(2).sum()
        return t.autograd.grad(y, (x, w), create_graph=True)

    compare(twice, floats(1, 2, 3, 3), floats(2, 2, 4, 4), rtol=1e-4, atol=1e-3)


MESSAGES = [
    (
        (2, 4, 5, 5),
        (3, 4, 3, 3),
        {},
        "Given transposed=1, weight of size [3, 4, 3, 3], expected input[2, 4, 5, 5] to have 3 channels, but got 4 "
        "channels instead",
    ),
    (
        (3, 5),
        (3, 4, 3, 3),
        {},
        "Expected 3D (unbatched) or 4D (batched) input to conv_transpose2d, but got input of size: [3, 5]",
    ),
    ((2, 3, 5, 5), (3, 4, 3, 3), {"stride": 0}, "non-positive stride is not supported"),
    ((2, 3, 5, 5), (3, 4, 3, 3), {"padding": -1}, "negative padding is not supported"),
    ((2, 3, 5, 5), (3, 4, 3, 3), {"dilation": 0}, "non-positive dilation is not supported"),
    ((2, 3, 5, 5), (3, 4, 3, 3), {"groups": 0}, "non-positive groups is not supported"),
    ((2, 3, 5, 5), (3, 4, 3, 3), {"output_padding": -1}, "negative output_padding is not supported"),
    (
        (2, 3, 5, 5),
        (3, 4, 3, 3),
        {"groups": 2},
        "Given groups=2, expected weight to be divisible by 2 at dimension 0, but got weight of size [3, 4, 3, 3] "
        "instead",
    ),
    (
        (2, 3, 5, 5),
        (3, 4, 3, 3),
        {"stride": (2, 1), "output_padding": (1, 1)},
        "output padding must be smaller than either stride or dilation, but got output_padding: (1, 1), "
        "stride: (2, 1), dilation: (1, 1)",
    ),
    (
        (2, 3, 5, 5),
        (3, 4, 3, 3),
        {"padding": 4},
        "conv_transpose2d: output sizes must not be negative, got (-1, -1) from input (2, 3, 5, 5), "
        "weight (3, 4, 3, 3), stride (1, 1), padding (4, 4).",
    ),
    (
        (2, 3, 0, 5),
        (3, 4, 3, 3),
        {},
        "Only zero batch or zero channel inputs are supported, but got input shape: [2, 3, 0, 5]",
    ),
]


@pytest.mark.parametrize(("input", "weight", "options", "text"), MESSAGES)
def test_messages(input, weight, options, text):
    compare(lambda t, x, w: t.conv_transpose2d(x, w, **options), floats(*input), floats(*weight))
    with pytest.raises(RuntimeError) as caught:
        lamina.conv_transpose2d(lamina.ones(*input), lamina.ones(*weight), **options)
    assert str(caught.value) == text


def test_messages_about_other_operands():
    x, w = floats(2, 3, 5, 5), floats(3, 4, 3, 3)
    compare(lambda t, x, w, b: t.conv_transpose2d(x, w, b), x, w, floats(3))
    compare(lambda t, x, w, b: t.conv_transpose2d(x, w, b), x, w, floats(4, dtype=np.float64))
    compare(lambda t, x, w: t.conv_transpose2d(x, w), x, floats(3, 0, 3, 3))
    compare(lambda t, x, w: t.conv_transpose2d(x, w), x, floats(3, 4, 0, 3))
    compare(lambda t, x, w: t.conv_transpose2d(x, w), floats(2, 0, 5, 5), floats(0, 4, 3, 3))
    compare(lambda t, x, w: t.conv_transpose2d(x, w, padding="same"), x, w)
    compare(lambda t, x, w: t.conv_transpose2d(x, w), x > 0, w > 0)
    with pytest.raises(RuntimeError) as caught:
        lamina.conv_transpose2d(lamina.ones(2, 3, 5, 5), lamina.ones(3, 4, 3, 3), lamina.ones(3))
    assert str(caught.value) == (
        "Given transposed=1, weight of size [3, 4, 3, 3], expected bias to be 1-dimensional with 4 elements, "
        "but got bias of size [3] instead"
    )
