"""Weights by length and direction."""

from __future__ import annotations

from lamina.ops import check
from lamina.ops.linalg import vector_norm
from lamina.ops.op import Array, op


@op("lamina", grad_name="NormExceptDimBackward0")
def norm_except_dim(v: Array, pow: int = 2, dim: int = 0) -> Array:
    """The norm over all dimensions but one, which are kept with size 1; over all of them, as (), if dim is -1."""
    if dim == -1:
        return vector_norm(v, pow)
    kept = check.dim(dim, v.ndim)
    others = tuple(axis for axis in range(v.ndim) if axis != kept)
    return vector_norm(v, pow, others, True) if others else abs(v)


@op("", grad_name="WeightNormInterfaceBackward0")
def weight_norm(v: Array, g: Array, dim: int = 0) -> Array:
    """g v / |v|, with the norm over all dimensions but one, or over all if dim is -1."""
    return v * (g / norm_except_dim(v, 2, dim))
