"""Triangular and least squares systems, tensors as matrices, powers, ranks and condition numbers."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jax import lax

from lamina.ops import check, promote
from lamina.ops.linalg import matrix_norm
from lamina.ops.linalg_factor import pinv, relative_tolerance
from lamina.ops.lu import first_zero
from lamina.ops.matrix import (
    check_matrices,
    check_same_type,
    from_lower,
    is_vector,
    product,
    same_batch,
    triangular_solve,
)
from lamina.ops.op import Array, ArrayLike, op

# --- systems ---


@op("linalg", grad_name="LinalgSolveTriangularBackward0")
def solve_triangular(A: Array, B: Array, *, upper: bool, left: bool = True, unitriangular: bool = False) -> jax.Array:
    """X with A X = B, or X A = B unless `left`, for triangular A, of which only that triangle is read.

    unitriangular: whether the diagonal counts as ones. A (*, N, N), B (*, N, K), (*, K, N) unless left -> as B
    """
    name = "linalg.solve_triangular"
    check_matrices(name, A, square=True)
    check_same_type(name, A, B)
    if B.ndim < 2 or B.shape[-2 if left else -1] != A.shape[-1]:
        n, equation = A.shape[-1], "AX = B" if left else "XA = B"
        sizes = f"{B.shape[-2] if B.ndim > 1 else 1}x{B.shape[-1] if B.ndim else 1}"
        raise RuntimeError(f"{name}: Incompatible shapes of A and B for the equation {equation} ({n}x{n} and {sizes})")
    matrix, right = same_batch(A, B) if left else same_batch(A, B.mT)
    found = triangular_solve(matrix, right, lower=not upper, transpose_a=not left, unit_diagonal=unitriangular)
    return found if left else found.mT


_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


@op("linalg", returns=("solution", "residuals", "rank", "singular_values"), grad_name="LinalgLstsqBackward0")
def lstsq(
    A: Array, B: Array, rcond: float | None = None, *, driver: str | None = None
) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
    """The X of least norm with the least ||A X - B||; rank and singular values of A; the squares of the norms.

    All drivers use singular values; which results are not empty is as for PyTorch's: residuals where M > N (but for
    "gelsy", the default), rank but for "gels", singular values for "gelsd" and "gelss".
    Singular values of at most rcond (default: the precision of the type times max(M, N)) times the largest count as 0.

    A (*, M, N), B (*, M, K) or (*, M) -> solution (*, N, K) or (*, N), residuals (*, K) or (0,), rank (*),
    singular_values (*, min(M, N)) or (0,)
    """
    name = "torch.linalg.lstsq"
    check_matrices(name, A)
    if driver is not None and driver not in _DRIVERS:
        raise RuntimeError(f"{name}: parameter `driver` should be one of ({', '.join(_DRIVERS)})")
    check_same_type(name, A, B, "input", "other")
    vector = is_vector(A, B)
    right = B[..., None] if vector else B
    if right.ndim < 2 or right.shape[-2] != A.shape[-2]:
        raise RuntimeError(
            f"{name}: B must be {('*', A.shape[-2])} or {('*', A.shape[-2], 'K')} to go with A {tuple(A.shape)}, "
            f"got {tuple(B.shape)}.".replace("'", "")
        )
    matrix, right = same_batch(A, right)
    solution = product(pinv(matrix, rtol=rcond), right)
    residuals = jnp.zeros((0,), A.real.dtype)
    if A.shape[-2] > A.shape[-1] and driver in ("gels", "gelsd", "gelss"):
        gap = product(matrix, solution) - right
        residuals = jnp.sum((gap * jnp.conj(gap)).real if jnp.iscomplexobj(gap) else gap * gap, -2)
    size = jnp.zeros((*A.shape[:-2], 0), A.real.dtype)
    if driver != "gels" and 0 not in A.shape[-2:]:
        size = jnp.linalg.svd(lax.stop_gradient(A), compute_uv=False)
    tolerance = relative_tolerance(A, None, rcond)
    rank = jnp.sum(size > tolerance * jnp.max(size, -1, keepdims=True, initial=0), -1, dtype=jnp.int64)
    values = size if driver in ("gelsd", "gelss") else jnp.zeros((0,), A.real.dtype)
    if driver == "gels":
        rank = jnp.zeros((0,), jnp.int64)
    return (solution[..., 0] if vector else solution), residuals, rank, values


# --- tensors as matrices ---


@op("linalg", grad_name="ViewBackward0")
def tensorinv(A: Array, ind: int = 2) -> jax.Array:
    """The inverse of A as a map: `tensordot(tensorinv(A), A, ind)` is the identity. The first `ind` sizes of A have the
    product that the others have. (*, **) -> (**, *)
    """
    if ind <= 0:
        raise RuntimeError("Expected a strictly positive integer for 'ind', but got " + str(ind))
    first, last = A.shape[:ind], A.shape[ind:]
    rows, columns = math.prod(first), math.prod(last)
    if rows != columns:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got "
            f"{columns} != {rows}"
        )
    check_matrices("linalg.inv", A.reshape(rows, columns), square=True)
    return jnp.linalg.inv(A.reshape(rows, columns)).reshape(*last, *first)


@op("linalg", grad_name="ViewBackward0")
def tensorsolve(A: Array, B: Array, dims: tuple[int, ...] | None = None) -> jax.Array:
    """X with `tensordot(A, X, X.ndim)` = B, after the dimensions `dims` of A were moved to its end.

    A (*, **) with B (*) -> (**), both with the same number of elements
    """
    if dims is not None:
        places = check.dims(dims, A.ndim) if dims else ()
        A = jnp.moveaxis(A, places, tuple(range(A.ndim - len(places), A.ndim)))
    found = A.shape[B.ndim :]
    rows, columns = math.prod(A.shape[: B.ndim]), math.prod(found)
    if rows != columns:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == "
            f"prod(self.shape[:other.ndim]), but got {columns} != {rows}"
        )
    check_matrices("linalg.solve", A.reshape(rows, columns), square=True)
    check_same_type("linalg.solve", A, B)
    return jnp.linalg.solve(A.reshape(rows, columns), B.reshape(rows)).reshape(found)


# --- powers, ranks, condition ---


@op("lamina Tensor linalg", grad_name="LinalgMatrixPowerBackward0")
def matrix_power(A: Array, n: int) -> jax.Array:
    """A multiplied with itself n times; the inverse -n times if n is negative. A (*, N, N) -> (*, N, N).

    >>> import lamina
    >>> lamina.linalg.matrix_power(lamina.tensor([[1., 1.], [0., 1.]]), 3)
    tensor([[1., 3.],
            [0., 1.]])
    """
    if not isinstance(n, int):
        raise TypeError(f"linalg_matrix_power(): argument 'n' (position 2) must be int, not {type(n).__name__}")
    if A.ndim < 2:
        raise RuntimeError("linalg.matrix_power: The input tensor A must have at least 2 dimensions.")
    if A.shape[-1] != A.shape[-2]:
        raise RuntimeError(
            "linalg.matrix_power: A must be batches of square matrices, but they are "
            f"{A.shape[-2]} by {A.shape[-1]} matrices"
        )
    if n == 0 or A.size == 0:
        return jnp.broadcast_to(jnp.eye(A.shape[-1], dtype=A.dtype), A.shape)
    if n < 0:
        check_matrices("linalg.inv", A, square=True)
        A, n = jnp.linalg.inv(A), -n
    result = None
    while n:
        if n & 1:
            result = A if result is None else product(result, A)
        n >>= 1
        A = product(A, A) if n else A
    assert result is not None
    return result


@op("", differentiable=False)
def matrix_rank_of(A: Array, atol: ArrayLike | None, rtol: ArrayLike | None, hermitian: bool) -> jax.Array:
    """How many singular values are above max(atol, rtol times the largest). A (*, M, N) -> (*) int64."""
    check_matrices("linalg.matrix_rank", A, square=hermitian)
    if A.size == 0:
        return jnp.zeros(A.shape[:-2], jnp.int64)
    size = jnp.abs(jnp.linalg.eigvalsh(from_lower(A))) if hermitian else jnp.linalg.svd(A, compute_uv=False)
    limit = relative_tolerance(A, atol, rtol) * jnp.max(size, -1)
    if atol is not None:
        limit = jnp.maximum(limit, jnp.asarray(atol, limit.dtype))
    return jnp.sum(size > limit[..., None], -1, dtype=jnp.int64)


@op("linalg", grad_name="MulBackward0")
def cond(A: Array, p: float | str | None = None) -> jax.Array:
    """The norm of A times that of its inverse; None or 2: the largest singular value by the smallest, -2: the reverse.

    p: an order of `matrix_norm`. Infinite for a singular matrix. A (*, M, N), square but for p None, 2, -2 -> (*)
    """
    if p not in (None, 1, -1, 2, -2, math.inf, -math.inf, "fro", "nuc"):
        raise RuntimeError(f"linalg.cond got an invalid norm type: {p}")
    check_matrices("linalg.cond" if p in (None, 2, -2) else f"linalg.cond(ord={p})", A, p not in (None, 2, -2))
    if A.size == 0:
        return jnp.zeros(A.shape[:-2], A.real.dtype)
    if p in (None, 2, -2):
        values = jnp.linalg.svd(A, compute_uv=False)
        return values[..., -1] / values[..., 0] if p == -2 else values[..., 0] / values[..., -1]
    singular = first_zero(lax.linalg.lu(lax.stop_gradient(A))[0]) > 0
    safe = jnp.where(singular[..., None, None], jnp.eye(A.shape[-1], dtype=A.dtype), A)
    assert p is not None
    result = matrix_norm(A, p) * matrix_norm(jnp.linalg.inv(safe), p)
    return jnp.where(singular, jnp.asarray(jnp.inf, result.dtype), result)


@op("linalg", grad_name="CatBackward0")
def vander(x: Array, *, N: int | None = None) -> jax.Array:
    """The powers from 0 to below N (default: n) of each element. x (*, n) -> (*, n, N)."""
    if promote.category(x.dtype) == 0:
        raise RuntimeError("linalg.vander supports floating point, complex, and integer tensors, but got Bool")
    if x.ndim == 0:
        x = x[None]
    count = x.shape[-1] if N is None else N
    if count <= 1:
        raise RuntimeError("N must be greater than 1.")
    x = promote.cast(x, jnp.dtype(jnp.int64)) if promote.category(x.dtype) == 1 else x
    one = jnp.ones((*x.shape, 1), x.dtype)
    repeated = jnp.broadcast_to(x[..., None], (*x.shape, count - 1))
    return jnp.concatenate([one, lax.cumprod(repeated, axis=x.ndim)], -1)
