"""Stretches: what is remembered of a recording, and what must not be."""

from __future__ import annotations

import numpy as np
import pytest

import lamina
from lamina.engine import Stretches, state
from lamina.engine.stretch import MOST
from lamina.tensor import wrap
from tests.parity import floats


def remember(stretches, function, *tensors, key=None):
    """Record in a program of its own; whether it can be recorded again by one look-up."""
    lamina.zeros(1).exp()  # the first program of a process finds out where it runs
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


def two(rows=3):
    """Of a shape that no other test has: what was seen of numbers at one place of the programs is remembered."""
    return lamina.tensor(floats(rows, 11)), lamina.tensor(floats(rows, 11, seed=1))


REMEMBERED = {
    "one operation": lambda x, y: x + y,
    "several": lambda x, y: (x * y).relu() @ y.t(),
    "several results": lambda x, y: (x + y, (x - y).max(dim=1).indices),
    "constants": lambda x, y: x * 2 + y**3,
    "an operand that is not used": lambda x, y: x.exp(),
}
FORGOTTEN = {
    "another tensor": lambda x, y: x + y + lamina.tensor(floats(3, 11, seed=2)),
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


def scaled(stretches, function, number, tensors, key=None):
    """The result of `function(*tensors, number)`, and whether one look-up recorded it."""
    lamina.synchronize()
    values = [tensor.current() for tensor in tensors]
    numbers = (number, True)
    found = stretches.again(values, key, numbers)
    if found is not None:
        return wrap(found[0]), True
    mark = stretches.begin()
    result = function(*tensors, number)
    stretches.end(mark, values, [result._value], key, numbers)
    return result, False


def again(function, numbers, rows):
    """For each number, whether its program was recorded by one look-up; each result is checked."""
    stretches, tensors, found = Stretches(), two(rows), []
    for number in numbers:
        result, known = scaled(stretches, function, number, tensors)
        found.append(known)
        lamina.synchronize()
        expected = tensors[0].numpy(), tensors[1].numpy()
        np.testing.assert_allclose(result.numpy(), function(*expected, number), rtol=1e-5)
    return found


def test_a_number_that_varies_is_an_operand():
    # The first is a constant, the second shows that it varies; from the third on it may be any.
    numbers = [0.11, 0.22, 0.33, 0.44, 0.11, 0.22, 1e30, -0.0]
    assert again(lambda x, y, a: x * a + y, numbers, 4) == [False, False, *[True] * 6]


def test_a_number_that_stays_is_a_constant():
    assert again(lambda x, y, a: x * a + y, [0.12, 0.12, 0.12], 5) == [False, True, True]


def test_a_number_that_varies_in_two_places():
    # After the first place is known to vary, the second is still a constant once.
    found = again(lambda x, y, a: x * a + y * a, [0.13, 0.23, 0.33, 0.43, 0.53], 6)
    assert found == [False, False, False, True, True]


def test_a_number_that_another_is_computed_from_stays_in_the_key():
    numbers = [0.14, 0.24, 0.34, 0.44, 0.34]
    found = again(lambda x, y, a: x * (a * 2.0) + y, numbers, 7)
    assert not any(found[:4])


def test_numbers_of_another_type_and_with_another_key():
    stretches, tensors = Stretches(), two(8)

    def function(x, y, a):
        return x * a + y

    for number in (0.15, 0.25, 0.35):
        scaled(stretches, function, number, tensors)
    for number in (3, True):
        result, known = scaled(stretches, function, number, tensors)
        assert not known and lamina.equal(result, function(*tensors, number))
    assert scaled(stretches, function, 0.45, tensors)[1]
    assert not scaled(stretches, lambda x, y, a: x * a - y, 0.55, tensors, key="other")[1]
    result, _ = scaled(stretches, lambda x, y, a: x * a - y, 0.65, tensors, key="other")
    assert lamina.equal(result, tensors[0] * 0.65 - tensors[1])


def test_one_number_in_two_roles_is_told_from_two():
    stretches, tensors = Stretches(), two(9)

    def run(a, b):
        lamina.synchronize()
        values = [tensor.current() for tensor in tensors]
        found = stretches.again(values, None, (a, b))
        if found is not None:
            return wrap(found[0])
        mark = stretches.begin()
        result = tensors[0] * a + tensors[1] * b
        stretches.end(mark, values, [result._value], None, (a, b))
        return result

    same = 0.16
    for a, b in ((0.16, 0.26), (0.36, 0.46), (same, same), (0.56, 0.26), (same, same), (0.5, 0.7), (0.7, 0.5)):
        assert lamina.equal(run(a, b), tensors[0] * a + tensors[1] * b)


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
    x, y = lamina.tensor(floats(3, 11), requires_grad=True), lamina.tensor(floats(3, 11, seed=1))
    assert remember(stretches, lambda x, y: (x * y).tanh(), x, y)
    (value,) = stretches.again([x.current(), y.current()])
    result = wrap(value)
    result.sum().backward()
    expected = y * (1 - (x.detach() * y).tanh() ** 2)
    assert lamina.allclose(x.grad, expected, atol=1e-6)


def test_one_leaf_in_two_places_gets_both_gradients():
    stretches = Stretches()
    x, y = (lamina.tensor(floats(3, 11, seed=seed), requires_grad=True) for seed in range(2))
    assert remember(stretches, lambda x, y: (x * y.exp()).tanh(), x, y)
    (value,) = stretches.again([x.current(), x.current()])
    wrap(value).sum().backward()
    twin = x.detach().clone().requires_grad_()
    (twin * twin.exp()).tanh().sum().backward()
    # 1 - tanh(x) ** 2 cancels, and the two programs round it in their own ways.
    assert lamina.allclose(x.grad, twin.grad, atol=1e-5)
