"""Parameter and Buffer."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import lamina
from lamina import nn


def test_a_parameter_is_a_leaf_that_requires_a_gradient():
    data = lamina.ones(2, 3)
    parameter = nn.Parameter(data)
    assert isinstance(parameter, lamina.Tensor) and parameter.is_leaf and parameter.requires_grad
    assert not data.requires_grad
    (parameter * 2).sum().backward()
    assert parameter.grad.tolist() == [[2.0] * 3] * 2


def test_it_requires_one_also_where_it_is_made_without_gradients_or_from_what_was_computed():
    with lamina.no_grad():
        assert nn.Parameter(lamina.ones(2)).requires_grad
    computed = lamina.ones(2, requires_grad=True) * 2
    assert nn.Parameter(computed).is_leaf
    assert not nn.Parameter(lamina.ones(2), requires_grad=False).requires_grad
    assert not nn.Parameter(nn.Parameter(lamina.ones(2)), False).requires_grad


def test_it_takes_arrays_too():
    assert nn.Parameter(np.ones((2, 1), np.float64)).dtype == lamina.float64
    assert nn.Parameter().shape == (0,)


def test_whole_numbers_have_no_gradients():
    with pytest.raises(RuntimeError, match="only Tensors of floating point and complex dtype can require gradients"):
        nn.Parameter(lamina.ones(2, dtype=lamina.int64))
    assert nn.Parameter(lamina.ones(2, dtype=lamina.int64), requires_grad=False).dtype == lamina.int64


def test_it_prints_what_it_is():
    assert repr(nn.Parameter(lamina.zeros(2))) == "Parameter containing:\ntensor([0., 0.], requires_grad=True)"
    assert repr(nn.Parameter(lamina.zeros(2), False)) == "Parameter containing:\ntensor([0., 0.])"


@pytest.mark.parametrize("again", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["copied", "pickled"])
def test_copies_are_parameters(again):
    parameter = nn.Parameter(lamina.ones(2))
    other = again(parameter)
    assert type(other) is nn.Parameter and other.requires_grad and other is not parameter
    with lamina.no_grad():
        other.zero_()
    assert parameter.tolist() == [1.0, 1.0]
    buffer = again(nn.Buffer(lamina.ones(2), persistent=False))
    assert type(buffer) is nn.Buffer and buffer.persistent is False


def test_what_is_computed_from_parameters_is_a_plain_tensor():
    parameter = nn.Parameter(lamina.ones(2))
    assert type(parameter * 2) is lamina.Tensor
    assert type(parameter.detach()) is lamina.Tensor
    assert type(nn.Buffer(lamina.ones(2)) + 1) is lamina.Tensor


def test_a_buffer_requires_no_gradient():
    buffer = nn.Buffer(lamina.ones(2))
    assert not buffer.requires_grad and buffer.persistent
