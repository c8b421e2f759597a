"""The distributions that tests build, with parameters and values: one table for facts and samples."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest

from tests.parity import floats, positives


class Case(NamedTuple):
    """A distribution: its name, how it is made from a library and its parameters, and a value."""

    name: str
    build: Callable[..., Any]
    parameters: tuple[Any, ...]
    value: Any


WIDE = np.float64


def real(*shape: int, seed: int = 0) -> np.ndarray:
    return floats(*shape, dtype=WIDE, seed=seed)


def positive(*shape: int, seed: int = 0, low: float = 0.3, high: float = 3.0) -> np.ndarray:
    return positives(*shape, dtype=WIDE, seed=seed, low=low, high=high)


def share(*shape: int, seed: int = 0) -> np.ndarray:
    return positives(*shape, dtype=WIDE, seed=seed, low=0.1, high=0.9)


def simplex(*shape: int, seed: int = 0) -> np.ndarray:
    found = share(*shape, seed=seed)
    return found / found.sum(-1, keepdims=True)


def counts(*values: float) -> np.ndarray:
    return np.array(values, WIDE)


def factor(*batch: int, seed: int = 0) -> np.ndarray:
    """Lower triangular (3, 3) matrices with a positive diagonal."""
    found = np.tril(real(*batch, 3, 3, seed=seed), -1)
    return found + np.eye(3) * positive(*batch, 3, seed=seed)[..., None]


def definite(*batch: int, seed: int = 0) -> np.ndarray:
    found = factor(*batch, seed=seed)
    return found @ np.swapaxes(found, -1, -2)


def correlation() -> np.ndarray:
    """The Cholesky factor of a (3, 3) correlation matrix."""
    found = factor()
    return found / np.sqrt((found**2).sum(-1, keepdims=True))


def plain(name: str, *more: Any, **named: Any) -> Callable[..., Any]:
    """The distribution of this name of tensors, and of further arguments that are no tensors."""
    return lambda t, *tensors: getattr(t.distributions, name)(*tensors, *more, **named)


def by(name: str, keyword: str, *first: Any) -> Callable[..., Any]:
    """The distribution of this name, whose last tensor is given by keyword."""
    return lambda t, *tensors: getattr(t.distributions, name)(*first, *tensors[:-1], **{keyword: tensors[-1]})


def gaussian_mixture(t: Any, weights: Any, loc: Any, scale: Any) -> Any:
    d = t.distributions
    return d.MixtureSameFamily(d.Categorical(weights), d.Normal(loc, scale))


def vector_mixture(t: Any, logits: Any, loc: Any, scale: Any) -> Any:
    d = t.distributions
    return d.MixtureSameFamily(d.Categorical(logits=logits), d.Independent(d.Normal(loc, scale), 1))


def transformed(t: Any, low: Any, loc: Any) -> Any:
    d = t.distributions
    steps = [d.SigmoidTransform().inv, d.AffineTransform(loc, -2.0)]
    return d.TransformedDistribution(d.Uniform(low, low + 0.5), steps)


UNIT = counts(0.2, 0.7)
REAL = counts(-0.5, 0.8)
ABOVE = counts(0.4, 2.5)

CASES = [
    Case("Bernoulli", plain("Bernoulli"), (share(2),), counts(0, 1)),
    Case("Bernoulli of logits", by("Bernoulli", "logits"), (real(3, 2),), counts(0, 1)),
    Case("Beta", plain("Beta"), (positive(2), positive(2, seed=1)), UNIT),
    Case("Binomial", plain("Binomial"), (np.array([4, 4]), share(2)), counts(1, 4)),
    Case("Binomial of logits", by("Binomial", "logits", 3), (real(2),), counts(0, 2)),
    Case("Categorical", plain("Categorical"), (positive(2, 3),), counts(0, 2)),
    Case("Categorical of logits", by("Categorical", "logits"), (real(2, 3),), counts(1, 2)),
    Case("Cauchy", plain("Cauchy"), (real(2), positive(2)), REAL),
    Case("Chi2", plain("Chi2"), (positive(2),), ABOVE),
    Case("ContinuousBernoulli", plain("ContinuousBernoulli"), (counts(0.2, 0.4995),), UNIT),
    Case("ContinuousBernoulli of logits", by("ContinuousBernoulli", "logits"), (real(2),), UNIT),
    Case("Dirichlet", plain("Dirichlet"), (positive(2, 3),), simplex(2, 3)),
    Case("Exponential", plain("Exponential"), (positive(2),), ABOVE),
    Case("FisherSnedecor", plain("FisherSnedecor"), (positive(2, low=1, high=4), counts(4.5, 3.0)), ABOVE),
    Case("Gamma", plain("Gamma"), (positive(2), positive(2, seed=1)), ABOVE),
    Case("GeneralizedPareto", plain("GeneralizedPareto"),
         (counts(0.1, 0.2).astype("f"), positive(2).astype("f"), counts(0.3, -0.2).astype("f")), ABOVE.astype("f") / 2),
    Case("Geometric", plain("Geometric"), (share(2),), counts(0, 3)),
    Case("Geometric of logits", by("Geometric", "logits"), (real(2),), counts(2, 3)),
    Case("Gumbel", plain("Gumbel"), (real(2), positive(2)), REAL),
    Case("HalfCauchy", plain("HalfCauchy"), (positive(2),), ABOVE),
    Case("HalfNormal", plain("HalfNormal"), (positive(2),), ABOVE),
    Case("Independent", lambda t, m, s: t.distributions.Independent(t.distributions.Normal(m, s), 1),
         (real(3, 2), positive(2)), REAL),
    Case("InverseGamma", plain("InverseGamma"), (counts(1.5, 3.0), positive(2, seed=1)), ABOVE),
    Case("Kumaraswamy", plain("Kumaraswamy"), (counts(1.5, 3.0), counts(2.0, 0.7)), UNIT),
    Case("LKJCholesky", lambda t, c: t.distributions.LKJCholesky(3, c), (positive(2),), correlation()),
    Case("Laplace", plain("Laplace"), (real(2), positive(2)), REAL),
    Case("LogNormal", plain("LogNormal"), (real(2), positive(2)), ABOVE),
    Case("LogisticNormal", plain("LogisticNormal"), (real(3, 2), positive(3, 2)), simplex(3, 3)),
    Case("LowRankMultivariateNormal", plain("LowRankMultivariateNormal"),
         (real(2, 3), real(3, 2), positive(3)), real(2, 3)),
    Case("MixtureSameFamily", gaussian_mixture, (positive(2, 3), real(2, 3), positive(2, 3)), REAL),
    Case("MixtureSameFamily of vectors", vector_mixture, (real(3), real(3, 2), positive(3, 2)), real(2, 2)),
    Case("Multinomial", by("Multinomial", "probs", 4), (positive(2, 3),), np.array([[1, 0, 3], [2, 1, 1]], WIDE)),
    Case("MultivariateNormal", by("MultivariateNormal", "scale_tril"), (real(2, 3), factor()), real(2, 2, 3)),
    Case("MultivariateNormal of a covariance", plain("MultivariateNormal"), (real(3), definite(2)), real(2, 3)),
    Case("MultivariateNormal of a precision", by("MultivariateNormal", "precision_matrix"),
         (real(3), definite()), real(2, 3)),
    Case("NegativeBinomial", plain("NegativeBinomial"), (positive(2), share(2)), counts(0, 3)),
    Case("Normal", plain("Normal"), (real(2), positive(2)), REAL),
    Case("OneHotCategorical", plain("OneHotCategorical"), (positive(2, 3),), np.eye(3)[[0, 2]]),
    Case("OneHotCategoricalStraightThrough", by("OneHotCategoricalStraightThrough", "logits"), (real(2, 3),),
         np.eye(3)[[1, 2]]),
    Case("Pareto", plain("Pareto"), (counts(0.3, 0.5), counts(1.5, 2.5)), counts(0.4, 2.5)),
    Case("Poisson", plain("Poisson"), (positive(2),), counts(0, 3)),
    Case("RelaxedBernoulli", plain("RelaxedBernoulli"), (counts(0.7), share(2)), UNIT),
    Case("RelaxedOneHotCategorical", by("RelaxedOneHotCategorical", "logits"),
         (counts(0.7), real(2, 3)), simplex(2, 3)),
    Case("StudentT", plain("StudentT"), (counts(2.5, 1.5), real(2), positive(2)), REAL),
    Case("TransformedDistribution", transformed, (counts(0.1, 0.3), counts(0.2, 0.5)), REAL),
    Case("Uniform", plain("Uniform"), (counts(-1.0, 0.5), counts(0.5, 2.0)), REAL),
    Case("VonMises", plain("VonMises"), (real(2), counts(0.5, 6.0)), REAL),
    Case("Weibull", plain("Weibull"), (positive(2), counts(1.5, 2.5)), ABOVE),
    Case("Wishart", by("Wishart", "scale_tril"), (counts(4.5, 6.0), factor(2)), definite(2, seed=1)),
    Case("Wishart of a covariance", plain("Wishart"), (counts(4.5), definite()), definite(seed=1)),
]  # fmt: skip
BY_NAME = {case.name: case for case in CASES}


def marked(cases: Sequence[Case], fast: Collection[str]) -> list[Any]:
    """The cases as parameters of a test; those that are not named are slow, for each compiles programs of its own."""
    return [pytest.param(case, id=case.name, marks=() if case.name in fast else pytest.mark.slow) for case in cases]
