"""Adaptive pooling beside PyTorch's."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import lamina
from tests.parity import compare, floats, integers

SHAPES = {1: (2, 3, 13), 2: (2, 2, 9, 8), 3: (1, 2, 6, 7, 5)}
SIZES = {
    1: [1, 5, 13, 17, (4,)],
    2: [1, 3, (4, 2), (None, 5), (11, None), (9, 8)],
    3: [1, 2, (3, 7, 4), (None, 3, None), (4, 9, 1)],
}


@pytest.mark.parametrize("space", [1, 2, 3])
def test_adaptive_avg_pool(space):
    def call(t, x):
        pool = getattr(t.nn.functional, f"adaptive_avg_pool{space}d")
        return [pool(x, size) for size in SIZES[space]]

    compare(call, floats(*SHAPES[space]))


@pytest.mark.parametrize("space", [1, 2, 3])
def test_adaptive_max_pool(space):
    def call(t, x):
        pool = getattr(t.nn.functional, f"adaptive_max_pool{space}d")
        return [pool(x, size, return_indices=True) for size in SIZES[space]] + [pool(x, 2)]

    # Few different values: windows full of ties, whose gradient goes to the first.
    compare(call, integers(*SHAPES[space], low=0, high=3, dtype=np.float32))
    compare(call, floats(*SHAPES[space]))


def test_long_windows():
    sizes = (3, 7, 33)
    compare(lambda t, x: [t.nn.functional.adaptive_avg_pool1d(x, size) for size in sizes], floats(2, 2, 100))
    ties = integers(2, 2, 100, low=0, high=9, dtype=np.float32)
    compare(lambda t, x: [t.nn.functional.adaptive_max_pool1d(x, size, True) for size in sizes], ties)


def test_public_names():
    compare(lambda t, x: (t.adaptive_avg_pool1d(x, 3), t.adaptive_max_pool1d(x, 3)), floats(2, 3, 8))
    compare(lambda t, x: t.nn.functional.adaptive_max_pool1d_with_indices(x, 2), floats(2, 3, 8))
    compare(lambda t, x: t.nn.functional.adaptive_max_pool2d_with_indices(x, 2), floats(2, 3, 8))
    compare(lambda t, x: t.nn.functional.adaptive_max_pool3d_with_indices(x, 2), floats(1, 2, 3, 8))


@pytest.mark.parametrize("space", [1, 2, 3])
def test_names_of_gradients(space):
    def call(t, x):
        pools = [getattr(t.nn.functional, f"adaptive_{kind}_pool{space}d") for kind in ("avg", "max")]
        return [pool(x, size).grad_fn.name() for pool in pools for size in (1, 3)]

    compare(call, floats(*SHAPES[space]))


def test_unbatched_and_empty():
    compare(lambda t, x: t.nn.functional.adaptive_avg_pool2d(x, 3), floats(3, 8, 7))
    compare(lambda t, x: t.nn.functional.adaptive_max_pool2d(x, 3, True), floats(3, 8, 7))
    # PyTorch has no gradient for these.
    for shape, size in (((0, 3, 8, 7), 3), ((2, 0, 8, 7), 3), ((2, 3, 0, 7), 3), ((2, 3, 8, 7), (0, 3))):
        compare(lambda t, x: t.nn.functional.adaptive_avg_pool2d(x, size), floats(*shape), grad=False)  # noqa: B023
        compare(lambda t, x: t.nn.functional.adaptive_max_pool2d(x, size, True), floats(*shape), grad=False)  # noqa: B023


def test_not_a_number_and_infinity():
    x = floats(1, 1, 7, 8)
    x[0, 0, 1, 2] = x[0, 0, 1, 3] = x[0, 0, 5, 5] = np.nan
    x[0, 0, 3:, :2] = -np.inf
    compare(lambda t, x: t.nn.functional.adaptive_max_pool2d(x, 3, True), x)
    compare(lambda t, x: t.nn.functional.adaptive_avg_pool2d(x, 3), x, grad=False)
    compare(lambda t, x: t.nn.functional.adaptive_avg_pool2d(x, (14, 16)), x, grad=False)


@pytest.mark.parametrize("dtype", [np.float64, np.float16, ml_dtypes.bfloat16, np.int64, np.bool_])
def test_types(dtype):
    x = (floats(2, 3, 7, 6) * 4).astype(dtype)
    compare(lambda t, x: t.nn.functional.adaptive_avg_pool2d(x, (3, 4)), x)
    compare(lambda t, x: t.nn.functional.adaptive_max_pool2d(x, (3, 4), True), x)


@pytest.mark.parametrize("kind", ["avg", "max"])
@pytest.mark.parametrize(("space", "shape", "size"), [
    (1, (2, 3, 8), None), (1, (2, 3, 8), (None,)), (1, (2, 3, 8), (3, 3)), (1, (2, 3, 8), -1), (1, (8,), 3),
    (1, (1, 2, 3, 8), 3), (1, (2, 3, 8), 2.5), (2, (2, 3, 8, 8), None), (2, (2, 3, 8, 8), (3,)), (2, (2, 3, 8, 8), -1),
    (2, (8, 8), 3), (2, (8, 8), (3, 3)), (2, (2, 3, 8, 8), (3, 3, 3)), (2, (1, 1, 1, 8, 8), 3), (3, (2, 3, 8, 8, 0), 3),
    (3, (2, 0, 8, 8, 8), 3), (3, (2, 3, 8, 8, 8), (3, 3)), (3, (8, 8, 8), (2, 2, 2)),
])  # fmt: skip
def test_errors(kind, space, shape, size):
    def call(t, x):
        return getattr(t.nn.functional, f"adaptive_{kind}_pool{space}d")(x, size)

    with pytest.raises((RuntimeError, TypeError, ValueError)):
        call(lamina, lamina.ones(*shape))
    compare(call, floats(*shape))


def test_messages():
    pool, x = lamina.nn.functional.adaptive_avg_pool2d, lamina.ones(2, 3, 8, 8)
    for call, text in (
        (lambda: pool(x, (3, -1)), "adaptive_avg_pool2d: elements of output_size must be greater than or equal to 0 "
                                   "but received (3, -1)"),
        (lambda: pool(x, (3,)), "adaptive_avg_pool2d: output_size must be 2 sizes or one for all, got (3,)."),
        (lambda: pool(x[0, 0], 3), "adaptive_avg_pool2d: Expected 3D or 4D tensor, but got [8, 8]"),
        (lambda: pool(x[:, :, :0], 3), "adaptive_avg_pool2d: Expected input to have non-zero size for non-batch "
                                       "dimensions, but input has sizes [2, 3, 0, 8] with dimension 2 being empty"),
    ):  # fmt: skip
        with pytest.raises(RuntimeError) as caught:
            call()
        assert str(caught.value) == text
