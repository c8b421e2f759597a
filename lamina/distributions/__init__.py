"""Probability distributions: PyTorch's `torch.distributions`, over lamina's tensors.

Nothing here reads a value, so that drawing samples and computing losses is part of the program of a training step. Only
checks read: those of parameters when a distribution is made, and of values in `log_prob` and `cdf`.

- `validate_args=None`, the default: what is on the host already is checked (numbers, data, parameters as they were
  made); what is still to be computed, such as the output of a network, is not waited for and not checked.
- `validate_args=True`: everything is checked, as in PyTorch; a value that is still to be computed is waited for, which
  ends the program that was being recorded.
- `validate_args=False`, or `Distribution.set_default_validate_args(False)`: nothing is checked.

Besides checks these read values, as the shape or the result must follow from them: `enumerate_support` and `entropy` of
Binomial (how many values there are), and the comparison of transforms that hold tensors.

>>> import lamina
>>> from lamina.distributions import Normal, kl_divergence
>>> loc = lamina.tensor([0.0, 1.0], requires_grad=True)
>>> posterior, prior = Normal(loc, 1.0), Normal(0.0, 1.0)
>>> kl_divergence(posterior, prior).sum().backward()
>>> loc.grad
tensor([0., 1.])
"""

from lamina.distributions import constraints, kl_cross, kl_multivariate, kl_same, transforms
from lamina.distributions.bernoulli import Bernoulli
from lamina.distributions.beta import Beta
from lamina.distributions.binomial import Binomial
from lamina.distributions.categorical import Categorical
from lamina.distributions.cauchy import Cauchy
from lamina.distributions.chi2 import Chi2
from lamina.distributions.constraint_registry import biject_to, transform_to
from lamina.distributions.continuous_bernoulli import ContinuousBernoulli
from lamina.distributions.dirichlet import Dirichlet
from lamina.distributions.distribution import Distribution
from lamina.distributions.exp_family import ExponentialFamily
from lamina.distributions.exponential import Exponential
from lamina.distributions.fishersnedecor import FisherSnedecor
from lamina.distributions.gamma import Gamma
from lamina.distributions.generalized_pareto import GeneralizedPareto
from lamina.distributions.geometric import Geometric
from lamina.distributions.gumbel import Gumbel
from lamina.distributions.half_cauchy import HalfCauchy
from lamina.distributions.half_normal import HalfNormal
from lamina.distributions.independent import Independent
from lamina.distributions.inverse_gamma import InverseGamma
from lamina.distributions.kl import kl_divergence, register_kl
from lamina.distributions.kumaraswamy import Kumaraswamy
from lamina.distributions.laplace import Laplace
from lamina.distributions.lkj_cholesky import LKJCholesky
from lamina.distributions.log_normal import LogNormal
from lamina.distributions.logistic_normal import LogisticNormal
from lamina.distributions.lowrank_multivariate_normal import LowRankMultivariateNormal
from lamina.distributions.mixture_same_family import MixtureSameFamily
from lamina.distributions.multinomial import Multinomial
from lamina.distributions.multivariate_normal import MultivariateNormal
from lamina.distributions.negative_binomial import NegativeBinomial
from lamina.distributions.normal import Normal
from lamina.distributions.one_hot_categorical import OneHotCategorical, OneHotCategoricalStraightThrough
from lamina.distributions.pareto import Pareto
from lamina.distributions.poisson import Poisson
from lamina.distributions.relaxed_bernoulli import RelaxedBernoulli
from lamina.distributions.relaxed_categorical import RelaxedOneHotCategorical
from lamina.distributions.studentT import StudentT
from lamina.distributions.transformed_distribution import TransformedDistribution
from lamina.distributions.transforms import (
    AbsTransform,
    AffineTransform,
    CatTransform,
    ComposeTransform,
    CorrCholeskyTransform,
    CumulativeDistributionTransform,
    ExpTransform,
    IndependentTransform,
    LowerCholeskyTransform,
    PositiveDefiniteTransform,
    PowerTransform,
    ReshapeTransform,
    SigmoidTransform,
    SoftmaxTransform,
    SoftplusTransform,
    StackTransform,
    StickBreakingTransform,
    TanhTransform,
    Transform,
    identity_transform,
)
from lamina.distributions.uniform import Uniform
from lamina.distributions.von_mises import VonMises
from lamina.distributions.weibull import Weibull
from lamina.distributions.wishart import Wishart

# Importing these registers the divergences.
assert all((kl_same, kl_cross, kl_multivariate))

__all__ = [
    "Bernoulli", "Beta", "Binomial", "Categorical", "Cauchy", "Chi2", "ContinuousBernoulli", "Dirichlet",
    "Distribution", "Exponential", "ExponentialFamily", "FisherSnedecor", "Gamma", "GeneralizedPareto", "Geometric",
    "Gumbel", "HalfCauchy", "HalfNormal", "Independent", "InverseGamma", "Kumaraswamy", "LKJCholesky", "Laplace",
    "LogNormal", "LogisticNormal", "LowRankMultivariateNormal", "MixtureSameFamily", "Multinomial",
    "MultivariateNormal", "NegativeBinomial", "Normal", "OneHotCategorical", "OneHotCategoricalStraightThrough",
    "Pareto", "RelaxedBernoulli", "RelaxedOneHotCategorical", "StudentT", "Poisson", "Uniform", "VonMises", "Weibull",
    "Wishart", "TransformedDistribution", "biject_to", "constraints", "kl_divergence", "register_kl", "transform_to",
    "transforms", "AbsTransform", "AffineTransform", "CatTransform", "ComposeTransform", "CorrCholeskyTransform",
    "CumulativeDistributionTransform", "ExpTransform", "IndependentTransform", "LowerCholeskyTransform",
    "PositiveDefiniteTransform", "PowerTransform", "ReshapeTransform", "SigmoidTransform", "SoftplusTransform",
    "TanhTransform", "SoftmaxTransform", "StackTransform", "StickBreakingTransform", "Transform", "identity_transform",
]  # fmt: skip
