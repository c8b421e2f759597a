"""Histograms: bins are given or made, and counts may decide the size."""

from __future__ import annotations

import builtins
from collections import namedtuple
from collections.abc import Sequence
from typing import Any

import lamina
from lamina import functions
from lamina.tensor import Tensor

PUBLIC = {
    "histogram": "lamina Tensor",
    "histogramdd": "lamina",
    "bincount": "lamina Tensor",
}
"""Where users find each function."""

_Histogram = namedtuple("_Histogram", ("hist", "bin_edges"))
_Histogramdd = namedtuple("_Histogramdd", ("hist", "bin_edges"))


def _edges(name: str, x: Tensor, bins: Any, low_high: Sequence[float] | None) -> Tensor:
    if isinstance(bins, Tensor):
        if low_high is not None:
            raise TypeError(f"{name}(): range goes with a number of bins, not with their edges.")
        return bins
    if bins <= 0:
        raise RuntimeError(f"{name}(): bins {bins} must be > 0")
    low, high = (None, None) if low_high is None else low_high
    if low is not None and high is not None and low > high:
        raise RuntimeError(f"{name}(): min should not exceed max, but got min {low} max {high}")
    return functions.even_edges(x, bins, low, high)


def histogram(
    input: Tensor,
    bins: Any,
    *,
    range: Sequence[float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
) -> Any:
    """How many elements fall into each bin, and the edges of the bins: `(hist, bin_edges)`.

    Args:
        bins: how many equal bins, or their edges in ascending order.
        range: where equal bins begin and end; by default at the smallest and the largest element.
        weight: how much each element counts.
        density: whether the integral over the bins should be 1.

    >>> import lamina
    >>> lamina.histogram(lamina.tensor([1.0, 2.0, 1.0]), 4, range=(0.0, 3.0)).hist
    tensor([0., 2., 1., 0.])
    """
    if weight is not None and weight.shape != input.shape:
        raise RuntimeError(
            "histogram(): if weight tensor is provided it should have the same shape as the input tensor, but got "
            f"input with shape {list(input.shape)} and weight with shape {list(weight.shape)}"
        )
    flat = input.detach().reshape(-1)
    edges = _edges("histogram", flat, bins, range)
    weight = None if weight is None else weight.detach().reshape(-1)
    return _Histogram(functions.histogram_in(flat.unsqueeze(1), [edges], weight, density), edges)


def histogramdd(
    input: Tensor,
    bins: Any,
    *,
    range: Sequence[float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
) -> Any:
    """How many points fall into each cell of a grid, and the grid's edges: `(hist, bin_edges)`.

    input (*, D) -> hist (B1, ..., BD)

    Args:
        bins: how many equal bins in every dimension, one number for each, or the edges in each.
        range: where equal bins begin and end, two numbers for each dimension, one after the other.
        weight: how much each point counts (*).
        density: whether the integral should be 1.
    """
    if input.ndim < 2:
        raise RuntimeError(f"histogramdd(): input tensor should have at least 2 dimensions, but got {input.ndim}")
    points = input.detach().reshape(-1, input.shape[-1])
    count = points.shape[1]
    each = [bins] * count if isinstance(bins, int) else list(bins)
    if len(each) != count:
        raise RuntimeError(
            f"histogramdd(): The size of bins must be equal to the innermost dimension of the input, {count}, "
            f"got {len(each)}."
        )
    if range is not None and len(range) != 2 * count:
        raise RuntimeError(f"histogramdd(): range should have {2 * count} elements, but got {len(range)}")
    ends = [None if range is None else range[2 * d : 2 * d + 2] for d in builtins.range(count)]
    edges = [_edges("histogramdd", points[:, d], each[d], ends[d]) for d in builtins.range(count)]
    weight = None if weight is None else weight.detach().reshape(-1)
    return _Histogramdd(functions.histogram_in(points, edges, weight, density), tuple(edges))


def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each whole number from 0 on occurs, or the sum of the weights where it does. The input is read.

    input (N,) -> (max(largest element + 1, minlength),)

    >>> import lamina
    >>> lamina.bincount(lamina.tensor([0, 2, 2]))
    tensor([1, 0, 2])
    """
    if input.ndim != 1:
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if input.dtype.is_floating_point or input.dtype.is_complex or input.dtype is lamina.dtypes.bool:
        raise NotImplementedError(f"\"bincount_cpu\" not implemented for '{input.dtype.tensor_name}'")
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if weights is not None and weights.shape != input.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    numbers = input.numpy()
    if numbers.size and numbers.min() < 0:
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    size = max(int(numbers.max()) + 1 if numbers.size else 0, minlength)
    return functions.bincount_to(input, weights, size)
