"""Factors and functions of matrices: QR and its reflectors, singular values, inverses, the exponential.

Whether a matrix is singular is not looked at: its inverse then has infinities or nan.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jax import lax

from lamina.ops import check, promote
from lamina.ops.lu import first_zero
from lamina.ops.matrix import adjoint, check_matrices, check_same_type, is_vector, product, reading_lower, same_batch
from lamina.ops.op import Array, ArrayLike, op

# --- QR ---


@op("linalg", returns=("Q", "R"), grad_name="LinalgQrBackward0")
def qr(A: Array, mode: str = "reduced") -> tuple[jax.Array, jax.Array]:
    """A = Q R with orthonormal columns in Q and R upper triangular.

    A (*, M, N), K = min(M, N) -> Q (*, M, K), R (*, K, N); with mode "complete" Q (*, M, M), R (*, M, N); with mode
    "r" Q is empty.
    """
    check_matrices("linalg.qr", A)
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
    check_matrices("geqrf", input)
    a, tau = jnp.linalg.qr(input, mode="raw")
    return a.mT, tau


@op("linalg", grad_name="LinalgHouseholderProductBackward0")
def householder_product(A: Array, tau: Array) -> jax.Array:
    """The first N columns of H_1 ... H_K, H_i = I - tau_i v_i v_i^H. Of column i of A only what lies below the diagonal
    is used: it is the rest of v_i, which is 1 on the diagonal and 0 above it.

    A (*, M, N), M >= N, tau (*, K), K <= N -> (*, M, N)
    """
    check_matrices("linalg.householder_product", A)
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
    v, scale, system = _reflectors(A, tau)
    right = lax.linalg.triangular_solve(system, adjoint(v)[..., :N], left_side=True, unit_diagonal=True, lower=False)
    return jnp.eye(M, N, dtype=A.dtype) - product(v * scale, right)


def _reflectors(A: Array, tau: Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """V, D and I + S D of the product of K reflections, I - V D (I + S D)^-1 V^H.

    D = diag(tau), S what of V^H V lies above the diagonal: three products and a triangular system, where LAPACK's way
    would be a loop of K steps to differentiate.
    """
    M, K = A.shape[-2], tau.shape[-1]
    v = jnp.tril(A[..., :K], -1) + jnp.eye(M, K, dtype=A.dtype)
    scale = tau[..., None, :]
    return v, scale, jnp.eye(K, dtype=A.dtype) + jnp.triu(product(adjoint(v), v), 1) * scale


@op("lamina Tensor", grad_name="OrmqrBackward0")
def ormqr(input: Array, tau: Array, other: Array, left: bool = True, transpose: bool = False) -> jax.Array:
    """Q other, or Q^H other if `transpose`; other Q or other Q^H unless `left`. Q: all columns of the product of
    reflections that `geqrf` gives.

    input (*, M, K), tau (*, K), other (*, M, N), (*, N, M) unless left -> as other
    """
    check_matrices("ormqr", input)
    if other.ndim < 2:
        raise RuntimeError("torch.ormqr: other must have at least 2 dimensions.")
    side = -2 if left else -1
    if other.shape[side] != input.shape[-2]:
        raise RuntimeError(f"torch.ormqr: other.shape[{side}] must be equal to input.shape[-2]")
    if tau.shape[-1] > min(input.shape[-2:]):
        raise RuntimeError(
            f"ormqr: tau must be (*, K) and input (*, M, N) with K at most N and M, got {tuple(tau.shape)} and "
            f"{tuple(input.shape)}."
        )
    if input.shape[:-2] != tau.shape[:-1] or input.shape[:-2] != other.shape[:-2]:
        raise RuntimeError(
            f"ormqr: tau and other must have the batch of input {tuple(input.shape)}, got {tuple(tau.shape)} and "
            f"{tuple(other.shape)}."
        )
    check_same_type("ormqr", input, tau, "input", "tau")
    check_same_type("ormqr", input, other, "input", "other")
    v, scale, system = _reflectors(input, tau)
    right = other if left else adjoint(other)
    inner = product(adjoint(v), right)
    if transpose == left:
        inner = _adjoint_solve(system, scale, inner)
    else:
        inner = lax.linalg.triangular_solve(system, inner, left_side=True, lower=False, unit_diagonal=True)
        inner = scale.mT * inner
    result = right - product(v, inner)
    return result if left else adjoint(result)


def _adjoint_solve(system: jax.Array, scale: jax.Array, x: jax.Array) -> jax.Array:
    """(D system^-1)^H x."""
    return lax.linalg.triangular_solve(
        system, jnp.conj(scale).mT * x, left_side=True, lower=False, unit_diagonal=True, transpose_a=True,
        conjugate_a=True,
    )  # fmt: skip


# --- singular values, inverses ---


@op("linalg", returns=("U", "S", "Vh"), grad_name="LinalgSvdBackward0")
def svd(A: Array, full_matrices: bool = True, *, driver: str | None = None) -> tuple[jax.Array, jax.Array, jax.Array]:
    """A = U diag(S) Vh with orthonormal columns in U and rows in Vh, S descending.

    A (*, M, N), K = min(M, N) -> U (*, M, M), S (*, K), Vh (*, N, N); U (*, M, K), Vh (*, K, N) unless full_matrices
    """
    check_matrices("linalg.svd", A)
    _no_driver("svd", driver)
    u, s, vh = jnp.linalg.svd(A, full_matrices=full_matrices)
    return u, s, vh


def _no_driver(name: str, driver: str | None) -> None:
    if driver is not None:
        raise RuntimeError(
            f"torch.linalg.{name}: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend."
        )


@op("linalg", grad_name="LinalgSvdBackward0")
def svdvals(A: Array, *, driver: str | None = None) -> jax.Array:
    """The singular values of matrices, descending. A (*, M, N) -> (*, min(M, N))."""
    check_matrices("linalg.svdvals", A)
    _no_driver("svdvals", driver)
    return jnp.linalg.svd(A, compute_uv=False)


@op("linalg", grad_name="LinalgInvExBackward0")
def inv(A: Array) -> jax.Array:
    """The inverse of matrices. A (*, N, N) -> (*, N, N)."""
    check_matrices("linalg.inv", A, square=True)
    return jnp.linalg.inv(A)


@op("", returns=("inverse", "info"), grad_name="LinalgInvExBackward0")
def inv_info(A: Array) -> tuple[jax.Array, jax.Array]:
    """The inverse, and the place from 1 of the first zero pivot, or 0."""
    check_matrices("linalg.inv_ex", A, square=True)
    return jnp.linalg.inv(A), _zero_pivot(A)


def _zero_pivot(A: Array) -> jax.Array:
    return first_zero(A if A.size == 0 else lax.linalg.lu(lax.stop_gradient(A))[0])


@op("", grad_name="LinalgPinvBackward0")
def pinv(A: Array, atol: ArrayLike | None = None, rtol: ArrayLike | None = None, hermitian: bool = False) -> jax.Array:
    """The pseudoinverse of matrices. A (*, M, N), atol, rtol numbers or (*) -> (*, N, M)."""
    check_matrices("linalg.pinv", A, square=hermitian)
    if A.size == 0:
        return jnp.zeros((*A.shape[:-2], A.shape[-1], A.shape[-2]), A.dtype)
    A = reading_lower(A) if hermitian else A
    relative = relative_tolerance(A, atol, rtol)
    if atol is not None:
        largest = lax.stop_gradient(jnp.linalg.svd(A, compute_uv=False)[..., 0])
        relative = jnp.maximum(relative, jnp.asarray(atol, largest.dtype) / largest)
    return jnp.linalg.pinv(A, rtol=relative, hermitian=hermitian)


def relative_tolerance(A: Array, atol: ArrayLike | None, rtol: ArrayLike | None) -> jax.Array:
    """rtol; where it is not given, max(M, N) times the precision of the type, or 0 if a positive atol is."""
    real = A.real.dtype
    if rtol is not None:
        return jnp.asarray(rtol, real)
    default = jnp.asarray(max(A.shape[-2:]) * jnp.finfo(real).eps, real)
    return default if atol is None else jnp.where(jnp.asarray(atol, real) > 0, jnp.zeros_like(default), default)


def _solution(name: str, A: Array, B: Array, left: bool) -> jax.Array:
    if A.dtype.itemsize == 2 and promote.category(A.dtype) == 2:
        raise NotImplementedError(f"{name}: not implemented for {check.type_name(A.dtype)}")
    check_matrices(name, A, square=True)
    check_same_type(name, A, B)
    vector = is_vector(A, B)
    if vector and not left:
        raise RuntimeError(f"{name}: Vector broadcasting of the left hand side is not supported for left=False.")
    right = B[..., None] if vector else B if left else B.mT
    n = A.shape[-1]
    if right.ndim < 2 or right.shape[-2] != n:
        raise RuntimeError(
            f"{name}: Incompatible shapes of A and B for the equation {'AX = B' if left else 'XA = B'} "
            f"({n}x{n} and {B.shape[-2] if B.ndim > 1 else 1}x{B.shape[-1]})"
        )
    matrix, right = same_batch(A if left else A.mT, right)
    found = jnp.linalg.solve(matrix, right) if right.size else right
    return found[..., 0] if vector else found if left else found.mT


@op("linalg", grad_name="LinalgSolveExBackward0")
def solve(A: Array, B: Array, *, left: bool = True) -> jax.Array:
    """X with A X = B, or X A = B unless `left`; infinities and nan where A is singular.

    A (*, N, N), B (*, N, K), (*, K, N) unless left, or (*, N) -> as B; the first sizes broadcast.

    >>> import lamina
    >>> lamina.linalg.solve(lamina.tensor([[2., 0.], [0., 4.]]), lamina.ones(2))
    tensor([0.5000, 0.2500])
    """
    return _solution("linalg.solve", A, B, left)


@op("", returns=("result", "info"), grad_name="LinalgSolveExBackward0")
def solve_info(A: Array, B: Array, left: bool = True) -> tuple[jax.Array, jax.Array]:
    """`solve`, and the place from 1 of the first zero pivot, or 0."""
    return _solution("linalg.solve_ex", A, B, left), _zero_pivot(A)


# --- the exponential ---

_PADE = {
    7: (17297280.0, 8648640.0, 1995840.0, 277200.0, 25200.0, 1512.0, 56.0, 1.0),
    13: (
        64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0,
        10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0,
    ),
}  # fmt: skip
"""Coefficients of the approximants of exp: p(A) / p(-A). Higham, The scaling and squaring method revisited, 2005."""


@jax.custom_vjp
def _exponential(A: jax.Array) -> jax.Array:
    single = A.real.dtype == jnp.float32
    degree, radius = (7, 3.925724783138660) if single else (13, 5.371920351148152)
    size = jnp.max(jnp.sum(jnp.abs(A), -2), -1)
    halvings = jnp.clip(jnp.ceil(jnp.log2(jnp.where(jnp.isfinite(size) & (size > 0), size, 1) / radius)), 0, 1100)
    scaled = A * jnp.exp2(-halvings)[..., None, None].astype(A.dtype)
    square = product(scaled, scaled)
    identity = jnp.broadcast_to(jnp.eye(A.shape[-1], dtype=A.dtype), A.shape)
    even, odd = jnp.zeros_like(A), jnp.zeros_like(A)
    for k in reversed(range(0, degree, 2)):
        even = product(even, square) + _PADE[degree][k] * identity
        odd = product(odd, square) + _PADE[degree][k + 1] * identity
    odd = product(scaled, odd)
    result = jnp.linalg.solve(even - odd, even + odd)

    def more(state: tuple[jax.Array, jax.Array]) -> jax.Array:
        return state[0] < jnp.max(halvings, initial=0)

    def double(state: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        done, x = state
        return done + 1, jnp.where((done < halvings)[..., None, None], product(x, x), x)

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
    half = promote.category(A.dtype) == 2 and A.dtype.itemsize == 2
    wide = A.astype(jnp.float32) if half else A
    check_matrices("linalg.matrix_exp", wide, square=True)
    return _exponential(wide).astype(A.dtype) if math.prod(A.shape) else A
