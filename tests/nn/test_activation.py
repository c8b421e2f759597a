"""Activation layers beside PyTorch's."""

from __future__ import annotations

import pytest

import lamina
from lamina import nn
from tests.parity import compare_modules, floats

BUILDS = {
    "ReLU": lambda nn: nn.ReLU(),
    "Sigmoid": lambda nn: nn.Sigmoid(),
    "Tanh": lambda nn: nn.Tanh(),
    "Softmax": lambda nn: nn.Softmax(dim=1),
    "Softmax2d": lambda nn: nn.Softmax2d(),
    "LogSoftmax": lambda nn: nn.LogSoftmax(-1),
    "Softmin": lambda nn: nn.Softmin(0),
    "GELU": lambda nn: nn.GELU(),
    "GELU tanh": lambda nn: nn.GELU("tanh"),
    "LeakyReLU": lambda nn: nn.LeakyReLU(0.2),
    "LeakyReLU inplace": lambda nn: nn.LeakyReLU(0.2, True),
    "ELU": lambda nn: nn.ELU(0.5),
    "ELU inplace": lambda nn: nn.ELU(inplace=True),
    "SELU": lambda nn: nn.SELU(),
    "CELU": lambda nn: nn.CELU(2.0),
    "SiLU": lambda nn: nn.SiLU(),
    "Mish": lambda nn: nn.Mish(),
    "Softplus": lambda nn: nn.Softplus(2, 3),
    "Softsign": lambda nn: nn.Softsign(),
    "Hardtanh": lambda nn: nn.Hardtanh(-0.5, 0.25),
    "Hardtanh inplace": lambda nn: nn.Hardtanh(inplace=True),
    "ReLU6": lambda nn: nn.ReLU6(),
    "ReLU6 inplace": lambda nn: nn.ReLU6(True),
    "ReLU inplace": lambda nn: nn.ReLU(inplace=True),
    "Hardsigmoid": lambda nn: nn.Hardsigmoid(),
    "Hardswish": lambda nn: nn.Hardswish(True),
    "LogSigmoid": lambda nn: nn.LogSigmoid(),
    "GLU": lambda nn: nn.GLU(1),
    "Threshold": lambda nn: nn.Threshold(0.1, 20.0),
    "Threshold inplace": lambda nn: nn.Threshold(0.1, 20.0, True),
    "Tanhshrink": lambda nn: nn.Tanhshrink(),
    "Hardshrink": lambda nn: nn.Hardshrink(0.3),
    "Softshrink": lambda nn: nn.Softshrink(0.3),
    "PReLU": lambda nn: nn.PReLU(),
    "PReLU channels": lambda nn: nn.PReLU(4, init=0.1),
}


@pytest.mark.parametrize("name", BUILDS)
def test_layer(name):
    # 1 + tanh(x) far on the left cancels; without LLVM's optimisations (see conftest.py) the tanh is a bit less exact.
    atol = 1e-5 if name == "GELU tanh" else None
    compare_modules(BUILDS[name], floats(2, 4, 3, 3), call=lambda module, x: module(x * 1.5), atol=atol)


def test_prelu_again():
    layer = nn.PReLU(3, init=0.5)
    layer.weight.data.fill_(2.0)
    layer.reset_parameters()
    assert layer.weight.tolist() == [0.5, 0.5, 0.5] and layer.weight.requires_grad


def test_hardtanh_has_old_names():
    with pytest.warns(FutureWarning, match="keyword argument `min_value` is deprecated and renamed to `min_val`"):
        layer = nn.Hardtanh(min_value=-3.0)
    assert layer.extra_repr() == "min_val=-3.0, max_val=1.0"


def test_messages():
    with pytest.raises(AssertionError) as caught:
        nn.Hardtanh(1.0, 1.0)
    assert str(caught.value) == "max_val (1.0) must be greater than min_val (1.0)"
    with pytest.raises(ValueError) as wrong:
        nn.Softmax2d()(lamina.ones(2, 3))
    assert str(wrong.value) == "Softmax2d: expected input to be 3D or 4D, got 2D instead"
    assert wrong.value.__notes__ == ["in Softmax2d()"]
