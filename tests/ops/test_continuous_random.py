"""Random operations of continuous distributions: gradients beside PyTorch's, types, errors."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lamina
from lamina import functions


def test_the_gradient_of_a_gamma_number_is_that_of_pytorch():
    concentration = lamina.tensor([0.2, 0.9, 1.5, 8.0, 40.0], dtype=lamina.float64, requires_grad=True)
    drawn = functions.standard_gamma(concentration)
    drawn.sum().backward()
    there = torch.tensor(concentration.detach().numpy())
    expected = torch._standard_gamma_grad(there, torch.tensor(drawn.detach().numpy()))
    # PyTorch's own approximation has four digits for some of these.
    np.testing.assert_allclose(concentration.grad.numpy(), expected.numpy(), rtol=2e-3)


@pytest.mark.slow
def test_a_dirichlet_vector_adds_up_to_one():
    concentration = lamina.tensor([[0.5, 1.0, 3.0]], requires_grad=True)
    drawn = functions.standard_dirichlet(concentration.expand(7, 3))
    np.testing.assert_allclose(drawn.detach().numpy().sum(-1), np.ones(7), rtol=1e-6)
    (drawn * lamina.arange(3.0)).sum().backward()
    assert concentration.grad.abs().min().item() > 0


def test_angles_lie_in_one_turn():
    angles = functions.von_mises(lamina.full((500,), 3.0), lamina.full((500,), 2.0)).numpy()
    assert angles.dtype == np.float32
    assert ((angles >= -np.pi) & (angles < np.pi)).all()
    np.testing.assert_allclose(np.angle(np.exp(1j * angles).mean()), 3.0, atol=0.2)


@pytest.mark.parametrize("name", ["standard_gamma", "standard_dirichlet"])
def test_whole_numbers_are_refused(name):
    with pytest.raises(NotImplementedError) as caught:
        getattr(functions, name)(lamina.ones(2, dtype=lamina.int64))
    assert str(caught.value) == f"\"{name}\" not implemented for 'Long'"
