"""Pooling layers beside PyTorch's."""

from __future__ import annotations

import pytest

from tests.parity import compare_modules, floats

SHAPES = {"1": (2, 3, 9), "2": (2, 3, 7, 6), "3": (1, 2, 5, 6, 4)}


@pytest.mark.parametrize("space", ["1", "2", "3"])
@pytest.mark.parametrize("options", [
    {}, {"stride": 1}, {"padding": 1, "stride": 3}, {"dilation": 2}, {"return_indices": True}, {"ceil_mode": True},
])  # fmt: skip
def test_max_pool(space, options):
    compare_modules(lambda nn: getattr(nn, f"MaxPool{space}d")(2, **options), floats(*SHAPES[space]))


@pytest.mark.parametrize("space", ["1", "2", "3"])
@pytest.mark.parametrize("options", [
    {}, {"stride": 1}, {"padding": 1, "count_include_pad": False}, {"ceil_mode": True, "padding": 1},
])  # fmt: skip
def test_avg_pool(space, options):
    compare_modules(lambda nn: getattr(nn, f"AvgPool{space}d")(3, **options), floats(*SHAPES[space]))


def test_sizes_one_by_one():
    compare_modules(lambda nn: nn.MaxPool2d((3, 2), stride=(2, 1), padding=(1, 0)), floats(2, 3, 7, 6))
    compare_modules(lambda nn: nn.AvgPool2d((3, 2), stride=(2, 1), divisor_override=3), floats(2, 3, 7, 6))
    compare_modules(lambda nn: nn.AvgPool1d((3,), (2,)), floats(3, 9))
    compare_modules(lambda nn: nn.AvgPool3d((1, 2, 3)), floats(2, 3, 4, 5))
