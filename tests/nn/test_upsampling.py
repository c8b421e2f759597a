"""Upsampling layers beside PyTorch's."""

from __future__ import annotations

import pytest

from tests.parity import compare_modules, floats


@pytest.mark.parametrize("options", [
    {"scale_factor": 2}, {"size": (7, 5)}, {"scale_factor": (1.5, 2), "mode": "bilinear"},
    {"scale_factor": 1.7, "mode": "bicubic", "align_corners": True}, {"size": 9, "mode": "area"},
    {"scale_factor": 1.7, "mode": "bilinear", "recompute_scale_factor": True}, {}, {"scale_factor": 0},
    {"size": 3, "scale_factor": 2}, {"scale_factor": [2, 3]},
])  # fmt: skip
def test_upsample(options):
    compare_modules(lambda nn: nn.Upsample(**options), floats(2, 3, 4, 5), rtol=2e-5, atol=5e-6)


def test_by_name():
    compare_modules(lambda nn: nn.UpsamplingNearest2d(scale_factor=2), floats(2, 3, 4, 5))
    compare_modules(lambda nn: nn.UpsamplingBilinear2d((7, 6)), floats(2, 3, 4, 5))
    compare_modules(lambda nn: nn.UpsamplingBilinear2d(scale_factor=2), floats(2, 3, 4))
    compare_modules(lambda nn: nn.Upsample(scale_factor=2, mode="linear"), floats(2, 3, 4))
    compare_modules(lambda nn: nn.Upsample(size=3, mode="trilinear"), floats(1, 2, 2, 2, 2))
