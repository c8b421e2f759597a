"""Adaptive pooling layers beside PyTorch's."""

from __future__ import annotations

import pytest

from tests.parity import compare_modules, floats

SHAPES = {1: (2, 3, 9), 2: (2, 3, 7, 6), 3: (1, 2, 5, 6, 4)}


@pytest.mark.parametrize("space", [1, 2, 3])
def test_sizes(space):
    sizes = [3, (4,) * space] if space == 1 else [3, (None,) + (2,) * (space - 1)]
    for size in sizes:
        compare_modules(lambda nn: getattr(nn, f"AdaptiveAvgPool{space}d")(size), floats(*SHAPES[space]))  # noqa: B023
        compare_modules(lambda nn: getattr(nn, f"AdaptiveMaxPool{space}d")(size, True), floats(*SHAPES[space]))  # noqa: B023
    compare_modules(lambda nn: getattr(nn, f"AdaptiveMaxPool{space}d")(output_size=2), floats(*SHAPES[space][1:]))
    compare_modules(lambda nn: getattr(nn, f"AdaptiveAvgPool{space}d")(-1), floats(*SHAPES[space]))
