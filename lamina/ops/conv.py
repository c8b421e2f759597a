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

from lamina.ops import check
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

    Measured on 2 CPU cores, jax 0.10, forward and both gradients, beside XLA's own convolution, which has no fast path
    there for groups, and where another way won:

        kernels of size 1, one matrix product: 6 ms against 13
        depthwise 3x3, 64 channels, sums of shifted products: 7 against 115
        4 groups of 16 channels, group by group: 17 against 750
        one input channel, sums of shifted matrix products, and XLA's gradients: see `_convolve_one_channel`
        three dimensions, 3x3x3, the same: 7 to 40 against 18 to 57
        padding that makes the output larger than the input, padded first: 8 to 14 against 79 to 140

    For the rest XLA's own is the fastest, in either layout, but for the gradient of the weight: see `_convolve_large`.
    Elsewhere (GPU, TPU) it is right for all.
    """
    if jax.default_backend() != "cpu" or 0 in x.shape or 0 in weight.shape:
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
    if taps == 1 or (taps <= 27 and x.ndim == 5):
        return _convolve_by_products(x, weight, stride, padding, dilation)
    if taps <= 27 and x.shape[1] == 1:
        return _convolve_one_channel(x, weight, stride, padding, dilation)
    reach = [d * (k - 1) for k, d in zip(weight.shape[2:], dilation, strict=True)]
    if any(low + high > r or low < 0 or high < 0 for (low, high), r in zip(padding, reach, strict=True)):
        x, padding = _pad(x, padding), ((0, 0),) * len(padding)
    if _is_large(x, weight, stride, padding, dilation):
        return _convolve_large(x, weight, stride, padding, dilation)
    return _convolve_xla(x, weight, stride, padding, dilation, 1)


def _convolve_xla(x: Array, weight: Array, stride: Sizes, padding: Pairs, dilation: Sizes, groups: int) -> Array:
    return lax.conv_general_dilated(
        x,
        weight,
        stride,
        padding,
        rhs_dilation=dilation,
        feature_group_count=groups,
        precision=lax.Precision.HIGHEST,
    )


@functools.partial(jax.custom_jvp, nondiff_argnums=(2, 3, 4))
def _convolve_one_channel(x: Array, weight: Array, stride: Sizes, padding: Pairs, dilation: Sizes) -> Array:
    """By products, with XLA's gradients.

    Measured on 2 CPU cores, forward, and forward with the gradient of the weight: as here, by products, by XLA:

        64 images 28x28, 1 to 32 channels, 3x3: 0.4, 0.4 and 1.7 ms; 1.4, 4.3 and 2.2
        100 images 28x28, 1 to 16 channels, 5x5: 1.2, 1.1 and 3.3 ms; 3.6, 8.5 and 4.2
    """
    return _convolve_by_products(x, weight, stride, padding, dilation)


def _one_channel_differential(
    stride: Sizes, padding: Pairs, dilation: Sizes, primals: tuple[Array, Array], tangents: tuple[Array, Array]
) -> tuple[Array, Array]:
    (x, weight), (dx, dweight) = primals, tangents
    output = _convolve_one_channel(x, weight, stride, padding, dilation)
    change = jnp.zeros_like(output)
    if not isinstance(dx, SymbolicZero):
        change = _convolve_xla(dx, weight, stride, padding, dilation, 1)
    if not isinstance(dweight, SymbolicZero):
        change = change + _convolve_xla(x, dweight, stride, padding, dilation, 1)
    return output, change


_convolve_one_channel.defjvp(_one_channel_differential, symbolic_zeros=True)


_MANY_PLACES, _MOST_TAPS, _MOST_BYTES = 128, 27, 16 << 20


def _is_large(x: Array, weight: Array, stride: Sizes, padding: Pairs, dilation: Sizes) -> bool:
    """Whether the gradient of the weight is faster by products of large enough matrices, that fit into the caches."""
    taps = math.prod(weight.shape[2:])
    if min(weight.shape[:2]) < (16 if taps >= 25 else 32) or taps > _MOST_TAPS:
        return False
    places = math.prod(
        (size + low + high - d * (k - 1) - 1) // s + 1
        for size, (low, high), k, d, s in zip(x.shape[2:], padding, weight.shape[2:], dilation, stride, strict=True)
    )
    number = x.shape[0] * math.prod(weight.shape[:2]) * x.dtype.itemsize
    return places >= _MANY_PLACES and number <= _MOST_BYTES


@functools.partial(jax.custom_jvp, nondiff_argnums=(2, 3, 4))
def _convolve_large(x: Array, weight: Array, stride: Sizes, padding: Pairs, dilation: Sizes) -> Array:
    """XLA's convolution with gradients of another kind.

    That of the weight: for each tap, example by example, and then their sum. XLA's is a convolution by a kernel as
    large as the image. Measured on 2 CPU cores, the gradient of the weight alone:

        64 images 26x26, 32 to 64 channels, 3x3: 9 ms against 48
        128 images 16x16, 128 to 128 channels, 3x3: 44 against 154
        64 images 32x32, 64 to 128 channels, 4x4, stride 2: 26 against 57
        32 images 16x16, 32 to 64 channels, 3x3: 2.9 against 5.6

    With fewer channels or places, or matrices of many megabytes, XLA's is the faster one.

    That of the input, where the stride is not 1: by phases, since XLA's multiplies by zeros that it puts between the
    elements. 18 ms against 52 for the third of these lines.
    """
    return _convolve_xla(x, weight, stride, padding, dilation, 1)


def _differential(
    stride: Sizes, padding: Pairs, dilation: Sizes, primals: tuple[Array, Array], tangents: tuple[Array, Array]
) -> tuple[Array, Array]:
    (x, weight), (dx, dweight) = primals, tangents
    output = _convolve_large(x, weight, stride, padding, dilation)
    change = jnp.zeros_like(output)
    if not isinstance(dx, SymbolicZero):
        by_phases = max(stride) > 1 and max(dilation) == 1
        change = (
            _convolve_by_phases(dx, weight, stride, padding)
            if by_phases
            else _convolve_xla(dx, weight, stride, padding, dilation, 1)
        )
    if not isinstance(dweight, SymbolicZero):
        change = change + _convolve_by_products(x, dweight, stride, padding, dilation, each=True)
    return output, change


_convolve_large.defjvp(_differential, symbolic_zeros=True)


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


def _convolve_by_products(
    x: Array, weight: Array, stride: Sizes, padding: Pairs, dilation: Sizes, each: bool = False
) -> Array:
    """The sum of one matrix product for each place in the kernel; `each`: of as many as there are examples.

    The latter makes no difference here, but the gradient of the weight then is a sum of small products too.
    """
    output: Array | None = None
    for place, part in _shifted(x, weight.shape[2:], stride, padding, dilation):
        shape = part.shape[2:]
        rows = part.reshape(*part.shape[:2], -1)  # N C P
        factor = weight[(..., *place)]
        factors, letters = (jnp.broadcast_to(factor, (x.shape[0], *factor.shape)), "noc") if each else (factor, "oc")
        product = jnp.einsum(f"ncp,{letters}->nop", rows, factors, precision=lax.Precision.HIGHEST)
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
