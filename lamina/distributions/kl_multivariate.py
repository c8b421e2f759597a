"""KL divergences of multivariate normal distributions: 1/2 (log det Q - log det P + tr(Q^-1 P) + distance^2 - N)."""

from __future__ import annotations

from typing import Any

from lamina.distributions.kl import register_kl
from lamina.distributions.lowrank_multivariate_normal import LowRankMultivariateNormal
from lamina.distributions.matrices import (
    log_diagonal,
    lowrank_mahalanobis,
    mahalanobis,
    solve_lower,
    squares,
)
from lamina.distributions.multivariate_normal import MultivariateNormal
from lamina.tensor import Tensor


def _logdet(p: Any) -> Tensor:
    if isinstance(p, LowRankMultivariateNormal):
        return p._logdet()
    return 2 * log_diagonal(p._unbroadcasted_scale_tril)


def _distance(p: Any, q: Any) -> Tensor:
    x = q.loc - p.loc
    if isinstance(q, LowRankMultivariateNormal):
        W, D = q._unbroadcasted_cov_factor, q._unbroadcasted_cov_diag
        return lowrank_mahalanobis(W, D, x, q._capacitance_tril)
    return mahalanobis(q._unbroadcasted_scale_tril, x)


def _roots(p: Any) -> list[Tensor]:
    """Matrices R, the sum of whose R R^T is the covariance."""
    if isinstance(p, LowRankMultivariateNormal):
        return [p._unbroadcasted_cov_factor, p._unbroadcasted_cov_diag.sqrt().diag_embed()]
    return [p._unbroadcasted_scale_tril]


def _trace(p: Any, q: Any) -> Tensor:
    """tr(Q^-1 P)."""
    total: Any = 0
    for root in _roots(p):
        if isinstance(q, LowRankMultivariateNormal):
            # Q^-1 = D^-1 - A^T A
            D = q._unbroadcasted_cov_diag
            A = solve_lower(q._capacitance_tril, q._unbroadcasted_cov_factor.mT / D.unsqueeze(-2))
            total = total + squares(root * D.rsqrt().unsqueeze(-1)) - squares(A @ root)
        else:
            total = total + squares(solve_lower(q._unbroadcasted_scale_tril, root))
    found: Tensor = total
    return found


@register_kl(MultivariateNormal, MultivariateNormal)
@register_kl(MultivariateNormal, LowRankMultivariateNormal)
@register_kl(LowRankMultivariateNormal, MultivariateNormal)
@register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)
def _normal(p: Any, q: Any) -> Tensor:
    if p.event_shape != q.event_shape:
        raise ValueError(
            "KL-divergence between two (Low Rank) Multivariate Normals with different event shapes cannot be computed: "
            f"{p.event_shape} and {q.event_shape}"
        )
    return 0.5 * (_logdet(q) - _logdet(p) + _trace(p, q) + _distance(p, q) - p.event_shape[0])
