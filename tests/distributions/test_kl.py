"""KL divergences of all registered pairs, beside PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lamina
from lamina.distributions.kl import REGISTRY
from tests.distributions.cases import (
    by,
    counts,
    definite,
    factor,
    plain,
    positive,
    real,
    share,
    simplex,
)
from tests.parity import compare

# Of each kind two, by which divergences between all pairs of kinds are computed.
PAIRS = {
    "Bernoulli": (plain("Bernoulli"), (counts(0.0, 0.3, 1.0, 0.4),), (counts(0.2, 0.0, 0.5, 0.7),)),
    "Beta": (plain("Beta"), (positive(4), positive(4, seed=1)), (positive(4, seed=2), positive(4, seed=3))),
    "Binomial": (by("Binomial", "probs", 5), (share(4),), (share(4, seed=1),)),
    "Categorical": (plain("Categorical"), (np.array([[0.0, 1, 2], [1, 1, 1]]),), (np.array([[1.0, 1, 1], [0, 1, 1]]),)),
    "Cauchy": (plain("Cauchy"), (real(4), positive(4)), (real(4, seed=1), positive(4, seed=1))),
    "ContinuousBernoulli": (plain("ContinuousBernoulli"), (share(4),), (share(4, seed=1),)),
    "Dirichlet": (plain("Dirichlet"), (positive(4, 3),), (positive(4, 3, seed=1),)),
    "Exponential": (plain("Exponential"), (positive(4),), (positive(4, seed=1),)),
    "Gamma": (plain("Gamma"), (positive(4), positive(4, seed=1)), (positive(4, seed=2), positive(4, seed=3))),
    "Geometric": (plain("Geometric"), (share(4),), (share(4, seed=1),)),
    "Gumbel": (plain("Gumbel"), (real(4), positive(4)), (real(4, seed=1), positive(4, seed=1))),
    "HalfNormal": (plain("HalfNormal"), (positive(4),), (positive(4, seed=1),)),
    "Laplace": (plain("Laplace"), (real(4), positive(4)), (real(4, seed=1), positive(4, seed=1))),
    "LowRankMultivariateNormal": (
        plain("LowRankMultivariateNormal"),
        (real(2, 3), real(3, 2), positive(3)),
        (real(3), real(2, 3, 2), positive(3, seed=1)),
    ),
    "MultivariateNormal": (
        by("MultivariateNormal", "scale_tril"),
        (real(2, 3), factor()),
        (real(3, seed=1), factor(2, seed=1)),
    ),
    "Normal": (plain("Normal"), (real(4), positive(4)), (real(4, seed=1), positive(4, seed=1))),
    "OneHotCategorical": (plain("OneHotCategorical"), (simplex(2, 3),), (simplex(2, 3, seed=1),)),
    "Pareto": (plain("Pareto"), (counts(0.5, 1, 2, 1), counts(0.5, 1.5, 2.5, 3)), (counts(1, 0.5, 1, 1), positive(4))),
    "Poisson": (plain("Poisson"), (positive(4),), (positive(4, seed=1),)),
    "Uniform": (
        plain("Uniform"),
        (counts(-1, 0.1, 1, 0.5), counts(0.5, 0.9, 3, 1.5)),
        (counts(-2, 0, 0.5, -1), counts(0.75, 1, 4, 2)),
    ),
}
NOT_OF_A_KIND = {"Independent", "TransformedDistribution", "ExponentialFamily"}
FAST = ("Bernoulli", "Categorical", "Normal")
REGISTERED = sorted((p.__name__, q.__name__) for p, q in REGISTRY)


def test_the_registered_pairs_are_those_of_pytorch():
    theirs = sorted((p.__name__, q.__name__) for p, q in torch.distributions.kl._KL_REGISTRY)
    assert theirs == REGISTERED


@pytest.mark.parametrize(
    "kind",
    [
        kind if kind in FAST else pytest.param(kind, marks=pytest.mark.slow)
        for kind in sorted({p for p, _ in REGISTERED} - NOT_OF_A_KIND)
    ],
)
def test_divergences_are_those_of_pytorch(kind):
    """All pairs that begin with one kind in one program."""
    others = [q for p, q in REGISTERED if p == kind and q not in NOT_OF_A_KIND]
    build, first, _ = PAIRS[kind]

    def run(t, parameters, of_others):
        p = build(t, *parameters)
        qs = [PAIRS[name][0](t, *tensors) for name, tensors in zip(others, of_others, strict=True)]
        return [t.distributions.kl_divergence(p, q) for q in qs]

    compare(run, list(first), [list(PAIRS[name][2]) for name in others], rtol=1e-8, atol=1e-9)


def test_divergences_of_what_is_made_of_others():
    def run(t, loc, scale, other_loc, other_scale, df, covariance):
        d = t.distributions
        kl = d.kl_divergence
        p, q = d.Normal(loc, scale), d.Normal(other_loc, other_scale)
        return [
            kl(d.Independent(p, 1), d.Independent(q, 1)),
            kl(d.LogNormal(loc, scale), d.LogNormal(other_loc, other_scale)),
            # By the Bregman divergence of an exponential family.
            kl(d.Wishart(df, covariance), d.Wishart(df + 1.0, 2.0 * covariance)),
            kl(d.Chi2(scale), d.Chi2(other_scale)),
        ]

    parameters = real(2, 3), positive(2, 3), real(2, 3, seed=1), positive(2, 3, seed=1), counts(5.0), definite()
    compare(run, *parameters, rtol=1e-8, grad=False)


@pytest.mark.parametrize(
    ("p", "q"),
    [
        (lambda d: d.Normal(0.0, 1.0), lambda d: d.Categorical(_ones(d))),
        (lambda d: d.Independent(d.Normal(_ones(d), 1.0), 1), lambda d: d.Independent(d.Normal(_ones(d), 1.0), 0)),
        (lambda d: d.LogNormal(0.0, 1.0), lambda d: d.HalfCauchy(1.0)),
        (lambda d: d.Poisson(1.0), lambda d: d.Exponential(1.0)),
        (lambda d: d.Binomial(2, _ones(d) / 2), lambda d: d.Binomial(3, _ones(d) / 2)),
    ],
)
def test_what_is_not_implemented_says_so(p, q):
    compare(lambda t: t.distributions.kl_divergence(p(t.distributions), q(t.distributions)))


def _ones(d):
    return (torch if d is torch.distributions else lamina).ones(2)


def test_the_message_names_both_kinds():
    d = lamina.distributions
    with pytest.raises(NotImplementedError) as caught:
        d.kl_divergence(d.Normal(0.0, 1.0), d.Categorical(lamina.ones(2)))
    assert str(caught.value) == "No KL(p || q) is implemented for p type Normal and q type Categorical"


def test_a_most_special_function_is_called_and_ambiguity_warned_of():
    d = lamina.distributions
    kept = dict(REGISTRY)

    class Base(d.Normal):
        pass

    class Special(Base):
        pass

    try:
        d.register_kl(Base, Special)(lambda p, q: "q is special")
        d.register_kl(Special, Base)(lambda p, q: "p is special")
        assert d.kl_divergence(Base(0.0, 1.0), Special(0.0, 1.0)) == "q is special"
        with pytest.warns(RuntimeWarning, match=r"Ambiguous kl_divergence\(Special, Special\)"):
            found = d.kl_divergence(Special(0.0, 1.0), Special(0.0, 1.0))
        assert found == "p is special"
    finally:
        REGISTRY.clear()
        REGISTRY.update(kept)
        d.register_kl(d.Normal, d.Normal)(kept[d.Normal, d.Normal])


def test_register_kl_wants_distributions():
    with pytest.raises(TypeError) as caught:
        lamina.distributions.register_kl(int, lamina.distributions.Normal)
    assert str(caught.value) == "Expected type_p to be a Distribution subclass but got <class 'int'>"


def test_every_kind_of_pair_has_a_case():
    assert {name for pair in REGISTERED for name in pair} - NOT_OF_A_KIND == set(PAIRS)
