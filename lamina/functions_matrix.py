"""Functions of matrices under the names that `lamina` itself has, where `lamina.linalg` has the name too."""

from __future__ import annotations

from typing import Any, NamedTuple, NoReturn

import lamina
from lamina.functions_factor import LowRank
from lamina.tensor import Tensor

PUBLIC = {
    **dict.fromkeys(("cholesky", "svd", "qr", "lu", "lu_solve"), "lamina Tensor"),
    "vander": "lamina",
    **dict.fromkeys(("solve", "eig", "symeig", "lstsq"), "lamina Tensor"),
    **dict.fromkeys(("matrix_rank", "frobenius_norm", "nuclear_norm"), "lamina"),
}
"""Where users find each function."""


def cholesky(input: Tensor, upper: bool = False) -> Tensor:
    """See `lamina.linalg.cholesky`."""
    return lamina.functions.cholesky_of(input, upper)


def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> LowRank:
    """U, S, V with input = U diag(S) V^H: see `lamina.linalg.svd`, which gives V^H.

    some: whether U and V have min(M, N) columns only. Without compute_uv they are zeros.
    """
    if not compute_uv:
        *batch, m, n = input.shape
        empty = [lamina.zeros(*batch, k, k, dtype=input.dtype, device=input.device) for k in (m, n)]
        return LowRank(empty[0], lamina.functions.svdvals(input), empty[1])
    U, S, Vh = lamina.functions.svd(input, not some)
    return LowRank(U, S, Vh.mH)


def qr(input: Tensor, some: bool = True) -> Any:
    """See `lamina.linalg.qr`: reduced if `some`, else complete."""
    return lamina.functions.qr(input, "reduced" if some else "complete")


class LuWithInfo(NamedTuple):
    """LU factors, pivots, and 0 or the place of a zero on the diagonal of U."""

    LU: Tensor
    pivots: Tensor
    info: Tensor


def lu(A: Tensor, pivot: bool = True, get_infos: bool = False, out: Any = None) -> Any:
    """LU factors in one matrix, and pivots: see `lamina.linalg.lu_factor`; with get_infos, as third what
    `lamina.linalg.lu_factor_ex` calls info.
    """
    result = lamina.functions.lu_info(A, pivot)
    return LuWithInfo(*result) if get_infos else tuple(result)[:2]


def lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
    """See `lamina.linalg.lu_solve`."""
    return lamina.functions.lu_solve(LU_data, LU_pivots, b)


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The powers of each element, the highest first unless `increasing`. x (n,) -> (n, N); N: default n.

    >>> import lamina
    >>> lamina.vander(lamina.tensor([1, 2, 3]))
    tensor([[1, 1, 1],
            [4, 2, 1],
            [9, 3, 1]])
    """
    if x.ndim != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    N = x.shape[0] if N is None else N
    if N < 2:
        whole = not x.dtype.is_floating_point and not x.dtype.is_complex
        return lamina.ones(x.shape[0], N, dtype=lamina.int64 if whole else x.dtype, device=x.device)
    powers = lamina.functions.vander(x, N=N)
    return powers if increasing else powers.flip(-1)


# --- what PyTorch has removed ---


def _removed(name: str, instead: str) -> NoReturn:
    raise RuntimeError(f"{name}: removed, as from PyTorch. Use lamina.linalg.{instead}.")


def solve(input: Tensor, A: Tensor) -> NoReturn:
    """Removed: `lamina.linalg.solve` takes its place, with the arguments in the other order."""
    _removed("solve", "solve")


def eig(input: Tensor, eigenvectors: bool = False) -> NoReturn:
    """Removed: `lamina.linalg.eig` takes its place."""
    _removed("eig", "eig")


def symeig(input: Tensor, eigenvectors: bool = False, upper: bool = True) -> NoReturn:
    """Removed: `lamina.linalg.eigh` takes its place, which reads the lower triangle by default."""
    _removed("symeig", "eigh")


def lstsq(input: Tensor, A: Tensor) -> NoReturn:
    """Removed: `lamina.linalg.lstsq` takes its place, with the arguments in the other order."""
    _removed("lstsq", "lstsq")


def matrix_rank(input: Tensor, tol: float | None = None, symmetric: bool = False) -> NoReturn:
    """Removed: `lamina.linalg.matrix_rank` takes its place."""
    _removed("matrix_rank", "matrix_rank")


def frobenius_norm(input: Tensor, dim: Any, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The 2-norm over one or two dimensions: see `lamina.linalg.vector_norm`."""
    dims = (dim,) if isinstance(dim, int) else tuple(dim)
    if len(dims) > 2:
        raise RuntimeError(f"Expected at most 2 dimensions, but got {len(dims)} dimensions instead.")
    return lamina.functions.vector_norm(input, 2.0, dims or None, keepdim, out=out)


def nuclear_norm(input: Tensor, dim: Any = None, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The sum of the singular values of matrices, in the last two dimensions or those of `dim`."""
    if dim is None and input.ndim != 2:
        raise RuntimeError(f"Expected a tensor with 2 dimensions, but got a tensor with {input.ndim} dimensions.")
    return lamina.functions.matrix_norm(input, "nuc", (-2, -1) if dim is None else tuple(dim), keepdim, out=out)
