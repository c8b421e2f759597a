"""Max unpooling beside PyTorch's."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import lamina
from tests.parity import compare, floats, integers

SHAPES = {1: (2, 3, 9), 2: (2, 3, 7, 6), 3: (1, 2, 5, 6, 4)}


@pytest.mark.parametrize("space", [1, 2, 3])
@pytest.mark.parametrize("options", [{}, {"stride": 1}, {"stride": 2, "padding": 1}])
def test_back_where_it_came_from(space, options):
    def call(t, x):
        F = t.nn.functional
        value, place = getattr(F, f"max_pool{space}d")(x, 3, **options, return_indices=True)
        return getattr(F, f"max_unpool{space}d")(value, place, 3, **options, output_size=x.shape)

    # Windows that overlap find a value twice, and here all of them are different.
    compare(call, floats(*SHAPES[space]))
    compare(call, floats(*SHAPES[space][1:]))


def test_sizes():
    x, places = floats(2, 3, 4, 4), integers(2, 3, 4, 4, low=0, high=20)
    for row in places.reshape(-1, 16):  # no place twice: PyTorch writes one after another
        row[:] = np.random.default_rng(0).permutation(20)[:16]
    for size in (None, (9, 9), [8, 7], (2, 3, 9, 7), (10, 9), (6, 8), (9,), (9, 9, 9)):
        compare(lambda t, x, i: t.nn.functional.max_unpool2d(x, i, 2, output_size=size), x, places)  # noqa: B023
    compare(lambda t, x, i: t.nn.functional.max_unpool2d(x, i, (3, 2), (2, 3), (1, 0)), x, places)
    compare(lambda t, x, i: t.nn.functional.max_unpool2d(x, i, 2, padding=5), x, places)


def test_a_place_named_twice_gives_each_its_gradient():
    places = np.array([[[1, 1, 1, 3]]])
    x = lamina.tensor([[[5.0, 5.0, 5.0, 2.0]]], requires_grad=True)
    output = lamina.nn.functional.max_unpool1d(x, lamina.tensor(places), 2)
    assert output.tolist() == [[[0, 5, 0, 2, 0, 0, 0, 0]]]
    output.backward(lamina.arange(8.0).reshape(1, 1, 8))
    assert x.grad.tolist() == [[[1, 1, 1, 3]]]


def test_names_of_gradients():
    for space in (1, 2, 3):
        shape = (2, 3, *(2,) * space)
        compare(lambda t, x, i: getattr(t.nn.functional, f"max_unpool{space}d")(x, i, 2).grad_fn.name(),  # noqa: B023
                floats(*shape), integers(*shape, low=0, high=1))  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float64, np.float16, ml_dtypes.bfloat16, np.int64, np.bool_])
def test_types(dtype):
    places = np.broadcast_to(np.arange(16).reshape(4, 4) * 3, (2, 3, 4, 4)).copy()
    compare(lambda t, x, i: t.nn.functional.max_unpool2d(x, i, 2), (floats(2, 3, 4, 4) * 4).astype(dtype), places)


@pytest.mark.parametrize(("space", "shape", "places", "arguments"), [
    (2, (2, 3, 4, 4), (2, 3, 4, 3), (2,)), (2, (4, 4), (4, 4), (2,)), (1, (4,), (4,), (2,)),
    (2, (1, 1, 1, 4, 4), (1, 1, 1, 4, 4), (2,)), (3, (4, 4, 4), (4, 4, 4), (2,)), (2, (2, 0, 4, 4), (2, 0, 4, 4), (2,)),
    (2, (2, 3, 4, 4), (2, 3, 4, 4), ((2,),)), (3, (1, 1, 2, 2, 2), (1, 1, 2, 2, 2), (2, 0)),
    (2, (0, 3, 4, 4), (0, 3, 4, 4), (2,)),
])  # fmt: skip
def test_shapes_that_pytorch_refuses(space, shape, places, arguments):
    compare(lambda t, x, i: getattr(t.nn.functional, f"max_unpool{space}d")(x, i, *arguments),
            floats(*shape), integers(*places, low=0, high=1))  # fmt: skip


def test_messages():
    unpool, x = lamina.nn.functional.max_unpool2d, lamina.ones(1, 1, 2, 2)
    places = lamina.zeros(1, 1, 2, 2, dtype=lamina.int64)
    for call, error, text in (
        (lambda: unpool(x, places.int(), 2), RuntimeError,
         "max_unpool2d: elements in indices should be type int64 but got: Int"),
        (lambda: unpool(x, places[..., :1], 2), RuntimeError,
         "max_unpool2d: Expected shape of indices to be same as that of the input tensor ([1, 1, 2, 2]) but got "
         "indices tensor with shape: [1, 1, 2, 1]"),
        (lambda: unpool(x, lamina.tensor([[[[0, 16], [1, 2]]]]), 2), RuntimeError,
         "Found an invalid max index: 16 (output volumes are of size 4x4)"),
        (lambda: unpool(x, places, 2, output_size=(6, 4)), ValueError,
         'invalid output_size "(6, 4)" (dim 0 must be between 2 and 6)'),
        (lambda: unpool(x, places, 2, output_size=(4,)), ValueError,
         "output_size should be a sequence containing 2 or 4 elements, but it has a length of '1'"),
        (lambda: unpool(x, places, 2, padding=3), ValueError,
         "max_unpooling: output_size must contain non-negative spatial dimensions, but got output_size[0]=-2"),
    ):  # fmt: skip
        with pytest.raises(error) as caught:
            call()
        assert str(caught.value) == text
