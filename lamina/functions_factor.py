"""Functions of Tensors for factors of matrices: forms with `check_errors`, and the older names outside `linalg`."""

from __future__ import annotations

from typing import Any, NamedTuple, NoReturn

import lamina
from lamina.tensor import Tensor

PUBLIC = {
    "LinAlgError": "linalg",
    **dict.fromkeys(("cholesky_ex", "inv_ex", "solve_ex", "lu_factor_ex", "ldl_factor", "ldl_factor_ex"), "linalg"),
    **dict.fromkeys(("ldl_solve", "matrix_rank", "pinv"), "linalg"),
    "lu": "linalg",
    "triangular_solve": "lamina Tensor",
    "lu_unpack": "lamina",
    "lobpcg": "lamina",
    "svd_lowrank": "lamina",
    "pca_lowrank": "lamina",
}
"""Where users find each function; those whose names mean something else elsewhere are in `functions_matrix.py`."""


class LinAlgError(RuntimeError):
    """What a function with `check_errors=True` raises where a matrix has no such factor or inverse."""


def _checked(name: str, result: Any, check_errors: bool, problem: str) -> Any:
    """The result; its `info` is read, and an error raised if it is not 0, only if that is asked for."""
    if check_errors and bool((result.info != 0).any()):
        raise LinAlgError(f"{name}: {problem}, got info {result.info.tolist()}.")
    return result


def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> Any:
    """`cholesky` and `info`: the order of the leading minor that is not positive, 0 if there is none.

    check_errors: whether to read info, and raise LinAlgError if it is not 0. A (*, N, N) -> L (*, N, N), info (*)
    """
    result = lamina.functions.cholesky_info(A, upper)
    return _checked("linalg.cholesky_ex", result, check_errors, "A must be positive definite")


def inv_ex(A: Tensor, *, check_errors: bool = False) -> Any:
    """`inv` and `info`: the place from 1 of the first zero pivot, 0 if there is none.

    check_errors: whether to read info, and raise LinAlgError if it is not 0. A (*, N, N) -> inverse (*, N, N), info (*)
    """
    return _checked("linalg.inv_ex", lamina.functions.inv_info(A), check_errors, "A must not be singular")


def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> Any:
    """`solve` and `info`: the place from 1 of the first zero pivot, 0 if there is none.

    check_errors: whether to read info, and raise LinAlgError if it is not 0.
    """
    return _checked("linalg.solve_ex", lamina.functions.solve_info(A, B, left), check_errors, "A must not be singular")


def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> Any:
    """`lu_factor` and `info`: the place from 1 of the first zero on the diagonal of U, 0 if there is none.

    check_errors: whether to read info, and raise LinAlgError if it is not 0.
    """
    result = lamina.functions.lu_info(A, pivot)
    return _checked("linalg.lu_factor_ex", result, check_errors, "A must not be singular")


def _no_ldl(name: str) -> NoReturn:
    raise NotImplementedError(f"linalg.{name}: XLA has no LDL factorisation; see linalg.lu_factor and linalg.eigh.")


def ldl_factor(A: Tensor, *, hermitian: bool = False) -> NoReturn:
    """Not implemented: XLA has no factorisation A = L D L^H with pivots."""
    _no_ldl("ldl_factor")


def ldl_factor_ex(A: Tensor, *, hermitian: bool = False, check_errors: bool = False) -> NoReturn:
    """Not implemented: XLA has no factorisation A = L D L^H with pivots."""
    _no_ldl("ldl_factor_ex")


def ldl_solve(LD: Tensor, pivots: Tensor, B: Tensor, *, hermitian: bool = False) -> NoReturn:
    """Not implemented: XLA has no factorisation A = L D L^H with pivots."""
    _no_ldl("ldl_solve")


def pinv(A: Tensor, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """The pseudoinverse of matrices: singular values of at most max(atol, rtol times the largest) count as zero.

    Args:
        atol, rtol: numbers or tensors (*); default of rtol: max(M, N) times the precision of the type, of atol 0.
        rcond: the older name of rtol.
        hermitian: whether A is Hermitian; then only its lower triangle is read.
    Shapes:
        A (*, M, N) -> (*, N, M)
    """
    return lamina.functions.pinv(A, atol, rcond if rtol is None else rtol, hermitian)


def matrix_rank(A: Tensor, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """How many singular values of matrices are above max(atol, rtol times the largest).

    Args:
        atol, rtol: numbers or tensors (*); default of rtol: max(M, N) times the precision of the type, of atol 0.
        tol: the older name of atol, with an rtol of 0.
        hermitian: whether A is Hermitian; then only its lower triangle is read.
    Shapes:
        A (*, M, N) -> (*) int64
    """
    if tol is not None:
        atol, rtol = tol, 0.0
    return lamina.functions.matrix_rank_of(A, atol, rtol, hermitian)


class LU(NamedTuple):
    """A = P L U."""

    P: Tensor
    L: Tensor
    U: Tensor


def lu(A: Tensor, *, pivot: bool = True) -> LU:
    """A = P L U: a permutation, a lower triangular matrix with ones on its diagonal, an upper triangular one.

    A (*, M, N), K = min(M, N) -> P (*, M, M), L (*, M, K), U (*, K, N)
    """
    data, pivots = lamina.functions.lu_factor(A, pivot=pivot)
    return lu_unpack(data, pivots)


def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True) -> LU:
    """P, L and U of what `linalg.lu_factor` gives; empty where not asked for."""
    nothing = lamina.empty(0, dtype=LU_data.dtype, device=LU_data.device)
    lower, upper = lamina.functions.lu_triangles(LU_data) if unpack_data else (nothing, nothing)
    rows = LU_data.shape[-2]
    place = lamina.functions.lu_permutation(LU_pivots, rows, LU_data.dtype) if unpack_pivots else nothing
    return LU(place, lower, upper)


class TriangularSolve(NamedTuple):
    """The solution of a triangular system, and the matrix."""

    solution: Tensor
    cloned_coefficient: Tensor


def triangular_solve(
    input: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> TriangularSolve:
    """X with A X = input, or A^T X = input if `transpose`, and A. PyTorch advises `linalg.solve_triangular`."""
    for name, x in (("b", input), ("A", A)):
        if x.ndim < 2:
            raise RuntimeError(
                f"torch.triangular_solve: Expected {name} to have at least 2 dimensions, but it has {x.ndim} "
                "dimensions instead"
            )
    matrix = A.mT if transpose else A
    solved = lamina.functions.solve_triangular(matrix, input, upper=upper != transpose, unitriangular=unitriangular)
    return TriangularSolve(solved, A.clone())


# --- low rank ---


def lobpcg(*arguments: Any, **options: Any) -> NoReturn:
    """Not implemented: an iteration that stops when its numbers say so; see `linalg.eigh`."""
    raise NotImplementedError("lobpcg: not implemented, since it stops when its numbers say so; see linalg.eigh.")


class LowRank(NamedTuple):
    """A is close to U diag(S) V^H."""

    U: Tensor
    S: Tensor
    V: Tensor


def svd_lowrank(A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None) -> LowRank:
    """The q largest singular values, about, of A (or A - M), by random projections and `niter` rounds of refinement.

    A (*, M, N) -> U (*, M, q), S (*, q), V (*, N, q). Halko et al., Finding structure with randomness, 2009.
    """
    q, niter = 6 if q is None else q, 2 if niter is None else niter
    A = A if M is None else A - M
    wide = A.shape[-2] < A.shape[-1]
    A = A.mH if wide else A
    orthonormal = lamina.functions.qr
    Q = orthonormal(A @ lamina.randn(A.shape[-1], q, dtype=A.dtype, device=A.device)).Q
    for _ in range(niter):
        Q = orthonormal(A.mH @ Q).Q
        Q = orthonormal(A @ Q).Q
    U, S, Vh = lamina.functions.svd(Q.mH @ A, False)
    U, V = Q @ U, Vh.mH
    return LowRank(V, S, U) if wide else LowRank(U, S, V)


def pca_lowrank(A: Tensor, q: int | None = None, center: bool = True, niter: int = 2) -> LowRank:
    """`svd_lowrank` of A less the mean of its rows (with `center`): the columns of V are principal directions.

    q: default: min(6, M, N). A (*, M, N) -> U (*, M, q), S (*, q), V (*, N, q)
    """
    most = min(A.shape[-2:])
    if q is None:
        q = min(6, most)
    elif not 0 <= q <= most:
        raise ValueError(f"pca_lowrank: q must be from 0 to {most} to go with A {tuple(A.shape)}, got {q}.")
    if niter < 0:
        raise ValueError(f"pca_lowrank: niter must not be negative, got {niter}.")
    return svd_lowrank(A - A.mean(-2, keepdim=True) if center else A, q, niter)
