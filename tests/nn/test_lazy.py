"""Lazy layers beside PyTorch's: before the first call, through it, and after."""

from __future__ import annotations

import copy
import inspect
import pickle

import numpy as np
import pytest
import torch

import lamina
from lamina import nn, optim
from lamina.nn import lazy
from tests.parity import compare, compare_modules, floats

LAYERS = {
    "LazyLinear": ((4,), (2, 3)),
    "LazyConv1d": ((4, 3), (2, 3, 6)),
    "LazyConv2d": ((4, 3), (2, 3, 5, 4)),
    "LazyConv3d": ((4, 2), (3, 3, 4, 3)),
    "LazyConvTranspose1d": ((4, 3), (2, 3, 4)),
    "LazyConvTranspose2d": ((4, 3, 2), (3, 3, 4)),
    "LazyConvTranspose3d": ((2, 2), (1, 3, 2, 3, 2)),
    "LazyBatchNorm1d": ((), (4, 3)),
    "LazyBatchNorm2d": ((1e-3, None), (2, 3, 3, 2)),
    "LazyBatchNorm3d": ((), (2, 3, 2, 2, 2)),
    "LazyInstanceNorm1d": ((), (2, 3, 4)),
    "LazyInstanceNorm2d": ((), (2, 3, 3, 2)),
    "LazyInstanceNorm3d": ((), (2, 3, 2, 2, 2)),
}
"""Arguments, and the shape of an input."""


def _initialized(t, name, *arguments, input=None, **options):
    """A lazy layer after its first call, in either library."""
    layer = getattr(t.nn, name)(*arguments, **options)
    with t.no_grad():
        layer.eval()(t.ones(*(input or LAYERS[name][1])))
    return layer.train()


def _with_torch_values(name):
    """PyTorch's layer after its first call as compare_modules takes it, which copies its parameters."""
    arguments, _ = LAYERS[name]
    return lambda nn_: _initialized(torch if nn_ is torch.nn else lamina, name, *arguments)


@pytest.mark.parametrize("name", LAYERS)
def test_after_the_first_call(name):
    arguments, shape = LAYERS[name]
    compare_modules(_with_torch_values(name), floats(*shape), rtol=1e-4, atol=2e-5)
    layer = _initialized(lamina, name, *arguments)
    assert type(layer) is getattr(nn, name.removeprefix("Lazy"))
    assert [type(p) for p in layer.parameters()] == [nn.Parameter] * len(list(layer.parameters()))
    assert all(p.requires_grad and p.is_leaf for p in layer.parameters())
    assert "_waits" not in layer.__dict__ and isinstance(layer.extra_repr(), str)


@pytest.mark.parametrize("name", LAYERS)
def test_before_the_first_call(name):
    arguments, _ = LAYERS[name]

    def look(t):
        layer = getattr(t.nn, name)(*arguments).double()
        state = {key: (repr(value), value.dtype) for key, value in layer.state_dict().items() if "num_" not in key}
        kept = {key: type(value).__name__ for key, value in layer.state_dict(keep_vars=True).items()}
        return layer.has_uninitialized_params(), layer.extra_repr(), state, kept, layer.training

    compare(look)
    mine, theirs = (inspect.signature(getattr(t.nn, name)) for t in (lamina, torch))
    assert [(p.name, p.kind, p.default) for p in mine.parameters.values()] == [
        (p.name, p.kind, p.default) for p in theirs.parameters.values()
    ]


@pytest.mark.parametrize(("name", "options"), [
    ("LazyLinear", {"bias": False}), ("LazyConv2d", {"kernel_size": 3, "groups": 3, "bias": False}),
    ("LazyConv1d", {"kernel_size": 2, "padding": "same", "padding_mode": "circular"}),
    ("LazyConvTranspose1d", {"kernel_size": 2, "groups": 3, "stride": 2, "output_padding": 1, "dilation": 2}),
    ("LazyBatchNorm1d", {"affine": False}), ("LazyBatchNorm1d", {"bias": False}),
    ("LazyBatchNorm1d", {"track_running_stats": False}),
    ("LazyBatchNorm1d", {"affine": False, "track_running_stats": False}),
    ("LazyInstanceNorm1d", {"affine": False}),
])  # fmt: skip
def test_options(name, options):
    if name.startswith(("LazyLinear", "LazyConv")):
        options = {("out_features" if name == "LazyLinear" else "out_channels"): 6, **options}
    build = lambda nn_: _initialized(torch if nn_ is torch.nn else lamina, name, **options)  # noqa: E731
    compare_modules(build, floats(*LAYERS[name][1]), rtol=1e-4, atol=2e-5)


def test_output_size_and_keywords():
    def call(t, x):
        layer = t.nn.LazyConvTranspose2d(4, 3, stride=2)
        return layer(input=x, output_size=(8, 7)).shape, layer.extra_repr()

    compare(lambda t, x: (tuple(call(t, x)[0]), call(t, x)[1]), floats(1, 2, 3, 3), grad=False)


def test_first_values():
    layer = nn.LazyLinear(64)
    layer(lamina.ones(1, 100))
    assert np.abs(layer.weight.detach().numpy()).max() <= 0.1
    np.testing.assert_allclose(layer.weight.detach().numpy().std(), 0.1 / np.sqrt(3), rtol=0.1)
    assert np.abs(layer.bias.detach().numpy()).max() <= 0.1


def test_types_are_kept():
    for convert in ("double", "half", "bfloat16", "float"):
        norm = getattr(nn.LazyBatchNorm1d(), convert)()
        norm(lamina.ones(2, 3).to(norm.weight.dtype))
        assert norm.weight.dtype == norm.running_mean.dtype == getattr(lamina, convert)
        assert norm.num_batches_tracked.dtype == lamina.int64
    assert nn.LazyLinear(3, True, "cpu", lamina.float64).weight.dtype == lamina.float64
    assert nn.LazyLinear(3).to("cpu", lamina.float16).bias.dtype == lamina.float16


def _states(t):
    return {"lazy": t.nn.LazyLinear(3).state_dict(), "real": t.nn.Linear(4, 3).state_dict()}


@pytest.mark.parametrize("assign", [False, True])
def test_states(assign):
    def load(t, into, state):
        layer = t.nn.LazyLinear(3) if into == "lazy" else t.nn.Linear(4, 3)
        layer.load_state_dict(_states(t)[state], assign=assign)
        return type(layer).__name__, layer.extra_repr(), layer.has_uninitialized_params() if into == "lazy" else None

    for into in ("lazy", "real"):
        for state in ("lazy", "real"):
            if assign and into == state == "lazy":
                continue  # PyTorch raises
            compare(lambda t, into=into, state=state: load(t, into, state))

    layer, state = nn.LazyLinear(3), nn.Linear(4, 3).state_dict()
    layer.load_state_dict(state)
    np.testing.assert_array_equal(layer(lamina.eye(4)).detach(), (state["weight"].T + state["bias"]))
    assert repr(layer).startswith("Linear(in_features=4, out_features=3, bias=True)")


@pytest.mark.parametrize("name", ["LazyConv2d", "LazyBatchNorm2d"])
def test_a_loaded_layer_then_called(name):
    def load(t):
        arguments, shape = LAYERS[name]
        layer = getattr(t.nn, name)(*arguments)
        layer.load_state_dict(_initialized(t, name, *arguments).state_dict())
        layer(t.ones(*shape))
        return type(layer).__name__, layer.extra_repr()

    compare(load)


def test_a_state_that_does_not_fit_changes_nothing():
    layer = nn.LazyLinear(3)
    compare(lambda t: t.nn.LazyLinear(3).load_state_dict({}))
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "bias"'):
        layer.load_state_dict({"weight": lamina.ones(3, 4)})
    assert layer.has_uninitialized_params() and repr(layer.weight) == "<UninitializedParameter>"


def test_states_of_a_model():
    model, other = (nn.Sequential(nn.LazyConv1d(4, 3), nn.LazyBatchNorm1d()) for _ in range(2))
    model(lamina.ones(2, 3, 8))
    other.load_state_dict(model.state_dict())
    for name, value in other.state_dict().items():
        np.testing.assert_array_equal(value, model.state_dict()[name])


def test_loaded_parameters_and_another_input():
    def call(t):
        layer = t.nn.LazyLinear(3)
        layer.load_state_dict(t.nn.Linear(5, 3).state_dict())
        return layer(t.ones(1, 4))

    compare(call)


def test_copies():
    for name, (arguments, shape) in LAYERS.items():
        layer = getattr(nn, name)(*arguments)
        for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
            assert other.has_uninitialized_params()
            other(lamina.ones(*shape))
            assert type(other) is layer.cls_to_become
        assert layer.has_uninitialized_params()


def test_an_optimizer_may_come_first():
    lamina.manual_seed(0)
    model = nn.Sequential(nn.LazyLinear(8), nn.ReLU(), nn.LazyLinear(1))
    optimizer = optim.Adam(model.parameters(), lr=0.1)
    x = lamina.randn(32, 3)
    losses = []
    for _ in range(5):
        optimizer.zero_grad()
        loss = (model(x) - x.sum(1, keepdim=True)).pow(2).mean()
        loss.backward()
        optimizer.step()
        losses.append(float(loss))
    assert losses[-1] < losses[0] / 2


def test_forward_alone_and_use_before():
    x = floats(2, 3)
    compare(lambda t, x: t.nn.LazyLinear(3).forward(x), x)
    compare(lambda t, x: t.nn.functional.linear(x, t.nn.LazyLinear(3).weight), x)
    compare(lambda t: t.nn.LazyBatchNorm2d()(t.ones(2, 3)))
    compare(lambda t: t.nn.LazyConv2d(4, 3)(t.ones(2, 3)))
    compare(lambda t: t.nn.LazyConv2d(4, 3, groups=2)(t.ones(1, 3, 5, 5)))
    compare(lambda t: t.nn.LazyConv2d(3, 3, groups=2)(t.ones(1, 4, 5, 5)))
    compare(lambda t: t.nn.LazyLinear(3)(t.ones(())))
    with pytest.raises(RuntimeError) as caught:
        nn.LazyConv2d(4, 3)(lamina.ones(2, 3))
    assert str(caught.value) == (
        "Expected 3D (unbatched) or 4D (batched) input to LazyConv2d, but got input of size: lamina.Size([2, 3])"
    )


def _own(t, initialize):
    mixin = torch.nn.modules.lazy.LazyModuleMixin if t is torch else lazy.LazyModuleMixin

    class Own(mixin, t.nn.Module):
        def __init__(self):
            super().__init__()
            self.w = t.nn.UninitializedParameter()
            self.b = t.nn.UninitializedBuffer(dtype=t.float64)

        def forward(self, x, *, k=2):
            return x

    if initialize is not None:
        Own.initialize_parameters = initialize
    return Own()


def test_ones_own_lazy_module():
    calls = []

    def initialize(self, x, *, k=2):
        calls.append(k)
        self.w.materialize((k, 2))
        self.b.materialize((3,))

    def run(t):
        module = _own(t, initialize)
        names = list(dict(module.named_buffers())), list(module.state_dict())
        module(t.ones(1), k=4)
        module(t.ones(1))
        return names, type(module).__name__, tuple(module.w.shape), module.b.dtype, type(module.b).__name__

    compare(run)
    assert calls == [4, 4]
    compare(lambda t: _own(t, lambda self, x: None)(t.ones(1)))
    compare(lambda t: _own(t, None)(t.ones(1)))
    with pytest.raises(NotImplementedError, match="initialize_parameters is not implemented for Own"):
        _own(lamina, None)(lamina.ones(1))


def test_printing():
    norm = nn.LazyBatchNorm1d(bias=False)
    assert repr(norm).splitlines() == [
        "LazyBatchNorm1d(0, eps=1e-05, momentum=0.1, affine=True, bias=False, track_running_stats=True)",
        "● weight: Float (uninitialized)",
        "● running_mean: Float (uninitialized) (buffer)",
        "● running_var: Float (uninitialized) (buffer)",
        "● num_batches_tracked: Long [] (buffer)",
    ]


def test_is_lazy():
    assert nn.parameter.is_lazy(nn.LazyLinear(3).weight)
    assert not nn.parameter.is_lazy(nn.Linear(3, 3).weight)
    assert isinstance(nn.LazyLinear(3).weight, nn.parameter.UninitializedTensorMixin)
