"""Factors and functions of matrices: QR and its reflectors, singular values, inverses, the exponential.

Whether a matrix is singular is not looked at: its inverse then has infinities or nan.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, op

_HIGHEST = lax.Precision.HIGHEST


def _check(name: str, x: jax.Array, square: bool = False) -> None:
    if promote.category(x.dtype) < 2:
        raise RuntimeError(
            f"linalg.{name}: Expected a floating point or complex tensor as input. Got {check.type_name(x.dtype)}"
        )
    if x.dtype.itemsize == 2:
        raise RuntimeError(f"linalg.{name}: Low precision dtypes not supported. Got {check.type_name(x.dtype)}")
    if x.ndim < 2:
        raise RuntimeError(f"linalg.{name}: The input tensor A must have at least 2 dimensions.")
    if square and x.shape[-1] != x.shape[-2]:
        raise RuntimeError(
            f"linalg.{name}: A must be batches of square matrices, but they are {x.shape[-2]} by {x.shape[-1]} matrices"
        )


# --- QR ---


@op("linalg", returns=("Q", "R"), grad_name="LinalgQrBackward0")
def qr(A: Array, mode: str = "reduced") -> tuple[jax.Array, jax.Array]:
    """A = Q R with orthonormal columns in Q and R upper triangular.

    A (*, M, N), K = min(M, N) -> Q (*, M, K), R (*, K, N); with mode "complete" Q (*, M, M), R (*, M, N); with mode
    "r" Q is empty.
    """
    _check("qr", A)
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    if mode == "r":
        return jnp.zeros((0,), A.dtype), jnp.linalg.qr(A, mode="r")
    q, r = jnp.linalg.qr(A, mode=mode)
    return q, r


@op("lamina Tensor", returns=("a", "tau"), differentiable=False)
def geqrf(input: Array) -> tuple[jax.Array, jax.Array]:
    """The QR factors as LAPACK keeps them: R and, below its diagonal, the reflectors; and their factors tau.

    input (*, M, N) -> a (*, M, N), tau (*, min(M, N)); `linalg.householder_product(a, tau)` is Q.
    """
    _check("geqrf", input)
    a, tau = jnp.linalg.qr(input, mode="raw")
    return a.mT, tau


@op("linalg", grad_name="LinalgHouseholderProductBackward0")
def householder_product(A: Array, tau: Array) -> jax.Array:
    """The first N columns of H_1 ... H_K, H_i = I - tau_i v_i v_i^H. Of column i of A only what lies below the diagonal
    is used: it is the rest of v_i, which is 1 on the diagonal and 0 above it.

    A (*, M, N), M >= N, tau (*, K), K <= N -> (*, M, N)
    """
    _check("householder_product", A)
    M, N, K = *A.shape[-2:], tau.shape[-1] if tau.ndim else 0
    if M < N:
        raise RuntimeError(
            "linalg.householder_product: input.shape[-2] must be greater than or equal to input.shape[-1]"
        )
    if N < K:
        raise RuntimeError("linalg.householder_product: input.shape[-1] must be greater than or equal to tau.shape[-1]")
    if A.ndim - tau.ndim != 1:
        raise RuntimeError(
            "linalg.householder_product: Expected tau to have one dimension less than input, but got tau.ndim equal to "
            f"{tau.ndim} and input.ndim is equal to {A.ndim}"
        )
    if A.dtype != tau.dtype:
        raise RuntimeError(
            f"linalg.householder_product: tau dtype {check.type_name(tau.dtype)} does not match input dtype "
            f"{check.type_name(A.dtype)}"
        )
    # The product of K reflections is I - V T V^H with T = D (I + S D)^-1, D = diag(tau), S what of V^H V lies above the
    # diagonal: three products and a triangular system, where LAPACK's way would be a loop of K steps to differentiate.
    v = jnp.tril(A[..., :K], -1) + jnp.eye(M, K, dtype=A.dtype)
    vh = jnp.conj(v).mT
    scale = tau[..., None, :]
    system = jnp.eye(K, dtype=A.dtype) + jnp.triu(jnp.matmul(vh, v, precision=_HIGHEST), 1) * scale
    right = lax.linalg.triangular_solve(system, vh[..., :N], left_side=True, unit_diagonal=True, lower=False)
    return jnp.eye(M, N, dtype=A.dtype) - jnp.matmul(v * scale, right, precision=_HIGHEST)


# --- singular values, inverses ---


@op("linalg", returns=("U", "S", "Vh"), grad_name="LinalgSvdBackward0")
def svd(A: Array, full_matrices: bool = True) -> tuple[jax.Array, jax.Array, jax.Array]:
    """A = U diag(S) Vh with orthonormal columns in U and rows in Vh, S descending.

    A (*, M, N), K = min(M, N) -> U (*, M, M), S (*, K), Vh (*, N, N); U (*, M, K), Vh (*, K, N) unless full_matrices
    """
    _check("svd", A)
    u, s, vh = jnp.linalg.svd(A, full_matrices=full_matrices)
    return u, s, vh


@op("linalg", grad_name="LinalgSvdBackward0")
def svdvals(A: Array) -> jax.Array:
    """The singular values of matrices, descending. A (*, M, N) -> (*, min(M, N))."""
    _check("svdvals", A)
    return jnp.linalg.svd(A, compute_uv=False)


@op("linalg", grad_name="LinalgInvExBackward0")
def inv(A: Array) -> jax.Array:
    """The inverse of matrices. A (*, N, N) -> (*, N, N)."""
    _check("inv", A, square=True)
    return jnp.linalg.inv(A)


@op("linalg", grad_name="LinalgPinvBackward0")
def pinv(A: Array, rcond: float | None = None, hermitian: bool = False) -> jax.Array:
    """The pseudoinverse of matrices: singular values of at most rcond times the largest count as zero.

    rcond: default: max(M, N) times the precision of the type. A (*, M, N) -> (*, N, M)
    """
    _check("pinv", A)
    tolerance = max(A.shape[-2:]) * float(jnp.finfo(A.dtype).eps) if rcond is None else rcond
    return jnp.linalg.pinv(A, rtol=tolerance, hermitian=hermitian)


@op("linalg", grad_name="LinalgSolveExBackward0")
def solve(A: Array, B: Array, *, left: bool = True) -> jax.Array:
    """X with A X = B, or X A = B unless `left`.

    A (*, N, N), B (*, N, K), (*, K, N) unless left, or (*, N) -> as B; the first sizes broadcast.
    """
    if A.dtype.itemsize == 2 and promote.category(A.dtype) == 2:
        raise NotImplementedError(f"linalg.solve: not implemented for {check.type_name(A.dtype)}")
    _check("solve", A, square=True)
    if A.dtype != B.dtype:
        raise RuntimeError(
            "linalg.solve: Expected A and B to have the same dtype, but found A of type "
            f"{check.type_name(A.dtype)} and B of type {check.type_name(B.dtype)} instead"
        )
    vector = B.ndim == 1 or (B.ndim == A.ndim - 1 and B.shape == A.shape[:-1])
    if vector and not left:
        raise RuntimeError("linalg.solve: Vector broadcasting of the left hand side is not supported for left=False.")
    right = B[..., None] if vector else B if left else B.mT
    n = A.shape[-1]
    if right.ndim < 2 or right.shape[-2] != n:
        raise RuntimeError(
            f"linalg.solve: Incompatible shapes of A and B for the equation {'AX = B' if left else 'XA = B'} "
            f"({n}x{n} and {B.shape[-2] if B.ndim > 1 else 1}x{B.shape[-1]})"
        )
    batch = check.broadcast(A[..., 0, 0], right[..., 0, 0])
    matrix = jnp.broadcast_to(A if left else A.mT, (*batch, n, n))
    found = jnp.linalg.solve(matrix, jnp.broadcast_to(right, (*batch, *right.shape[-2:])))
    return found[..., 0] if vector else found if left else found.mT


# --- the exponential ---

_PADE = {
    7: (17297280.0, 8648640.0, 1995840.0, 277200.0, 25200.0, 1512.0, 56.0, 1.0),
    13: (
        64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0,
        10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0,
    ),
}  # fmt: skip
"""Coefficients of the approximants of exp: p(A) / p(-A). Higham, The scaling and squaring method revisited, 2005."""


def _multiply(a: jax.Array, b: jax.Array) -> jax.Array:
    return jnp.matmul(a, b, precision=_HIGHEST)


@jax.custom_vjp
def _exponential(A: jax.Array) -> jax.Array:
    single = A.real.dtype == jnp.float32
    degree, radius = (7, 3.925724783138660) if single else (13, 5.371920351148152)
    size = jnp.max(jnp.sum(jnp.abs(A), -2), -1)
    halvings = jnp.clip(jnp.ceil(jnp.log2(jnp.where(jnp.isfinite(size) & (size > 0), size, 1) / radius)), 0, 1100)
    scaled = A * jnp.exp2(-halvings)[..., None, None].astype(A.dtype)
    square = _multiply(scaled, scaled)
    identity = jnp.broadcast_to(jnp.eye(A.shape[-1], dtype=A.dtype), A.shape)
    even, odd = jnp.zeros_like(A), jnp.zeros_like(A)
    for k in reversed(range(0, degree, 2)):
        even = _multiply(even, square) + _PADE[degree][k] * identity
        odd = _multiply(odd, square) + _PADE[degree][k + 1] * identity
    odd = _multiply(scaled, odd)
    result = jnp.linalg.solve(even - odd, even + odd)

    def more(state: tuple[jax.Array, jax.Array]) -> jax.Array:
        return state[0] < jnp.max(halvings, initial=0)

    def double(state: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        done, x = state
        return done + 1, jnp.where((done < halvings)[..., None, None], _multiply(x, x), x)

    return lax.while_loop(more, double, (jnp.zeros((), halvings.dtype), result))[1]


def _exponential_forward(A: jax.Array) -> tuple[jax.Array, jax.Array]:
    return _exponential(A), A


def _exponential_backward(A: jax.Array, grad: jax.Array) -> tuple[jax.Array]:
    # exp [[X, E], [0, X]] has the derivative of exp at X in direction E as its upper right block.
    at = A.mT
    whole = jnp.block([[at, grad], [jnp.zeros_like(at), at]])
    return (_exponential(whole)[..., : A.shape[-1], A.shape[-1] :],)


_exponential.defvjp(_exponential_forward, _exponential_backward)


@op("lamina Tensor linalg", grad_name="LinalgMatrixExpBackward0")
def matrix_exp(A: Array) -> jax.Array:
    """The sum of A^k / k! over all k. A (*, N, N) -> (*, N, N)."""
    _check("matrix_exp", A, square=True)
    if math.prod(A.shape) == 0:
        return A
    return _exponential(A)
