"""Parametrized tensors, against PyTorch's: names, values, gradients, classes, copies, errors."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch

import lamina
from lamina import nn, optim
from lamina.nn.utils import parametrize as P
from tests.parity import compare, compare_modules, floats

X = floats(2, 3)


def lib_of(module):
    return torch if isinstance(module, torch.nn.Module) else lamina


def make(nn, forward, right_inverse=None):
    """A parametrization from functions, in either library."""
    body = {"forward": lambda self, *x: forward(*x)}
    if right_inverse is not None:
        body["right_inverse"] = lambda self, x: right_inverse(x)
    return type("Made", (nn.Module,), body)()


def symmetric(nn):
    return make(nn, lambda x: x.triu() + x.triu(1).T, lambda x: x.triu())


def doubled(nn):
    return make(nn, lambda x: 2 * x, lambda x: x / 2)


def split(nn):
    return make(nn, lambda a, b: a + b, lambda x: (x / 4, x * 3 / 4))


def build(*parametrizations, name="weight", layer=lambda nn: nn.Linear(3, 3)):
    def built(nn):
        module = layer(nn)
        for parametrization in parametrizations:
            nn.utils.parametrize.register_parametrization(module, name, parametrization(nn))
        return module

    return built


def test_names_are_pytorchs():
    assert set(P.__all__) == set(torch.nn.utils.parametrize.__all__)


@pytest.mark.parametrize("parametrizations", [[symmetric], [doubled], [symmetric, doubled], [split], [split, doubled]])
def test_values_gradients_and_names(parametrizations):
    compare_modules(build(*parametrizations), X)


def test_buffers_and_several_tensors():
    compare_modules(build(doubled, name="running_mean", layer=lambda nn: nn.BatchNorm1d(3)), X, train=False)
    compare_modules(build(split, name="running_var", layer=lambda nn: nn.BatchNorm1d(3)), X, train=False, grad=False)

    def both(nn):
        return build(doubled, name="bias", layer=build(symmetric))(nn)

    compare_modules(both, X)
    module = both(nn)
    assert P.is_parametrized(module) and P.is_parametrized(module, "bias") and not P.is_parametrized(module, "x")
    assert P.type_before_parametrizations(module) is nn.Linear and isinstance(module, nn.Linear)
    assert not P.is_parametrized(nn.Linear(2, 2)) and P.type_before_parametrizations(nn.ReLU()) is nn.ReLU


def test_class_and_repr():
    ours, theirs = build(split)(nn), build(split)(torch.nn)
    assert repr(ours).split("\n)")[0] == repr(theirs).split("\n)")[0]
    assert type(ours).__name__ == type(theirs).__name__ == "ParametrizedLinear"
    assert type(ours).__bases__ == (nn.Linear,)
    assert type(ours.parametrizations.weight) is P.ParametrizationList
    entry, expected = ours.parametrizations.weight, theirs.parametrizations.weight
    assert (entry.is_tensor, entry.ntensors, entry.unsafe, len(entry)) == (
        expected.is_tensor, expected.ntensors, expected.unsafe, len(expected)
    )  # fmt: skip


@pytest.mark.parametrize("leave", [True, False])
def test_removing(leave):
    def built(nn):
        module = build(symmetric, doubled)(nn)
        nn.utils.parametrize.remove_parametrizations(module, "weight", leave_parametrized=leave)
        return module

    compare_modules(built, X)
    module = nn.Linear(3, 3)
    weight = module.weight
    build(doubled, layer=lambda nn: module)(nn)
    assert "weight" not in module._parameters and module.parametrizations.weight.original is weight
    P.remove_parametrizations(module, "weight", leave)
    assert module.weight is weight and type(module) is nn.Linear and not hasattr(module, "parametrizations")


def test_removing_one_of_two_and_one_made_of_several():
    def built(nn):
        module = build(doubled, name="bias", layer=build(split))(nn)
        nn.utils.parametrize.remove_parametrizations(module, "weight")
        return module

    compare_modules(built, X)
    module = built(nn)
    assert type(module).__name__ == "ParametrizedLinear" and isinstance(module.weight, nn.Parameter)
    with pytest.raises(ValueError) as caught:
        P.remove_parametrizations(build(split)(nn), "weight", leave_parametrized=False)
    assert str(caught.value) == (
        "Cannot leave unparametrized (`leave_parametrized=False`) a tensor "
        "that is parametrized in terms of a sequence of tensors."
    )
    with pytest.raises(ValueError, match=r"does not have a parametrization on weight$"):
        P.remove_parametrizations(nn.Linear(2, 2), "weight")


def test_assigning():
    def call(module, x):
        with lib_of(module).no_grad():
            module.weight = x
        return module.weight

    for parametrizations in ([doubled], [symmetric, doubled], [split]):
        compare_modules(build(*parametrizations), floats(3, 3), call=call)
    without = lambda nn: make(nn, lambda x: x.exp())  # noqa: E731
    compare_modules(build(without), floats(3, 3), call=call)
    compare(lambda t, x: setattr(build(doubled)(t.nn), "weight", t.nn.Parameter(x)), floats(3, 3))


def test_an_optimizer_trains_the_originals():
    def call(t, x):
        layer = build(symmetric)(t.nn)
        with t.no_grad():
            layer.parametrizations.weight.original.copy_(t.tensor(floats(3, 3)))
            layer.bias.zero_()
        optimizer = t.optim.SGD(layer.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            (layer(x) ** 2).sum().backward()
            optimizer.step()
        return layer.weight

    compare(call, X, grad=False)


def test_a_training_step_stays_one_program():
    layer = build(symmetric)(nn)
    optimizer = optim.SGD(layer.parameters(), lr=0.1)
    x = lamina.ones(2, 3)
    lamina.synchronize()
    compiled = []
    for _ in range(3):
        before = lamina.engine.compilations()
        optimizer.zero_grad()
        (layer(x) ** 2).sum().backward()
        optimizer.step()
        compiled.append(lamina.engine.compilations() - before)
    assert compiled[0] <= 1 and compiled[1:] == [0, 0]  # the first may be known from another test


def test_cached():
    calls = []
    layer = build(lambda nn: make(nn, lambda x: calls.append(1) or x * 2))(nn)
    calls.clear()
    with P.cached():
        with P.cached():
            first = layer.weight
        assert layer.weight is first and len(calls) == 1
    assert layer.weight is not first and len(calls) == 2


def test_copies_and_pickles():
    layer = build(split)(nn)
    other = copy.deepcopy(layer)
    assert type(other) is type(layer) and lamina.equal(other.weight, layer.weight)
    with lamina.no_grad():
        other.parametrizations.weight.original0.zero_()
    assert not lamina.equal(other.weight, layer.weight)
    assert other.parametrizations.weight.original0.requires_grad
    assert copy.deepcopy(nn.Sequential(layer, layer))[0].weight.shape == (3, 3)
    with pytest.raises(
        RuntimeError, match=r"^Serialization of parametrized modules is only supported through state_dict"
    ):
        pickle.dumps(layer)
    layer.load_state_dict(other.state_dict())
    assert lamina.equal(other.weight, layer.weight)


def test_conversions_reach_the_originals():
    layer = build(split)(nn).double()
    assert layer.weight.dtype is lamina.float64
    assert layer.train(False).parametrizations.weight[0].training is False


@pytest.mark.parametrize("parametrization", [symmetric, split])
def test_transferring(parametrization):
    def built(nn):
        source, target = build(doubled, name="bias", layer=build(parametrization))(nn), nn.Linear(3, 3)
        nn.utils.parametrize.transfer_parametrizations_and_params(source, target)
        return target

    compare_modules(built, X)
    source, target = build(parametrization)(nn), nn.ReLU()
    assert P.transfer_parametrizations_and_params(nn.Linear(2, 2), target) is target
    assert not P.is_parametrized(target)
    P.transfer_parametrizations_and_params(source, target, "weight")
    assert lamina.equal(target.weight, source.weight)


def wrong(forward, right_inverse=None):
    return lambda nn: make(nn, forward, right_inverse)


WRONG = {
    "shape": wrong(lambda x: x[:2]),
    "dtype": wrong(lambda x: x.double()),
    "no tensor": wrong(lambda x: 3),
    "inverse gives no tensor": wrong(lambda x: x, lambda x: 3),
    "inverse gives no tensors": wrong(lambda x, *y: x, lambda x: (x, 3)),
    "inverse changes type": wrong(lambda x: x, lambda x: x.double()),
    "inverse changes shape": wrong(lambda x: x, lambda x: x[:2]),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("before", [[], [doubled]])
def test_what_pytorch_refuses(name, before):
    def message(nn):
        with pytest.raises(ValueError) as caught:
            build(*before, WRONG[name])(nn)
        return str(caught.value).replace("torch.", "lamina.")

    expected, found = message(torch.nn), message(nn)
    assert found.replace("lamina.Size", "") == expected.replace("lamina.Size", "")


def test_unsafe_may_change_shape_and_type():
    def built(nn):
        module = nn.Linear(3, 3)
        register = nn.utils.parametrize.register_parametrization
        register(module, "weight", make(nn, lambda x: x[:2]), unsafe=True)
        register(module, "weight", doubled(nn))
        return register(module, "bias", make(nn, lambda x: x[:2]), unsafe=True)

    compare_modules(built, X)


def test_errors_when_assigning():
    class Fickle(nn.Module):
        result = None

        def forward(self, *x):
            return x[0]

        def right_inverse(self, x):
            return self.result if self.result is not None else x

    fickle = Fickle()
    layer = P.register_parametrization(nn.Linear(3, 3), "weight", fickle)
    for result, message in (
        (3, "`right_inverse` should return a tensor. Got int"),
        (
            lamina.ones(3, 3, dtype=lamina.float64),
            "The tensor returned by `right_inverse` has dtype lamina.float64 while `original` has dtype lamina.float32",
        ),
    ):
        fickle.result = result
        with pytest.raises(ValueError) as caught:
            layer.weight = lamina.ones(3, 3)
        assert str(caught.value) == message
    fickle.result = (lamina.ones(3, 3), lamina.ones(3))
    layer = P.register_parametrization(nn.Linear(3, 3), "weight", fickle)
    for result, message in (
        (3, "'right_inverse' must return a sequence of tensors. Got int."),
        (
            (lamina.ones(3, 3),),
            "'right_inverse' must return a sequence of tensors of length 2. Got a sequence of length 1.",
        ),
        ((lamina.ones(3, 3), 3), "'right_inverse' must return a sequence of tensors. Got element 1 of type int."),
        (
            (lamina.ones(3, 3), lamina.ones(3, dtype=lamina.int64)),
            "Tensor 1 returned by `right_inverse` has dtype lamina.int64 while `original1` has dtype lamina.float32",
        ),
    ):
        fickle.result = result
        with pytest.raises(ValueError) as caught:
            layer.weight = lamina.ones(3, 3)
        assert str(caught.value) == message
    layer = build(wrong(lambda x: x))(nn)
    with pytest.raises(RuntimeError) as raised:
        layer.weight = lamina.ones(3, 3)
    assert str(raised.value) == "parametrization Made does not implement right_inverse."


def test_unknown_tensors():
    with pytest.raises(ValueError) as caught:
        P.register_parametrization(nn.ReLU(), "weight", nn.Identity())
    assert str(caught.value) == (
        "Module 'ReLU()' does not have a parameter, a buffer, or a parametrized element with name 'weight'"
    )
    with pytest.raises(ValueError, match=r"^ParametrizationList requires one or more modules.$"):
        P.ParametrizationList([], lamina.ones(2))


def test_functional_call_with_the_originals():
    layer = build(doubled)(nn)
    zeros = {"parametrizations.weight.original": lamina.zeros(3, 3), "bias": lamina.ones(3)}
    assert lamina.func.functional_call(layer, zeros, lamina.tensor(X)).tolist() == np.ones((2, 3)).tolist()
