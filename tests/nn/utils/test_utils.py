"""The contents of `lamina.nn.utils`, and its small tools."""

from __future__ import annotations

import pytest
import torch

import lamina
from lamina import nn
from lamina.nn import utils


def test_every_name_of_pytorchs_is_there():
    assert set(torch.nn.utils.__all__) - set(utils.__all__) == set()
    assert set(utils.__all__) - set(torch.nn.utils.__all__) == {"prune_head", "prune"}
    for room in ("rnn", "parametrize", "parametrizations", "stateless"):
        names = getattr(torch.nn.utils, room).__all__
        assert all(hasattr(getattr(utils, room), name) for name in names)


def test_skip_init_draws_nothing():
    lamina.manual_seed(1)
    expected = lamina.rand(2).tolist()
    lamina.manual_seed(1)
    layer = utils.skip_init(nn.Linear, 5, out_features=3, dtype=lamina.float64)
    assert lamina.rand(2).tolist() == expected
    assert layer.weight.shape == (3, 5) and layer.weight.dtype is lamina.float64 and layer.weight.requires_grad
    assert layer.weight.device == lamina.device("cpu")
    assert utils.skip_init(nn.LSTM, 2, 3, device="cpu:1").weight_ih_l0.device == lamina.device("cpu:1")
    assert nn.Linear(5, 3).weight.abs().sum().item() > 0


def test_skip_init_refuses():
    with pytest.raises(RuntimeError) as caught:
        utils.skip_init(dict)
    assert str(caught.value) == "Expected a Module; got <class 'dict'>"
    with pytest.raises(RuntimeError) as caught:
        utils.skip_init(nn.ReLU)
    assert str(caught.value) == "Module must support a 'device' arg to skip initialization"


def test_memory_formats_are_xlas():
    conv = nn.Conv2d(2, 3, 2)
    assert utils.convert_conv2d_weight_memory_format(conv, None) is conv
    assert utils.convert_conv3d_weight_memory_format(conv, None) is conv


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(lamina.ones(()))
        self.b = self.a

    def forward(self, x):
        return x + self.a + 2 * self.b


def test_stateless_functional_call_and_ties():
    module, zero, one = Tied(), lamina.zeros(()), lamina.ones(())
    with pytest.warns(FutureWarning) as caught:
        found = utils.stateless.functional_call(module, {"a": zero}, one)
    assert str(caught[0].message) == (
        "`lamina.nn.utils.stateless.functional_call` is deprecated. Please use `lamina.func.functional_call` instead, "
        "which is a drop-in replacement."
    )
    assert caught[0].filename == __file__
    call = lamina.func.functional_call
    assert found.item() == 1
    assert call(module, {"a": zero}, one, tie_weights=False).item() == 3
    assert call(module, {"a": zero, "b": one}, one, tie_weights=False).item() == 3
    assert call(module, {"a": zero, "b": zero}, one).item() == 1
    with pytest.raises(ValueError) as raised:
        call(module, {"a": zero, "b": one}, one)
    assert str(raised.value) == (
        "functional_call got multiple values for keys ['a', 'b'], which are tied. Consider using tie_weights=False"
    )
    assert module.a.item() == 1 and module.a is module.b


def test_prune_head():
    net = nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Linear(2, 10), nn.BatchNorm1d(10), nn.Linear(10, 3))
    assert [type(x).__name__ for x in utils.prune_head(net)] == ["ReLU", "Tanh", "Linear", "BatchNorm1d"]
    body = utils.prune_head(net, 2)
    assert isinstance(body, nn.Sequential) and body[2] is net[2]

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear, self.head = nn.Linear(1, 3), nn.Linear(3, 2)

        def forward(self, x):
            return self.head(self.linear(x))

    body = utils.prune_head(Net(), 1)
    assert len(body) == 1 and list(body.state_dict()) == ["linear.weight", "linear.bias"]
    assert body(lamina.randn(5, 1)).shape == (5, 3)
    assert lamina.rtorch.nn_prune_head(net, 3)[1] is net[1] if hasattr(lamina, "rtorch") else True
    with pytest.raises(ValueError) as caught:
        utils.prune_head(net, 5)
    assert str(caught.value) == (
        "prune_head: head_size must be at least 0 and less than the 5 children of Sequential, got 5."
    )
