"""Unfold and Fold beside PyTorch's."""

from __future__ import annotations

import pytest

from tests.parity import compare_modules, floats


@pytest.mark.parametrize("arguments", [(2,), ((2, 3), 1, (0, 1), 2), (3, 2, 2, (2, 1))])
def test_unfold(arguments):
    compare_modules(lambda nn: nn.Unfold(*arguments), floats(2, 3, 6, 7))
    compare_modules(lambda nn: nn.Unfold(*arguments), floats(3, 6, 7))


def test_fold():
    compare_modules(lambda nn: nn.Fold((4, 5), 2), floats(2, 12, 12))
    compare_modules(lambda nn: nn.Fold((4, 5), (2, 3), 1, (0, 1), (2, 2)), floats(12, 6))
    compare_modules(lambda nn: nn.Fold(6, 2, dilation=2, padding=1, stride=3), floats(1, 4, 4))


def test_there_and_back():
    compare_modules(lambda nn: nn.Sequential(nn.Unfold(2, stride=2), nn.Fold((4, 6), 2, stride=2)), floats(2, 3, 4, 6))
