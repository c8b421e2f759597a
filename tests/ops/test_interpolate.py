"""Interpolation beside PyTorch's."""

from __future__ import annotations

import random

import ml_dtypes
import numpy as np
import pytest

import lamina
from tests.parity import compare, floats, integers

SHAPES = {1: (2, 3, 7), 2: (2, 2, 6, 7), 3: (1, 2, 3, 4, 5)}
MODES = {
    1: ["nearest", "nearest-exact", "linear", "area"],
    2: ["nearest", "nearest-exact", "bilinear", "bicubic", "area"],
    3: ["nearest", "nearest-exact", "trilinear", "area"],
}
CASES = [(space, mode) for space in MODES for mode in MODES[space]]
SMOOTH = ("linear", "bilinear", "trilinear", "bicubic", "lanczos")


def _draw(seed: str, space: int) -> dict:
    choose = random.Random(seed)
    if choose.random() < 0.5:
        return {"size": choose.choice([choose.randint(1, 15), tuple(choose.randint(1, 15) for _ in range(space))])}
    factors = [choose.choice([0.5, 0.7, 1, 1.3, 2, 2.6, 3]) for _ in range(space)]
    options = {"scale_factor": choose.choice([factors[0], tuple(factors)])}
    if choose.random() < 0.3:
        options["recompute_scale_factor"] = True
    return options


@pytest.mark.parametrize(("space", "mode"), CASES)
def test_sizes_and_factors(space, mode):
    cases = [{"scale_factor": 2}, *(_draw(f"{mode} {space} {k}", space) for k in range(5))]
    for k, options in enumerate(cases):
        if mode in SMOOTH and k % 2:
            options["align_corners"] = True

    def call(t, x):
        return [t.nn.functional.interpolate(x, mode=mode, **options) for options in cases]

    compare(call, floats(*SHAPES[space]), rtol=2e-5, atol=5e-6)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "lanczos"])
def test_antialias(mode):
    cases = [{"size": (3, 2)}, {"size": (2, 11)}, {"scale_factor": 0.4}, {"scale_factor": (1.5, 0.3)}]
    if mode != "lanczos":
        cases += [{**case, "align_corners": True} for case in cases[:3]]

    def call(t, x):
        return [t.nn.functional.interpolate(x, mode=mode, antialias=True, **options) for options in cases]

    compare(call, floats(2, 2, 9, 12), rtol=2e-5, atol=5e-6)
    compare(call, floats(1, 2, 9, 12, dtype=np.float64))


def test_nearest_rounds_as_pytorch():
    pairs = [(n, m) for n in (3, 7, 10, 49) for m in (1, 5, 14, 29, 98)]
    for mode in ("nearest", "nearest-exact"):

        def call(t, x):
            F = t.nn.functional
            sized = [F.interpolate(x[..., :n], m, mode=mode) for n, m in pairs]  # noqa: B023
            return sized + [F.interpolate(x, scale_factor=s, mode=mode) for s in (0.3, 1.1, 1 / 3, 7 / 3)]  # noqa: B023

        compare(call, np.arange(49.0, dtype=np.float32).reshape(1, 1, 49), grad=False)


@pytest.mark.parametrize("dtype", [np.float64, np.float16, ml_dtypes.bfloat16])
def test_types(dtype):
    for space in (1, 2, 3):
        modes = MODES[space]
        compare(
            lambda t, x: [t.nn.functional.interpolate(x, scale_factor=1.6, mode=mode) for mode in modes],  # noqa: B023
            floats(*SHAPES[space]).astype(dtype),
            grad=dtype == np.float64,  # PyTorch's gradients of 16-bit types are rounded at every step
        )


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "bilinear", "bicubic"])
def test_bytes(mode):
    cases = [{"size": (5, 9)}, {"scale_factor": 1.7}, {"size": (14, 3)}]
    if mode in SMOOTH:
        cases += [{"size": (5, 9), "align_corners": True}, {"size": (5, 4), "antialias": True}]

    def call(t, x):
        return [t.nn.functional.interpolate(x, mode=mode, **options) for options in cases]

    compare(call, integers(2, 3, 8, 7, low=0, high=256, dtype=np.uint8))


def test_types_that_pytorch_refuses():
    for dtype in (np.int64, np.bool_, np.complex64):
        for mode in ("nearest", "bilinear", "bicubic", "area"):
            compare(lambda t, x: t.nn.functional.interpolate(x, 3, mode=mode), np.ones((1, 1, 2, 2), dtype))  # noqa: B023
    compare(lambda t, x: t.nn.functional.interpolate(x, 3, mode="linear"), np.ones((1, 1, 2), np.uint8))
    half = floats(1, 1, 4, 4).astype(np.float16)
    compare(lambda t, x: t.nn.functional.interpolate(x, 3, mode="bilinear", antialias=True), half)


def test_infinity_stays_where_it_is():
    x = floats(1, 1, 5, 6)
    x[0, 0, 2, 3], x[0, 0, 0, 0] = np.inf, np.nan
    compare(lambda t, x: t.nn.functional.interpolate(x, scale_factor=2, mode="bilinear"), x, grad=False)
    compare(lambda t, x: t.nn.functional.interpolate(x, scale_factor=2), x)


@pytest.mark.parametrize(("space", "name"), [
    (1, "linear"), (2, "bilinear"), (3, "trilinear"), (2, "bicubic"), (1, "nearest"), (2, "nearest-exact"), (2, "area"),
])  # fmt: skip
def test_names_of_gradients(space, name):
    compare(lambda t, x: t.nn.functional.interpolate(x, 2, mode=name).grad_fn.name(), floats(*SHAPES[space]))


def test_empty_batch():
    compare(lambda t, x: t.nn.functional.interpolate(x, 5, mode="bilinear"), floats(0, 3, 4, 4))


@pytest.mark.parametrize(("shape", "options"), [
    ((2, 3, 5, 6), {}), ((2, 3, 5, 6), {"size": 3, "scale_factor": 2}), ((2, 3, 5, 6), {"size": (3,)}),
    ((2, 3, 5, 6), {"scale_factor": (3.0,)}), ((2, 3, 5, 6), {"size": (3.0, 4.0)}), ((2, 3, 5, 6), {"size": 3.5}),
    ((2, 3, 5, 6), {"size": 3, "recompute_scale_factor": True}), ((4, 4), {"scale_factor": 2}),
    ((1, 1, 1, 1, 4, 4), {"scale_factor": 2}), ((2, 3, 5, 6), {"scale_factor": -1}), ((2, 3, 5, 6), {"size": True}),
    ((2, 3, 5, 6), {"scale_factor": "2"}), ((2, 3, 5, 6), {"size": 3, "align_corners": False}),
    ((2, 3, 5, 6), {"size": 3, "mode": "linear"}), ((2, 3, 5), {"size": 3, "mode": "bilinear"}),
    ((2, 3, 5), {"size": 3, "mode": "bicubic"}), ((2, 3, 5, 6), {"size": 3, "mode": "cubic"}),
    ((2, 3, 5, 6), {"size": 3, "antialias": True}), ((2, 3, 5, 6), {"size": 0}), ((2, 0, 5, 6), {"size": 3}),
    ((2, 3, 0, 6), {"size": 3}), ((2, 3, 5, 6), {"scale_factor": 0.1, "mode": "bilinear"}),
    ((2, 3, 5, 6), {"size": 3, "mode": "lanczos"}),
    ((2, 3, 5, 6), {"size": 3, "mode": "lanczos", "antialias": True, "align_corners": True}),
    ((2, 3, 5), {"size": 3, "mode": "linear", "antialias": True}), ((2, 3, 5, 6), {"scale_factor": 0}),
    ((2, 3, 5, 6), {"scale_factor": 2, "mode": "area", "align_corners": True}),
])  # fmt: skip
def test_errors(shape, options):
    def call(t, x):
        return t.nn.functional.interpolate(x, **options)

    with pytest.raises((RuntimeError, TypeError, ValueError)):
        call(lamina, lamina.ones(*shape))
    compare(call, floats(*shape))


def test_messages():
    F, x = lamina.nn.functional, lamina.ones(2, 3, 5, 6)
    for call, error, text in (
        (lambda: F.interpolate(x), ValueError, "either size or scale_factor should be defined"),
        (lambda: F.interpolate(x, 0), RuntimeError,
         "Input and output sizes should be greater than 0, but got input (H: 5, W: 6) and output (H: 0, W: 0)"),
        (lambda: F.interpolate(x, (3,)), ValueError,
         "Input and output must have the same number of spatial dimensions, but got input with spatial dimensions of "
         "[5, 6] and output size of (3,). Please provide input tensor in (N, C, d1, d2, ...,dK) format and output size "
         "in (o1, o2, ...,oK) format."),
        (lambda: F.interpolate(x, 3, mode="trilinear"), NotImplementedError,
         "Got 4D input, but trilinear mode needs 5D input"),
        (lambda: F.interpolate(x.long(), 3), NotImplementedError,
         "\"interpolate\" (nearest) not implemented for 'Long'"),
    ):  # fmt: skip
        with pytest.raises(error) as caught:
            call()
        assert str(caught.value) == text


@pytest.mark.parametrize("name", ["upsample", "upsample_nearest", "upsample_bilinear"])
def test_older_names_warn(name):
    x = floats(1, 2, 3, 4)
    with pytest.warns(UserWarning, match="deprecated") as caught:
        compare(lambda t, x: getattr(t.nn.functional, name)(x, scale_factor=2), x)
    assert {str(w.message) for w in caught} == {
        f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead."
    }
    assert any(w.filename == __file__ for w in caught)
