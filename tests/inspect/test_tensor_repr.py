"""How arrays print, against PyTorch: `torch.` becomes `lamina.`, every other character is the same."""

from __future__ import annotations

import itertools

import ml_dtypes
import numpy as np
import pytest
import torch

import lamina
from lamina import inspect
from tests.parity import to_torch

SHAPES = [
    (), (1,), (5,), (12,), (30,), (2, 3), (1, 1), (2, 3, 4), (2, 1, 3, 2), (2, 2, 2, 2, 2),
    (0,), (0, 3), (3, 0, 2), (1001, 0),
    (1000,), (1001,), (40, 40), (7, 200), (6, 180), (3, 2, 500), (11, 11, 11), (1, 1, 1001),
]  # fmt: skip
DTYPES = [
    np.float32, np.float64, np.float16, ml_dtypes.bfloat16, np.complex64, np.complex128,
    np.int64, np.int32, np.int16, np.int8, np.uint8, np.bool_,
]  # fmt: skip
SCALES = [1e-6, 1.0, 1e3, 3e4, 1e9]


@pytest.fixture(autouse=True)
def default_options():
    yield
    torch.set_printoptions(profile="default")
    inspect.set_printoptions(profile="default")


def expected(tensor: torch.Tensor) -> str:
    return repr(tensor).replace("torch.", "lamina.")


def draw(generator: np.random.Generator, shape, dtype, scale: float, kind: str) -> np.ndarray:
    """Numbers of a type: plain, whole, all (negative) zero, or mixed with nan, inf, and -0."""
    values = generator.standard_normal(shape) * scale
    if np.dtype(dtype).kind == "c":
        values = values + 1j * generator.standard_normal(shape) * generator.choice([1, 1e5])
    if kind == "whole":
        values = np.round(values)
    if kind == "zero":
        values = values * 0
    if kind == "mixed" and np.dtype(dtype).kind in "fcV":
        odd = np.array([np.nan, np.inf, -np.inf, -0.0])[generator.integers(0, 4, shape)]
        values = np.where(generator.random(shape) < 0.5, odd, values)
    with np.errstate(over="ignore", invalid="ignore"):
        if np.dtype(dtype).kind in "iu":
            values = np.asarray(values).clip(-1e18, 1e18).astype(np.int64)
        return np.asarray(values).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: np.dtype(dtype).name)
def test_every_type_and_shape(dtype):
    generator = np.random.default_rng(0)
    for shape, scale, kind in itertools.product(SHAPES, SCALES, ["plain", "whole", "zero", "mixed"]):
        array = draw(generator, shape, dtype, scale, kind)
        assert inspect.tensor_repr(array, np.dtype(dtype).name) == expected(to_torch(array))


OPTIONS = [
    {"precision": 2}, {"precision": 6, "linewidth": 120}, {"linewidth": 40}, {"edgeitems": 1}, {"edgeitems": 0},
    {"threshold": 5}, {"threshold": 5, "edgeitems": 2}, {"sci_mode": True}, {"sci_mode": False},
    {"profile": "short"}, {"profile": "full"}, {"profile": "short", "precision": 3},
]  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_options(options):
    generator = np.random.default_rng(1)
    torch.set_printoptions(**options)
    inspect.set_printoptions(**options)
    shapes = [(), (0,), (5,), (30,), (2, 3), (2, 3, 4), (1001,), (6, 180)]
    for shape, scale, dtype in itertools.product(shapes, [1e-6, 1, 1e9], [np.float32, np.int64, np.complex64]):
        array = draw(generator, shape, dtype, scale, "plain")
        assert inspect.tensor_repr(array, np.dtype(dtype).name) == expected(to_torch(array))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_notes_break_lines_where_pytorch_does(dtype):
    generator = np.random.default_rng(2)
    for size in range(24):
        for shape in [(size,), (2, size), (size, 2)]:
            array = draw(generator, shape, dtype, 1.0, "plain")
            leaf = to_torch(array).requires_grad_()
            name = np.dtype(dtype).name
            assert inspect.tensor_repr(array, name, requires_grad=True) == expected(leaf)
            made = leaf + 0
            assert inspect.tensor_repr(array, name, requires_grad=True, grad_name="AddBackward0") == expected(made)


def test_device_is_told_first():
    text = inspect.tensor_repr(np.ones(2), "float64", "cuda:0", grad_name="AddmmBackward0")
    assert text == "tensor([1., 1.], device='cuda:0', dtype=lamina.float64,\n       grad_fn=<AddmmBackward0>)"


def test_the_default_type_need_not_be_told():
    torch.set_default_dtype(torch.float64)
    try:
        for dtype in (np.float32, np.float64, np.complex64, np.complex128, np.int64):
            for shape in [(2,), (0,)]:
                array = np.ones(shape, dtype)
                text = inspect.tensor_repr(array, np.dtype(dtype).name, default_dtype="float64")
                assert text == expected(to_torch(array))
    finally:
        torch.set_default_dtype(torch.float32)


def test_limits_of_integers():
    for dtype in (np.int64, np.int32, np.uint8):
        array = np.array([np.iinfo(dtype).min, 0, np.iinfo(dtype).max], dtype)
        assert inspect.tensor_repr(array, np.dtype(dtype).name) == expected(to_torch(array))


def test_options_are_read_and_given_back():
    before = inspect.get_printoptions()
    assert before == {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80, "sci_mode": None}
    with inspect.printoptions(precision=2, sci_mode=True):
        assert inspect.get_printoptions() == {**before, "precision": 2, "sci_mode": True}
        assert inspect.format_array(np.array([1.0, 0.5])) == "[1.00e+00, 5.00e-01]"
    assert inspect.get_printoptions() == before


def test_an_unknown_profile_is_named():
    with pytest.raises(ValueError) as caught:
        inspect.set_printoptions(profile="long")
    assert str(caught.value) == "set_printoptions: profile must be one of default, short, full, got 'long'."


def test_a_single_number_is_formatted_as_a_number():
    """In an f-string, as in PyTorch; a tensor of a dimension is not."""
    for t in (torch, lamina):
        x = t.tensor(0.5, requires_grad=True)
        assert f"{x} {x:.3f} {t.tensor(3)} {t.tensor(True)}" == "0.5 0.500 3 True"
        assert f"{t.tensor([0.5])}" == "tensor([0.5000])"
    import jax

    assert jax.jit(lambda y: [f"{lamina.tensor(y)}", y][1])(2.0) == 2.0
