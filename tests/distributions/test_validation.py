"""What is checked, when, and what the messages say."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lamina
from lamina.distributions import (
    Bernoulli,
    Categorical,
    Distribution,
    Independent,
    MixtureSameFamily,
    MultivariateNormal,
    Normal,
    Uniform,
    constraints,
)
from tests.parity import compare

# Each is refused by PyTorch, by default and with the same class of error.
REFUSED = {
    "scale": lambda d, t: d.Normal(t.zeros(2), t.tensor([1.0, -1.0])),
    "scale, broadcast": lambda d, t: d.Normal(t.zeros(3, 2), t.tensor([1.0, -1.0])),
    "scale, a number": lambda d, t: d.Normal(t.zeros(2), -1.0),
    "probs above 1": lambda d, t: d.Bernoulli(1.5),
    "probs of a categorical": lambda d, t: d.Categorical(t.tensor([-1.0, 2.0])),
    "NaN logits": lambda d, t: d.Categorical(logits=t.tensor([float("nan"), 2.0])),
    "low above high": lambda d, t: d.Uniform(1.0, 0.0),
    "df": lambda d, t: d.Chi2(t.tensor(-1.0)),
    "probs 0 of geometric": lambda d, t: d.Geometric(0.0),
    "both": lambda d, t: d.Bernoulli(0.5, 0.5),
    "none": lambda d, t: d.Bernoulli(),
    "no vector": lambda d, t: d.Categorical(t.tensor(1.0)),
    "no matrix": lambda d, t: d.MultivariateNormal(t.zeros(2), t.ones(2)),
    "two matrices": lambda d, t: d.MultivariateNormal(t.zeros(2), t.eye(2), t.eye(2)),
    "indefinite": lambda d, t: d.MultivariateNormal(t.zeros(2), t.tensor([[-1.0, 0.0], [0.0, -1.0]])),
    "asymmetric": lambda d, t: d.MultivariateNormal(t.zeros(2), t.tensor([[1.0, 0.5], [0.0, 1.0]])),
    "no triangle": lambda d, t: d.MultivariateNormal(t.zeros(2), scale_tril=t.ones(2, 2)),
    "wishart df": lambda d, t: d.Wishart(0.5, t.eye(2)),
    "wishart matrices": lambda d, t: d.Wishart(3.0),
    "lkj dim": lambda d, t: d.LKJCholesky(1),
    "multinomial count": lambda d, t: d.Multinomial(t.ones(2), t.ones(2)),
    "independent": lambda d, t: d.Independent(d.Normal(0.0, 1.0), 1),
    "not broadcastable": lambda d, t: d.Normal(t.zeros(2), t.ones(3)),
    "a string": lambda d, t: d.Normal("0", 1.0),
    "value shape": lambda d, t: d.Dirichlet(t.ones(3)).log_prob(t.ones(2)),
    "value batch": lambda d, t: d.Normal(t.zeros(2), 1.0).log_prob(t.ones(3)),
    "value support": lambda d, t: d.Bernoulli(0.5).log_prob(t.tensor(0.5)),
    "value of exponential": lambda d, t: d.Exponential(1.0).log_prob(t.tensor(-1.0)),
    "value no tensor": lambda d, t: d.Normal(0.0, 1.0).log_prob(1.0),
    "value of half-cauchy no tensor": lambda d, t: d.HalfCauchy(1.0).log_prob(1.0),
    "value of uniform": lambda d, t: d.Uniform(0.0, 1.0).log_prob(t.tensor(2.0)),
    "cdf value": lambda d, t: d.HalfNormal(1.0).cdf(t.tensor(-1.0)),
    "mixture of one": lambda d, t: d.MixtureSameFamily(d.Normal(0.0, 1.0), d.Normal(t.zeros(2), 1.0)),
    "mixture count": lambda d, t: d.MixtureSameFamily(d.Categorical(t.ones(3)), d.Normal(t.zeros(2), 1.0)),
    "inhomogeneous": lambda d, t: d.Binomial(t.tensor([1, 2]), t.tensor([0.5, 0.5])).enumerate_support(),
    "unenumerable": lambda d, t: d.Independent(d.Bernoulli(t.ones(2) / 2), 1).enumerate_support(),
    "no entropy": lambda d, t: d.Poisson(1.0).entropy(),
    "no mode": lambda d, t: d.LogisticNormal(t.zeros(2), 1.0).mode,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_pytorch_refuses_is_refused(name):
    compare(lambda t: REFUSED[name](t.distributions, t))


def test_the_message_says_which_parameter():
    with pytest.raises(ValueError) as caught:
        Normal(lamina.zeros(2), lamina.tensor([1.0, -1.0]))
    assert str(caught.value) == (
        "Expected parameter scale (Tensor of shape (2,)) of distribution Normal(loc: lamina.Size([2]), scale: "
        "lamina.Size([2])) to satisfy the constraint GreaterThan(lower_bound=0.0), but found invalid values:\n"
        "tensor([ 1., -1.])"
    )
    with pytest.raises(ValueError) as caught:
        Bernoulli(0.5).log_prob(lamina.tensor([2.0]))
    assert str(caught.value) == (
        "Expected value argument (Tensor of shape (1,)) to be within the support (Boolean()) of the distribution "
        "Bernoulli(probs: 0.5), but found invalid values:\ntensor([2.])"
    )


def test_by_default_nothing_is_waited_for():
    pending = -lamina.ones(2)
    runs = lamina.engine.state.trace.runs
    d = Normal(lamina.zeros(2), pending)
    loss = d.log_prob(pending * 2)
    assert lamina.engine.state.trace.runs == runs
    assert np.isnan(loss.numpy()).all()


def test_asked_for_everything_is_checked():
    with pytest.raises(ValueError, match="Expected parameter scale"):
        Normal(lamina.zeros(2), -lamina.ones(2), validate_args=True)
    d = Uniform(0.0, 1.0, validate_args=True)
    with pytest.raises(ValueError, match="Expected value argument"):
        d.log_prob(lamina.ones(2) * 2)
    with pytest.raises(ValueError, match="Expected value argument"):
        d.expand((2,)).log_prob(lamina.ones(2) * 2)
    with pytest.raises(ValueError, match="Expected parameter probs"):
        Categorical(-lamina.arange(1.0, 3.0) + 1.5, validate_args=True)


def test_switched_off_nothing_is_checked():
    assert Normal(0.0, -1.0, validate_args=False).scale.item() == -1.0
    assert Bernoulli(0.5, validate_args=False).log_prob(lamina.tensor(2.0)).isfinite()
    Distribution.set_default_validate_args(False)
    try:
        assert Normal(0.0, -1.0).scale.item() == -1.0
    finally:
        Distribution.set_default_validate_args(True)
    with pytest.raises(ValueError) as caught:
        Distribution.set_default_validate_args(3)
    assert str(caught.value) == "set_default_validate_args: value must be True or False, got 3."


def test_inside_a_jax_transform_nothing_is_checked():
    import jax

    def loss(scale):
        return Normal(lamina.zeros(2), lamina.tensor(scale), validate_args=True).entropy().sum().array()

    np.testing.assert_allclose(jax.jit(loss)(np.float32([1.0, 2.0])), 2 * 1.4189385 + np.log(2), rtol=1e-6)


def test_distributions_of_users():
    class Halves(Distribution):
        arg_constraints = {"p": constraints.positive}  # noqa: RUF012

        def __init__(self, p):
            self.p = p
            super().__init__(p.shape)

        def log_prob(self, value):
            self._validate_sample(value)
            return value

    with pytest.warns(UserWarning, match="does not define `support`"):
        Halves(lamina.ones(2)).log_prob(lamina.ones(2))
    for call in (lambda d: d.expand((2,)), lambda d: d.mean, lambda d: d.sample(), lambda d: d.support):
        with pytest.raises(NotImplementedError):
            call(Halves(lamina.ones(2)))

    class Unexpandable(Normal):
        def __init__(self):
            super().__init__(0.0, 1.0)

    with pytest.raises(NotImplementedError) as caught:
        Unexpandable().expand((2,))
    assert str(caught.value) == (
        "Subclass Unexpandable of Normal that defines a custom __init__ method must also define a custom .expand() "
        "method."
    )


def test_printing():
    d = torch.distributions
    for theirs, ours in (
        (d.Normal(0.0, torch.ones(2)), Normal(0.0, lamina.ones(2))),
        (d.Independent(d.Normal(torch.zeros(2), 1.0), 1), Independent(Normal(lamina.zeros(2), 1.0), 1)),
        (
            d.MixtureSameFamily(d.Categorical(torch.ones(2)), d.Normal(torch.zeros(2), 1.0)),
            MixtureSameFamily(Categorical(lamina.ones(2)), Normal(lamina.zeros(2), 1.0)),
        ),
        (
            d.MultivariateNormal(torch.zeros(2), torch.eye(2)),
            MultivariateNormal(lamina.zeros(2), lamina.eye(2)),
        ),
    ):
        assert repr(ours) == repr(theirs).replace("torch.", "lamina.")
