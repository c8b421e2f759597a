"""Differences that come in several forms: gradients on a grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lamina import functions
from lamina.ops import check
from lamina.tensor import Tensor

PUBLIC = {
    "gradient": "lamina",
}
"""Where users find each function."""


def gradient(
    input: Tensor, *, spacing: Any = 1, dim: int | Sequence[int] | None = None, edge_order: int = 1
) -> tuple[Tensor, ...]:
    """The slope along each dimension by central differences, and one-sided ones at the ends.

    Args:
        spacing: the distance of neighbours; one number for each dimension; or one vector of places for each.
        dim: the dimensions; all without it.
        edge_order: 1, or 2 for a parabola through three points at the ends.

    >>> import lamina
    >>> lamina.gradient(lamina.tensor([1.0, 4.0, 9.0, 16.0]))
    (tensor([3., 4., 6., 7.]),)
    """
    spacing = 1 if spacing is None else spacing
    if edge_order not in (1, 2):
        raise RuntimeError("lamina.gradient only supports edge_order=1 and edge_order=2.")
    dims = check.dims(None if dim is None else dim if isinstance(dim, int) else tuple(dim), input.ndim)
    single = isinstance(dim, int) and isinstance(spacing, (list, tuple)) and len(spacing) == 1
    steps = list(spacing) if isinstance(spacing, (list, tuple)) else [spacing] * len(dims)
    if len(steps) != len(dims) and not single:
        raise RuntimeError(
            f"lamina.gradient expected spacing to be unspecified, a scalar, or a list of length {len(dims)}, "
            f"got a list of length {len(steps)}."
        )
    for d in dims:
        if input.shape[d] < edge_order + 1:
            raise RuntimeError("lamina.gradient expected each dimension size to be at least edge_order+1")
    return tuple(functions.gradient_along(input, step, d, edge_order) for d, step in zip(dims, steps, strict=True))
