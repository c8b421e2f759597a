"""Grid sampling and affine grids beside PyTorch's."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import lamina
from tests.parity import compare, floats, positives


def grids(*shape: int, dtype=np.float32, reach: float = 2.5) -> np.ndarray:
    return positives(*shape, dtype=dtype, low=-reach, high=reach)


@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
def test_images(mode, padding):
    def call(t, x, grid):
        sample = t.nn.functional.grid_sample
        return [sample(x, grid, mode, padding, align) for align in (False, True)]

    compare(call, floats(2, 3, 5, 7), grids(2, 4, 6, 2), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
def test_volumes(padding):
    def call(t, x, grid):
        sample = t.nn.functional.grid_sample
        return [sample(x, grid, mode, padding, align) for mode in ("bilinear", "nearest") for align in (False, True)]

    compare(call, floats(2, 2, 4, 5, 3), grids(2, 3, 2, 4, 3), rtol=1e-4, atol=2e-5)


def test_borders_centers_and_single_pixels():
    places = np.array([-1.0, -0.5, 0.0, 0.5, 1.0, -3.0, 3.0, 0.75], np.float64)
    grid = np.stack(np.meshgrid(places, places), -1)[None]

    def call(t, x, grid):
        sample = t.nn.functional.grid_sample
        return [sample(x, grid, "bilinear", p, a) for p in ("zeros", "border", "reflection") for a in (False, True)]

    for shape in ((1, 2, 4, 4), (1, 2, 1, 3)):
        compare(call, floats(*shape, dtype=np.float64), grid)


def test_numbers_for_modes():
    compare(lambda t, x, g: t.grid_sampler(x, g, 0, 1, True), floats(1, 2, 3, 4), grids(1, 2, 2, 2))
    compare(lambda t, x, g: t.grid_sampler_2d(x, g, 2, 0, False), floats(1, 2, 3, 4), grids(1, 2, 2, 2), rtol=1e-4)
    compare(lambda t, x, g: t.grid_sampler_3d(x, g, 1, 2, True), floats(1, 1, 3, 4, 2), grids(1, 2, 2, 2, 3))


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_types(dtype):
    x, grid = floats(1, 2, 4, 4).astype(dtype), grids(1, 3, 3, 2, reach=1.0).astype(dtype)
    compare(lambda t, x, g: t.nn.functional.grid_sample(x, g, align_corners=False), x, grid, grad=False, atol=5e-2)


def test_empty():
    for shape, grid in (((0, 3, 4, 5), (0, 6, 7, 2)), ((2, 0, 4, 5), (2, 6, 7, 2)), ((2, 3, 4, 5), (2, 0, 7, 2))):
        compare(lambda t, x, g: t.nn.functional.grid_sample(x, g, align_corners=False), floats(*shape), grids(*grid))


def test_names_of_gradients():
    for shape, grid in (((1, 1, 2, 2), (1, 2, 2, 2)), ((1, 1, 2, 2, 2), (1, 2, 2, 2, 3))):
        compare(
            lambda t, x, g: t.nn.functional.grid_sample(x, g, align_corners=False).grad_fn.name(),
            floats(*shape),
            grids(*grid),
        )


@pytest.mark.parametrize(("shape", "grid", "options"), [
    ((2, 3, 4, 5), (2, 6, 7, 2), {"mode": "linear"}), ((2, 3, 4, 5), (2, 6, 7, 2), {"padding_mode": "ones"}),
    ((2, 3, 4, 5), (1, 6, 7, 2), {}), ((2, 3, 4, 5), (2, 6, 7, 3), {}), ((2, 3, 4, 5), (2, 6, 7, 3, 3), {}),
    ((2, 4, 5), (2, 6, 2), {}), ((2, 3, 4, 5, 6), (2, 6, 7, 3, 3), {"mode": "bicubic"}),
    ((2, 3, 0, 5), (2, 6, 7, 2), {}), ((2, 4, 5), (2, 6, 1), {}),
])  # fmt: skip
def test_errors(shape, grid, options):
    def call(t, x, g):
        return t.nn.functional.grid_sample(x, g, align_corners=False, **options)

    with pytest.raises((RuntimeError, ValueError)):
        call(lamina, lamina.ones(*shape), lamina.ones(*grid))
    compare(call, floats(*shape), grids(*grid))


def test_types_that_pytorch_refuses():
    compare(lambda t, x, g: t.nn.functional.grid_sample(x, g, align_corners=False),
            floats(1, 1, 2, 2), grids(1, 2, 2, 2, dtype=np.float64))  # fmt: skip
    compare(lambda t, x, g: t.nn.functional.grid_sample(x, g, align_corners=False),
            np.ones((1, 1, 2, 2), np.int64), np.ones((1, 2, 2, 2), np.int64))  # fmt: skip


def test_messages():
    F = lamina.nn.functional
    for call, error, text in (
        (lambda: F.grid_sample(lamina.ones(2, 3, 4, 5), lamina.ones(1, 6, 7, 2), align_corners=True), RuntimeError,
         "grid_sampler(): expected grid and input to have same batch size, but got input (2, 3, 4, 5) and grid "
         "(1, 6, 7, 2)"),
        (lambda: F.grid_sample(lamina.ones(1, 1, 2, 2), lamina.ones(1, 2, 2, 2), "cubic"), ValueError,
         "nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: 'cubic'"),
        (lambda: F.affine_grid(lamina.ones(2, 3, 4), (2, 3, 4, 5), False), ValueError,
         "Expected a batch of 2D affine matrices of shape Nx2x3 for size (2, 3, 4, 5). Got lamina.Size([2, 3, 4])."),
        (lambda: F.affine_grid(lamina.ones(2, 2, 3), (2, 3, 0, 5), False), ValueError,
         "Expected non-zero, positive output size. Got (2, 3, 0, 5)"),
    ):  # fmt: skip
        with pytest.raises(error) as caught:
            call()
        assert str(caught.value) == text


def test_unsaid_corners_warn():
    text = (
        "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify "
        "align_corners=True if the old behavior is desired. See the documentation of grid_sample for details."
    )
    F = lamina.nn.functional
    with pytest.warns(UserWarning, match="Default") as caught:
        F.grid_sample(lamina.ones(1, 1, 2, 2), F.affine_grid(lamina.ones(1, 2, 3), (1, 1, 2, 2)))
    assert [(str(w.message), w.filename) for w in caught] == [(text, __file__)] * 2
    with pytest.warns(UserWarning, match="unit-size grids"):
        lamina.nn.functional.affine_grid(lamina.ones(1, 2, 3), (1, 1, 1, 2), True)


@pytest.mark.parametrize("align_corners", [False, True])
def test_affine_grid(align_corners):
    compare(lambda t, a: t.nn.functional.affine_grid(a, (2, 3, 4, 5), align_corners), floats(2, 2, 3))
    compare(lambda t, a: t.nn.functional.affine_grid(a, [2, 3, 4, 5, 3], align_corners), floats(2, 3, 4))
    compare(lambda t, a: t.affine_grid_generator(a, (2, 3, 4, 5), align_corners), floats(2, 2, 3, dtype=np.float64))


@pytest.mark.parametrize(("theta", "size"), [
    ((2, 3, 4), (2, 3, 4, 5)), ((2, 2, 3), (2, 3, 4, 5, 6)), ((2, 2, 3), (2, 3, 4)), ((2, 2, 3), (2, 3, 0, 5)),
    ((2, 2, 3), (2, -3, 4, 5)), ((2, 2, 3), (3, 3, 4, 5)), ((2, 3), (2, 3, 1, 5)), ((0, 2, 3), (0, 3, 4, 5)),
])  # fmt: skip
def test_affine_grids_that_pytorch_refuses(theta, size):
    compare(lambda t, a: t.nn.functional.affine_grid(a, size, False), floats(*theta))
    compare(lambda t, a: t.nn.functional.affine_grid(a, (2, 3, 4, 5), False), np.ones((2, 2, 3), np.int64))
