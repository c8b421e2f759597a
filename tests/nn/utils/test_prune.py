"""Pruning, against PyTorch's: masks, names, iterations, errors. What is random is counted."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
import torch.nn.utils.prune  # PyTorch does not import it by itself

import lamina
from lamina import nn, optim
from lamina.nn.utils import prune
from tests.parity import compare, compare_modules, floats

SCORES = floats(4, 3, seed=5)


def lib_of(nn):
    return torch if nn is torch.nn else lamina


def pruned(*steps, remove=False):
    """A Linear(3, 4) after some steps `step(prune, layer, t)`."""

    def build(nn):
        layer, t = nn.Linear(3, 4), lib_of(nn)
        with t.no_grad():
            layer.weight.copy_(t.tensor(floats(4, 3)))
            layer.bias.copy_(t.tensor(floats(4)))
        for step in steps:
            step(nn.utils.prune, layer, t)
        if remove:
            nn.utils.prune.remove(layer, "weight")
        return layer

    return build


L1 = lambda p, layer, t: p.l1_unstructured(layer, "weight", 0.3)  # noqa: E731
L1_COUNT = lambda p, layer, t: p.l1_unstructured(layer, "weight", amount=2)  # noqa: E731
SCORED = lambda p, layer, t: p.l1_unstructured(layer, "weight", 3, importance_scores=t.tensor(SCORES))  # noqa: E731
IDENTITY = lambda p, layer, t: p.identity(layer, "bias")  # noqa: E731
MASK = lambda p, layer, t: p.custom_from_mask(layer, "weight", t.tensor(SCORES > 0))  # noqa: E731
NOTHING = lambda p, layer, t: p.l1_unstructured(layer, "weight", 0)  # noqa: E731


def structured(n, dim, amount=1, scored=False):
    def step(p, layer, t):
        scores = t.tensor(SCORES) if scored else None
        p.ln_structured(layer, "weight", amount, n, dim, scores)

    return step


ROWS, COLUMNS = structured(2, 0), structured(1, -1)


def test_names_are_pytorchs():
    public = {
        name for name, x in vars(torch.nn.utils.prune).items()
        if getattr(x, "__module__", "") == "torch.nn.utils.prune" and not name.startswith("_")
    }  # fmt: skip
    assert public == set(prune.__all__)


@pytest.mark.parametrize(
    "steps",
    [
        [L1], [L1_COUNT], [SCORED], [IDENTITY], [MASK], [NOTHING],
        [ROWS], [COLUMNS], [structured(math.inf, 1, 0.5)], [structured(2, 0, 2, scored=True)], [structured(2, 1, 0)],
        [L1, L1_COUNT], [L1, ROWS], [ROWS, L1], [ROWS, COLUMNS, L1], [MASK, ROWS, IDENTITY], [L1, MASK, NOTHING],
        [structured(2, 0), structured(2, 0)],
    ],
)  # fmt: skip
def test_masks(steps):
    compare_modules(pruned(*steps), floats(2, 3))
    if IDENTITY not in steps:
        compare_modules(pruned(*steps, remove=True), floats(2, 3))


@pytest.mark.parametrize("n", ["fro", "nuc"])
def test_norms_of_matrices(n):
    def build(nn):
        return nn.utils.prune.ln_structured(nn.Conv1d(2, 4, 3), "weight", 2, n, 0)

    ours, theirs = build(nn), build(torch.nn)
    assert (ours.weight_mask.sum((1, 2)) == 0).sum().item() == 2
    mask = prune.LnStructured(2, n, 0).compute_mask(
        lamina.tensor(theirs.weight_orig.detach().numpy()), lamina.ones(4, 2, 3)
    )
    np.testing.assert_array_equal(mask.numpy(), theirs.weight_mask.numpy())


def test_the_weight_follows_what_is_learned():
    def call(t, x):
        layer = pruned(L1, ROWS)(t.nn)
        optimizer = t.optim.SGD(layer.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            (layer(x) ** 2).sum().backward()
            optimizer.step()
        t.nn.utils.prune.remove(layer, "weight")
        return layer.weight, layer(x)

    compare(call, floats(2, 3), grad=False, rtol=1e-4, atol=1e-5)


def test_a_training_step_stays_one_program():
    layer = pruned(L1)(nn)
    optimizer = optim.SGD(layer.parameters(), lr=0.1)
    x = lamina.ones(2, 3)
    lamina.synchronize()
    compiled = []
    for _ in range(4):
        before = lamina.engine.compilations()
        optimizer.zero_grad()
        (layer(x) ** 2).sum().backward()
        optimizer.step()
        compiled.append(lamina.engine.compilations() - before)
    assert compiled[2:] == [0, 0]


@pytest.mark.parametrize("amount", [5, 0.5])
def test_random_elements(amount):
    count = amount if isinstance(amount, int) else round(amount * 12)
    layer = prune.random_unstructured(nn.Linear(3, 4), "weight", amount)
    assert (layer.weight_mask == 0).sum().item() == count
    assert ((layer.weight == 0) == (layer.weight_mask == 0)).all()
    prune.random_unstructured(layer, "weight", 3)
    assert (layer.weight_mask == 0).sum().item() == count + 3
    masks = {
        tuple(prune.random_unstructured(nn.Linear(3, 4), "weight", 1).weight_mask.reshape(-1).tolist())
        for _ in range(20)
    }
    assert len(masks) > 3


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_random_slices(dim):
    layer = prune.random_structured(nn.Linear(3, 4), "weight", 2, dim)
    sums = layer.weight_mask.sum(1 - dim % 2)
    assert (sums == 0).sum().item() == 2 and (sums == layer.weight.shape[1 - dim % 2]).sum().item() == len(sums) - 2
    prune.random_structured(layer, "weight", 1, dim)
    assert (layer.weight_mask.sum(1 - dim % 2) == 0).sum().item() == 3


@pytest.mark.parametrize("scored", [False, True])
def test_several_parameters_together(scored):
    def build(nn):
        t = lib_of(nn)
        net = nn.Sequential(pruned()(nn), nn.Linear(4, 3), pruned(L1_COUNT)(nn))
        with t.no_grad():
            net[1].weight.copy_(t.tensor(floats(3, 4, seed=2)))
        parameters = [(net[0], "weight"), (net[0], "bias"), (net[2], "weight")]
        scores = {(net[0], "weight"): t.tensor(SCORES)} if scored else None
        nn.utils.prune.global_unstructured(
            parameters, nn.utils.prune.L1Unstructured, importance_scores=scores, amount=9
        )
        return net

    compare_modules(build, floats(2, 3))
    assert sum((b == 0).sum().item() for b in build(nn).buffers()) == 9 + 2


def test_methods_without_a_module():
    def call(t, x):
        p = t.nn.utils.prune
        method = p.L1Unstructured(3)
        mask = t.ones(4, 3)
        mask[0] = 0
        return (
            method.prune(x),
            method.prune(x, mask),
            p.LnStructured(1, 2, 0).prune(x, importance_scores=t.tensor(SCORES)),
        )

    compare(call, floats(4, 3))


def test_containers():
    layer = pruned(L1, ROWS)(nn)
    (hook,) = layer._forward_pre_hooks.values()
    assert isinstance(hook, prune.PruningContainer) and len(hook) == 2
    assert [type(method).__name__ for method in hook] == ["L1Unstructured", "LnStructured"]
    assert hook[1].dim == 0 and hook._tensor_name == "weight"
    container = prune.PruningContainer()
    assert len(container) == 0
    with pytest.raises(TypeError, match="is not a BasePruningMethod subclass$"):
        container.add_pruning_method(3)
    method = prune.Identity()
    method._tensor_name = "bias"
    with pytest.raises(ValueError, match=r"^Can only add pruning methods acting on the parameter named 'weight'"):
        hook.add_pruning_method(method)

    class Odd(prune.BasePruningMethod):
        PRUNING_TYPE = "structured"

        def compute_mask(self, t, default_mask):
            return default_mask

    with pytest.raises(AttributeError, match="need to have the attribute `dim` defined"):
        Odd.apply(layer, "weight")
    Odd.PRUNING_TYPE = "odd"
    with pytest.raises(ValueError, match=r"^Unrecognized PRUNING_TYPE odd$"):
        Odd.apply(pruned(L1)(nn), "weight")


def test_is_pruned():
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
    assert not prune.is_pruned(net)
    prune.identity(net[0], "weight")
    assert prune.is_pruned(net) and prune.is_pruned(net[0]) and not prune.is_pruned(net[1])
    prune.remove(net[0], "weight")
    assert not prune.is_pruned(net)


def test_states_and_copies():
    layer = pruned(L1)(nn)
    assert list(layer.state_dict()) == ["bias", "weight_orig", "weight_mask"]
    other = pruned(IDENTITY)(nn)
    prune.identity(other, "weight")
    prune.remove(other, "bias")
    other.load_state_dict(layer.state_dict())
    x = lamina.randn(2, 3)
    assert lamina.equal(other(x), layer(x))
    with pytest.raises(RuntimeError, match="Only Tensors created explicitly by the user"):
        copy.deepcopy(layer)  # as in PyTorch: weight is computed


@pytest.mark.parametrize(
    "step",
    [
        lambda p, layer, t: p.l1_unstructured(layer, "weight", "much"),
        lambda p, layer, t: p.l1_unstructured(layer, "weight", -1),
        lambda p, layer, t: p.l1_unstructured(layer, "weight", 1.5),
        lambda p, layer, t: p.l1_unstructured(layer, "weight", 13),
        lambda p, layer, t: p.random_unstructured(layer, "weight", 20),
        lambda p, layer, t: p.l1_unstructured(layer, "nothing", 1),
        lambda p, layer, t: p.ln_structured(layer, "weight", 1, 2, 2),
        lambda p, layer, t: p.ln_structured(layer, "bias", 1, 2, 0),
        lambda p, layer, t: p.ln_structured(layer, "weight", 5, 2, 0),
        lambda p, layer, t: p.random_structured(layer, "weight", 4, 1),
        lambda p, layer, t: p.random_structured(layer, "weight", 1, -3),
        lambda p, layer, t: p.custom_from_mask(layer, "weight", t.ones(2, 2)),
        lambda p, layer, t: p.l1_unstructured(layer, "weight", 1, importance_scores=t.ones(2)),
        lambda p, layer, t: p.global_unstructured(3, p.L1Unstructured, amount=1),
        lambda p, layer, t: p.global_unstructured([(layer, "weight")], p.L1Unstructured, 3, amount=1),
        lambda p, layer, t: p.global_unstructured([(layer, "weight")], p.LnStructured, amount=1, n=2),
        lambda p, layer, t: p.remove(layer, "weight"),
        lambda p, layer, t: p.Identity().apply_mask(layer),
        lambda p, layer, t: p.BasePruningMethod(),
        lambda p, layer, t: p.Identity().prune(t.ones(2), importance_scores=t.ones(3)),
    ],
)
def test_what_pytorch_refuses(step):
    compare(lambda t: pruned(step)(t.nn))


def test_messages():
    layer = nn.Linear(3, 4)
    for call, message in (
        (lambda: prune.L1Unstructured("much"), "Invalid type for amount: much. Must be int or float."),
        (
            lambda: prune.L1Unstructured(1.5),
            "amount=1.5 should either be a float in the range [0, 1] or a non-negative integer",
        ),
        (
            lambda: prune.l1_unstructured(layer, "weight", 13),
            "amount=13 should be smaller than the number of parameters to prune=12",
        ),
        (
            lambda: prune.ln_structured(layer, "bias", 1, 2, 0),
            "Structured pruning can only be applied to multidimensional tensors. Found tensor of shape "
            "lamina.Size([4]) with 1 dims",
        ),
        (
            lambda: prune.ln_structured(layer, "weight", 1, 2, 2),
            "Invalid index 2 for tensor of size lamina.Size([4, 3])",
        ),
    ):
        with pytest.raises((TypeError, ValueError, IndexError)) as caught:
            call()
        assert str(caught.value) == message
    assert list(layer.state_dict()) == ["bias", "weight"] or list(layer.state_dict()) == ["weight", "bias"]
    assert isinstance(layer.weight, nn.Parameter)  # what failed left the layer as it was


@pytest.mark.parametrize("name", ["CustomFromMask", "RandomStructured", "RandomUnstructured", "LnStructured"])
def test_methods_as_classes(name):
    layer = nn.Linear(3, 4)
    arguments = {
        "CustomFromMask": (lamina.tensor(SCORES > 0),), "RandomStructured": (0.5, 0), "LnStructured": (2, 1, 1),
        "RandomUnstructured": (5,),
    }[name]  # fmt: skip
    method = getattr(nn.utils.prune, name).apply(layer, "weight", *arguments)
    assert isinstance(method, nn.utils.prune.BasePruningMethod)
    kept = layer.weight_mask.sum().item()
    assert kept == {"CustomFromMask": (SCORES > 0).sum(), "RandomStructured": 6, "LnStructured": 4}.get(name, 7)
    assert layer.weight.equal(layer.weight_orig * layer.weight_mask)
