"""Transforms that mix the elements of vectors and matrices: onto the simplex, onto triangular and definite matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import lamina
from lamina.distributions import constraints
from lamina.distributions.transform import Transform
from lamina.distributions.transform_elementwise import PlainTransform, clipped
from lamina.distributions.utils import tril_matrix_to_vec, vec_to_tril_matrix
from lamina.nn import functional as F
from lamina.tensor import Size, Tensor

Shape = Sequence[int]


def _require(shape: Shape, ndim: int) -> None:
    if len(shape) < ndim:
        raise ValueError("Too few dimensions on input")


class SoftmaxTransform(PlainTransform):
    """y = exp(x) / sum(exp(x)). Not bijective: adding a number to x changes nothing. The inverse is log(y).

    Source: torch.distributions.transforms.SoftmaxTransform.
    """

    domain, codomain = constraints.real_vector, constraints.simplex

    def _call(self, x: Tensor) -> Tensor:
        powers: Tensor = (x - x.max(-1, True)[0]).exp()
        return powers / powers.sum(-1, True)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()

    def forward_shape(self, shape: Shape) -> Any:
        _require(shape, 1)
        return shape

    inverse_shape = forward_shape


class StickBreakingTransform(PlainTransform):
    """From vectors (*, K) to the simplex (*, K + 1): each number says which share to break off what is left of a stick.

    x = 0 gives equal pieces.

    Source: torch.distributions.transforms.StickBreakingTransform.
    """

    domain, codomain = constraints.real_vector, constraints.simplex
    bijective = True

    def _call(self, x: Tensor) -> Tensor:
        shares = clipped((x - _log_pieces_left(x)).sigmoid())
        left = (1 - shares).cumprod(-1)
        return F.pad(shares, [0, 1], value=1) * F.pad(left, [1, 0], value=1)

    def _inverse(self, y: Tensor) -> Tensor:
        pieces = y[..., :-1]
        # Rounding may leave less than nothing of the stick.
        left = (1 - pieces.cumsum(-1)).clamp(min=lamina.finfo(y.dtype).tiny)
        return pieces.log() - left.log() + _log_pieces_left(pieces)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """The Jacobian is triangular: its diagonal is left_i share_i (1 - share_i)."""
        x = x - _log_pieces_left(x)
        return (-x + F.logsigmoid(x) + y[..., :-1].log()).sum(-1)

    def forward_shape(self, shape: Shape) -> Any:
        _require(shape, 1)
        return Size((*shape[:-1], shape[-1] + 1))

    def inverse_shape(self, shape: Shape) -> Any:
        _require(shape, 1)
        return Size((*shape[:-1], shape[-1] - 1))


def _log_pieces_left(x: Tensor) -> Tensor:
    """log(K), ..., log(1): how many pieces are to come after each of K."""
    count = x.shape[-1]
    return lamina.tensor([math.log(n) for n in range(count, 0, -1)], dtype=x.dtype, device=x.device)


class LowerCholeskyTransform(PlainTransform):
    """From matrices to lower triangular ones with a positive diagonal: the diagonal becomes exp of itself.

    Source: torch.distributions.transforms.LowerCholeskyTransform.
    """

    domain, codomain = constraints.independent(constraints.real, 2), constraints.lower_cholesky

    def _call(self, x: Tensor) -> Tensor:
        return x.tril(-1) + x.diagonal(dim1=-2, dim2=-1).exp().diag_embed()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.tril(-1) + y.diagonal(dim1=-2, dim2=-1).log().diag_embed()


class PositiveDefiniteTransform(PlainTransform):
    """From matrices to positive definite ones: L L^T with L as LowerCholeskyTransform gives it.

    Source: torch.distributions.transforms.PositiveDefiniteTransform.
    """

    domain, codomain = constraints.independent(constraints.real, 2), constraints.positive_definite

    def _call(self, x: Tensor) -> Tensor:
        factor: Tensor = LowerCholeskyTransform()(x)
        return factor @ factor.mT

    def _inverse(self, y: Tensor) -> Any:
        return LowerCholeskyTransform().inv(lamina.linalg.cholesky(y))


class CorrCholeskyTransform(Transform):
    """From vectors (*, D (D - 1) / 2) to Cholesky factors (*, D, D) of correlation matrices.

    tanh gives the partial correlations r, row by row; each row is then a stick of length 1 of which r^2 is broken off.

    Source: torch.distributions.transforms.CorrCholeskyTransform.
    """

    domain, codomain = constraints.real_vector, constraints.corr_cholesky
    bijective = True

    def _call(self, x: Tensor) -> Tensor:
        eps = lamina.finfo(x.dtype).eps
        r = vec_to_tril_matrix(x.tanh().clamp(min=-1 + eps, max=1 - eps), diag=-1)
        left = (1 - r**2).sqrt().cumprod(-1)
        r = r + lamina.eye(r.shape[-1], dtype=r.dtype, device=r.device)
        return r * F.pad(left[..., :-1], [1, 0], value=1)

    def _inverse(self, y: Tensor) -> Tensor:
        left = F.pad((1 - (y * y).cumsum(-1))[..., :-1], [1, 0], value=1)
        r = tril_matrix_to_vec(y, diag=-1) / tril_matrix_to_vec(left, diag=-1).sqrt()
        return (r.log1p() - r.neg().log1p()) / 2

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor, intermediates: Any = None) -> Tensor:
        """That of the stick breaking, and that of tanh."""
        left = tril_matrix_to_vec(1 - (y * y).cumsum(-1), diag=-2)
        of_tanh = -2 * (x + F.softplus(-2 * x) - math.log(2.0)).sum(-1)
        return 0.5 * left.log().sum(-1) + of_tanh

    def forward_shape(self, shape: Shape) -> Any:
        _require(shape, 1)
        count = shape[-1]
        size = round((0.25 + 2 * count) ** 0.5 + 0.5)
        if size * (size - 1) // 2 != count:
            raise ValueError("Input is not a flattened lower-diagonal number")
        return Size((*shape[:-1], size, size))

    def inverse_shape(self, shape: Shape) -> Any:
        _require(shape, 2)
        if shape[-2] != shape[-1]:
            raise ValueError("Input is not square")
        return Size((*shape[:-2], shape[-1] * (shape[-1] - 1) // 2))
