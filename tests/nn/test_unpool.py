"""Max unpooling layers beside PyTorch's."""

from __future__ import annotations

import pytest

from tests.parity import compare_modules, floats

SHAPES = {1: (2, 3, 9), 2: (2, 3, 7, 6), 3: (1, 2, 5, 6, 4)}


@pytest.mark.parametrize("space", [1, 2, 3])
def test_after_a_pooling(space):
    for options in ({}, {"stride": 3, "padding": 1}):

        def build(nn):
            return nn.ModuleList([
                getattr(nn, f"MaxPool{space}d")(2, **options, return_indices=True),  # noqa: B023
                getattr(nn, f"MaxUnpool{space}d")(2, **options),  # noqa: B023
            ])  # fmt: skip

        def call(modules, x):
            pool, unpool = modules
            return unpool(*pool(x), output_size=x.shape), unpool(*pool(x), x.shape[2:])

        compare_modules(build, floats(*SHAPES[space]), call=call)


def test_the_default_size():
    build = lambda nn: nn.ModuleList([nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)])  # noqa: E731
    compare_modules(build, floats(2, 3, 6, 4), call=lambda modules, x: modules[1](*modules[0](x)))


def test_sizes_one_by_one():
    build = lambda nn: nn.MaxUnpool2d((3, 2), stride=[2, 1], padding=(1, 0))  # noqa: E731
    compare_modules(build, floats(1, 1, 2, 2), floats(1, 1, 2, 2), call=lambda m, x, y: m(x, (y * 0).long()).sum())
