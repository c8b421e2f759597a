"""`lamina.debug`: what it finds, where it says it was, and that nothing of it stays."""

from __future__ import annotations

import pytest

import lamina
from lamina import engine


@pytest.fixture(autouse=True)
def _off():
    yield
    lamina.debug.disable()


def outside():
    return lamina.ones(3, 2)[lamina.tensor([1, 2]) + 1]


def test_indices_are_waited_for_only_within_it():
    assert lamina.isnan(outside()[1]).all()
    with lamina.debug(), pytest.raises(IndexError, match="index 3 is out of bounds for dimension 0 with size 3"):
        outside()
    assert lamina.isnan(outside()[1]).all()


def test_it_is_a_switch_and_a_decorator_too():
    assert repr(lamina.debug) == "lamina.debug(indices=False, nans=False)"
    lamina.debug.enable()
    assert (lamina.debug.indices, lamina.debug.nans) == (True, False)
    with pytest.raises(IndexError):
        outside()
    with lamina.debug(indices=False, nans=True):
        assert repr(lamina.debug) == "lamina.debug(indices=False, nans=True)"
    assert (lamina.debug.indices, lamina.debug.nans) == (True, False)
    lamina.debug.disable()
    with pytest.raises(IndexError):
        lamina.debug()(outside)()
    assert not lamina.debug.indices


def test_within_a_transform_nothing_is_waited_for():
    def read(x):
        return x[(x * 0).to(lamina.int64) + 5].sum()

    with lamina.debug():
        assert lamina.isnan(lamina.func.vmap(read)(lamina.ones(2, 3))).all()


def test_nothing_runs_for_indices_that_are_in_range_and_known():
    with lamina.debug():
        x = lamina.ones(3, 2) * 2
        y = x[lamina.tensor([0, 2])]
        assert x._value.array is None
        assert y._value.array is None


def test_the_operation_that_gives_a_nan_is_named_with_its_line():
    x = lamina.tensor([-1.0, 4.0])
    with pytest.raises(RuntimeError) as caught, lamina.debug(nans=True):
        y = (x * 2).sqrt().exp()
    assert str(caught.value).startswith("sqrt gave NaN, recorded at ")
    assert "test_debugging.py:" in str(caught.value)
    assert not engine.config.watch
    assert lamina.isnan(y).tolist() == [True, False]


def test_a_nan_that_came_in_is_said_to_have_been_there():
    x = lamina.tensor([float("nan")])
    with lamina.debug(nans=True):
        assert x.nan_to_num(1.0).item() == 1.0
    with pytest.raises(RuntimeError, match=r"^mul gave NaN, recorded at .* One of its operands held NaN already\.$"):
        with lamina.debug(nans=True):
            y = x * 2
    assert y.isnan()


def test_numbers_that_are_none_pass():
    for _ in range(3):
        x = lamina.tensor([1.0, 4.0], requires_grad=True)
        with lamina.debug(nans=True):
            y = x.sqrt().sum()
            y.backward()
            assert y.item() == 3
            assert x.grad.tolist() == [0.5, 0.25]


def test_a_network_that_is_called_as_one_program_is_looked_at_too():
    net = lamina.nn.Sequential(lamina.nn.Linear(2, 3), lamina.nn.Tanh(), lamina.nn.Linear(3, 1))
    x = lamina.tensor([[1.0, float("nan")]])
    with lamina.no_grad():
        for _ in range(4):
            net(x).tolist()
        with pytest.raises(RuntimeError, match="linear gave NaN"), lamina.debug(nans=True):
            net(x).tolist()


MESSAGE = (
    r"^Function 'SqrtBackward0' returned nan values in its 0th output. It is the gradient of sqrt, recorded at .*py:"
)


@pytest.mark.parametrize("context", [lambda: lamina.debug(nans=True), lamina.autograd.detect_anomaly])
def test_the_step_back_that_gives_a_nan_is_named(context):
    x = lamina.zeros(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=MESSAGE), context():
        (x.sqrt() * 0).sum().backward()


def test_steps_back_that_are_recorded_one_by_one():
    x = lamina.zeros(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"^Function 'backward of sqrt' returned nan values in its 0th output;"):
        with lamina.autograd.detect_anomaly():
            (x.sqrt() * 0).sum().backward(create_graph=True)


def test_detect_anomaly_looks_at_gradients_alone():
    x = lamina.tensor([-1.0])
    with lamina.autograd.detect_anomaly():
        assert lamina.is_anomaly_enabled()
        assert x.sqrt().isnan()
    assert not lamina.is_anomaly_enabled()
    with lamina.autograd.set_detect_anomaly(True):
        assert lamina.is_anomaly_check_nan_enabled()
    assert not lamina.is_anomaly_enabled()


def test_what_was_compiled_before_is_not_taken():
    x = lamina.tensor([-1.0])

    def run():
        return (x * 3).sqrt().isnan().item()

    assert run()
    with pytest.raises(RuntimeError, match="sqrt gave NaN"), lamina.debug(nans=True):
        run()
    assert run()
