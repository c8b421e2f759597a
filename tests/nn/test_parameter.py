"""Parameter and Buffer."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import lamina
from lamina import nn
from tests.parity import compare


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


KINDS = ("UninitializedParameter", "UninitializedBuffer")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("use", [
    lambda t, p: p.dtype, lambda t, p: p.device, lambda t, p: p.requires_grad, lambda t, p: p.grad,
    lambda t, p: p.grad_fn, lambda t, p: p.is_leaf, lambda t, p: repr(p), lambda t, p: p.is_floating_point(),
    lambda t, p: p.is_complex(), lambda t, p: p.double().dtype,
    lambda t, p: p.to(t.float16).dtype, lambda t, p: p.half().requires_grad, lambda t, p: p.cls_to_become.__name__,
    lambda t, p: isinstance(p, t.nn.Parameter), lambda t, p: isinstance(p, t.nn.Buffer),
    lambda t, p: p.shape, lambda t, p: p + 1, lambda t, p: 1 + p, lambda t, p: p.sum(), lambda t, p: t.add(p, 1),
    lambda t, p: p.detach(), lambda t, p: p.clone(), lambda t, p: p.numel(), lambda t, p: len(p), lambda t, p: bool(p),
    lambda t, p: p.tolist(), lambda t, p: p.item(), lambda t, p: p.dim(), lambda t, p: p.share_memory_(),
    lambda t, p: p == p, lambda t, p: p.backward(), lambda t, p: t.stack([p, p]),
])  # fmt: skip
def test_uninitialized(kind, use):
    compare(lambda t: use(t, getattr(t.nn, kind)(dtype=t.float32)))


@pytest.mark.parametrize("kind", KINDS)
def test_materialize(kind):
    def run(t):
        p = q = getattr(t.nn, kind)(requires_grad=False, dtype=t.float64)
        p.materialize([2, 3])
        p.fill_(2)
        r = getattr(t.nn, kind)(True)
        r.materialize((1,), dtype=t.float16)
        return p is q, type(p).__name__, p, p.requires_grad, r.requires_grad, r.dtype, tuple(r.shape), r.is_leaf

    compare(run)


def test_uninitialized_copies():
    for p in (nn.UninitializedParameter(False, dtype=lamina.float16), nn.UninitializedBuffer(persistent=False)):
        for other in (copy.deepcopy(p), pickle.loads(pickle.dumps(p)), copy.copy(p)):
            assert type(other) is type(p) and other is not p
            assert (other.dtype, other.requires_grad) == (p.dtype, p.requires_grad)
            assert getattr(other, "persistent", None) == getattr(p, "persistent", None)


def test_uninitialized_buffers_are_filed_as_buffers():
    def run(t):
        module = t.nn.Module()
        module.a, module.b = t.nn.UninitializedBuffer(), t.nn.UninitializedBuffer(persistent=False)
        return list(dict(module.named_buffers())), list(module.state_dict(keep_vars=True))

    compare(run)


def test_messages_of_uninitialized_tensors():
    with pytest.raises(ValueError) as caught:
        nn.UninitializedParameter() * 2
    assert str(caught.value) == (
        "An UninitializedParameter has no value. Call the module once, with an input of the right shape, before its "
        "parameters are used."
    )
    with pytest.raises(RuntimeError) as caught:
        nn.UninitializedParameter().shape
    assert str(caught.value) == (
        "An uninitialized parameter or buffer has no shape. Call the module once, so that it can be initialized; "
        "a state with uninitialized parameters does not fit a module whose parameters are initialized."
    )
