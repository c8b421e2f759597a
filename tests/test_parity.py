"""The judge is judged: it must see every kind of difference, and none where there is none."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lamina
from tests.parity import bools, compare, compare_modules, floats, integers


def test_equal_code_passes():
    compare(lambda t, x, y: t.add(x, y, alpha=2), floats(3, 4), floats(4))
    compare(lambda t, x: x.max(dim=1), floats(3, 4))
    compare(lambda t, x: (x + 1, [x * 2], {"a": x.shape}), integers(3))
    compare(lambda t, x: x.dtype, bools(2))
    compare(lambda t, x: x.view(7), floats(2, 3))
    compare(lambda t, x: x.add_(1), floats(2))
    compare(lambda t, x: x.add_(1), integers(2))
    compare(lambda t, xs: t.cat(xs), (floats(2), floats(3)))
    compare_modules(lambda nn: nn.Linear(3, 4), floats(2, 3))
    compare_modules(lambda nn: nn.BatchNorm1d(3), floats(8, 3), rtol=1e-4, atol=1e-5)


def differ(in_torch, in_lamina):
    """A function of (t, x) that does one thing in PyTorch and another in lamina."""
    return lambda t, x: (in_torch if t is torch else in_lamina)(x)


def fail(error):
    raise error


DIFFERENCES = {
    "value": (lambda x: x * 2, lambda x: x * 2.001),
    "dtype": (lambda x: x > 0, lambda x: (x > 0).to(lamina.int64)),
    "shape": (lambda x: x.sum(0), lambda x: x.sum(0, keepdim=True)),
    "structure": (lambda x: (x, x), lambda x: [x, x]),
    "gradient": (lambda x: x * 2, lambda x: x + x.detach()),
    "requires_grad": (lambda x: x * 2, lambda x: (x * 2).detach()),
    "an error that is missing": (lambda x: fail(IndexError()), lambda x: x),
    "an error too many": (lambda x: x, lambda x: fail(IndexError())),
    "class of the error": (lambda x: fail(IndexError()), lambda x: fail(ValueError())),
    "not written yet": (lambda x: fail(RuntimeError()), lambda x: fail(NotImplementedError())),
    "number": (lambda x: x.shape[0], lambda x: x.shape[0] + 1),
    "kind of number": (lambda x: 1.0, lambda x: 1),
    "nan": (lambda x: x / 0 * 0, lambda x: x * 0),
    "writing": (lambda x: x.detach().zero_().sum() * 0, lambda x: x.detach().sum() * 0),
}


@pytest.mark.parametrize("kind", DIFFERENCES)
def test_every_difference_is_seen(kind):
    with pytest.raises(AssertionError):
        compare(differ(*DIFFERENCES[kind]), floats(2, 3))


def test_names_of_gradients_are_compared():
    function = differ(lambda x: x * 2, lambda x: x + x)
    compare(function, floats(2, 3))
    with pytest.raises(AssertionError, match=r"'AddBackward0', PyTorch has 'MulBackward0'"):
        compare(function, floats(2, 3), grad_name=True)
    compare(lambda t, x: (x, x.detach(), x * 2, x.sum()), floats(2, 3), grad_name=True)


def test_module_differences_are_seen():
    builds = {
        "parameter": lambda nn: nn.Linear(3, 4, bias=nn is torch.nn),
        "extra_repr": lambda nn: nn.LeakyReLU(0.1) if nn is torch.nn else nn.LeakyReLU(0.1, inplace=True),
        "buffer": lambda nn: nn.BatchNorm1d(3, momentum=0.1 if nn is torch.nn else 0.2),
        "result": lambda nn: nn.ReLU() if nn is torch.nn else nn.Tanh(),
    }
    for build in builds.values():
        with pytest.raises(AssertionError):
            compare_modules(build, floats(8, 3), rtol=1e-4, atol=1e-5)


def test_gradients_of_parameters_are_compared():
    def call(module, x):
        return module(x) if isinstance(module, torch.nn.Module) else module(x) - module.bias + module.bias.detach()

    with pytest.raises(AssertionError, match="parameter gradients, bias"):
        compare_modules(lambda nn: nn.Linear(3, 4), floats(2, 3), call=call)


def test_random_inputs_repeat():
    assert np.array_equal(floats(3), floats(3))
    assert not np.array_equal(floats(3), floats(3, seed=1))
