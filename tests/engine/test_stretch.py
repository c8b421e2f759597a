"""Stretches: what is remembered of a recording, and what must not be."""

from __future__ import annotations

import pytest

import lamina
from lamina.engine import Stretches, state
from lamina.engine.stretch import MOST
from lamina.tensor import wrap
from tests.parity import floats


def remember(stretches, function, *tensors, key=None):
    """Record in a program of its own; whether it can be recorded again by one look-up."""
    lamina.synchronize()
    values = [tensor.current() for tensor in tensors]
    mark = stretches.begin()
    result = function(*tensors)
    results = result if isinstance(result, tuple) else (result,)
    stretches.end(mark, values, [x._value for x in results], key)
    end = state.trace.node
    lamina.synchronize()
    found = stretches.again(values, key)
    if found is not None:
        assert state.trace.node is end
        assert [value.spec for value in found] == [x._value.spec for x in results]
        lamina.synchronize()
    return found is not None


def two():
    return lamina.tensor(floats(2, 3)), lamina.tensor(floats(2, 3, seed=1))


REMEMBERED = {
    "one operation": lambda x, y: x + y,
    "several": lambda x, y: (x * y).relu() @ y.t(),
    "several results": lambda x, y: (x + y, (x - y).max(dim=1).indices),
    "constants": lambda x, y: x * 2 + y**3,
    "an operand that is not used": lambda x, y: x.exp(),
}
FORGOTTEN = {
    "another tensor": lambda x, y: x + y + lamina.tensor(floats(2, 3, seed=2)),
    "random numbers": lambda x, y: lamina.nn.functional.dropout(x + y),
    "a result that was there before": lambda x, y: (x + y, x),
    "a value that was read": lambda x, y: x + y if (x + y).sum().item() < 100 else x,
}


@pytest.mark.parametrize("name", REMEMBERED)
def test_remembered(name):
    assert remember(Stretches(), REMEMBERED[name], *two())


@pytest.mark.parametrize("name", FORGOTTEN)
def test_not_remembered(name):
    assert not remember(Stretches(), FORGOTTEN[name], *two())


def test_one_value_twice_says_nothing_of_two():
    x, _ = two()
    assert not remember(Stretches(), lambda x, y: x + y, x, x)


def test_numbers_that_vary_are_not_remembered():
    stretches = Stretches()
    assert remember(stretches, lambda x, y: x * 0.25 + y, *two(), key=0.25)
    assert not remember(stretches, lambda x, y: x * 0.5 + y, *two(), key=0.5)
    assert remember(stretches, lambda x, y: x * 0.25 + y, *two(), key=0.25)


def test_operands_of_another_kind_do_not_fit():
    stretches = Stretches()
    x, y = two()
    assert remember(stretches, lambda x, y: x + y, x, y)

    def fits(*tensors):
        lamina.synchronize()
        return stretches.again([tensor.current() for tensor in tensors]) is not None

    assert fits(y, x)
    assert not fits(x.double(), y)
    assert not fits(x[:1], y)
    assert not fits(x, y.requires_grad_())
    with lamina.no_grad():
        assert not fits(x, two()[1])
    pending = x * 2  # known to the trace, where the remembered operand was new to it
    assert stretches.again([pending.current(), two()[1].current()]) is None


def test_what_is_remembered_is_bounded():
    stretches = Stretches()
    for key in range(3 * MOST):
        assert remember(stretches, lambda x, y: x + y, *two(), key=key)
        assert len(stretches._known) <= MOST


def test_results_can_be_used_and_differentiated():
    stretches = Stretches()
    x, y = lamina.tensor(floats(2, 3), requires_grad=True), lamina.tensor(floats(2, 3, seed=1))
    assert remember(stretches, lambda x, y: (x * y).tanh(), x, y)
    (value,) = stretches.again([x.current(), y.current()])
    result = wrap(value)
    result.sum().backward()
    expected = y * (1 - (x.detach() * y).tanh() ** 2)
    assert lamina.allclose(x.grad, expected)


def test_one_leaf_in_two_places_gets_both_gradients():
    stretches = Stretches()
    x, y = (lamina.tensor(floats(2, 3, seed=seed), requires_grad=True) for seed in range(2))
    assert remember(stretches, lambda x, y: (x * y.exp()).tanh(), x, y)
    (value,) = stretches.again([x.current(), x.current()])
    wrap(value).sum().backward()
    twin = x.detach().clone().requires_grad_()
    (twin * twin.exp()).tanh().sum().backward()
    assert lamina.allclose(x.grad, twin.grad)
