"""The power method, which both kinds of spectral normalization follow the largest singular value with."""

from __future__ import annotations

from lamina import functions
from lamina.autograd import no_grad
from lamina.nn.module import Module
from lamina.tensor import Tensor

_TRANSPOSED = {"ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"}


def output_dim(module: Module) -> int:
    """The dimension of a weight that belongs to the outputs: 1 for transposed convolutions, else 0."""
    return int(any(kind.__name__ in _TRANSPOSED for kind in type(module).__mro__))


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """The weight as a matrix with this dimension as its rows: (*, H, *) -> (H, W)."""
    if dim != 0:
        weight = weight.permute(dim, *(d for d in range(weight.ndim) if d != dim))
    return weight.reshape(weight.shape[0], -1)


def unit(x: Tensor, eps: float) -> Tensor:
    """x / max(|x|, eps)."""
    return x / functions.vector_norm(x).clamp_min(eps)


def iterate(matrix: Tensor, u: Tensor, v: Tensor, steps: int, eps: float, first_v: bool = False) -> None:
    """Steps of the power method, written into the vectors: u = W v and v = W^H u, both of length 1.

    matrix (H, W), u (H,), v (W,); `first_v`: v is renewed before u.
    """
    with no_grad():
        for _ in range(steps):
            for vector, by, other in (
                ((v, matrix.mH, u), (u, matrix, v)) if first_v else ((u, matrix, v), (v, matrix.mH, u))
            ):
                vector.copy_(unit(functions.mv(by, other), eps))
