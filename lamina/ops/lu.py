"""LU factors of matrices, and what comes out of them: solutions and determinants.

Whether a matrix is singular is not looked at: a zero on the diagonal of U gives infinities or nan in solutions.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote
from lamina.ops.matrix import check_matrices, check_same_type, same_batch, triangular_solve
from lamina.ops.op import Array, op

# --- factors ---


def _factor(name: str, A: Array, pivot: bool) -> tuple[jax.Array, jax.Array]:
    check_matrices(name, A)
    if not pivot:
        raise RuntimeError(f"{name}: LU without pivoting is not implemented on the CPU")
    if A.size == 0:
        return A, jnp.broadcast_to(jnp.arange(1, min(A.shape[-2:]) + 1, dtype=jnp.int32), _pivot_shape(A))
    lu, pivots, _ = lax.linalg.lu(A)
    return lu, pivots + 1


def _pivot_shape(A: Array) -> tuple[int, ...]:
    return (*A.shape[:-2], min(A.shape[-2:]))


def first_zero(lu: Array) -> jax.Array:
    """The place from 1 of the first zero on the diagonal of U, or 0."""
    if lu.size == 0:
        return jnp.zeros(lu.shape[:-2], jnp.int32)
    zero = lax.stop_gradient(jnp.diagonal(lu, axis1=-2, axis2=-1)) == 0
    return jnp.where(jnp.any(zero, -1), jnp.argmax(zero, -1).astype(jnp.int32) + 1, 0)


@op("linalg", returns=("LU", "pivots"), grad_name="LinalgLuFactorExBackward0")
def lu_factor(A: Array, *, pivot: bool = True) -> tuple[jax.Array, jax.Array]:
    """A = P L U in one matrix: U, and below its diagonal L, whose diagonal is 1. Row i was exchanged with pivots[i],
    counted from 1.

    A (*, M, N) -> LU (*, M, N), pivots (*, min(M, N)) int32
    """
    return _factor("linalg.lu_factor", A, pivot)


@op("", returns=("LU", "pivots", "info"), grad_name="LinalgLuFactorExBackward0")
def lu_info(A: Array, pivot: bool = True) -> tuple[jax.Array, jax.Array, jax.Array]:
    """`lu_factor`, and the place from 1 of the first zero on the diagonal of U, or 0."""
    lu, pivots = _factor("linalg.lu_factor", A, pivot)
    return lu, pivots, first_zero(lu)


@op("", returns=("L", "U"), grad_name="LuUnpackBackward0")
def lu_triangles(LU_data: Array) -> tuple[jax.Array, jax.Array]:
    """L with ones on its diagonal, and U. LU_data (*, M, N), K = min(M, N) -> L (*, M, K), U (*, K, N)."""
    if LU_data.ndim < 2:
        raise RuntimeError("lu_unpack: LU_data must have at least 2 dimensions.")
    m, n = LU_data.shape[-2:]
    k = min(m, n)
    return jnp.tril(LU_data[..., :k], -1) + jnp.eye(m, k, dtype=LU_data.dtype), jnp.triu(LU_data[..., :k, :])


def _permutation(pivots: Array, rows: int) -> jax.Array:
    if rows == 0:
        return jnp.zeros((*pivots.shape[:-1], 0), jnp.int32)
    return lax.linalg.lu_pivots_to_permutation(pivots - 1, rows)


@op("", differentiable=False)
def lu_permutation(LU_pivots: Array, rows: int, dtype: Any) -> jax.Array:
    """P of A = P L U. LU_pivots (*, K) -> (*, rows, rows)."""
    if LU_pivots.dtype != np.int32:
        raise RuntimeError(
            "lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype. "
            f"Got {check.type_name(LU_pivots.dtype)}"
        )
    place = _permutation(LU_pivots, rows)
    return (place[..., None, :] == jnp.arange(rows, dtype=jnp.int32)[:, None]).astype(dtype)


# --- solutions ---


@op("linalg", grad_name="LinalgLuSolveBackward0")
def lu_solve(LU: Array, pivots: Array, B: Array, *, left: bool = True, adjoint: bool = False) -> jax.Array:
    """X with A X = B where `lu_factor(A)` is (LU, pivots); A^H X = B if `adjoint`; X A = B unless `left`.

    LU (*, N, N), pivots (*, N), B (*, N, K), (*, K, N) unless left -> as B; the first sizes broadcast.
    """
    name = "linalg.lu_solve"
    check_matrices(name, LU, square=True)
    check_same_type(name, LU, B, "LU")
    if pivots.dtype != np.int32:
        raise RuntimeError(f"{name}: pivots should be a Tensor of scalar type torch.int32")
    n = LU.shape[-1]
    if pivots.ndim == 0 or pivots.shape[-1] != n:
        raise RuntimeError(f"{name}: Number of pivots per batch should be same as the dimension of the matrix")
    if pivots.shape[:-1] != LU.shape[:-2]:
        raise RuntimeError(f"{name}: Expected LU.shape[:-1] and pivots.shape to be the same, but got different shapes")
    if B.ndim < 2 or B.shape[-2 if left else -1] != n:
        raise RuntimeError(
            f"{name}: B must be {f'(*, {n}, K)' if left else f'(*, K, {n})'} to go with LU {tuple(LU.shape)}, "
            f"got {tuple(B.shape)}."
        )
    if B.size == 0:
        return jnp.zeros((*np.broadcast_shapes(LU.shape[:-2], B.shape[:-2]), *B.shape[-2:]), B.dtype)
    rows = _permutation(pivots, n)[..., None]
    right = B if left else jnp.conj(B).mT
    lu, right, rows = same_batch(LU, right, rows)
    if adjoint == left:
        half = triangular_solve(lu, right, lower=False, transpose_a=True, conjugate_a=True)
        half = triangular_solve(lu, half, lower=True, transpose_a=True, conjugate_a=True, unit_diagonal=True)
        found = jnp.take_along_axis(half, jnp.argsort(rows, -2), -2)
    else:
        half = triangular_solve(lu, jnp.take_along_axis(right, rows, -2), lower=True, unit_diagonal=True)
        found = triangular_solve(lu, half, lower=False)
    return found if left else jnp.conj(found).mT


# --- determinants ---


@op("lamina Tensor linalg", grad_name="LinalgDetBackward0")
def det(A: Array) -> jax.Array:
    """The determinant of matrices. A (*, N, N) -> (*).

    >>> import lamina
    >>> lamina.det(lamina.tensor([[2., 0.], [1., 3.]]))
    tensor(6.)
    """
    check_matrices("linalg.det", A, square=True)
    return jnp.ones(A.shape[:-2], A.dtype) if A.shape[-1] == 0 else jnp.linalg.det(A)


def _sign_and_log(name: str, A: Array) -> tuple[jax.Array, jax.Array]:
    check_matrices(name, A, square=True)
    if A.shape[-1] == 0:
        return jnp.ones(A.shape[:-2], A.dtype), jnp.zeros(A.shape[:-2], A.real.dtype)
    sign, log = jnp.linalg.slogdet(A)
    return sign, log


@op("lamina Tensor linalg", returns=("sign", "logabsdet"), grad_name="LinalgSlogdetBackward0")
def slogdet(A: Array) -> tuple[jax.Array, jax.Array]:
    """The determinant as its sign (a complex number of size 1) and the logarithm of its absolute value.

    A singular matrix has sign 0 and logarithm -inf. A (*, N, N) -> sign (*), logabsdet (*)
    """
    return _sign_and_log("linalg.slogdet", A)


@op("lamina Tensor", grad_name="WhereBackward0")
def logdet(input: Array) -> jax.Array:
    """The logarithm of the determinant, nan where that is negative. input (*, N, N) -> (*)."""
    sign, log = _sign_and_log("logdet", input)
    if promote.category(sign.dtype) == 3:
        return log + jnp.log(sign)
    return jnp.where(sign == -1, jnp.asarray(jnp.nan, log.dtype), log)
