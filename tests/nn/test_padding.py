"""Padding layers beside PyTorch's."""

from __future__ import annotations

import pytest

import lamina
from lamina import nn
from tests.parity import compare_modules, floats

SHAPES = {1: (2, 3, 4), 2: (2, 3, 4, 5), 3: (1, 2, 3, 4, 3)}
PADDING = {1: (1, 2), 2: (1, 2, 0, 3), 3: (1, 2, 0, 1, 2, 1)}
KINDS = ("ReflectionPad", "ReplicationPad", "CircularPad", "ZeroPad")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("space", [1, 2, 3])
def test_padding(kind, space):
    name = f"{kind}{space}d"
    compare_modules(lambda nn: getattr(nn, name)(PADDING[space]), floats(*SHAPES[space]))
    compare_modules(lambda nn: getattr(nn, name)(1), floats(*SHAPES[space][1:]))


@pytest.mark.parametrize("space", [1, 2, 3])
def test_constant(space):
    compare_modules(lambda nn: getattr(nn, f"ConstantPad{space}d")(PADDING[space], -1.5), floats(*SHAPES[space]))
    compare_modules(lambda nn: getattr(nn, f"ConstantPad{space}d")(2, 3), floats(*SHAPES[space]))


def test_negative_padding_cuts():
    for kind in KINDS:
        compare_modules(lambda nn, kind=kind: getattr(nn, f"{kind}2d")((-1, 1, 2, -1)), floats(*SHAPES[2]))


def test_lists_become_tuples():
    assert nn.ZeroPad2d([1, 0, 0, 1]).padding == (1, 0, 0, 1)
    compare_modules(lambda nn: nn.ConstantPad1d([1, 0], value=2.5), floats(4))


def test_errors():
    for kind in KINDS:
        compare_modules(lambda nn, kind=kind: getattr(nn, f"{kind}2d")(1), floats(4, 5))
        compare_modules(lambda nn, kind=kind: getattr(nn, f"{kind}1d")((1, 1, 1)), floats(2, 3, 4))
        compare_modules(lambda nn, kind=kind: getattr(nn, f"{kind}1d")(9), floats(2, 3, 4))
    compare_modules(lambda nn: nn.ConstantPad2d(1), floats(2, 3, 4))
    with pytest.raises(ValueError) as caught:
        nn.CircularPad2d(1)(lamina.ones(4, 5))
    assert str(caught.value) == "expected 3D or 4D input (got 2D input)"
