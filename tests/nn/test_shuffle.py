"""Shuffling layers beside PyTorch's."""

from __future__ import annotations

from tests.parity import compare_modules, floats


def test_shuffles():
    compare_modules(lambda nn: nn.PixelShuffle(2), floats(2, 8, 3, 4))
    compare_modules(lambda nn: nn.PixelUnshuffle(2), floats(3, 4, 6))
    compare_modules(lambda nn: nn.ChannelShuffle(3), floats(2, 6, 3))
    compare_modules(lambda nn: nn.PixelShuffle(3), floats(2, 8, 3, 4))
