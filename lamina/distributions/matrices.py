"""Linear algebra of batches of normal distributions: Mahalanobis distances, log-determinants, factors."""

from __future__ import annotations

import lamina
from lamina.tensor import Tensor


def matvec(matrix: Tensor, vector: Tensor) -> Tensor:
    """matrix (*, M, N), vector (*, N) -> (*, M)."""
    return (matrix @ vector.unsqueeze(-1)).squeeze(-1)


def log_diagonal(factor: Tensor) -> Tensor:
    """The logarithm of the determinant of triangular matrices: (*, N, N) -> (*)."""
    return factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def squares(matrix: Tensor) -> Tensor:
    """The trace of M M^T, which is the sum of all squares: (*, N, M) -> (*)."""
    return matrix.pow(2).sum((-2, -1))


def solve_lower(factor: Tensor, right: Tensor) -> Tensor:
    """factor^-1 right, both broadcast to a common batch: (*, N, N), (*, N, M) -> (*, N, M)."""
    batch = lamina.broadcast_shapes(factor.shape[:-2], right.shape[:-2])
    factor = factor.expand((*batch, *factor.shape[-2:]))
    return lamina.linalg.solve_triangular(factor, right.expand((*batch, *right.shape[-2:])), upper=False)


def mahalanobis(factor: Tensor, x: Tensor) -> Tensor:
    """|factor^-1 x|^2, for lower triangular factors: (*, N, N), (*, N) -> (*).

    Dimensions that x has before those of the factors (those of a sample) become columns of one solve.
    """
    n = x.shape[-1]
    outer = max(0, x.ndim - 1 - (factor.ndim - 2))
    before, batch = x.shape[:outer], lamina.broadcast_shapes(factor.shape[:-2], x.shape[outer:-1])
    columns = x.expand((*before, *batch, n)).reshape((-1, *batch, n)).movedim(0, -1)  # *batch n S
    solved = solve_lower(factor, columns)
    return solved.pow(2).sum(-2).movedim(-1, 0).reshape((*before, *batch))


def precision_to_scale_tril(precision: Tensor) -> Tensor:
    """The Cholesky factor of the inverse of positive definite matrices: (*, N, N) -> (*, N, N).

    With J the reversal of rows and L L^T = J P J, the factor is the inverse of (J L J)^T, which is lower triangular.
    """
    reversed_factor = lamina.linalg.cholesky(precision.flip((-2, -1)))
    inverse = reversed_factor.flip((-2, -1)).mT
    identity = lamina.eye(precision.shape[-1], dtype=precision.dtype, device=precision.device)
    return solve_lower(inverse, identity)


# --- W W^T + diag(D), with W (*, N, R) of few columns ---


def capacitance_tril(W: Tensor, D: Tensor) -> Tensor:
    """The Cholesky factor of I + W^T D^-1 W: (*, N, R), (*, N) -> (*, R, R)."""
    identity = lamina.eye(W.size(-1), dtype=W.dtype, device=W.device)
    return lamina.linalg.cholesky((W.mT / D.unsqueeze(-2)) @ W + identity)


def lowrank_logdet(D: Tensor, capacitance: Tensor) -> Tensor:
    """log det(W W^T + D), by the matrix determinant lemma."""
    return 2 * log_diagonal(capacitance) + D.log().sum(-1)


def lowrank_mahalanobis(W: Tensor, D: Tensor, x: Tensor, capacitance: Tensor) -> Tensor:
    """x^T (W W^T + D)^-1 x, by the Woodbury identity."""
    projected = matvec(W.mT / D.unsqueeze(-2), x)
    return (x.pow(2) / D).sum(-1) - mahalanobis(capacitance, projected)
