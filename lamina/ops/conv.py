"""Convolutions of one, two and three dimensions: one core for all.

Letters: N batch, C input channels, O output channels, G groups, K kernel sizes, D H W (or L) space.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator

import jax
import jax.numpy as jnp
from jax import lax
from jax.custom_derivatives import SymbolicZero

from lamina.ops import check, target
from lamina.ops.op import Array, op
from lamina.ops.spaces import op_by_space

Sizes = tuple[int, ...]
Pairs = tuple[tuple[int, int], ...]


@op_by_space("conv{n}d", "lamina functional", grad_name="ConvolutionBackward0")
def conv(
    space: int,
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: int | tuple[int, ...] = 1,
    padding: int | tuple[int, ...] | str = 0,
    dilation: int | tuple[int, ...] = 1,
    groups: int = 1,
) -> Array:
    """output[n, o, x] = bias[o] + sum over c, k of weight[o, c, k] input[n, c, x * stride + k * dilation - padding].

    Here x and k are places in {axes}. `padding` may be "valid" (none) or "same" (the sizes of the input).

    input (N, C, {axes}) or (C, {axes}), weight (O, C / groups, {kernel}), bias (O,) or None -> (N, O, {new}) or
    (O, {new}), each new size being (size + 2 padding - dilation (K - 1) - 1) // stride + 1
    """
    return _convolution(f"conv{space}d", space, input, weight, bias, stride, padding, dilation, groups)


@op("lamina functional", grad_name="ConvTbcBackward0")
def conv_tbc(input: Array, weight: Array, bias: Array, pad: int = 0) -> Array:
    """output[t, n, o] = bias[o] + sum over k, c of weight[k, c, o] input[t + k - pad, n, c]: time first, channels last.

    input (T, N, C), weight (K, C, O), bias (O,) -> (T + 2 pad - K + 1, N, O). A negative `pad` cuts.
    """
    if input.ndim != 3:
        raise RuntimeError("Input must have 3 dims: time, batch, in_channel")
    if weight.ndim != 3:
        raise RuntimeError("Weight tensor must have 3 dims: kernel_width, in_channels, out_channels.")
    if bias.ndim != 1:
        raise RuntimeError("Bias must be 1-D")
    if input.shape[2] != weight.shape[1]:
        raise RuntimeError("Input dim 2 (input channels) is not == dim 1 in the weight tensor")
    if bias.shape[0] != weight.shape[2]:
        raise RuntimeError("Bias size must equal dim 2 in the weight tensor (output channels).")
    check_dtypes(input, weight, bias)
    length = input.shape[0] + 2 * pad - weight.shape[0] + 1
    if length < 0:
        raise RuntimeError(
            f"conv_tbc: input {tuple(input.shape)} with pad {pad} is too short for weight {tuple(weight.shape)}."
        )
    x = input.transpose(1, 2, 0)  # N C T
    kernel = weight.transpose(2, 1, 0)  # O C K
    if length == 0 or 0 in x.shape:
        return jnp.broadcast_to(bias, (length, input.shape[1], bias.shape[0]))
    output = convolve(x, kernel, (1,), ((pad, pad),), (1,), 1)  # N O T
    return output.transpose(2, 0, 1) + bias


def _convolution(
    name: str,
    space: int,
    input: Array,
    weight: Array,
    bias: Array | None,
    stride: int | Sizes,
    padding: int | Sizes | str,
    dilation: int | Sizes,
    groups: int,
) -> Array:
    """What the three share: read the sizes, check, pad, multiply, add the bias."""
    check_dimensions(name, space, input, weight)
    stride = sizes("stride", stride, space)
    dilation = sizes("dilation", dilation, space)
    kernel = weight.shape[2:]
    low, high = _padding(padding, kernel, stride, dilation, space)
    check_numbers(stride, low, dilation, groups)
    _check(input, weight, bias, groups)
    batched = input.ndim == space + 2
    x = input if batched else input[None]
    padded = [size + a + b for size, a, b in zip(x.shape[2:], low, high, strict=True)]
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    if any(size < r for size, r in zip(padded, reach, strict=True)):
        raise RuntimeError(
            f"Calculated padded input size per channel: ({' x '.join(map(str, padded))}). "
            f"Kernel size: ({' x '.join(map(str, reach))}). Kernel size can't be greater than actual input size"
        )
    output = convolve(x, weight, stride, tuple(zip(low, high, strict=True)), dilation, groups)
    return add_bias(output, bias) if batched else add_bias(output, bias)[0]


def add_bias(output: Array, bias: Array | None) -> Array:
    """output (N, O, ...) plus bias (O,), if there is one."""
    return output if bias is None else output + bias.reshape(-1, *(1,) * (output.ndim - 2))


def convolve(x: Array, weight: Array, stride: Sizes, padding: Pairs, dilation: Sizes, groups: int) -> Array:
    """The convolution itself: x (N, C, ...), weight (O, C / groups, ...) -> (N, O, ...), by whichever way is fastest.

    Measured on 2 CPU cores, jax 0.10, forward, batch norm and all gradients, beside XLA's own convolution, which has no
    fast path there for groups, and where another way won:

        kernels of size 1, stride 2, one matrix product: 3.5 ms against 4.6; stride 1: 10 against 9, and less for more
        channels of larger images
        depthwise 3x3, 64 channels, sums of shifted products: 7 against 50
        4 groups of 16 channels, group by group: 11 against 227
        three dimensions, 3x3x3, sums of shifted matrix products: 8 against 23 with one channel, 5 against 46 with
        stride 2; with stride 1 and more channels as fast as XLA, or slower
        padding that makes the output larger than the input, padded first: 1.6 ms against 9, 2.8 against 24

    For the rest XLA's own is the fastest, in either layout, but for the gradient of the input: see `_convolve_strided`.
    Elsewhere (GPU, TPU) it is right for all but whole numbers, which GPUs have no convolution of.
    """
    on_cpu = target.platform() == "cpu"
    if (not on_cpu and jnp.issubdtype(x.dtype, jnp.inexact)) or 0 in x.shape or 0 in weight.shape:
        return _convolve_xla(x, weight, stride, padding, dilation, groups)
    if x.dtype.itemsize == 2 and jnp.issubdtype(x.dtype, jnp.floating):  # add up in float32, as PyTorch does
        wide, wide_weight = x.astype(jnp.float32), weight.astype(jnp.float32)
        return convolve(wide, wide_weight, stride, padding, dilation, groups).astype(x.dtype)
    taps = math.prod(weight.shape[2:])
    if weight.shape[1] == 1 and groups > 1 and taps <= 27:
        return _convolve_channelwise(x, weight, stride, padding, dilation)
    if groups > 1:
        xs = jnp.split(x, groups, axis=1)
        weights = jnp.split(weight, groups, axis=0)
        outputs = [convolve(xg, wg, stride, padding, dilation, 1) for xg, wg in zip(xs, weights, strict=True)]
        return jnp.concatenate(outputs, axis=1)
    if taps == 1 or not on_cpu or (taps <= 27 and x.ndim == 5 and (x.shape[1] == 1 or max(stride) > 1)):
        return _convolve_by_products(x, weight, stride, padding, dilation)
    reach = [d * (k - 1) for k, d in zip(weight.shape[2:], dilation, strict=True)]
    if any(low + high > r or low < 0 or high < 0 for (low, high), r in zip(padding, reach, strict=True)):
        x, padding = _pad(x, padding), ((0, 0),) * len(padding)
    if max(stride) > 1 and max(dilation) == 1 and math.prod(x.shape[2:]) >= _MANY_PLACES:
        return _convolve_strided(x, weight, stride, padding)
    return _convolve_xla(x, weight, stride, padding, dilation, 1)


def _convolve_xla(x: Array, weight: Array, stride: Sizes, padding: Pairs, dilation: Sizes, groups: int) -> Array:
    return lax.conv_general_dilated(
        x,
        weight,
        stride,
        padding,
        rhs_dilation=dilation,
        feature_group_count=groups,
        precision=target.convolutions(),
    )


_MANY_PLACES = 200
"""From so many places in an image on, the gradient of a strided convolution's input is faster by phases."""


@functools.partial(jax.custom_jvp, nondiff_argnums=(2, 3))
def _convolve_strided(x: Array, weight: Array, stride: Sizes, padding: Pairs) -> Array:
    """XLA's convolution; the gradient of its input by phases, since XLA's multiplies by zeros put between the elements.

    Measured on 2 CPU cores, stride 2, the gradient of the input alone:

        64 images 32x32, 64 to 128 channels, 4x4: 17 ms against 49
        32 images 32x32, 16 to 32 channels, 3x3: 1.5 against 1.9
        8 images 56x56, 64 to 128 channels, 3x3: 6.4 against 7.8
        8 images 14x14, 256 to 512 channels, 3x3: 8.4 against 4.6; these are left to XLA
    """
    return _convolve_xla(x, weight, stride, padding, (1,) * len(stride), 1)


def _strided_differential(
    stride: Sizes, padding: Pairs, primals: tuple[Array, Array], tangents: tuple[Array, Array]
) -> tuple[Array, Array]:
    (x, weight), (dx, dweight) = primals, tangents
    output = _convolve_strided(x, weight, stride, padding)
    change = jnp.zeros_like(output)
    if not isinstance(dx, SymbolicZero):
        change = _convolve_by_phases(dx, weight, stride, padding)
    if not isinstance(dweight, SymbolicZero):
        change = change + _convolve_xla(x, dweight, stride, padding, (1,) * len(stride), 1)
    return output, change


_convolve_strided.defjvp(_strided_differential, symbolic_zeros=True)


def _convolve_by_phases(x: Array, weight: Array, stride: Sizes, padding: Pairs) -> Array:
    """A convolution with stride 1 of the places q * S + r of the input, where each r is a channel of its own."""
    ones, fill = (1,) * len(stride), jnp.zeros((), x.dtype)
    kernel = weight.shape[2:]
    taps = [-(-k // s) for k, s in zip(kernel, stride, strict=True)]
    rows = [
        (size + low + high - k) // s + t
        for size, (low, high), k, s, t in zip(x.shape[2:], padding, kernel, stride, taps, strict=True)
    ]
    more = [(0, t * s - k, 0) for t, s, k in zip(taps, stride, kernel, strict=True)]
    ends = [
        (low, r * s - size - low, 0) for r, s, size, (low, _) in zip(rows, stride, x.shape[2:], padding, strict=True)
    ]
    x = lax.pad(x, fill, [(0, 0, 0), (0, 0, 0), *ends])
    weight = lax.pad(weight, fill.astype(weight.dtype), [(0, 0, 0), (0, 0, 0), *more])
    phases = _phases(x, rows, stride), _phases(weight, taps, stride)
    return _convolve_xla(*phases, ones, ((0, 0),) * len(stride), ones, 1)


def _phases(x: Array, rows: list[int], stride: Sizes) -> Array:
    """x (N, C, rows * S) as (N, C * S, rows)."""
    space = len(stride)
    split = x.reshape(*x.shape[:2], *(n for pair in zip(rows, stride, strict=True) for n in pair))
    order = (0, 1, *(3 + 2 * i for i in range(space)), *(2 + 2 * i for i in range(space)))
    return split.transpose(order).reshape(x.shape[0], -1, *rows)


def _convolve_by_products(x: Array, weight: Array, stride: Sizes, padding: Pairs, dilation: Sizes) -> Array:
    """The sum of one matrix product for each place in the kernel."""
    output: Array | None = None
    for place, part in _shifted(x, weight.shape[2:], stride, padding, dilation):
        shape = part.shape[2:]
        rows = part.reshape(*part.shape[:2], -1)  # N C P
        product = jnp.einsum("ncp,oc->nop", rows, weight[(..., *place)], precision=target.convolutions())
        output = product if output is None else output + product
    assert output is not None
    return output.reshape(x.shape[0], weight.shape[0], *shape)  # N O D H W


def _convolve_channelwise(x: Array, weight: Array, stride: Sizes, padding: Pairs, dilation: Sizes) -> Array:
    """One input channel for each group: no sum over channels, so a product is element by element."""
    channels, multiple = x.shape[1], weight.shape[0] // x.shape[1]
    output: Array | None = None
    for place, part in _shifted(x, weight.shape[2:], stride, padding, dilation):
        shape = part.shape[2:]
        factor = weight[(slice(None), 0, *place)].reshape(channels, multiple, *(1,) * (x.ndim - 2))
        product = part[:, :, None] * factor  # N G O/G D H W
        output = product if output is None else output + product
    assert output is not None
    return output.reshape(x.shape[0], weight.shape[0], *shape)  # N O D H W


def _shifted(x: Array, kernel: Sizes, stride: Sizes, padding: Pairs, dilation: Sizes) -> Iterator[tuple[Sizes, Array]]:
    """For each place in the kernel, the part of the padded input that it meets."""
    x = _pad(x, padding)
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    out = [(size - r) // s + 1 for size, r, s in zip(x.shape[2:], reach, stride, strict=True)]
    for place in itertools.product(*map(range, kernel)):
        start = [i * d for i, d in zip(place, dilation, strict=True)]
        stop = [a + (n - 1) * s + 1 for a, n, s in zip(start, out, stride, strict=True)]
        yield place, lax.slice(x, (0, 0, *start), (*x.shape[:2], *stop), (1, 1, *stride))


def _pad(x: Array, padding: Pairs) -> Array:
    return lax.pad(x, jnp.zeros((), x.dtype), [(0, 0, 0), (0, 0, 0), *((low, high, 0) for low, high in padding)])


def sizes(name: str, value: int | Sizes, space: int) -> Sizes:
    """One number for each of `space` dimensions."""
    if isinstance(value, str):
        raise TypeError(f"argument '{name}' must be tuple of ints, not str")
    if isinstance(value, int):
        return (value,) * space
    if len(value) == 1:
        return tuple(value) * space
    if len(value) != space:
        raise RuntimeError(
            f"expected {name} to be a single integer value or a list of {space} values to match the convolution "
            f"dimensions, but got {name}={list(value)}"
        )
    return tuple(value)


def _padding(
    padding: int | Sizes | str, kernel: Sizes, stride: Sizes, dilation: Sizes, space: int
) -> tuple[Sizes, Sizes]:
    """How much to add before and after each dimension. "same" adds the odd one after, as PyTorch does."""
    if not isinstance(padding, str):
        both = sizes("padding", padding, space)
        return both, both
    if padding == "valid":
        return (0,) * space, (0,) * space
    if padding != "same":
        raise RuntimeError(f"Invalid padding string: '{padding}'")
    if any(s != 1 for s in stride):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    total = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    return tuple(t // 2 for t in total), tuple(t - t // 2 for t in total)


def check_dimensions(name: str, space: int, input: Array, weight: Array) -> None:
    """Raise RuntimeError unless input is (C, ...) or (N, C, ...) and weight (*, *, ...), `space` sizes each."""
    if input.ndim not in (space + 1, space + 2):
        raise RuntimeError(
            f"Expected {space + 1}D (unbatched) or {space + 2}D (batched) input to {name}, "
            f"but got input of size: {list(input.shape)}"
        )
    if weight.ndim != space + 2:
        raise RuntimeError(f"{name}: weight must have {space + 2} dimensions, got {tuple(weight.shape)}.")


def check_numbers(stride: Sizes, padding: Sizes, dilation: Sizes, groups: int) -> None:
    """Raise RuntimeError where a number is too small."""
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    if any(p < 0 for p in padding):
        raise RuntimeError("negative padding is not supported")
    if any(s <= 0 for s in stride):
        raise RuntimeError("non-positive stride is not supported")
    if any(d <= 0 for d in dilation):
        raise RuntimeError("non-positive dilation is not supported")


def check_divisible(weight: Array, groups: int) -> None:
    """Raise RuntimeError unless the first size of weight falls into groups, and the kernel has elements."""
    if weight.shape[0] < groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, "
            f"but got weight of size {list(weight.shape)} instead"
        )
    if 0 in weight.shape[2:]:
        raise RuntimeError(f"Kernel sizes must be at least 1, got weight of size {list(weight.shape)}.")
    if weight.shape[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, "
            f"but got weight of size {list(weight.shape)} instead"
        )


def check_space(input: Array, weight: Array) -> None:
    """Raise RuntimeError where the input has no elements because of another size than those of batch and channels."""
    if 0 in input.shape[2 - weight.ndim :]:
        raise RuntimeError(
            f"Only zero batch or zero channel inputs are supported, but got input shape: {list(input.shape)}"
        )


def check_dtypes(input: Array, weight: Array, bias: Array | None) -> None:
    """Raise RuntimeError unless all have one type, and NotImplementedError for bools."""
    for name, other in (("weight", weight), ("bias", bias)):
        if other is not None and other.dtype != input.dtype:
            raise RuntimeError(
                f"Input type ({check.type_name(input.dtype)}) and {name} type ({check.type_name(other.dtype)}) "
                "should be the same"
            )
    if input.dtype == bool:
        raise NotImplementedError("convolutions are not implemented for 'Bool'")


def _check(input: Array, weight: Array, bias: Array | None, groups: int) -> None:
    check_divisible(weight, groups)
    channels = input.shape[1 - weight.ndim]
    if channels != weight.shape[1] * groups:
        raise RuntimeError(
            f"Given groups={groups}, weight of size {list(weight.shape)}, expected input{list(input.shape)} "
            f"to have {weight.shape[1] * groups} channels, but got {channels} channels instead"
        )
    check_space(input, weight)
    if bias is not None and tuple(bias.shape) != (weight.shape[0],):
        raise RuntimeError(
            f"Given weight of size {list(weight.shape)}, expected bias to be 1-dimensional with {weight.shape[0]} "
            f"elements, but got bias of size {list(bias.shape)} instead"
        )
    check_dtypes(input, weight, bias)
