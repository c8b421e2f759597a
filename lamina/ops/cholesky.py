"""The Cholesky factor of positive definite matrices, and what is solved with it.

Whether a matrix is positive definite is not looked at: its factor is nan if it is not.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
from jax import lax

from lamina.ops.matrix import (
    adjoint,
    check_matrices,
    check_same_type,
    from_lower,
    product,
    same_batch,
    triangular_solve,
)
from lamina.ops.op import Array, op


@jax.custom_vjp
def _lower(A: jax.Array) -> jax.Array:
    if A.size == 0:
        return A
    return jnp.tril(lax.linalg.cholesky(from_lower(A), symmetrize_input=False))


def _lower_forward(A: jax.Array) -> tuple[jax.Array, jax.Array]:
    L = _lower(A)
    return L, L


def _lower_backward(L: jax.Array, grad: jax.Array) -> tuple[jax.Array]:
    """L^-H phi L^-1 / 2, phi the lower triangle of L^H grad and, above it, its conjugate transpose: as PyTorch's."""
    # JAX's gradients of complex numbers are the conjugates of those in the formula.
    inner = from_lower(product(adjoint(L), jnp.conj(grad)))
    half = triangular_solve(L, inner, lower=True, transpose_a=True, conjugate_a=True)
    whole = adjoint(triangular_solve(L, adjoint(half), lower=True, transpose_a=True, conjugate_a=True))
    return (jnp.conj(whole) / 2,)


_lower.defvjp(_lower_forward, _lower_backward)


@jax.custom_vjp
def _lower_of_upper(A: jax.Array) -> jax.Array:
    """The matrix to factor where the upper triangle is given. PyTorch's gradient is that of the factored matrix."""
    return adjoint(A)


_lower_of_upper.defvjp(lambda A: (adjoint(A), None), lambda _, grad: (grad,))


def _factor(name: str, A: Array, upper: bool) -> jax.Array:
    check_matrices(name, A, square=True)
    return adjoint(_lower(_lower_of_upper(A))) if upper else _lower(A)


def _first_bad(A: Array) -> jax.Array:
    """The order of the first leading minor that is not positive, or 0: elimination, a column at a time."""
    n = A.shape[-1]

    def step(k: jax.Array, state: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        x, found = state
        column = lax.dynamic_slice_in_dim(x, k, 1, -1)
        pivot = lax.dynamic_slice_in_dim(column, k, 1, -2)
        bad = ~(pivot[..., 0, 0].real > 0)
        found = jnp.where((found == 0) & bad, (k + 1).astype(jnp.int32), found)
        return x - product(column, adjoint(column)) / jnp.where(pivot == 0, jnp.ones_like(pivot), pivot), found

    start = (lax.stop_gradient(from_lower(A)), jnp.zeros(A.shape[:-2], jnp.int32))
    return lax.fori_loop(0, n, step, start)[1]


@op("linalg", grad_name="LinalgCholeskyExBackward0")
def cholesky(A: Array, *, upper: bool = False) -> jax.Array:
    """L with A = L L^H and L lower triangular, or U with A = U^H U; nan for a matrix that is not positive definite.

    Only the lower triangle of A is read (the upper one with `upper`). A (*, N, N) -> (*, N, N)

    >>> import lamina
    >>> lamina.linalg.cholesky(lamina.tensor([[4., 2.], [2., 5.]]))
    tensor([[2., 0.],
            [1., 2.]])
    """
    return _factor("linalg.cholesky", A, upper)


@op("", returns=("L", "info"), grad_name="LinalgCholeskyExBackward0")
def cholesky_info(A: Array, upper: bool = False) -> tuple[jax.Array, jax.Array]:
    """The Cholesky factor, and the order of the leading minor that is not positive, or 0."""
    L = _factor("linalg.cholesky_ex", A, upper)
    if A.size == 0:
        return L, jnp.zeros(A.shape[:-2], jnp.int32)
    fails = jnp.any(jnp.isnan(lax.stop_gradient(L)), (-2, -1))
    lower = lax.stop_gradient(adjoint(A) if upper else A)
    info = lax.cond(jnp.any(fails), _first_bad, lambda x: jnp.zeros(x.shape[:-2], jnp.int32), lower)
    return L, jnp.where(fails, info, 0)


@op("", grad_name="CholeskyBackward0")
def cholesky_of(input: Array, upper: bool = False) -> jax.Array:
    """`linalg.cholesky` under the name that `lamina.cholesky` has."""
    return _factor("cholesky", input, upper)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def _solve(B: jax.Array, L: jax.Array, upper: bool) -> jax.Array:
    half = triangular_solve(L, B, lower=not upper, transpose_a=upper, conjugate_a=upper)
    return triangular_solve(L, half, lower=not upper, transpose_a=not upper, conjugate_a=not upper)


def _solve_forward(B: jax.Array, L: jax.Array, upper: bool) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    X = _solve(B, L, upper)
    return X, (X, L)


def _solve_backward(upper: bool, saved: tuple[jax.Array, jax.Array], grad: jax.Array) -> tuple[jax.Array, jax.Array]:
    """That of L is PyTorch's: it has all of the matrix, not only the triangle that is read."""
    X, L = saved
    right = _solve(jnp.conj(grad), L, upper)
    both = product(right, adjoint(X))
    both = both + adjoint(both)
    return jnp.conj(right), -jnp.conj(product(L, both) if upper else product(both, L))


_solve.defvjp(_solve_forward, _solve_backward)


@op("lamina Tensor", grad_name="CholeskyInverseBackward0")
def cholesky_inverse(L: Array, upper: bool = False) -> jax.Array:
    """The inverse of L L^H, or of U^H U if `upper`. L (*, N, N) -> (*, N, N)."""
    check_matrices("cholesky_inverse", L, square=True)
    identity = jnp.broadcast_to(jnp.eye(L.shape[-1], dtype=L.dtype), L.shape)
    return _solve(identity, L, upper)


@op("lamina Tensor", grad_name="CholeskySolveBackward0")
def cholesky_solve(B: Array, L: Array, upper: bool = False) -> jax.Array:
    """X with L L^H X = B, or U^H U X = B if `upper`. B (*, N, K), L (*, N, N) -> (*, N, K); batches broadcast."""
    for name, x in (("b", B), ("u", L)):
        if x.ndim < 2:
            raise RuntimeError(f"{name} should have at least 2 dimensions, but has {x.ndim} dimensions instead")
    check_matrices("cholesky_solve", L, square=True)
    check_same_type("cholesky_solve", B, L, "b", "A")
    if B.shape[-2] != L.shape[-1]:
        n = L.shape[-1]
        raise RuntimeError(
            f"Incompatible matrix sizes for cholesky_solve: each A matrix is {n} by {n} but each b matrix is "
            f"{B.shape[-2]} by {B.shape[-1]}"
        )
    B, L = same_batch(B, L)
    return _solve(B, L, upper)
