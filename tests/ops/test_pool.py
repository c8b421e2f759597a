"""Pooling beside PyTorch's."""

from __future__ import annotations

import random

import ml_dtypes
import numpy as np
import pytest

import lamina
from tests.parity import compare, floats, integers

SHAPES = {1: (2, 3, 13), 2: (2, 2, 9, 8), 3: (1, 2, 6, 7, 5)}


def _draw(seed: int, space: int, dilated: bool) -> dict:
    choose = random.Random(f"{seed} {space} {dilated}")
    kernel = [choose.choice([1, 2, 3, 4]) for _ in range(space)]
    options = {
        "kernel_size": choose.choice([kernel[0], tuple(kernel)]) if space > 1 else kernel[0],
        "stride": choose.choice([None, 1, 2, 3]),
        "padding": choose.choice([0, min(kernel) // 2]),
        "ceil_mode": choose.random() < 0.5,
    }
    if dilated:
        options["dilation"] = choose.choice([1, 1, 2])
    else:
        options["count_include_pad"] = choose.random() < 0.5
        if space > 1:
            options["divisor_override"] = choose.choice([None, None, 5])
    return options


@pytest.mark.parametrize("space", [1, 2, 3])
@pytest.mark.parametrize("seed", range(6))
def test_max_pool(space, seed):
    options = _draw(seed, space, True)
    compare(lambda t, x: getattr(t.nn.functional, f"max_pool{space}d")(x, **options), floats(*SHAPES[space], seed=seed))
    # Few different values: windows full of ties, whose gradient goes to the first.
    ties = integers(*SHAPES[space], low=0, high=3, dtype=np.float32, seed=seed)
    compare(lambda t, x: getattr(t.nn.functional, f"max_pool{space}d")(x, **options, return_indices=True), ties)


@pytest.mark.parametrize("space", [1, 2, 3])
@pytest.mark.parametrize("seed", range(6))
def test_avg_pool(space, seed):
    options = _draw(seed, space, False)
    compare(lambda t, x: getattr(t.nn.functional, f"avg_pool{space}d")(x, **options), floats(*SHAPES[space], seed=seed))


@pytest.mark.parametrize("kernel", [5, 8, 12, 40])
@pytest.mark.parametrize("stride", [1, 3, None])
def test_long_windows(kernel, stride):
    ties = integers(2, 2, 40, low=0, high=5, dtype=np.float32)
    compare(lambda t, x: t.max_pool1d(x, kernel, stride), floats(2, 2, 40))
    compare(lambda t, x: t.nn.functional.max_pool1d(x, kernel, stride, kernel // 2, return_indices=True), ties)
    compare(lambda t, x: t.avg_pool1d(x, kernel, stride), floats(2, 2, 40))
    compare(lambda t, x: t.avg_pool1d(x, kernel, stride, kernel // 2, True, False), floats(2, 2, 40))
    if kernel <= 12:
        compare(lambda t, x: t.nn.functional.max_pool1d(x, kernel, stride, 0, 3), floats(2, 2, 40))


@pytest.mark.parametrize("name", ["max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d"])
def test_names_of_gradients(name):
    compare(lambda t, x: getattr(t.nn.functional, name)(x, 2).grad_fn.name(), floats(*SHAPES[int(name[-2])]))


def test_unbatched_and_empty():
    compare(lambda t, x: t.nn.functional.max_pool2d(x, 2, return_indices=True), floats(3, 6, 6))
    compare(lambda t, x: t.nn.functional.avg_pool3d(x, 2), floats(2, 4, 4, 4))
    compare(lambda t, x: t.nn.functional.max_pool2d(x, 2), floats(0, 3, 6, 6))
    compare(lambda t, x: t.nn.functional.avg_pool2d(x, 2), floats(0, 3, 6, 6))


def test_not_a_number_and_infinity():
    x = floats(1, 1, 6, 6)
    x[0, 0, 1, 2] = x[0, 0, 3, 3] = np.nan
    x[0, 0, 4:, :2] = -np.inf
    compare(lambda t, x: t.nn.functional.max_pool2d(x, 2, return_indices=True), x)
    compare(lambda t, x: t.nn.functional.max_pool2d(x, 3, 1), x, grad=False)
    lowest = np.full((1, 1, 4, 4), -np.inf, np.float32)
    compare(lambda t, x: t.nn.functional.max_pool2d(x, 3, 2, 1, return_indices=True), lowest, grad=False)


@pytest.mark.parametrize("dtype", [np.float64, np.float16, ml_dtypes.bfloat16, np.int64, np.int32, np.uint8, np.bool_])
def test_types(dtype):
    x = (floats(2, 3, 6, 6) * 8).astype(dtype)
    compare(lambda t, x: t.nn.functional.max_pool2d(x, 3, 2), x)
    compare(lambda t, x: t.nn.functional.avg_pool2d(x, 3, 2), x)


@pytest.mark.parametrize(("name", "shape", "arguments"), [
    ("max_pool2d", (2, 3, 8, 8), (3, None, 2)), ("max_pool2d", (2, 3, 2, 2), (3,)), ("max_pool2d", (8, 8), (3,)),
    ("max_pool2d", (2, 3, 8, 8), (0,)), ("max_pool2d", (2, 3, 8, 8), (2, 0)), ("max_pool2d", (2, 3, 8, 8), (2, 2, -1)),
    ("max_pool2d", (2, 3, 8, 8), ((2, 2, 2),)), ("max_pool2d", (2, 0, 8, 8), (2,)), ("max_pool1d", (2, 3, 8), (10,)),
    ("max_pool1d", (8,), (3,)), ("max_pool1d", (2, 3, 8), (3, None, 2)), ("max_pool3d", (8, 8, 8), (3,)),
    ("avg_pool2d", (2, 3, 8, 8), (3, None, 2)), ("avg_pool2d", (2, 3, 2, 2), (3,)), ("avg_pool1d", (2, 3, 8), (10,)),
    ("avg_pool2d", (2, 3, 8, 8), (2, None, 0, False, True, 0)), ("avg_pool1d", (8,), (2,)),
    ("avg_pool2d", (2, 3, 0, 8), (2,)),
])  # fmt: skip
def test_errors(name, shape, arguments):
    def call(t, x):
        return getattr(t.nn.functional, name)(x, *arguments)

    with pytest.raises(RuntimeError):
        call(lamina, lamina.ones(*shape))
    compare(call, floats(*shape))


def test_messages():
    pool, x = lamina.nn.functional.max_pool2d, lamina.ones(2, 3, 8, 8)
    for call, text in (
        (
            lambda: pool(x, 3, padding=2),
            "pad should be at most half of effective kernel size, but got pad=2, kernel_size=3 and dilation=1",
        ),
        (lambda: pool(x, 9), "Given input size: (3x8x8). Calculated output size: (3x0x0). Output size is too small"),
        (lambda: pool(x, (2, 2, 2)), "max_pool2d: kernel_size must either be a single int, or a tuple of two ints"),
        (
            lambda: pool(x[0, 0], 2),
            "max_pool2d: Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for "
            "input, but got:[8, 8]",
        ),
        (lambda: pool(x, 2, 0), "max_pool2d() stride must be greater than zero, but got 0"),
    ):
        with pytest.raises(RuntimeError) as caught:
            call()
        assert str(caught.value) == text


def test_names_with_indices():
    compare(lambda t, x: t.nn.functional.max_pool1d_with_indices(x, 2), floats(2, 3, 8))
    compare(lambda t, x: t.nn.functional.max_pool2d_with_indices(x, 2), floats(2, 3, 8, 6))
    compare(lambda t, x: t.nn.functional.max_pool3d_with_indices(x, 2), floats(1, 2, 4, 6, 4))
