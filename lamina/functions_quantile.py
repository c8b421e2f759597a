"""Quantiles: what is asked for is looked at first."""

from __future__ import annotations

from typing import Any

from lamina import bounds, functions
from lamina.tensor import Tensor

PUBLIC = {"quantile": "lamina Tensor", "nanquantile": "lamina Tensor"}
"""Where users find each function."""

_MODES = ("linear", "lower", "higher", "midpoint", "nearest")


def _checked(name: str, q: Any, interpolation: str) -> Any:
    """The q; no gradient reaches it but through the line between two elements."""
    if interpolation not in _MODES:
        raise RuntimeError(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got {interpolation}"
        )
    if not isinstance(q, Tensor):
        if not 0 <= q <= 1:
            raise RuntimeError(f"{name}() q must be in the range [0, 1] but got {q:g}")
        return q
    known = bounds.numbers(q)
    if known is not None and not ((known >= 0) & (known <= 1)).all():
        raise RuntimeError(f"{name}() q values must be in the range [0, 1]")
    return q if interpolation == "linear" else q.detach()


def quantile(
    input: Tensor,
    q: Any,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
    out: Any = None,
) -> Tensor:
    """The q-th quantile along `dim`, of all elements without one; NaN where there is one.

    Args:
        q: a number between 0 and 1, or a vector of them, which becomes the first dimension of the result.
        interpolation: what stands between two elements: linear, lower, higher, midpoint or nearest.

    >>> import lamina
    >>> lamina.quantile(lamina.tensor([1.0, 2.0, 4.0]), 0.75)
    tensor(3.)
    """
    q = _checked("quantile", q, interpolation)
    return functions.quantile_of(input, q, dim, keepdim, interpolation=interpolation, out=out)


def nanquantile(
    input: Tensor,
    q: Any,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
    out: Any = None,
) -> Tensor:
    """Like `quantile`, of the elements that are not NaN."""
    q = _checked("nanquantile", q, interpolation)
    return functions.nanquantile_of(input, q, dim, keepdim, interpolation=interpolation, out=out)
