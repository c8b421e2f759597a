"""Power-average pooling layers and functions beside PyTorch's."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.parity import compare, compare_modules, floats, positives

SHAPES = {1: (2, 3, 9), 2: (2, 3, 7, 6), 3: (1, 2, 5, 6, 4)}


@pytest.mark.parametrize("space", [1, 2, 3])
def test_layers(space):
    for norm, options in ((2, {}), (3.5, {"stride": 1}), (1, {"ceil_mode": True}), (math.inf, {"stride": 3})):
        build = lambda nn: getattr(nn, f"LPPool{space}d")(norm, 2, **options)  # noqa: B023, E731
        compare_modules(build, positives(*SHAPES[space]))
    compare_modules(lambda nn: getattr(nn, f"LPPool{space}d")(2, 3), floats(*SHAPES[space][1:]))


@pytest.mark.parametrize("space", [1, 2, 3])
def test_functions(space):
    def call(t, x):
        pool = getattr(t.nn.functional, f"lp_pool{space}d")
        outputs = [pool(x, norm, 2) for norm in (1, 2, 3, -1, -math.inf)]
        return outputs + [output.grad_fn.name() for output in outputs]

    compare(call, positives(*SHAPES[space]))


def test_zeros_and_signs():
    x = np.array([[0.0, 0.0, -1.0, 2.0, -3.0, -4.0]], np.float32)
    compare(lambda t, x: [t.nn.functional.lp_pool1d(x, norm, 2) for norm in (1, 2, 3)], x)
    compare(lambda t, x: t.nn.functional.lp_pool1d(x, 2, 2), np.arange(8).reshape(1, 8))


@pytest.mark.parametrize(("space", "shape", "arguments"), [
    (1, (2, 3, 8), (0, 2)), (1, (2, 3, 8), (2, (2,))), (1, (8,), (2, 2)), (1, (2, 3, 8), (2, 20)),
    (2, (2, 3, 8, 8), (2, (2, 2, 2))), (2, (2, 3, 8, 8), (2, 0)), (2, (8, 8), (2, 2)), (3, (8, 8, 8), (2, 2)),
    (1, (2, 3, 8), ("2", 2)), (3, (2, 3, 4, 4, 4), (2, 5)),
])  # fmt: skip
def test_errors(space, shape, arguments):
    compare(lambda t, x: getattr(t.nn.functional, f"lp_pool{space}d")(x, *arguments), floats(*shape))
