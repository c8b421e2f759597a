"""Fractional max pooling beside PyTorch's, with the same random numbers."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import lamina
from tests.parity import compare, floats, integers, positives

SHAPES = {2: (2, 3, 9, 8), 3: (2, 2, 7, 8, 6)}


def samples(space, n=2, c=3, dtype=np.float32, seed=0):
    return positives(n, c, space, low=0.0, high=1.0, dtype=dtype, seed=seed)


CASES = {
    2: [(2, 4), ((3, 2), (5, 1)), (1, (6, 8)), ((5, 3), 5), (9, 1), ((2, 8), (8, 1))],
    3: [(2, 3), ((3, 1, 2), (2, 5, 4)), (4, (1, 4, 2))],
}


@pytest.mark.parametrize("space", [2, 3])
def test_values_places_and_gradients(space):
    def call(t, x, u):
        pool, u = getattr(t.nn.functional, f"fractional_max_pool{space}d"), u.detach()
        return [pool(x, *case, return_indices=True, _random_samples=u) for case in CASES[space]]

    shape = SHAPES[space]
    for x in (floats(*shape), integers(*shape[1:], low=0, high=3, dtype=np.float32)):
        compare(call, x, samples(space, c=shape[1]))


def test_ratios():
    def call(t, x, u):
        F, u = t.nn.functional, u.detach()
        outputs = [F.fractional_max_pool2d(x, 2, None, r, False, u) for r in ((0.5, 0.7), (0.3, 0.99), [0.5, 0.6])]
        return *outputs, F.fractional_max_pool2d_with_indices(x, 2, (3, 4), _random_samples=u)

    compare(call, floats(2, 3, 11, 9), samples(2, seed=1))

    def call3(t, x, u):
        F, u = t.nn.functional, u.detach()
        output = F.fractional_max_pool3d(x, 2, None, (0.5, 0.7, 0.6), False, u)
        return output, F.fractional_max_pool3d_with_indices(x, 2, 3, _random_samples=u)

    compare(call3, floats(2, 3, 6, 7, 8), samples(3, seed=1))


def test_random_numbers_of_its_own():
    lamina.manual_seed(1)
    x = lamina.arange(64.0).reshape(1, 1, 8, 8)
    found = {tuple(lamina.nn.functional.fractional_max_pool2d(x, 2, 5).flatten().tolist()) for _ in range(8)}
    assert len(found) > 1
    value, place = lamina.nn.functional.fractional_max_pool2d(x, 2, 5, return_indices=True)
    assert value.tolist() == place.tolist()
    assert lamina.nn.functional.fractional_max_pool3d(lamina.ones(1, 4, 8, 8), 1, (1, 3, 3)).shape == (1, 1, 3, 3)


def test_not_a_number():
    x = floats(1, 1, 8, 8)
    x[0, 0, 2, 3] = x[0, 0, 5, 5] = np.nan
    x[0, 0, :2] = -np.inf
    compare(lambda t, x, u: t.nn.functional.fractional_max_pool2d(x, 3, 4, None, True, u.detach()), x, samples(2, 1, 1))


@pytest.mark.parametrize("dtype", [np.float64, np.float16, ml_dtypes.bfloat16])
def test_types(dtype):
    x = floats(2, 3, 8, 7).astype(dtype)
    if dtype != np.float64:
        u = np.full((2, 3, 2), 0.5, dtype)
    else:
        u = samples(2, dtype=dtype)
    compare(lambda t, x, u: t.nn.functional.fractional_max_pool2d(x, 2, 4, None, True, u.detach()), x, u)


@pytest.mark.parametrize(("space", "shape", "arguments", "u"), [
    (2, (2, 3, 8, 9), (2,), None), (2, (2, 3, 8, 9), (4, 6), None), (2, (8, 9), (2, 3), None),
    (2, (1, 1, 1, 8, 9), (2, 3), (1, 1, 2)), (2, (2, 3, 8, 9), ((2, 2, 2), 3), None),
    (2, (2, 3, 8, 9), (2, (3, 3, 3)), None), (2, (2, 0, 8, 9), (2, 3), None), (2, (2, 3, 8, 9), (2, 3), (1, 3, 2)),
    (2, (2, 3, 8, 9), (2, 3), (2, 2, 2)), (2, (2, 3, 8, 9), (2, 3), (2, 3, 3)), (2, (2, 3, 8, 9), (2, 3), (2, 3)),
    (2, (2, 3, 8, 9), (2, None, (0.5, 0.5, 0.5)), None), (2, (2, 3, 8, 9), (2, None, 0.5), None),
    (3, (2, 3, 8, 9, 7), (2, (7, 3, 3)), None), (3, (2, 3, 8, 9, 7), (2, (3, 3)), None), (3, (8, 9, 7), (2, 3), None),
    (3, (2, 3, 8, 9, 7), (2, None, (0.5, 0.6)), None), (3, (2, 3, 8, 9, 7), (2,), None),
    (2, (2, 3, 8, 9), (2, 3), (4, 3, 2)),
])  # fmt: skip
def test_what_pytorch_refuses(space, shape, arguments, u):
    def call(t, x, u):
        pool = getattr(t.nn.functional, f"fractional_max_pool{space}d")
        return pool(x, *arguments, _random_samples=u.detach()).shape

    compare(call, floats(*shape), None if u is None else positives(*u, high=1.0))


def test_messages():
    pool, x = lamina.nn.functional.fractional_max_pool2d, lamina.ones(2, 3, 8, 9)
    for call, text in (
        (lambda: pool(x, 4, 6), "fractional_max_pool2d: kernel_size 4 and output_size 6 are too large for 8 elements "
                                "along H"),
        (lambda: pool(x, 2, 3, _random_samples=lamina.ones(2, 3, 3)),
         "Expect _random_samples to be (*, 3, 2) to go with input (2, 3, 8, 9), got (2, 3, 3)."),
        (lambda: pool(x, 2, 3, _random_samples=lamina.ones(2, 3, 2, dtype=lamina.float64)),
         "Expect _random_samples to have the same dtype as input"),
        (lambda: pool(x, 0, 3), "fractional_max_pool2d: kernel_size must be greater than zero, but got (0, 0)"),
    ):  # fmt: skip
        with pytest.raises(RuntimeError) as caught:
            call()
        assert str(caught.value) == text
