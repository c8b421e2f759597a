"""Samples: shapes, support, moments and distribution functions; gradients through them; seeds."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

import lamina
from tests.distributions.cases import BY_NAME, CASES, marked
from tests.parity import to_torch

COUNT = 3000
ONCE = [case for case in CASES if " of " not in case.name]
FAST = ("MixtureSameFamily", "Multinomial", "Normal", "VonMises")
"""One of each way to draw; the others are marked slow."""


def tensors(case, make):
    return [make(x) for x in case.parameters]


@pytest.mark.filterwarnings("ignore:Singular sample detected")  # PyTorch says so of samples that are not
@pytest.mark.parametrize("case", marked(ONCE, FAST))
def test_samples_have_the_right_distribution(case):
    ours = case.build(lamina, *tensors(case, lamina.tensor))
    theirs = case.build(torch, *tensors(case, to_torch))
    drawn = ours.sample((COUNT,))
    assert tuple(drawn.shape) == (COUNT, *theirs.batch_shape, *theirs.event_shape)
    assert not drawn.requires_grad
    assert bool(theirs.support.check(to_torch(drawn.numpy())).all())
    assert lamina.dtypes.of(drawn.dtype).name == str(theirs.sample().dtype).removeprefix("torch.")
    try:
        places = theirs.cdf(to_torch(drawn.numpy())).numpy()
    except NotImplementedError:
        same_moments(drawn.numpy(), theirs)
    else:
        for column in places.reshape(COUNT, -1).T:
            assert stats.kstest(column, "uniform").pvalue > 1e-4


def same_moments(drawn, theirs):
    """Mean and variance within five standard errors, those of as many of PyTorch's samples where it does not know."""
    other = theirs.sample((COUNT,)).numpy()
    for power in (1, 2):
        a, b = drawn.astype(np.float64) ** power, other.astype(np.float64) ** power
        error = np.sqrt((a.var(0) + b.var(0)) / COUNT) + 1e-9
        assert (abs(a.mean(0) - b.mean(0)) <= 5 * error).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Gamma", "Beta", "Dirichlet", "StudentT", "Wishart"])
def test_gradients_of_samples_are_those_of_the_mean(name):
    """The mean of d x / d theta over samples x is the derivative of their mean."""
    case = BY_NAME[name]
    parameters = tensors(case, lambda x: lamina.tensor(x + (name == "StudentT") * 2.0, requires_grad=True))
    d = case.build(lamina, *parameters)
    x = d.rsample((20000,))
    assert x.requires_grad
    x.mean(0).square().sum().backward()
    drawn = [p.grad.numpy() for p in parameters]
    for p in parameters:
        p.grad = None
    d.mean.square().sum().backward()
    for found, p in zip(drawn, parameters, strict=True):
        exact = np.zeros(p.shape) if p.grad is None else p.grad.numpy()
        np.testing.assert_allclose(found, exact, rtol=0.1, atol=0.25)


def test_a_seed_gives_the_same_samples():
    normal = lamina.distributions.Normal(lamina.tensor([0.5, 2.0]), 1.0)
    lamina.manual_seed(3)
    first = normal.sample((4,))
    other = normal.sample((4,))
    lamina.manual_seed(3)
    again = normal.sample((4,))
    assert first.tolist() == again.tolist() != other.tolist()


def test_samples_are_part_of_the_program_of_a_step():
    """A variational step compiles once, and nothing of it is read."""
    d = lamina.distributions
    loc = lamina.zeros(3, requires_grad=True)
    optimizer = lamina.optim.SGD([loc], lr=0.1)
    before = None
    for step in range(4):
        optimizer.zero_grad()
        q = d.Normal(loc, 0.5)
        z = q.rsample()
        loss = d.kl_divergence(q, d.Normal(1.0, 1.0)).sum() - d.Bernoulli(logits=z).log_prob(lamina.ones(3)).sum()
        loss.backward()
        optimizer.step()
        if step == 1:
            before = len(lamina.engine.explain())
    lamina.synchronize()
    assert len(lamina.engine.explain()) == before
    assert (loc.detach().numpy() > 0).all()


@pytest.mark.slow
def test_narrow_types_are_drawn_in_float32():
    d = lamina.distributions
    for dtype in (lamina.float16, lamina.bfloat16):
        x = lamina.tensor([0.5, 2.0], dtype=dtype)
        for drawn in (d.Gamma(x, x).sample(), d.Normal(x, x).sample(), d.Dirichlet(x).sample()):
            assert drawn.dtype is dtype
            assert bool(drawn.isfinite().all())


@pytest.mark.slow
def test_tiny_concentrations_give_no_zero():
    d = lamina.distributions
    small = lamina.full((200,), 1e-3)
    assert bool((d.Gamma(small, 1.0).sample() > 0).all())
    drawn = d.Dirichlet(lamina.full((50, 3), 1e-3)).sample()
    assert bool((drawn > 0).all())


def test_sample_n_warns():
    with pytest.warns(FutureWarning, match="Use `sample"):
        assert lamina.distributions.Normal(0.0, 1.0).sample_n(3).shape == (3,)
