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


def test_rms_norm_of_complex_numbers():
    x = (floats(2, 4) + 1j * floats(2, 4, seed=1)).astype(np.complex64)
    compare(lambda t, x: t.nn.functional.rms_norm(x, (4,)), x, **LOOSE)


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


@pytest.mark.parametrize("statistics", [True, False])
def test_instance_norm_with_running_statistics(statistics):
    def call(t, x, mean, var, w, b):
        mean, var = mean.detach(), var.detach()
        y = t.nn.functional.instance_norm(x, mean, var, w, b, use_input_stats=statistics, momentum=0.3, eps=0.01)
        return y, mean, var

    compare(call, floats(2, 3, 5), floats(3), positives(3), floats(3, seed=1), floats(3, seed=2), **LOOSE)


def test_instance_norm_errors():
    def calls(t, x):
        f, o = t.nn.functional.instance_norm, t.ones
        return [
            lambda: f(x, None, None, use_input_stats=False), lambda: f(x, o(3), None), lambda: f(x, None, o(3)),
            lambda: f(x, o(4), o(4)), lambda: f(x, o(3), o(3), o(4)), lambda: f(x, o(3), o(3), o(3), o(4)),
            lambda: f(x[..., :1]), lambda: f(x[0]), lambda: f(x[0, 0]), lambda: f(x.long()),
            lambda: f(x, None, None, o(3).double()), lambda: f(x.double(), None, None, o(3), o(3)),
            lambda: f(x, o(3), o(3), momentum=None),
        ]  # fmt: skip

    for number in range(13):
        compare(lambda t, x, number=number: calls(t, x)[number](), floats(2, 3, 4))
    with pytest.raises(ValueError) as caught:
        lamina.nn.functional.instance_norm(lamina.ones(2, 3, 4), lamina.ones(3))
    assert str(caught.value) == "running_mean and running_var must either both be None or neither be None"


@pytest.mark.parametrize("kind", ["batch_norm", "instance_norm"])
def test_names_of_the_root(kind):
    def call(t, x, w, b, m, v):
        m, v = m.detach(), v.detach()
        return getattr(t, kind)(x, w, b, m, v, True, 0.2, 1e-4, False), m, v

    vectors = floats(3), floats(3, seed=1), floats(3, seed=2), positives(3)
    compare(call, floats(2, 3, 4), *vectors, **LOOSE)
    compare(
        lambda t, x, w, b, m, v: getattr(t, kind)(x, w, b, m.detach(), v.detach(), False, 0.2, 1e-4, True),
        floats(2, 3, 4), *vectors, **LOOSE,
    )  # fmt: skip


def test_options_of_the_root():
    compare(lambda t, x: t.group_norm(x, 3, None, None, 1e-4, False), floats(2, 3, 4), **LOOSE)
    compare(lambda t, x: t.group_norm(x, 3), floats(1, 3))
    compare(lambda t, x: t.layer_norm(x, (4,), eps=1e-4, cudnn_enable=False), floats(2, 4), **LOOSE)
    compare(lambda t, x: t.layer_norm(x, 4), floats(2, 4))
    compare(lambda t, x: t.rms_norm(x, 4), floats(2, 4))
    compare(lambda t, i, w: t.embedding(w, i, 1, True), np.array([0, 1, 1, 0]), floats(3, 2))


@pytest.mark.parametrize("options", [
    {}, {"p": 1.0}, {"p": 3.0, "dim": 0}, {"dim": (0, 2)}, {"p": float("inf"), "dim": -1}, {"p": 0.0}, {"eps": 2.5},
    {"dim": None},
])  # fmt: skip
def test_normalize(options):
    compare(lambda t, x: t.nn.functional.normalize(x, **options), floats(2, 3, 4), **LOOSE)


def test_normalize_all_the_rest():
    compare(lambda t, x: t.nn.functional.normalize(x), np.zeros((2, 3), np.float32))
    compare(lambda t, x: t.nn.functional.normalize(x), floats(2, 3, dtype=np.float16))
    compare(lambda t, x: t.nn.functional.normalize(x), floats(2, 3) + 1j * floats(2, 3, seed=1), **LOOSE)
    compare(lambda t, x: t.nn.functional.normalize(x, dim=0), floats())
    compare(lambda t, x, out: (t.nn.functional.normalize(x, out=out), out), floats(2, 3), floats(2, 3), grad=False)
    compare(lambda t, x, out: t.nn.functional.normalize(x, out=out.detach()), floats(2, 3), floats(2, 3))
    for call in (
        lambda t, x: t.nn.functional.normalize(x.long()),
        lambda t, x: t.nn.functional.normalize(x, dim=5),
        lambda t, x: t.nn.functional.normalize(x[0]),
    ):
        compare(call, floats(2, 3))


def test_types_that_mix():
    def calls(t, x):
        f, o = t.nn.functional, t.ones
        h, d = x.half(), x.double()
        return [
            lambda: f.batch_norm(h, o(3), o(3), training=True), lambda: f.batch_norm(h, o(3), o(3), o(3).half()),
            lambda: f.batch_norm(h, o(3).half(), o(3).half(), o(3)), lambda: f.batch_norm(d, o(3), o(3)),
            lambda: f.batch_norm(x, o(3).double(), o(3).double(), training=True),
            lambda: f.batch_norm(x, o(3), o(3), o(3).half(), training=True),
            lambda: f.layer_norm(h, (4,), o(4), o(4)), lambda: f.layer_norm(h, (4,), o(4).half(), o(4)),
            lambda: f.layer_norm(d, (4,), o(4), o(4)), lambda: f.layer_norm(x, (4,), o(4).half(), o(4).half()),
            lambda: f.group_norm(h, 3, o(3), o(3)), lambda: f.group_norm(d, 3, o(3), o(3)),
            lambda: f.rms_norm(h, (4,), o(4)), lambda: f.rms_norm(x, (4,), o(4).half()),
        ]  # fmt: skip

    for number in range(14):
        compare(lambda t, x, number=number: calls(t, x)[number](), floats(2, 3, 4), grad=False, rtol=2e-3, atol=2e-3)
    with pytest.raises(RuntimeError) as caught:
        lamina.layer_norm(lamina.ones(2, 4).double(), (4,), lamina.ones(4))
    assert str(caught.value) == "mixed dtype (CPU): all inputs must share same datatype."


def test_batch_norm_of_nothing():
    def call(t, x, m, v):
        m, v = m.detach(), v.detach()
        return t.nn.functional.batch_norm(x, m, v, training=True), m, v

    compare(call, floats(0, 3), floats(3), positives(3))


def test_errors():
    calls = [
        lambda t, x: t.nn.functional.layer_norm(x, 4),
        lambda t, x: t.nn.functional.group_norm(x[:1], 4),
        lambda t, x: t.nn.functional.group_norm(x, -1),
        lambda t, x: t.nn.functional.batch_norm(x, None, None, training=True, eps=0.0),
        lambda t, x: t.nn.functional.batch_norm(x, t.ones(4), t.ones(4), eps=-1.0),
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
        with pytest.raises((RuntimeError, ValueError, TypeError)):
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
