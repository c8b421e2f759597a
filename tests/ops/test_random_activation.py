"""Random activation functions: what does not depend on the numbers beside PyTorch's, the rest by its distribution."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import lamina
from tests.parity import compare, floats

F = lamina.nn.functional


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, ml_dtypes.bfloat16])
def test_rrelu(dtype):
    x = np.array([-1.5, -0.0, 0.0, 2.0, np.nan, -np.inf, np.inf], dtype)
    compare(lambda t, x: t.nn.functional.rrelu(x, 0.2, 0.4), x)
    compare(lambda t, x: t.rrelu(x), x)
    if np.dtype(dtype).itemsize > 2:
        compare(lambda t, x: t.nn.functional.rrelu(x, 0.3, 0.3, training=True), x)


def test_rrelu_in_place():
    def call(function):
        def run(t, x):
            y = x * 2
            return function(t, y), y

        return run

    compare(call(lambda t, y: t.nn.functional.rrelu_(y, 0.2, 0.4)), floats(5))
    compare(call(lambda t, y: t.nn.functional.rrelu(y, 0.2, 0.2, True, True)), floats(5))
    compare(call(lambda t, y: t.rrelu_(y, 0.2, 0.4, False)), floats(5))


def test_rrelu_draws_anew_and_from_a_generator():
    x = -lamina.ones(100)
    assert not F.rrelu(x, training=True).equal(F.rrelu(x, training=True))
    first, second = (lamina.rrelu(x, training=True, generator=lamina.Generator().manual_seed(3)) for _ in range(2))
    assert first.equal(second)
    assert F.rrelu(lamina.ones(3), training=True).tolist() == [1, 1, 1]


def test_rrelu_errors():
    for call in (
        lambda t, x: t.nn.functional.rrelu(x, 0.5, 0.2),
        lambda t, x: t.nn.functional.rrelu(x, 0.5, 0.2, training=True),
        lambda t, x: t.nn.functional.rrelu(x, float("-inf"), 0.2, training=True),
        lambda t, x: t.nn.functional.rrelu(x.long(), training=True),
        lambda t, x: t.nn.functional.rrelu(x.long()),
    ):
        compare(call, floats(3))
    with pytest.raises(RuntimeError) as caught:
        F.rrelu(lamina.ones(3), 0.5, 0.2)
    assert str(caught.value) == "Lower bound should be less than or equal to the upper bound"


def test_gumbel_softmax_follows_the_logits():
    lamina.manual_seed(0)
    probabilities = np.array([0.1, 0.2, 0.7])
    logits = lamina.tensor(np.log(probabilities)).float().expand(20000, 3)
    hard = F.gumbel_softmax(logits, hard=True)
    assert set(np.unique(hard.numpy().round(6))) == {0.0, 1.0}
    np.testing.assert_allclose(hard.mean(0).numpy(), probabilities, atol=0.015)
    soft = F.gumbel_softmax(logits, tau=0.5)
    np.testing.assert_allclose(soft.sum(1).numpy(), 1, rtol=1e-5)
    np.testing.assert_allclose((soft == soft.max(1, keepdim=True).values).float().mean(0).numpy(), probabilities,
                               atol=0.015)  # fmt: skip


def test_gumbel_softmax_is_straight_through():
    """The gradient of the hard sample is that of the soft one with the same numbers."""
    weight, gradients = lamina.tensor(floats(4, 5)), []
    for hard in (True, False):
        lamina.manual_seed(7)
        logits = lamina.tensor(floats(4, 5, seed=1)).requires_grad_()
        (F.gumbel_softmax(logits, 0.7, hard, dim=0) * weight).sum().backward()
        gradients.append(logits.grad.numpy())
    np.testing.assert_allclose(*gradients, rtol=1e-6)
    assert np.abs(gradients[0]).max() > 0.01


@pytest.mark.parametrize("dtype", [np.float64, np.float16, ml_dtypes.bfloat16])
@pytest.mark.parametrize("hard", [True, False])
def test_gumbel_softmax_types(dtype, hard):
    logits = np.array([0, 1000, 0], dtype)
    compare(lambda t, x: t.nn.functional.gumbel_softmax(x, hard=hard), logits, grad=False)


def test_gumbel_softmax_shapes():
    for shape in ((), (0,), (0, 3), (2, 1)):
        compare(lambda t, x: t.nn.functional.gumbel_softmax(x).shape, floats(*shape))
        compare(lambda t, x: t.nn.functional.gumbel_softmax(x, hard=True), floats(*shape[:-1], 1))


def test_gumbel_softmax_errors():
    compare(lambda t, x: t.nn.functional.gumbel_softmax(x.long()), floats(3))
    compare(lambda t, x: t.nn.functional.gumbel_softmax(x, dim=1), floats(3))
    with pytest.warns(UserWarning, match="^`eps` parameter is deprecated and has no effect.$"):
        F.gumbel_softmax(lamina.ones(3), eps=1e-3)
    with pytest.raises(RuntimeError) as caught:
        F.gumbel_softmax(lamina.ones(3).long())
    assert str(caught.value) == "gumbel_softmax: logits must be of a floating type, got int64."
