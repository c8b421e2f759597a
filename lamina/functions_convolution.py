"""Convolutions of any number of dimensions under one name."""

from __future__ import annotations

from collections.abc import Sequence

from lamina import functions
from lamina.tensor import Tensor

PUBLIC = {"convolution": "lamina"}
"""Where users find each function."""


def convolution(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
) -> Tensor:
    """`conv1d`, `conv2d` or `conv3d`, or their transposes, by the number of dimensions of the weight.

    input (N, C, *), weight (O, C / groups, *) or, transposed, (C, O / groups, *) -> (N, O, *)
    """
    space = weight.ndim - 2
    if space not in (1, 2, 3):
        raise RuntimeError(f"convolution: weight must have 3, 4 or 5 dimensions, got {tuple(weight.shape)}.")
    stride, padding, dilation, extra = (
        tuple(x) * space if len(x) == 1 else tuple(x) for x in (stride, padding, dilation, output_padding)
    )
    if transposed:
        function = getattr(functions, f"conv_transpose{space}d")
        return function(input, weight, bias, stride, padding, extra, groups, dilation)
    function = getattr(functions, f"conv{space}d")
    return function(input, weight, bias, stride, padding, dilation, groups)
