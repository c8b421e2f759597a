"""Parameters as one vector and back, against PyTorch's."""

from __future__ import annotations

import pytest

import lamina
from lamina import nn, optim
from lamina.nn.utils import parameters_to_vector, vector_to_parameters
from tests.parity import compare, compare_modules, floats


def test_to_a_vector_with_gradients():
    compare(lambda t, x, y: t.nn.utils.parameters_to_vector([x, y]), floats(2, 3), floats(4))


def test_from_a_vector():
    def call(module, vector):
        import torch

        u = (torch if isinstance(vector, torch.Tensor) else lamina).nn.utils
        u.vector_to_parameters(vector, module.parameters())
        return u.parameters_to_vector(module.parameters())

    compare_modules(lambda nn: nn.Linear(3, 2), floats(8), call=call, grad=False)


def test_parameters_stay_the_ones_the_optimizer_knows():
    model = nn.Linear(3, 2)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    before = list(model.parameters())
    vector = lamina.arange(8.0)
    for _ in range(3):
        vector_to_parameters(vector, model.parameters())
        optimizer.zero_grad()
        model(lamina.ones(1, 3)).sum().backward()
        optimizer.step()
    assert all(a is b for a, b in zip(before, model.parameters(), strict=True))
    assert all(p.is_leaf and p.requires_grad for p in before)
    expected = [x - 0.3 for x in range(8)]  # as in PyTorch, the parameters are parts of the vector from then on
    assert parameters_to_vector(before).tolist() == pytest.approx(expected)
    assert vector.tolist() == pytest.approx(expected)


def test_errors():
    with pytest.raises(TypeError) as caught:
        vector_to_parameters([1.0], [])
    assert str(caught.value) == "expected lamina.Tensor, but got: list"
    compare(lambda t, x: t.nn.utils.vector_to_parameters(x, [t.ones(3)]), floats(2))
    here, there = lamina.ones(2), lamina.ones(2, device="cpu:1")
    for call in (lambda: parameters_to_vector([here, there]), lambda: vector_to_parameters(here, [here, there])):
        with pytest.raises(TypeError) as caught:
            call()
        assert str(caught.value) == "Found two parameters on different devices, this is currently not supported."
