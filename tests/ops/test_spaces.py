"""Declaring the forms of an operation by the number of dimensions."""

from __future__ import annotations

import inspect

import pytest

from lamina.ops import TABLE
from lamina.ops.pool import max_pool
from lamina.ops.spaces import described, sizes


def test_each_form_has_its_name_its_arguments_and_its_letters():
    for space, letters in ((1, "L"), (2, "H, W"), (3, "D, H, W")):
        op = TABLE[f"max_pool{space}d_values"]
        assert [p.name for p in op.parameters] == list(inspect.signature(max_pool).parameters)[1:]
        assert f"(N, C, {letters})" in op.function.__doc__
        assert "{" not in op.function.__doc__
        assert op.function.__module__ == "lamina.ops.pool"
    assert TABLE["adaptive_avg_pool1d"].homes == ("lamina", "functional")
    assert TABLE["adaptive_avg_pool2d"].homes == ("functional",)
    assert TABLE["max_pool1d_values"].grad_name == "SqueezeBackward1"
    assert TABLE["max_pool3d_values"].grad_name == "MaxPool3DWithIndicesBackward0"


def test_described():
    assert described("{n}: {axes} -> {new} in {volume}", 2) == "2: H, W -> H', W' in H * W"


def test_sizes():
    assert sizes("f", "size", 3, 2) == sizes("f", "size", (3,), 2) == sizes("f", "size", (3, 3), 2) == (3, 3)
    with pytest.raises(RuntimeError) as caught:
        sizes("f", "size", (3, 3), 3)
    assert str(caught.value) == "f: size must either be a single int, or a tuple of three ints"
