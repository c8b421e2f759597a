"""Sorting, the places of extremes, running results and places in sorted sequences against PyTorch's."""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np
import pytest
import torch

import lamina
from lamina.ops import search
from lamina.ops.op import TABLE
from tests.parity import bools, compare, floats, integers

INF, NAN = math.inf, math.nan
SPECIAL = np.array([[NAN, 1, 2, -2], [0, -0.0, 0, 0], [INF, 1, -INF, 3], [1, 1, 2, 0], [3, NAN, NAN, -1]], np.float32)
NEGATIVE_NAN = np.array([3, -np.float32(NAN), 1, NAN, -INF, INF, -2], np.float32)
DTYPES = [np.uint8, np.int8, np.int32, np.int64, np.float16, ml_dtypes.bfloat16, np.float32, np.float64]


def distinct(dtype, *shape, seed=0):
    """Numbers in random order, no two equal, so that every index is determined."""
    order = np.random.default_rng(seed).permutation(math.prod(shape)).reshape(shape)
    return (order - (0 if dtype == np.uint8 else 4)).astype(dtype)


# Where the extremes are


@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_places_of_extremes(name):
    def places(t, x):
        function = getattr(t, name)
        return function(x), function(x, 0), function(x, -1, True), function(x, keepdim=True), function(x[0, 0])

    for dtype in (np.float32, np.int64, np.uint8, ml_dtypes.bfloat16):
        compare(places, distinct(dtype, 3, 4), grad=False)
    compare(lambda t, x: (getattr(t, name)(x, 1), getattr(t, name)(x)), SPECIAL, grad=False)


@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_places_of_extremes_errors(name):
    compare(lambda t, x: getattr(t, name)(x), bools(3))
    compare(lambda t, x: getattr(t, name)(x, 2), floats(3, 4))
    compare(lambda t, x: getattr(t, name)(x), floats(0))
    compare(lambda t, x: getattr(t, name)(x, 1), floats(0, 3), grad=False)
    with pytest.raises(IndexError) as caught:
        getattr(lamina, name)(lamina.zeros(0, 3), 0)
    assert str(caught.value) == f"{name}(): Expected reduction dim 0 to have non-zero size."


# Sorting


@pytest.mark.parametrize("dtype", DTYPES)
def test_sort_of_every_type(dtype):
    def sort_both_ways(t, x):
        down = t.sort(x, dim=0, descending=True)
        return tuple(t.sort(x)), tuple(down), t.argsort(x), t.argsort(x, 0, True), t.msort(x), tuple(t.topk(x, 2, 0))

    compare(sort_both_ways, distinct(dtype, 3, 4), grad=False)


@pytest.mark.parametrize("descending", [False, True])
def test_stable_sort_of_special_values(descending):
    for dtype in (np.float16, np.float32, np.float64):
        for dim in (0, 1):
            compare(
                lambda t, x, dim=dim: tuple(t.sort(x, dim=dim, descending=descending, stable=True)),
                SPECIAL.astype(dtype),
                grad=False,
            )
    compare(lambda t, x: tuple(t.sort(x, stable=True, descending=descending)), NEGATIVE_NAN, grad=False)
    compare(lambda t, x: tuple(t.sort(x, stable=True, descending=descending, dim=0)), bools(9))


def test_gradient_of_sorting():
    x = floats(3, 5)
    compare(lambda t, x: (t.sort(x).values, x.sort(0, True)[0], t.msort(x)), x)
    compare(lambda t, x: (t.topk(x, 2).values, x.topk(2, 0, False)[0]), x)
    compare(lambda t, x: (t.kthvalue(x, 2).values, x.kthvalue(1, 0, True)[0]), x)
    compare(lambda t, x: (t.sort(x).values * t.sort(x).indices).sum(), x)


@pytest.mark.parametrize("shape", [(), (0,), (2, 0)])
def test_sort_of_little(shape):
    compare(lambda t, x: (tuple(t.sort(x)), t.argsort(x), tuple(t.topk(x, 0)), t.cumsum(x, 0)), floats(*shape))


def test_named_results():
    result = lamina.sort(lamina.tensor([3, 1, 2]))
    assert result.values.tolist() == [1, 2, 3]
    assert result.indices.tolist() == [1, 2, 0]


@pytest.mark.parametrize("largest", [True, False])
def test_topk(largest):
    for x in (floats(3, 7), floats(7, dtype=np.float64), distinct(np.int32, 7), floats(7, dtype=np.float16)):
        compare(lambda t, x: tuple(t.topk(x, 3, largest=largest)), x)
    for k in (1, 4, 7):
        compare(lambda t, x, k=k: t.topk(x, k, 0, largest)[0], NEGATIVE_NAN, grad=False)
    compare(lambda t, x: tuple(t.topk(x, 200, 0, largest)), floats(300))
    compare(lambda t, x: t.topk(x, 2, 0, largest)[0], np.array([np.iinfo(np.int64).min, 5, np.iinfo(np.int64).max]))


def test_topk_of_too_many_raises():
    compare(lambda t, x: t.topk(x, 4), floats(3))
    compare(lambda t, x: t.kthvalue(x, 0), floats(3))
    compare(lambda t, x: t.sort(x, 2), floats(3))
    with pytest.raises(RuntimeError) as caught:
        lamina.topk(lamina.ones(3), 4)
    assert str(caught.value) == "selected index k out of range"


def test_kthvalue():
    compare(lambda t, x: tuple(t.kthvalue(x, 2, 0)), floats(3, 4))
    compare(lambda t, x: tuple(x.kthvalue(3, keepdim=True)), distinct(np.int64, 3, 4))


# Running results


@pytest.mark.parametrize("name", ["cumsum", "cumprod", "logcumsumexp"])
def test_running_results(name):
    compare(lambda t, x: (getattr(t, name)(x, 0), getattr(x, name)(-1)), floats(3, 5), rtol=1e-4, atol=1e-5)
    compare(lambda t, x: getattr(t, name)(x, 0), floats())
    for dtype in (np.bool_, np.uint8, np.int32):
        x = bools(2, 3) if dtype == np.bool_ else integers(2, 3, low=0, dtype=dtype)
        compare(lambda t, x: getattr(t, name)(x, 1), x)
    compare(lambda t, x: getattr(t, name)(x, 1), floats(2, 3, dtype=np.float16), rtol=1e-2, atol=1e-2)
    compare(lambda t, x: getattr(t, name)(x, 2), floats(2, 3))


def test_dtype_of_running_results():
    compare(lambda t, x: (x.cumsum(0, dtype=t.int32), x.cumprod(0, dtype=t.float64)), integers(4))
    compare(lambda t, x: x.cumsum(0, dtype=t.float64), floats(4), rtol=1e-5)


def test_running_product_with_zeros():
    compare(lambda t, x: x.cumprod(0), np.array([2.0, 0, 3, 0, 4], np.float32))


def test_running_sum_in_place():
    compare(lambda t, x: (x * 1).cumsum_(0), floats(4))


@pytest.mark.parametrize("name", ["cummax", "cummin"])
def test_running_extremes(name):
    compare(lambda t, x: tuple(getattr(t, name)(x, 1)), floats(3, 5))
    compare(lambda t, x: tuple(getattr(t, name)(x, 0)), integers(6, 2))
    compare(lambda t, x: tuple(getattr(t, name)(x, 0)), bools(6))
    compare(lambda t, x: tuple(getattr(t, name)(x, 1)), SPECIAL, grad=False)


# Places in sorted sequences


@pytest.mark.parametrize("right", [False, True])
def test_searchsorted(right):
    for dtype in (np.float32, np.int64, ml_dtypes.bfloat16):
        edges, values = np.array([1, 3, 3, 5]).astype(dtype), np.array([[0, 1, 2], [3, 5, 6]]).astype(dtype)
        compare(
            lambda t, edges, values: (
                t.searchsorted(edges, values, right=right),
                t.bucketize(values, edges, right=right, out_int32=True),
                t.searchsorted(t.stack([edges, edges + 1]), values, side="right" if right else "left"),
                t.searchsorted(edges, 3, right=right),
                t.bucketize(3, edges, right=right),
            ),
            edges,
            values,
            grad=False,
        )


def test_searchsorted_with_sorter():
    compare(
        lambda t, x, values: t.searchsorted(x, values, sorter=t.argsort(x)),
        np.array([5.0, 1, 3]),
        np.array([2.0, 4, 9]),
        grad=False,
    )


def test_searchsorted_errors():
    compare(lambda t, x: t.searchsorted(t.stack([x, x]), t.stack([x, x, x])), floats(3), grad=False)
    compare(lambda t, x: t.searchsorted(x, x, side="left", right=True), floats(3), grad=False)
    compare(lambda t, x: t.searchsorted(x, x, side="middle"), floats(3), grad=False)
    compare(lambda t, x: t.bucketize(x, t.stack([x, x])), floats(3), grad=False)


def test_names_are_where_pytorch_has_them():
    homes = {"lamina": torch, "Tensor": torch.Tensor}
    for op in TABLE.values():
        if op.function.__module__ == search.__name__:
            assert all(hasattr(home, op.name) == (name in op.homes) for name, home in homes.items()), op
            assert op.inplace == hasattr(torch.Tensor, f"{op.name}_"), op
            assert op.function.__doc__, op
