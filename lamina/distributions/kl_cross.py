"""KL divergences of distributions of different kinds."""

from __future__ import annotations

import math
from typing import Any

import lamina
from lamina.distributions.bernoulli import Bernoulli
from lamina.distributions.beta import Beta
from lamina.distributions.binomial import Binomial
from lamina.distributions.continuous_bernoulli import ContinuousBernoulli
from lamina.distributions.exponential import Exponential
from lamina.distributions.gamma import Gamma
from lamina.distributions.gumbel import Gumbel
from lamina.distributions.kl import register_kl
from lamina.distributions.laplace import Laplace
from lamina.distributions.normal import Normal
from lamina.distributions.pareto import Pareto
from lamina.distributions.poisson import Poisson
from lamina.distributions.uniform import Uniform
from lamina.distributions.utils import euler_constant
from lamina.tensor import Tensor

_BOUNDED = (Beta, ContinuousBernoulli, Pareto, Uniform)
_POSITIVE = (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform)
_OUTSIDE: dict[type, tuple[str, tuple[type, ...]]] = {
    Beta: ("concentration1", (Pareto,)),
    ContinuousBernoulli: ("probs", (Pareto,)),
    Exponential: ("rate", _BOUNDED),
    Gamma: ("concentration", _BOUNDED),
    Gumbel: ("loc", _POSITIVE),
    Laplace: ("loc", _POSITIVE),
    Normal: ("loc", _POSITIVE),
    Pareto: ("scale", (Beta, ContinuousBernoulli, Uniform)),
    Poisson: ("rate", (Bernoulli, Binomial)),
}
"""Where p gives values that q cannot: the divergence is infinite, in the shape of this parameter of p."""


def _register_infinite() -> None:
    for kind, (name, others) in _OUTSIDE.items():

        def infinite(p: Any, q: Any, name: str = name) -> Tensor:
            return lamina.full_like(getattr(p, name), math.inf)

        for other in others:
            register_kl(kind, other)(infinite)


_register_infinite()


def _xlogx(x: Tensor) -> Tensor:
    return x.xlogy(x)


# --- p is Bernoulli or Beta ---


@register_kl(Bernoulli, Poisson)
def _bernoulli_poisson(p: Bernoulli, q: Poisson) -> Tensor:
    return -p.entropy() - (p.probs * q.rate.log() - q.rate)


@register_kl(Beta, ContinuousBernoulli)
def _beta_continuous_bernoulli(p: Beta, q: ContinuousBernoulli) -> Tensor:
    return -p.entropy() - p.mean * q.logits - (-q.probs).log1p() - q.log_norm()


@register_kl(Beta, Exponential)
def _beta_exponential(p: Beta, q: Exponential) -> Tensor:
    return -p.entropy() - q.rate.log() + q.rate * p.mean


@register_kl(Beta, Gamma)
def _beta_gamma(p: Beta, q: Gamma) -> Tensor:
    mean_log = p.concentration1.digamma() - (p.concentration1 + p.concentration0).digamma()
    c = q.concentration
    return -p.entropy() + c.lgamma() - c * q.rate.log() - (c - 1) * mean_log + q.rate * p.mean


@register_kl(Beta, Normal)
def _beta_normal(p: Beta, q: Normal) -> Tensor:
    variance = q.scale.pow(2)
    of_square = (p.variance + p.mean.pow(2)) * 0.5 - q.loc * p.mean + q.loc.pow(2) * 0.5
    return -p.entropy() + 0.5 * (variance * 2 * math.pi).log() + of_square / variance


@register_kl(Beta, Uniform)
def _beta_uniform(p: Beta, q: Uniform) -> Tensor:
    found = -p.entropy() + (q.high - q.low).log()
    return lamina.where((q.low > 0) | (q.high < 1), math.inf, found)


# --- p is ContinuousBernoulli ---


@register_kl(ContinuousBernoulli, Exponential)
def _continuous_bernoulli_exponential(p: ContinuousBernoulli, q: Exponential) -> Tensor:
    return -p.entropy() - q.rate.log() + q.rate * p.mean


@register_kl(ContinuousBernoulli, Normal)
def _continuous_bernoulli_normal(p: ContinuousBernoulli, q: Normal) -> Tensor:
    constant = 0.5 * (math.log(2.0 * math.pi) + (q.loc / q.scale).square()) + q.scale.log()
    of_square = (p.variance + p.mean.square() - 2.0 * q.loc * p.mean) / (2.0 * q.scale.square())
    return -p.entropy() + constant + of_square


@register_kl(ContinuousBernoulli, Uniform)
def _continuous_bernoulli_uniform(p: ContinuousBernoulli, q: Uniform) -> Tensor:
    found = -p.entropy() + (q.high - q.low).log()
    return lamina.where((q.low >= 0.0) | (q.high <= 1.0), math.inf, found)


# --- p is Exponential or Gamma ---


@register_kl(Exponential, Gamma)
def _exponential_gamma(p: Exponential, q: Gamma) -> Tensor:
    ratio, c = q.rate / p.rate, q.concentration
    return -c * ratio.log() + ratio + c.lgamma() + c * euler_constant - (1 + euler_constant)


@register_kl(Exponential, Gumbel)
def _exponential_gumbel(p: Exponential, q: Gumbel) -> Tensor:
    product, shift = p.rate * q.scale, q.loc / q.scale
    return product.log() - 1 - shift + shift.exp() * product / (product + 1) + product.reciprocal()


@register_kl(Exponential, Normal)
def _exponential_normal(p: Exponential, q: Normal) -> Tensor:
    variance, square = q.scale.pow(2), p.rate.pow(2)
    of_square = square.reciprocal() - q.loc / p.rate + q.loc.pow(2) * 0.5
    return 0.5 * (square * variance * 2 * math.pi).log() - 1 + of_square / variance


@register_kl(Gamma, Exponential)
def _gamma_exponential(p: Gamma, q: Exponential) -> Tensor:
    return -p.entropy() - q.rate.log() + q.rate * p.concentration / p.rate


@register_kl(Gamma, Gumbel)
def _gamma_gumbel(p: Gamma, q: Gumbel) -> Tensor:
    product, shift, c = p.rate * q.scale, q.loc / q.scale, p.concentration
    own = (c - 1) * c.digamma() - c.lgamma() - c
    return own + product.log() + c / product + shift.exp() * (1 + product.reciprocal()).pow(-c) - shift


@register_kl(Gamma, Normal)
def _gamma_normal(p: Gamma, q: Normal) -> Tensor:
    variance, square, c = q.scale.pow(2), p.rate.pow(2), p.concentration
    own = 0.5 * (square * variance * 2 * math.pi).log() - c - c.lgamma() + (c - 1) * c.digamma()
    return own + (0.5 * (c.pow(2) + c) / square - q.loc * c / p.rate + 0.5 * q.loc.pow(2)) / variance


# --- p has all real numbers ---


@register_kl(Gumbel, Normal)
def _gumbel_normal(p: Gumbel, q: Normal) -> Tensor:
    ratio = p.scale / q.scale
    shift = (p.loc + p.scale * euler_constant - q.loc) / q.scale
    spread = (math.pi * ratio * 0.5).pow(2) / 3
    return -(ratio / math.sqrt(2 * math.pi)).log() + spread + shift.pow(2) * 0.5 - (euler_constant + 1)


@register_kl(Laplace, Normal)
def _laplace_normal(p: Laplace, q: Normal) -> Tensor:
    ratio = (p.scale / q.scale).pow(2)
    return -0.5 * (2 * ratio / math.pi).log() + ratio + 0.5 * ((p.loc - q.loc) / q.scale).pow(2) - 1


@register_kl(Normal, Gumbel)
def _normal_gumbel(p: Normal, q: Gumbel) -> Tensor:
    ratio, shift = (p.scale / q.scale).pow(2), (p.loc - q.loc) / q.scale
    return -ratio.log() * 0.5 + shift + (0.5 * ratio - shift).exp() - 0.5 * (1 + math.log(2 * math.pi))


@register_kl(Normal, Laplace)
def _normal_laplace(p: Normal, q: Laplace) -> Tensor:
    difference = p.loc - q.loc
    shift = difference / p.scale
    distance = math.sqrt(2 / math.pi) * p.scale * (-0.5 * shift.pow(2)).exp()
    distance = distance + difference * (math.sqrt(0.5) * shift).erf()
    return -(p.scale / q.scale).log() + distance / q.scale - 0.5 * (1 + math.log(0.5 * math.pi))


# --- p is Pareto: a moment that it does not have makes the divergence infinite ---


@register_kl(Pareto, Exponential)
def _pareto_exponential(p: Pareto, q: Exponential) -> Tensor:
    product, a = p.scale * q.rate, p.alpha
    found = (a / product).log() - a.reciprocal() + a * product / (a - 1) - 1
    return lamina.where(a <= 1, math.inf, found)


@register_kl(Pareto, Gamma)
def _pareto_gamma(p: Pareto, q: Gamma) -> Tensor:
    a, c = p.alpha, q.concentration
    mean_log = p.scale.log() + a.reciprocal()
    own = a.log() - mean_log + c.lgamma() - c * q.rate.log()
    found = own + (1 - c) * mean_log + q.rate * a * p.scale / (a - 1) - 1
    return lamina.where(a <= 1, math.inf, found)


@register_kl(Pareto, Normal)
def _pareto_normal(p: Pareto, q: Normal) -> Tensor:
    a, unit = p.alpha, p.scale / (p.alpha - 1)
    of_square = a * unit.pow(2) / (a - 2) + (a * unit - q.loc).pow(2)
    constant = (math.sqrt(2 * math.pi) * q.scale * a / p.scale).log() - a.reciprocal()
    return lamina.where(a <= 2, math.inf, constant + of_square / (2 * q.scale.pow(2)) - 1)


# --- p is Uniform ---


@register_kl(Uniform, Beta)
def _uniform_beta(p: Uniform, q: Beta) -> Tensor:
    width, a, b = p.high - p.low, q.concentration1, q.concentration0
    low = (a - 1) * (_xlogx(p.high) - _xlogx(p.low) - width) / width
    high = (b - 1) * (_xlogx(1 - p.high) - _xlogx(1 - p.low) + width) / width
    found = high + a.lgamma() + b.lgamma() - (a + b).lgamma() - width.log() - low
    return lamina.where((p.high > 1.0) | (p.low < 0.0), math.inf, found)


@register_kl(Uniform, ContinuousBernoulli)
def _uniform_continuous_bernoulli(p: Uniform, q: ContinuousBernoulli) -> Tensor:
    found = -p.entropy() - p.mean * q.logits - (-q.probs).log1p() - q.log_norm()
    return lamina.where((p.high >= 1.0) | (p.low <= 0.0), math.inf, found)


@register_kl(Uniform, Exponential)
def _uniform_exponential(p: Uniform, q: Exponential) -> Tensor:
    found = q.rate * (p.high + p.low) / 2 - ((p.high - p.low) * q.rate).log()
    return lamina.where(p.low < 0.0, math.inf, found)


@register_kl(Uniform, Gamma)
def _uniform_gamma(p: Uniform, q: Gamma) -> Tensor:
    width, c = p.high - p.low, q.concentration
    power = (1 - c) * (_xlogx(p.high) - _xlogx(p.low) - width) / width
    found = -width.log() + c.lgamma() - c * q.rate.log() + power + q.rate * (p.high + p.low) / 2
    return lamina.where(p.low < 0.0, math.inf, found)


@register_kl(Uniform, Gumbel)
def _uniform_gumbel(p: Uniform, q: Gumbel) -> Tensor:
    share = q.scale / (p.high - p.low)
    high, low = (p.high - q.loc) / q.scale, (p.low - q.loc) / q.scale
    return share.log() + 0.5 * (high + low) - share * ((-high).exp() - (-low).exp())


@register_kl(Uniform, Normal)
def _uniform_normal(p: Uniform, q: Normal) -> Tensor:
    width = p.high - p.low
    of_square = width.pow(2) / 12 + ((p.high + p.low - 2 * q.loc) / 2).pow(2)
    return (math.sqrt(math.pi * 2) * q.scale / width).log() + 0.5 * of_square / q.scale.pow(2)


@register_kl(Uniform, Pareto)
def _uniform_pareto(p: Uniform, q: Pareto) -> Tensor:
    width = p.high - p.low
    mean_log = (_xlogx(p.high) - _xlogx(p.low) - width) / width
    found = mean_log * (q.alpha + 1) - (q.alpha * q.scale.pow(q.alpha) * width).log()
    return lamina.where(p.low < q.scale, math.inf, found)
