"""Normalisations beside PyTorch's."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import lamina
from tests.parity import compare, floats, positives

LOOSE = {"rtol": 1e-4, "atol": 2e-5}


@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 5), (2, 3, 4, 5), (2, 3, 2, 3, 2), (2, 3, 1)])
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("training", [True, False])
def test_batch_norm(shape, affine, training):
    def call(t, x, mean, var, *affine):
        y = t.nn.functional.batch_norm(x, mean.detach(), var.detach(), *affine, training=training, momentum=0.3)
        return y, mean, var

    weights = [floats(3, seed=2), floats(3, seed=3)] if affine else []
    compare(call, floats(*shape), floats(3, seed=1), positives(3), *weights, **LOOSE)


def test_batch_norm_without_statistics():
    compare(
        lambda t, x: t.nn.functional.batch_norm(x, None, None, training=True), floats(8, 3) + 100, rtol=1e-3, atol=1e-3
    )
    compare(lambda t, x: t.nn.functional.batch_norm(x, None, None), floats(8, 3))
    compare(lambda t, x, w: t.nn.functional.batch_norm(x, None, None, w, None, True), floats(8, 3), floats(3), **LOOSE)


def test_statistics_have_no_gradient():
    mean, var = lamina.zeros(3), lamina.ones(3)
    x = lamina.tensor(floats(4, 3)).requires_grad_()
    y = lamina.nn.functional.batch_norm(x, mean, var, training=True)
    assert y.requires_grad and not mean.requires_grad and not var.requires_grad
    y.pow(3).sum().backward()
    assert mean.grad is None and x.grad is not None


@pytest.mark.parametrize("dtype", [np.float64, np.float16, ml_dtypes.bfloat16])
def test_batch_norm_types(dtype):
    x, w, b = floats(16, 3, dtype=dtype), floats(3, dtype=dtype, seed=1), floats(3, dtype=dtype, seed=2)
    tolerance = 1e-9 if dtype is np.float64 else 5e-2
    compare(lambda t, *xs: t.nn.functional.batch_norm(xs[0], None, None, *xs[1:], True), x, w, b,
            rtol=tolerance, atol=tolerance)  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "last"), [((3, 4), (4,)), ((2, 3, 4), (3, 4)), ((2, 3, 4), (4,)), ((5,), (5,)), ((0, 4), (4,))]
)
def test_layer_norm(shape, last):
    compare(lambda t, x: t.nn.functional.layer_norm(x, last), floats(*shape), **LOOSE)
    arrays = floats(*shape) * 3 + 2, floats(*last, seed=1), floats(*last, seed=2)
    compare(lambda t, x, w, b: t.layer_norm(x, last, w, b, 1e-3), *arrays, **LOOSE)


@pytest.mark.parametrize(("shape", "last"), [((3, 4), (4,)), ((2, 3, 4), (3, 4)), ((5,), (5,))])
def test_rms_norm(shape, last):
    compare(lambda t, x: t.nn.functional.rms_norm(x, last), floats(*shape), **LOOSE)
    compare(lambda t, x, w: t.rms_norm(x, last, w, 1e-3), floats(*shape), floats(*last, seed=1), **LOOSE)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_rms_norm_keeps_the_root_from_zero(dtype):
    small = np.full((1, 3), 1e-4 if dtype is not np.float64 else 1e-8, dtype)
    compare(lambda t, x: t.rms_norm(x, (3,)), small, rtol=1e-3)


@pytest.mark.parametrize(("shape", "groups"), [((2, 6, 4), 3), ((2, 6, 3, 3), 1), ((2, 6), 2), ((2, 4, 2, 2), 4)])
def test_group_norm(shape, groups):
    channels = shape[1]
    compare(lambda t, x: t.nn.functional.group_norm(x, groups), floats(*shape), **LOOSE)
    arrays = floats(*shape) * 3 + 2, floats(channels, seed=1), floats(channels, seed=2)
    compare(lambda t, x, w, b: t.group_norm(x, groups, w, b), *arrays, **LOOSE)


def test_names_of_gradients():
    compare(lambda t, x: t.layer_norm(x, (4,)).grad_fn.name(), floats(2, 4))
    compare(lambda t, x: t.group_norm(x, 2).grad_fn.name(), floats(2, 4))
    compare(lambda t, x: t.nn.functional.batch_norm(x, None, None, training=True).grad_fn.name(), floats(2, 4))


def test_instance_norm():
    def call(t, x, mean, var, w):
        mean, var = mean.detach(), var.detach()
        return t.nn.functional.instance_norm(x, mean, var, w), mean, var

    compare(call, floats(2, 3, 4, 4), floats(3), positives(3), floats(3, seed=1), **LOOSE)
    compare(lambda t, x: t.nn.functional.instance_norm(x), floats(2, 3, 5), **LOOSE)


def test_errors():
    calls = [
        lambda t, x: t.nn.functional.layer_norm(x, (3,)),
        lambda t, x: t.nn.functional.layer_norm(x, ()),
        lambda t, x: t.nn.functional.layer_norm(x, (4,), t.ones(3)),
        lambda t, x: t.nn.functional.layer_norm(x, (4,), None, t.ones(3)),
        lambda t, x: t.nn.functional.rms_norm(x, (3,)),
        lambda t, x: t.nn.functional.group_norm(x, 3),
        lambda t, x: t.nn.functional.group_norm(x, 2, t.ones(3)),
        lambda t, x: t.nn.functional.group_norm(x[0], 2),
        lambda t, x: t.nn.functional.batch_norm(x[:1], None, None, training=True),
        lambda t, x: t.nn.functional.batch_norm(x, t.ones(3), t.ones(4)),
        lambda t, x: t.nn.functional.batch_norm(x, t.ones(4), t.ones(4), t.ones(3)),
        lambda t, x: t.nn.functional.batch_norm(x.long(), t.ones(4), t.ones(4)),
    ]
    for call in calls:
        with pytest.raises((RuntimeError, ValueError)):
            call(lamina, lamina.ones(2, 4))
        compare(call, floats(2, 4))


def test_messages():
    f, x = lamina.nn.functional, lamina.ones(2, 4)
    for call, text in (
        (
            lambda: f.layer_norm(x, (3,)),
            "Given normalized_shape=[3], expected input with shape [*, 3], but got input of size[2, 4]",
        ),
        (
            lambda: f.group_norm(x, 3),
            "Expected number of channels in input to be divisible by num_groups, but got input of "
            "shape [2, 4] and num_groups=3",
        ),
        (lambda: f.batch_norm(x, lamina.ones(3), lamina.ones(4)), "running_mean should contain 4 elements not 3"),
        (lambda: f.batch_norm(x, None, None), "running_mean must be defined in evaluation mode"),
    ):
        with pytest.raises(RuntimeError) as caught:
            call()
        assert str(caught.value) == text
