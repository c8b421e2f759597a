"""Eigenvalues and eigenvectors."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from lamina.ops.matrix import adjoint, check_matrices, product, reading_lower
from lamina.ops.op import Array, op
from lamina.ops.operands import is_complex

# --- of Hermitian matrices ---


def _hermitian(name: str, A: Array, UPLO: str) -> tuple[jax.Array, jax.Array]:
    check_matrices(name, A, square=True)
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    if A.size == 0:
        return jnp.zeros(A.shape[:-1], A.real.dtype), A
    # With the upper triangle given, the matrix is that with the lower triangle of the conjugate transpose.
    whole = reading_lower(A) if UPLO.upper() == "L" else adjoint(reading_lower(adjoint(A)))
    vectors, values = lax.linalg.eigh(whole, symmetrize_input=False)
    return values, vectors


@op("linalg", returns=("eigenvalues", "eigenvectors"), grad_name="LinalgEighBackward0")
def eigh(A: Array, UPLO: str = "L") -> tuple[jax.Array, jax.Array]:
    """A = V diag(L) V^H for Hermitian A: eigenvalues L, rising, and orthonormal eigenvectors, the columns of V.

    UPLO: which triangle of A is read, "L" or "U". A (*, N, N) -> eigenvalues (*, N), eigenvectors (*, N, N)

    >>> import lamina
    >>> lamina.linalg.eigh(lamina.tensor([[2., 0.], [0., 1.]])).eigenvalues
    tensor([1., 2.])
    """
    return _hermitian("linalg.eigh", A, UPLO)


@op("linalg", grad_name="LinalgEighBackward0")
def eigvalsh(A: Array, UPLO: str = "L") -> jax.Array:
    """The eigenvalues of Hermitian matrices, rising: see `eigh`. A (*, N, N) -> (*, N)."""
    return _hermitian("linalg.eigvalsh", A, UPLO)[0]


# --- of any square matrices ---


@jax.custom_vjp
def _eig(A: jax.Array) -> tuple[jax.Array, jax.Array]:
    values, vectors = lax.linalg.eig(A, compute_left_eigenvectors=False)
    return values, vectors


def _eig_forward(A: jax.Array) -> tuple[tuple[jax.Array, jax.Array], Any]:
    values, vectors = _eig(A)
    return (values, vectors), (values, vectors, A)


def _eig_backward(saved: Any, grads: tuple[jax.Array, jax.Array]) -> tuple[jax.Array]:
    """Boeddeker et al., On the computation of complex-valued gradients, 2017, for vectors of length 1."""
    values, V, A = saved
    # JAX's gradients of complex numbers are the conjugates of those in the formula.
    dvalues, dV = jnp.conj(grads[0]), jnp.conj(grads[1])
    Vh = adjoint(V)
    inner = product(Vh, dV)
    along = jnp.diagonal(inner, axis1=-2, axis2=-1).real.astype(V.dtype)
    inner = inner - product(Vh, V * along[..., None, :])
    n = A.shape[-1]
    identity = jnp.eye(n, dtype=bool)
    gap = jnp.where(identity, 1, jnp.conj(values[..., None, :] - values[..., :, None]))
    middle = jnp.where(identity, dvalues[..., None, :], inner / gap)
    grad = jnp.conj(jnp.linalg.solve(Vh, product(middle, Vh)))
    return (grad if is_complex(A) else grad.real,)


_eig.defvjp(_eig_forward, _eig_backward)


@jax.custom_vjp
def _eigenvalues(A: jax.Array) -> jax.Array:
    (values,) = lax.linalg.eig(A, compute_left_eigenvectors=False, compute_right_eigenvectors=False)
    return values


def _eigenvalues_backward(saved: Any, grad: jax.Array) -> tuple[jax.Array]:
    return _eig_backward(saved, (grad, jnp.zeros_like(saved[1])))


def _eigenvalues_forward(A: jax.Array) -> tuple[jax.Array, Any]:
    values, vectors = _eig(A)
    return values, (values, vectors, A)


_eigenvalues.defvjp(_eigenvalues_forward, _eigenvalues_backward)


def _complex_type(A: Array) -> Any:
    return jnp.result_type(A.dtype, jnp.complex64)


@op("linalg", returns=("eigenvalues", "eigenvectors"), grad_name="LinalgEigBackward0")
def eig(A: Array) -> tuple[jax.Array, jax.Array]:
    """A V = V diag(L): eigenvalues L in no order, and eigenvectors of length 1, the columns of V; complex numbers.

    A (*, N, N) -> eigenvalues (*, N), eigenvectors (*, N, N)
    """
    check_matrices("linalg.eig", A, square=True)
    if A.size == 0:
        return jnp.zeros(A.shape[:-1], _complex_type(A)), jnp.zeros(A.shape, _complex_type(A))
    return _eig(A)


@op("linalg", grad_name="LinalgEigBackward0")
def eigvals(A: Array) -> jax.Array:
    """The eigenvalues of square matrices, in no order; complex numbers. A (*, N, N) -> (*, N)."""
    check_matrices("linalg.eigvals", A, square=True)
    return jnp.zeros(A.shape[:-1], _complex_type(A)) if A.size == 0 else _eigenvalues(A)
