"""Shuffles beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import lamina
from tests.parity import compare, floats, integers


def test_pixel_shuffle():
    for shape in ((2, 8, 3, 4), (4, 3, 2), (2, 1, 4, 2, 3)):
        compare(lambda t, x: (t.pixel_shuffle(x, 2), t.nn.functional.pixel_shuffle(x, 1)), floats(*shape))
    compare(lambda t, x: t.pixel_shuffle(x, upscale_factor=3), integers(1, 9, 2, 2))


def test_pixel_unshuffle():
    for shape in ((2, 3, 4, 6), (3, 4, 2), (2, 1, 3, 2, 4)):
        compare(lambda t, x: (t.pixel_unshuffle(x, 2), t.nn.functional.pixel_unshuffle(x, 1)), floats(*shape))


def test_empty():
    # PyTorch's gradient of these has another shape, and its pixel_unshuffle of nothing returns its input.
    compare(lambda t, x: t.pixel_shuffle(x, 2), floats(0, 4, 2, 2), grad=False)
    compare(lambda t, x: t.pixel_shuffle(x, 2), floats(2, 4, 0, 2), grad=False)
    x = lamina.zeros(0, 3, 4, 2, requires_grad=True)
    lamina.pixel_unshuffle(x, 2).sum().backward()
    assert lamina.pixel_unshuffle(x, 2).shape == (0, 12, 2, 1) and x.grad.shape == x.shape


def test_channel_shuffle():
    for shape in ((2, 6, 3, 3), (2, 6, 3), (1, 6, 2, 1, 2), (0, 6, 3)):
        compare(lambda t, x: [t.channel_shuffle(x, g) for g in (1, 2, 3)], floats(*shape))
        compare(lambda t, x: [t.nn.functional.native_channel_shuffle(x, g) for g in (1, 2, 3)],
                floats(*shape), grad=False)  # fmt: skip


def test_names_of_gradients():
    names = ("pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "native_channel_shuffle")
    compare(lambda t, x: [getattr(t, name)(x, 2).grad_fn.name() for name in names], floats(1, 4, 2, 2))


@pytest.mark.parametrize(("name", "shape", "factor"), [
    ("pixel_shuffle", (3, 4), 2), ("pixel_shuffle", (2, 6, 3, 4), 2), ("pixel_shuffle", (2, 4, 3, 4), 0),
    ("pixel_shuffle", (2, 4, 3, 4), -2), ("pixel_shuffle", (2, 4, 3, 4), 2.0), ("pixel_unshuffle", (4, 4), 2),
    ("pixel_unshuffle", (2, 3, 5, 4), 2), ("pixel_unshuffle", (2, 3, 4, 5), 2), ("pixel_unshuffle", (2, 3, 4, 4), 0),
    ("pixel_unshuffle", (2, 3, 4, 4), 2.0), ("channel_shuffle", (4, 3), 2), ("channel_shuffle", (2, 5, 3), 2),
    ("channel_shuffle", (2, 4, 3), 0), ("channel_shuffle", (2, 4, 3), 2.0), ("native_channel_shuffle", (2, 5, 3), 2),
    ("pixel_shuffle", (2, 4, 3, 4), 2**40),
])  # fmt: skip
def test_errors(name, shape, factor):
    with pytest.raises((RuntimeError, TypeError, ValueError)):
        getattr(lamina, name)(lamina.ones(*shape), factor)
    compare(lambda t, x: getattr(t, name)(x, factor), floats(*shape))


def test_messages():
    for call, text in (
        (lambda: lamina.pixel_shuffle(lamina.ones(6, 3, 4), 2),
         "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but "
         "input.size(-3)=6 is not divisible by 4"),
        (lambda: lamina.pixel_shuffle(lamina.ones(3, 4), 2),
         "pixel_shuffle expects input to have at least 3 dimensions, but got input with 2 dimension(s)"),
        (lambda: lamina.pixel_unshuffle(lamina.ones(1, 4, 5), 2),
         "pixel_unshuffle expects width to be divisible by downscale_factor, but input.size(-1)=5 is not divisible by "
         "2"),
        (lambda: lamina.channel_shuffle(lamina.ones(1, 5, 2), 2),
         "Number of channels must be divisible by groups. Got 5 channels and 2 groups."),
        (lambda: lamina.channel_shuffle(lamina.ones(5, 2), 2),
         "channel_shuffle expects input with > 2 dims, but got input with sizes [5, 2]"),
    ):  # fmt: skip
        with pytest.raises(RuntimeError) as caught:
            call()
        assert str(caught.value) == text


def test_whole_numbers():
    compare(lambda t, x: t.channel_shuffle(x, 2), np.arange(8).reshape(1, 4, 2))
