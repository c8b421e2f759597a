"""Transposed convolutions of one, two and three dimensions: what a convolution's gradient does to its output.

Letters: N batch, C input channels, O output channels, K kernel sizes, S strides, D H W (or L) space.
"""

from __future__ import annotations

import math

import jax.numpy as jnp
from jax import lax

from lamina.ops import target
from lamina.ops.conv import (
    add_bias,
    check_dimensions,
    check_divisible,
    check_dtypes,
    check_numbers,
    check_space,
    convolve,
    sizes,
)
from lamina.ops.op import Array
from lamina.ops.spaces import op_by_space

Sizes = tuple[int, ...]
Given = int | Sizes


@op_by_space("conv_transpose{n}d", "lamina functional", grad_name="ConvolutionBackward0")
def conv_transpose(
    space: int,
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: int | tuple[int, ...] = 1,
    padding: int | tuple[int, ...] = 0,
    output_padding: int | tuple[int, ...] = 0,
    groups: int = 1,
    dilation: int | tuple[int, ...] = 1,
) -> Array:
    """Each input[n, c, x] adds weight[c, o, k] times it to output[n, o, x * stride + k * dilation - padding].

    Here x and k are places in {axes}.

    input (N, C, {axes}) or (C, {axes}), weight (C, O / groups, {kernel}), bias (O,) or None -> (N, O, {new}) or
    (O, {new}), each new size being (size - 1) stride - 2 padding + dilation (K - 1) + output_padding + 1
    """
    given = (stride, padding, output_padding, dilation)
    return _conv_transpose(f"conv_transpose{space}d", space, input, weight, bias, given, groups)


def _conv_transpose(
    name: str, space: int, input: Array, weight: Array, bias: Array | None, given: tuple[Given, ...], groups: int
) -> Array:
    """What the three share: read the sizes, check, compute, add the bias. `given`: the four sizes of the signature."""
    check_dimensions(name, space, input, weight)
    names = ("stride", "padding", "output_padding", "dilation")
    stride, padding, more, dilation = (sizes(*pair, space) for pair in zip(names, given, strict=True))
    check_numbers(stride, padding, dilation, groups)
    _check(input, weight, bias, stride, more, dilation, groups)
    batched = input.ndim == space + 2
    x = input if batched else input[None]
    reach = [d * (k - 1) + 1 for k, d in zip(weight.shape[2:], dilation, strict=True)]
    out = tuple(
        (n - 1) * s - 2 * p + r + m for n, s, p, r, m in zip(x.shape[2:], stride, padding, reach, more, strict=True)
    )
    if any(size < 0 for size in out):
        raise RuntimeError(
            f"{name}: output sizes must not be negative, got {out} from input {tuple(input.shape)}, "
            f"weight {tuple(weight.shape)}, stride {stride}, padding {padding}."
        )
    if 0 in (*x.shape, *out):
        output = jnp.zeros((x.shape[0], weight.shape[1] * groups, *out), x.dtype)
    else:
        output = convolve_transposed(x, weight, stride, padding, out, dilation, groups)
    return add_bias(output, bias) if batched else add_bias(output, bias)[0]


def convolve_transposed(
    x: Array, weight: Array, stride: Sizes, padding: Sizes, out: Sizes, dilation: Sizes, groups: int
) -> Array:
    """The transposed convolution itself: x (N, C, ...), weight (C, O / groups, ...) -> (N, O, *out).

    On the CPU it is a convolution with stride 1 that computes, for each place of the input, all S places of the output
    that belong to it. Measured there (2 cores, jax 0.10, forward and both gradients), in ms:

                                                     this way   dilated input
        16 x 128 x 8 x 8 -> 64, 4x4, stride 2             6          74
        16 x 64 x 16 x 16 -> 32, 4x4, stride 2            7          76
        8 x 64 x 16 x 16 -> 32, 2x2, stride 2           1.6          10
        2 x 16 x 8 x 8 x 8 -> 8, 4x4x4, stride 2          4          53
    """
    if target.platform() != "cpu" and jnp.issubdtype(x.dtype, jnp.inexact):
        return _transposed_xla(x, weight, stride, padding, out, dilation, groups)
    if all(size == 1 for size in x.shape[2:]) and groups == 1:
        return _transposed_point(x, weight, padding, out, dilation)
    if any(s > 1 and d > 1 for s, d in zip(stride, dilation, strict=True)):
        # Both at once mix the places in a pattern of their own: put zeros between the elements of the input instead.
        x = lax.pad(x, jnp.zeros((), x.dtype), [(0, 0, 0), (0, 0, 0), *((0, 0, s - 1) for s in stride)])
        stride = (1,) * len(stride)
    return _transposed_by_places(x, weight, stride, padding, out, dilation, groups)


def _transposed_by_places(
    x: Array, weight: Array, stride: Sizes, padding: Sizes, out: Sizes, dilation: Sizes, groups: int
) -> Array:
    """Output q * S + r is a convolution at q, with the kernel's elements r, r + S, ...: one set of channels for each r.

    Where S > 1, dilation is 1.
    """
    space, size = len(stride), x.shape[2:]
    taps = tuple(-(-k // s) for k, s in zip(weight.shape[2:], stride, strict=True))
    kernel = _by_places(weight, stride, taps, groups)  # O S C/G K/S
    # The rows q that hold places padding .. padding + out.
    low = [p // s for p, s in zip(padding, stride, strict=True)]
    high = [-(-(p + o) // s) for p, o, s in zip(padding, out, stride, strict=True)]
    reach = [d * (t - 1) for t, d in zip(taps, dilation, strict=True)]
    pads = tuple((r - a, b - n) for r, a, b, n in zip(reach, low, high, size, strict=True))
    rows = convolve(x, kernel, (1,) * space, pads, dilation, groups)  # N O*S q
    rows = rows.reshape(x.shape[0], weight.shape[1] * groups, *stride, *rows.shape[2:])  # N O S q
    order = [axis for i in range(space) for axis in (2 + space + i, 2 + i)]
    count = [(b - a) * s for a, b, s in zip(low, high, stride, strict=True)]
    places = rows.transpose(0, 1, *order).reshape(*rows.shape[:2], *count)  # N O q*S
    start = [p - a * s for p, a, s in zip(padding, low, stride, strict=True)]
    stop = [a + o for a, o in zip(start, out, strict=True)]
    return lax.slice(places, (0, 0, *start), (*places.shape[:2], *stop))


def _by_places(weight: Array, stride: Sizes, taps: Sizes, groups: int) -> Array:
    """weight (C, O / G, K) as (O * S, C / G, K / S): the kernel of each place of the output, mirrored."""
    space = len(stride)
    lengths = [t * s for t, s in zip(taps, stride, strict=True)]
    fill = [(0, n - k, 0) for n, k in zip(lengths, weight.shape[2:], strict=True)]
    weight = lax.pad(weight, jnp.zeros((), weight.dtype), [(0, 0, 0), (0, 0, 0), *fill])
    inputs, outputs = weight.shape[0] // groups, weight.shape[1]
    split = [n for pair in zip(taps, stride, strict=True) for n in pair]
    parts = weight.reshape(groups, inputs, outputs, *split)  # G C/G O/G (K/S S)...
    order = [0, 2, *(4 + 2 * i for i in range(space)), 1, *(3 + 2 * i for i in range(space))]
    parts = parts.transpose(order).reshape(groups * outputs * math.prod(stride), inputs, *taps)  # O*S C/G K/S
    return lax.rev(parts, tuple(range(2, 2 + space)))


def _transposed_point(x: Array, weight: Array, padding: Sizes, out: Sizes, dilation: Sizes) -> Array:
    """The input is one place: a matrix product gives the whole output, which is the kernel's size."""
    dtype = x.dtype
    if dtype.itemsize == 2 and jnp.issubdtype(dtype, jnp.floating):  # add up in float32, as PyTorch does
        x, weight = x.astype(jnp.float32), weight.astype(jnp.float32)
    whole = jnp.matmul(x.reshape(x.shape[:2]), weight.reshape(weight.shape[0], -1), precision=target.convolutions())
    whole = whole.reshape(x.shape[0], *weight.shape[1:]).astype(dtype)  # N O K
    reach = [d * (k - 1) + 1 for k, d in zip(weight.shape[2:], dilation, strict=True)]
    fill = [(-p, o - r + p, d - 1) for p, o, r, d in zip(padding, out, reach, dilation, strict=True)]
    return lax.pad(whole, jnp.zeros((), dtype), [(0, 0, 0), (0, 0, 0), *fill])


def _transposed_xla(
    x: Array, weight: Array, stride: Sizes, padding: Sizes, out: Sizes, dilation: Sizes, groups: int
) -> Array:
    """A convolution of the input with zeros between its elements, which GPUs have a kernel for."""
    reach = [d * (k - 1) for k, d in zip(weight.shape[2:], dilation, strict=True)]
    pads = [
        (r - p, o - ((n - 1) * s + 1) + p)
        for r, p, o, n, s in zip(reach, padding, out, x.shape[2:], stride, strict=True)
    ]
    ones = (1,) * len(stride)
    return lax.conv_general_dilated(
        x,
        _by_places(weight, ones, weight.shape[2:], groups),
        ones,
        pads,
        lhs_dilation=stride,
        rhs_dilation=dilation,
        feature_group_count=groups,
        precision=target.convolutions(),
    )


def _check(
    input: Array, weight: Array, bias: Array | None, stride: Sizes, more: Sizes, dilation: Sizes, groups: int
) -> None:
    check_divisible(weight, groups)
    channels, outputs = input.shape[1 - weight.ndim], weight.shape[1] * groups
    if channels != weight.shape[0]:
        raise RuntimeError(
            f"Given transposed=1, weight of size {list(weight.shape)}, expected input{list(input.shape)} to have "
            f"{weight.shape[0]} channels, but got {channels} channels instead"
        )
    check_space(input, weight)
    if weight.shape[1] == 0:
        raise RuntimeError(f"conv_transpose: weight must have output channels, got {tuple(weight.shape)}.")
    if bias is not None and tuple(bias.shape) != (outputs,):
        raise RuntimeError(
            f"Given transposed=1, weight of size {list(weight.shape)}, expected bias to be 1-dimensional with "
            f"{outputs} elements, but got bias of size {list(bias.shape)} instead"
        )
    check_dtypes(input, weight, bias)
    if any(m < 0 for m in more):
        raise RuntimeError("negative output_padding is not supported")
    if any(m >= s and m >= d for m, s, d in zip(more, stride, dilation, strict=True)):
        raise RuntimeError(
            "output padding must be smaller than either stride or dilation, but got "
            f"output_padding: {more}, stride: {stride}, dilation: {dilation}"
        )
