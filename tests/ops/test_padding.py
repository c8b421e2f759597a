"""Padding beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import lamina
from tests.parity import bools, compare, floats, integers


@pytest.mark.parametrize("pad", [(1, 2), (0, 0), (1, 0, 2, 3), (-1, 2), (-1, -1, 1, 0), [1, 1, 1, 1, 1, 1], ()])
def test_constant(pad):
    compare(lambda t, x: t.nn.functional.pad(x, pad), floats(2, 3, 4))
    compare(lambda t, x: t.nn.functional.pad(x, pad, value=-1.5), floats(2, 3, 4))
    compare(lambda t, x: t.nn.functional.pad(x, pad, "constant", 2), integers(2, 3, 4))


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize(("shape", "pad"), [
    ((3, 4), (2, 3)), ((2, 3, 4), (1, 0)), ((2, 3, 4), (-1, 2)), ((2, 3, 4), (2, -2)), ((3, 4, 4), (1, 2, 3, 0)),
    ((1, 2, 3, 4), (2, 2, 1, 1)), ((2, 3, 3, 4), (1, 1, 2, 2, 0, 1)), ((1, 2, 3, 3, 4), (1, 1, 2, 2, 1, 1)),
])  # fmt: skip
def test_modes(mode, shape, pad):
    compare(lambda t, x: t.nn.functional.pad(x, pad, mode), floats(*shape))


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize(("shape", "pad"), [
    ((1, 2, 3), (-3, 0)), ((1, 2, 3), (-4, 0)), ((1, 2, 0), (0, 0)), ((1, 2, 0), (1, 0)), ((1, 2, 3, 0), (0, 0, 1, 1)),
    ((2, 0, 3), (1, 1)), ((0, 2, 3), (1, 1)), ((0, 3), (1, 1)), ((1, 2, 3, 3), (-3, 0, 1, 1)), ((1, 2, 3), (2, -4)),
])  # fmt: skip
def test_modes_at_their_limits(mode, shape, pad):
    compare(lambda t, x: t.nn.functional.pad(x, pad, mode), floats(*shape))


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize("dtype", [np.float16, np.int64, np.complex64, np.bool_])
def test_types_of_modes(mode, dtype):
    compare(lambda t, x: t.nn.functional.pad(x, (1, 1), mode), (floats(1, 2, 3) * 5).astype(dtype), grad_name=True)


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
def test_names_of_gradients(mode):
    compare(lambda t, x: t.nn.functional.pad(x, (1, 1, 1, 1), mode), floats(1, 2, 3, 3), grad_name=True)


def test_types():
    compare(lambda t, x: t.nn.functional.pad(x, (1, 1), value=True), bools(3))
    compare(lambda t, x: t.nn.functional.pad(x, (1, 1), value=0.5), floats(3, dtype=np.float64))
    compare(lambda t, x: t.nn.functional.pad(x, (1, 1)), floats(0))


@pytest.mark.parametrize(
    ("shape", "pad", "mode", "kind", "text"),
    [
        ((2, 3), (1,), "constant", RuntimeError, "Padding length must be divisible by 2"),
        (
            (2, 3),
            (1,) * 6,
            "constant",
            RuntimeError,
            "Padding length should be less than or equal to two times the input "
            "dimension but got padding length 6 and input of dimension 2",
        ),
        (
            (2, 3),
            (-4, 0),
            "constant",
            RuntimeError,
            "pad: padding (-4, 0) must leave a size of at least 0, got input (2, 3).",
        ),
        (
            (2, 3, 4),
            (4, 1),
            "reflect",
            RuntimeError,
            "Padding size should be less than the corresponding input dimension, but "
            "got: padding (4, 1) at dimension 2 of input [2, 3, 4]",
        ),
        ((2, 3, 4), (5, 1), "circular", RuntimeError, "Padding value causes wrapping around more than once."),
        ((2, 3, 4), (1, 1), "mirror", NotImplementedError, "Unrecognised padding mode mirror"),
    ],
)
def test_messages(shape, pad, mode, kind, text):
    compare(lambda t, x: t.nn.functional.pad(x, pad, mode), floats(*shape))
    with pytest.raises(kind) as caught:
        lamina.nn.functional.pad(lamina.ones(*shape), pad, mode)
    assert str(caught.value) == text


def test_wrong_dimensions():
    compare(lambda t, x: t.nn.functional.pad(x, (1, 1), "reflect"), floats(3))
    compare(lambda t, x: t.nn.functional.pad(x, (1, 1), "replicate"), floats(1, 2, 3, 4))
    compare(lambda t, x: t.nn.functional.pad(x, (1, 1), "circular", 1.0), floats(2, 3, 4))
    with pytest.raises(NotImplementedError, match="Padding size 2 is not supported for 1D input tensor."):
        lamina.nn.functional.pad(lamina.ones(3), (1, 1), "reflect")
