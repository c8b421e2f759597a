"""Blocks as columns and back, beside PyTorch's."""

from __future__ import annotations

import random

import ml_dtypes
import numpy as np
import pytest

import lamina
from tests.parity import compare, floats


def _draw(seed):
    choose = random.Random(seed)

    def pair(choices):
        return choose.choice([choose.choice(choices), (choose.choice(choices), choose.choice(choices))])

    return {
        "kernel_size": pair([1, 2, 3]),
        "dilation": pair([1, 1, 2]),
        "padding": pair([0, 1, 2]),
        "stride": pair([1, 2, 3, 5]),
    }


def _count(size, axis, options):
    k, d, p, s = (value if isinstance(value, int) else value[axis] for value in options.values())
    return (size + 2 * p - d * (k - 1) - 1) // s + 1


@pytest.mark.parametrize("seed", range(14))
def test_drawn(seed):
    options, shape = _draw(seed), (2, 3, 7, 8) if seed % 3 else (3, 7, 8)
    compare(lambda t, x: t.nn.functional.unfold(x, **options), floats(*shape), grad_name=True)
    k = options["kernel_size"]
    kernel = k * k if isinstance(k, int) else k[0] * k[1]
    blocks = _count(7, 0, options) * _count(8, 1, options)
    columns = floats(*shape[:-3], 3 * kernel, blocks)
    compare(lambda t, x: t.nn.functional.fold(x, (7, 8), **options), columns, grad_name=True)


@pytest.mark.parametrize("options", [
    {"kernel_size": 2, "stride": 2},  # no overlap
    {"kernel_size": (3, 4), "stride": (3, 4), "padding": 1},
    {"kernel_size": (1, 90)},  # gathered
    {"kernel_size": (1, 90), "dilation": (1, 2), "padding": (0, 3)},
    {"kernel_size": (1, 90), "stride": (1, 40)},  # in pieces of 40
    {"kernel_size": (1, 3), "dilation": (1, 2), "stride": (1, 3)},
])  # fmt: skip
def test_ways(options):
    compare(lambda t, x: t.nn.functional.unfold(x, **options), floats(1, 2, 4, 200))
    compare(
        lambda t, x: t.nn.functional.fold(t.nn.functional.unfold(x, **options), (4, 200), **options),
        floats(1, 2, 4, 200),
        rtol=1e-4,
        atol=1e-4,
    )


@pytest.mark.parametrize("dtype", [
    np.float64, np.float16, ml_dtypes.bfloat16, np.complex64, np.bool_, np.int64, np.uint8
])  # fmt: skip
def test_types(dtype):
    compare(lambda t, x: t.nn.functional.unfold(x, 2), (floats(1, 2, 3, 3) * 5).astype(dtype))
    compare(lambda t, x: t.nn.functional.fold(x, 3, 2), (floats(1, 4, 4) * 5).astype(dtype))


def test_empty_batch():
    compare(lambda t, x: t.nn.functional.unfold(x, 2), floats(0, 2, 3, 3))
    compare(lambda t, x: t.nn.functional.fold(x, 3, 2), floats(0, 4, 4))


@pytest.mark.parametrize(("shape", "arguments"), [
    ((2, 2), (2,)), ((2, 0, 3, 3), (2,)), ((2, 2, 0, 3), (1,)), ((1, 2, 3, 4, 5), (2,)), ((2, 2, 3, 3), (4,)),
    ((2, 2, 3, 3), (0,)), ((2, 2, 3, 3), (2, 0)), ((2, 2, 3, 3), (2, 1, -1)), ((2, 2, 3, 3), (2, 1, 0, 0)),
    ((2, 2, 3, 3), ((2, 2, 2),)), ((2, 2, 3, 3), ((2,),)),
])  # fmt: skip
def test_errors_of_unfold(shape, arguments):
    with pytest.raises((RuntimeError, IndexError)):
        lamina.nn.functional.unfold(lamina.ones(*shape), *arguments)
    compare(lambda t, x: t.nn.functional.unfold(x, *arguments), floats(*shape))


@pytest.mark.parametrize(("shape", "arguments"), [
    ((2, 5, 4), (3, 2)), ((2, 4, 5), (3, 2)), ((2, 4, 0), (3, 2)), ((2, 0, 4), (3, 2)), ((4,), (3, 2)),
    ((2, 4, 4), (0, 2)), ((2, 4, 4), (3, 0)), ((2, 4, 4), (1, 2)), ((2, 4, 4), ((3, 3, 3), 2)), ((2, 4, 4), (3, 2, 0)),
    ((2, 4, 4), (3, 2, 1, -1)), ((2, 4, 4), (3, 2, 1, 0, 0)), ((1, 4, 4), ((3,), 2)),
])  # fmt: skip
def test_errors_of_fold(shape, arguments):
    with pytest.raises(RuntimeError):
        lamina.nn.functional.fold(lamina.ones(*shape), *arguments)
    compare(lambda t, x: t.nn.functional.fold(x, *arguments), floats(*shape))


def test_messages():
    functional = lamina.nn.functional
    for call, text in (
        (lambda: functional.unfold(lamina.ones(1, 2, 3, 3), 2, stride=0),
         "unfold: stride should be greater than zero, but got (0, 0)"),
        (lambda: functional.unfold(lamina.ones(1, 2, 3, 3), (4, 1)),
         "Given input with spatial size (3, 3), kernel=(4, 1), dilation=(1, 1), padding=(0, 0), stride=(1, 1), "
         "calculated shape of the array of sliding blocks as (0, 3), but its components must be at least one."),
        (lambda: functional.fold(lamina.ones(1, 5, 4), 3, 2),
         "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
         "input.size(1)=5 and kernel_size=(2, 2)."),
        (lambda: functional.fold(lamina.ones(1, 4, 5), 3, 2),
         "Given output_size=(3, 3), kernel=(2, 2), dilation=(1, 1), padding=(0, 0), stride=(1, 1), expected size of "
         "input's dimension 2 to match the calculated number of sliding blocks 2 * 2 = 4, but got input.size(2)=5."),
    ):  # fmt: skip
        with pytest.raises(RuntimeError) as caught:
            call()
        assert str(caught.value) == text
