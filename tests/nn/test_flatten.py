"""Flatten and Unflatten beside PyTorch's."""

from __future__ import annotations

import pytest

from lamina import nn
from tests.parity import compare, compare_modules, floats


@pytest.mark.parametrize(("start", "end"), [(1, -1), (0, -1), (1, 2), (2, 2), (-2, -1)])
def test_flatten(start, end):
    compare_modules(lambda nn: nn.Flatten(start, end), floats(2, 3, 4, 5))


@pytest.mark.parametrize(("dim", "sizes"), [(1, (2, 3)), (-1, [2, 2]), (1, (2, -1)), (1, (6, 1))])
def test_unflatten(dim, sizes):
    compare_modules(lambda nn: nn.Unflatten(dim, sizes), floats(2, 6, 4))


def test_errors():
    compare(lambda t, x: t.nn.Unflatten(1, (4, 2))(x), floats(2, 6))
    compare(lambda t, x: t.nn.Flatten(3)(x), floats(2, 6))
    for sizes, text in (
        (6, "unflattened_size must be a tuple of ints, but found type int"),
        ((2, 3.0), "unflattened_size must be tuple of ints, but found element of type float at pos 1"),
    ):
        compare(lambda t, sizes=sizes: t.nn.Unflatten(1, sizes))
        with pytest.raises(TypeError) as caught:
            nn.Unflatten(1, sizes)
        assert str(caught.value) == text
