"""The search for the step whose gradient is not a number."""

from __future__ import annotations

import pytest
import torch

import lamina
from tests.parity import compare


def bad(t):
    x = t.zeros(2, requires_grad=True)
    return x, (x.sqrt() * x).sum()


def test_the_step_is_named():
    def run(t):
        loss = bad(t)[1]
        with t.autograd.set_detect_anomaly(True):
            loss.backward()

    with pytest.raises(RuntimeError) as caught:
        run(lamina)
    with pytest.warns(UserWarning, match="Error detected in SqrtBackward"), pytest.raises(RuntimeError) as wanted:
        run(torch)
    assert str(caught.value).startswith(str(wanted.value))
    assert "test_anomaly_mode.py:" in str(caught.value)


def test_the_step_of_a_users_own():
    def run(t):
        class Bad(t.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2

            @staticmethod
            def backward(ctx, grad):
                return grad * float("nan")

        x = t.ones(2, requires_grad=True)
        with t.autograd.set_detect_anomaly(True):
            Bad.apply(x).sum().backward()

    with pytest.raises(RuntimeError) as caught:
        run(lamina)
    with pytest.warns(UserWarning, match="Error detected in BadBackward"), pytest.raises(RuntimeError) as wanted:
        run(torch)
    assert str(caught.value).startswith(str(wanted.value))


def test_without_the_mode_and_without_the_check():
    def run(t):
        x, loss = bad(t)
        loss.backward(retain_graph=True)
        with t.autograd.set_detect_anomaly(True, check_nan=False):
            loss.backward()
        return x.grad, t.is_anomaly_enabled()

    compare(run)


def test_good_gradients_are_the_same():
    x = lamina.ones(2, requires_grad=True)
    with lamina.autograd.detect_anomaly():
        assert lamina.is_anomaly_enabled() and lamina.is_anomaly_check_nan_enabled()
        (x.exp() * x).sum().backward()
    assert lamina.allclose(x.grad, 2 * x.exp().detach()) and not lamina.is_anomaly_enabled()
    lamina.set_anomaly_enabled(True)
    assert lamina.is_anomaly_enabled()
    lamina.set_anomaly_enabled(False)
    assert not lamina.is_anomaly_enabled()
