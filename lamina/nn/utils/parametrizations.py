"""Ready parametrizations: weight normalization, spectral normalization, orthogonal matrices."""

from __future__ import annotations

from enum import Enum, auto
from typing import Any, TypeVar

import numpy as np

from lamina import creation, functions, linalg
from lamina.autograd import no_grad
from lamina.functions_reduce import allclose
from lamina.nn.module import Module
from lamina.nn.utils import parametrize
from lamina.nn.utils.power import as_matrix, iterate, output_dim, unit
from lamina.tensor import Tensor

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]

M = TypeVar("M", bound=Module)


class _WeightNorm(Module):
    """weight = g v / |v|."""

    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return functions.weight_norm(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return functions.norm_except_dim(weight, 2, self.dim), weight


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Learn a weight as length g and direction v: weight = g v / |v|; returns the module.

    Args:
        module: whose weight it is.
        name: its name.
        dim: the dimension along which each slice has a length of its own; None: one length for all.
    Parameters:
        parametrizations.weight.original0: g, at first the norms; parametrizations.weight.original1: v, at first weight.
    A state of the older `lamina.nn.utils.weight_norm`, with weight_g and weight_v, can be loaded.

    >>> import lamina
    >>> from lamina import nn
    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(20, 40))
    >>> layer.parametrizations.weight.original0.shape
    lamina.Size([40, 1])

    Source: torch.nn.utils.parametrizations.weight_norm.
    """
    parametrize.register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def rename(state: Any, prefix: str, *rest: Any) -> None:
        old = [f"{prefix}{name}_g", f"{prefix}{name}_v"]
        if all(key in state for key in old):
            for i, key in enumerate(old):
                state[f"{prefix}parametrizations.{name}.original{i}"] = state.pop(key)

    module._register_load_state_dict_pre_hook(rename)
    return module


class _SpectralNorm(Module):
    """weight / sigma, sigma the largest singular value, by the power method."""

    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        ndim = weight.ndim
        if not -ndim <= dim < ndim:
            raise IndexError(f"Dimension out of range (expected to be in range of [-{ndim}, {ndim - 1}] but got {dim})")
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.dim, self.eps = dim % ndim, eps
        if ndim > 1:
            self.n_power_iterations = n_power_iterations
            matrix = as_matrix(weight, self.dim)
            for vector, size in zip(("_u", "_v"), matrix.shape, strict=True):
                self.register_buffer(vector, unit(matrix.new_empty(size).normal_(0, 1), eps))
            iterate(matrix, self._u, self._v, 15, eps)

    def forward(self, weight: Tensor) -> Tensor:
        if weight.ndim == 1:
            return unit(weight, self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            iterate(matrix, self._u, self._v, self.n_power_iterations, self.eps)
        # Copies: the next call writes to the buffers, and backward must still find these.
        u, v = self._u.clone(), self._v.clone()
        return weight / functions.vdot(u, functions.mv(matrix, v))

    def right_inverse(self, value: Tensor) -> Tensor:
        return value


def spectral_norm(
    module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> M:
    """Divide a weight by its largest singular value, which the power method follows; returns the module.

    In training each reading of the weight does `n_power_iterations` steps of it.

    Args:
        module: whose weight it is.
        name: its name.
        n_power_iterations: how many steps.
        eps: the smallest norm to divide by.
        dim: the dimension of the outputs; default: 0, for transposed convolutions 1. The others are one dimension.
    Buffers:
        parametrizations.weight.0._u, parametrizations.weight.0._v: the singular vectors.
    Source: torch.nn.utils.parametrizations.spectral_norm.
    """
    weight = _weight(module, name)
    dim = output_dim(module) if dim is None else dim
    return parametrize.register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, dim, eps))


class _OrthMaps(Enum):
    matrix_exp = auto()
    cayley = auto()
    householder = auto()


class _Orthogonal(Module):
    """An orthogonal matrix from any matrix, by one of the maps; times `base`, if there is one."""

    base: Any

    def __init__(self, weight: Tensor, orthogonal_map: _OrthMaps, *, use_trivialization: bool = True) -> None:
        super().__init__()
        if weight.is_complex() and orthogonal_map is _OrthMaps.householder:
            raise ValueError("The householder parametrization does not support complex tensors.")
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Tensor) -> Tensor:
        wide = X.shape[-2] < X.shape[-1]
        X = X.mT if wide else X
        Q = _reflections(X) if self.orthogonal_map is _OrthMaps.householder else _rotation(X, self.orthogonal_map)
        if hasattr(self, "base"):
            Q = self.base @ Q
        return Q.mT if wide else Q

    def right_inverse(self, Q: Tensor) -> Tensor:
        if Q.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of shape {Q.shape}."
            )
        given, wide = Q, Q.shape[-2] < Q.shape[-1]
        with no_grad():
            Q = Q.mT if wide else Q
            n, k = Q.shape[-2:]
            if not hasattr(self, "base"):
                if self.orthogonal_map is not _OrthMaps.householder:
                    raise NotImplementedError(
                        "It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
                        "use_trivialization=False."
                    )
                A, tau = functions.geqrf(Q)
                # Q R with a positive diagonal of R. LAPACK leaves a reflection out (tau 0) if it would change nothing.
                sign = _diagonal(A).sign()
                A = _with_diagonal(A, functions.where(tau == 0, -sign, sign))
                return A.mT if wide else A
            if n != k:
                N = creation.randn(*Q.shape[:-2], n, n - k, dtype=Q.dtype, device=Q.device)
                self.base = _make_orthogonal(functions.cat([Q, N], -1))
            else:
                self.base = Q.clone() if _is_orthogonal(Q) else _make_orthogonal(Q)
            # The householder map reads signs off the diagonal: with -1 there, it gives the identity.
            return _with_diagonal(creation.zeros_like(given), -creation.ones(min(n, k), dtype=Q.dtype, device=Q.device))


def orthogonal(
    module: M, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> M:
    """Keep a matrix, or a batch of matrices, orthogonal: Q^H Q = I, or Q Q^H = I if it is wide; returns the module.

    Args:
        module: whose weight it is.
        name: its name.
        orthogonal_map: "matrix_exp": exp(A) of a skew-symmetric A; "cayley": (I + A/2) (I - A/2)^-1; "householder": a
            product of reflections. Default: "matrix_exp" if square or complex, else "householder".
        use_trivialization: whether to multiply with a matrix `base`, so that the learned part starts at zero. Then the
            weight stays as it is if it is orthogonal, and is made so by QR if not.
    Buffers:
        parametrizations.weight.0.base, if use_trivialization.

    >>> import lamina
    >>> from lamina import nn
    >>> Q = nn.utils.parametrizations.orthogonal(nn.Linear(20, 40)).weight
    >>> lamina.allclose(Q.T @ Q, lamina.eye(20), atol=1e-5)
    True

    Source: torch.nn.utils.parametrizations.orthogonal.
    """
    weight = _weight(module, name)
    if weight.ndim < 2:
        raise ValueError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions.")
    if orthogonal_map is None:
        square = weight.shape[-2] == weight.shape[-1]
        orthogonal_map = "matrix_exp" if square or weight.is_complex() else "householder"
    kind = getattr(_OrthMaps, orthogonal_map, None)
    if kind is None:
        raise ValueError(
            f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {orthogonal_map}'
        )
    orth = _Orthogonal(weight, kind, use_trivialization=use_trivialization)
    return parametrize.register_parametrization(module, name, orth, unsafe=True)


def _weight(module: Module, name: str) -> Tensor:
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return weight


def _diagonal(x: Tensor) -> Tensor:
    return x.diagonal(dim1=-2, dim2=-1)


def _with_diagonal(x: Tensor, diagonal: Tensor) -> Tensor:
    """A matrix with another diagonal."""
    eye = creation.eye(*x.shape[-2:], dtype=x.dtype, device=x.device)
    along = diagonal.unsqueeze(-2 if x.shape[-2] >= x.shape[-1] else -1)
    return x * (1 - eye) + along * eye


def _rotation(X: Tensor, kind: _OrthMaps) -> Tensor:
    """exp, or the Cayley map, of the skew-symmetric matrix whose lower part X has: its first k columns. (*, n, k)"""
    n, k = X.shape[-2:]
    X = X.tril()
    if n != k:
        X = functions.cat([X, X.new_zeros(*X.shape[:-2], n, n - k)], -1)
    A = X - X.mH
    if kind is _OrthMaps.matrix_exp:
        Q = functions.matrix_exp(A)
    else:
        eye = creation.eye(n, dtype=A.dtype, device=A.device)
        Q = linalg.solve(eye - 0.5 * A, eye + 0.5 * A)
    return Q[..., :k] if n != k else Q


def _reflections(X: Tensor) -> Tensor:
    """The product of the reflections below the diagonal of X, with its columns signed by the diagonal. (*, n, k)"""
    A = X.tril(-1)
    tau = 2.0 / (1.0 + (A * A).sum(-2))
    return linalg.householder_product(A, tau) * _diagonal(X).int().unsqueeze(-2)


def _make_orthogonal(A: Tensor) -> Tensor:
    """Q of A = Q R with a positive diagonal of R."""
    X, tau = functions.geqrf(A)
    return linalg.householder_product(X, tau) * _diagonal(X).sgn().unsqueeze(-2)


def _is_orthogonal(Q: Tensor) -> bool:
    n, k = Q.shape[-2:]
    eye = creation.eye(k, dtype=Q.dtype, device=Q.device)
    return allclose(Q.mH @ Q, eye, atol=10.0 * n * float(np.finfo(Q.dtype.numpy).eps))
