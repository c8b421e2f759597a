"""Activation functions beside PyTorch's, with the points where two branches meet."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import lamina
from tests.parity import bools, compare, floats, integers

# Where a branch of some function ends; the gradient there is a matter of convention.
EDGES = np.array([-20.0, -6, -3, -2, -1, -0.5, -0.25, -0.0, 0, 0.25, 0.5, 1, 2, 3, 6, 20], np.float32)

ELEMENTWISE = {
    "relu": [{}],
    "leaky_relu": [{}, {"negative_slope": 0.2}, {"negative_slope": -0.3}],
    "elu": [{}, {"alpha": 0.7}],
    "selu": [{}],
    "celu": [{}, {"alpha": 2.5}],
    "gelu": [{}, {"approximate": "tanh"}],
    "silu": [{}],
    "mish": [{}],
    "softplus": [{}, {"beta": 2, "threshold": 4}, {"beta": 0.5}],
    "softsign": [{}],
    "hardtanh": [{}, {"min_val": -2.0, "max_val": 0.5}],
    "relu6": [{}],
    "hardsigmoid": [{}],
    "hardswish": [{}],
    "logsigmoid": [{}],
    "threshold": [{"threshold": 0.5, "value": -2.0}],
    "tanhshrink": [{}],
    "hardshrink": [{}, {"lambd": 0.25}],
    "softshrink": [{}, {"lambd": 0.25}, {"lambd": 0.0}],
    "sigmoid": [{}],
    "tanh": [{}],
}
CASES = [(name, options) for name, several in ELEMENTWISE.items() for options in several]


def _call(name, options):
    return lambda t, x: getattr(t.nn.functional, name)(x, **options)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_elementwise(name, options):
    # 1 + tanh(x) far on the left cancels; without LLVM's optimisations (see conftest.py) the tanh is a bit less exact.
    by_tanh = 1e-5 if "approximate" in options else None
    compare(_call(name, options), floats(3, 4, scale=3), atol=by_tanh)
    compare(_call(name, options), EDGES, atol=by_tanh or 1e-6)
    compare(lambda t, x: _call(name, options)(t, x).grad_fn.name(), floats(2))


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_shapes_and_types(name):
    call = _call(name, ELEMENTWISE[name][0])
    compare(call, floats(2, 0, 3))
    compare(call, floats(5, dtype=np.float64, scale=3), rtol=1e-7)
    compare(call, floats(7, dtype=np.float16, scale=2), rtol=4e-3, atol=4e-3)
    compare(call, floats(7, dtype=ml_dtypes.bfloat16, scale=2), rtol=3e-2, atol=3e-2)
    compare(call, integers(4))
    compare(call, floats())
    # At infinity PyTorch's gelu and hardswish are NaN, lamina's are their limits.
    extremes = [np.nan] if name in ("gelu", "hardswish") else [np.nan, np.inf, -np.inf]
    compare(call, np.array(extremes, np.float32), grad=False)


def test_bools():
    compare(lambda t, x: t.relu(x), bools(3))


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "selu", "celu", "silu", "mish", "hardtanh", "relu6",
                                  "hardsigmoid", "hardswish"])  # fmt: skip
def test_inplace(name):
    def call(t, x):
        y = x * 1.5
        z = getattr(t.nn.functional, name)(y, inplace=True)
        return y, z * 2, z is y

    compare(call, floats(4, 3))
    compare(lambda t, x: getattr(t.nn.functional, name)(x, inplace=True), floats(2))  # a leaf must not be written


@pytest.mark.parametrize("name", ["relu_", "leaky_relu_", "elu_", "selu_", "celu_", "hardtanh_"])
def test_underscored(name):
    compare(lambda t, x: getattr(t.nn.functional, name)(x), floats(4, 3), grad=False)


def test_threshold_inplace():
    compare(lambda t, x: (t.nn.functional.threshold_(x, 0.1, 9.0), t.threshold_(x, 3.0, 1.0)), floats(5), grad=False)


def test_methods():
    compare(lambda t, x: (x.relu(), x.softmax(-1), x.log_softmax(0), x.hardshrink(), x.sigmoid()), floats(3, 2))
    compare(lambda t, x: (t.selu(x), t.celu(x), t.threshold(x, 0.0, 1.0), t.hardshrink(x)), floats(3, 2))


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin"])
@pytest.mark.parametrize("shape", [(5,), (3, 4), (2, 3, 4), (2, 0, 3), ()])
def test_softmax(name, shape):
    for dim in (0, -1, 1, 2):
        compare(lambda t, x, dim=dim: getattr(t.nn.functional, name)(x, dim), floats(*shape, scale=4))


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_extremes_and_types(name):
    large = np.array([[1e4, 0, -1e4], [-np.inf, 1, 2], [80, 90, 100]], np.float32)
    compare(lambda t, x: getattr(t, name)(x, 1), large)
    compare(lambda t, x: getattr(t, name)(x, 1, t.float64), floats(2, 3))
    compare(lambda t, x: getattr(t, name)(x, 1, dtype=t.float32), integers(2, 3))
    compare(lambda t, x: getattr(t, name)(x, 1), integers(2, 3))
    compare(lambda t, x: getattr(t, name)(x, 1), floats(2, 3, dtype=np.float16), rtol=4e-3)
    compare(lambda t, x: getattr(t.special, name)(x, 1), floats(2, 3))


def test_softmax_chooses_a_dimension_with_a_warning():
    for shape, expected in (((4,), 0), ((2, 3), 1), ((2, 3, 2), 0), ((1, 2, 3, 2), 1)):
        x = lamina.tensor(floats(*shape))
        with pytest.warns(UserWarning, match="Implicit dimension choice for softmax has been deprecated"):
            y = lamina.nn.functional.softmax(x)
        assert (y == x.softmax(expected)).all()


def test_glu():
    for shape, dim in (((4, 6), -1), ((4, 6), 0), ((2, 3, 4), 2), ((2, 3), 1), ((), 0), ((2, 4), 3)):
        compare(lambda t, x, dim=dim: t.nn.functional.glu(x, dim), floats(*shape))


def test_prelu():
    for shape, channels in (((2, 3, 4), 3), ((2, 3), 3), ((5,), 1), ((), 1), ((2, 3, 2, 2), 1), ((2, 3), 2), ((4,), 4)):
        compare(lambda t, x, w: t.prelu(x, w), floats(*shape), floats(channels, seed=1))
    compare(lambda t, x, w: x.prelu(w), np.array([-1, 0, 1], np.float32), np.array([0.25], np.float32))
    compare(lambda t, x, w: t.prelu(x, w), floats(2, 3), floats(3, dtype=np.float64))


def test_gradients_of_gradients():
    def twice(t, x):
        f = t.nn.functional
        y = (f.silu(x) + f.softplus(x) + f.gelu(x) + f.elu(x) + x.softmax(0)).pow(2).sum()
        return t.autograd.grad(y, x, create_graph=True)[0] ** 2

    compare(twice, floats(6), rtol=1e-4, atol=1e-5)


def test_messages():
    f, x = lamina.nn.functional, lamina.ones(2, 3)
    for call, kind, text in (
        (lambda: f.gelu(x, "erf"), RuntimeError, "approximate argument must be either none or tanh."),
        (lambda: f.glu(x), RuntimeError, "Halving dimension must be even, but dimension 1 is size 3"),
        (lambda: f.softshrink(x, -1.0), RuntimeError, "lambda must be greater or equal to 0, but found to be -1."),
        (lambda: f.hardtanh(x, 1.0, 0.0), ValueError, "min_val cannot be greater than max_val"),
        (lambda: f.celu(x, 0.0), RuntimeError, "ZeroDivisionError: alpha cannot be 0 for CELU"),
        (lambda: f.silu(x.long()), NotImplementedError, "\"silu_cpu\" not implemented for 'Long'"),
        (
            lambda: lamina.prelu(x, lamina.ones(2)),
            RuntimeError,
            "Mismatch of parameter numbers and input channel size. Found parameter numbers = 2 and channel size = 3.",
        ),
    ):
        with pytest.raises(kind) as caught:
            call()
        assert str(caught.value) == text


def test_types_and_limits_that_pytorch_refuses():
    for call in (
        lambda t, x: t.relu(x.cfloat()),
        lambda t, x: t.threshold(x > 0, 0, 1),
        lambda t, x: t.nn.functional.hardtanh(x.abs().to(t.uint8), -1, 1),
        lambda t, x: t.nn.functional.softshrink(x, float("nan")),
        lambda t, x: t.nn.functional.hardtanh(x, 2.0, 1.0),
        lambda t, x: t.nn.functional.hardtanh_(x * 3, 2.0, 1.0),
    ):
        compare(call, floats(4))
