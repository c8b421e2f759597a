"""Shuffles: channels into pixels and back, and channels among groups. Letters: N batch, C channels, H W space."""

from __future__ import annotations

from lamina.ops.op import Array, op


@op("lamina functional")
def pixel_shuffle(input: Array, upscale_factor: int) -> Array:
    """Each group of r^2 channels becomes one whose every pixel is r x r, r being upscale_factor.

    input (*, C r^2, H, W) -> (*, C, H r, W r)

    >>> import lamina
    >>> lamina.pixel_shuffle(lamina.tensor([[[1]], [[2]], [[3]], [[4]]]), 2)
    tensor([[[1, 2],
             [3, 4]]])
    """
    r = _factor("pixel_shuffle", "upscale_factor", input, upscale_factor)
    if r * r >= 1 << 63:
        raise ValueError(f"pixel_shuffle: the square of upscale_factor must fit 64 bits, got {r}.")
    *batch, channels, height, width = input.shape
    if channels % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, "
            f"but input.size(-3)={channels} is not divisible by {r * r}"
        )
    n = len(batch)
    x = input.reshape(*batch, channels // (r * r), r, r, height, width)
    x = x.transpose(*range(n), n, n + 3, n + 1, n + 4, n + 2)  # * C H r W r
    return x.reshape(*batch, channels // (r * r), height * r, width * r)


@op("lamina functional")
def pixel_unshuffle(input: Array, downscale_factor: int) -> Array:
    """Each r x r pixels of a channel become one pixel of r^2 channels, r being downscale_factor.

    input (*, C, H r, W r) -> (*, C r^2, H, W)

    >>> import lamina
    >>> lamina.pixel_unshuffle(lamina.tensor([[[1, 2], [3, 4]]]), 2).flatten()
    tensor([1, 2, 3, 4])
    """
    r = _factor("pixel_unshuffle", "downscale_factor", input, downscale_factor)
    *batch, channels, height, width = input.shape
    for name, dim, size in (("height", -2, height), ("width", -1, width)):
        if size % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but input.size({dim})={size} "
                f"is not divisible by {r}"
            )
    n = len(batch)
    x = input.reshape(*batch, channels, height // r, r, width // r, r)
    x = x.transpose(*range(n), n, n + 2, n + 4, n + 1, n + 3)  # * C r r H W
    return x.reshape(*batch, channels * r * r, height // r, width // r)


@op("lamina functional")
def channel_shuffle(input: Array, groups: int) -> Array:
    """Channels in turn from each of g groups, g being groups. input (N, g C, *) -> (N, C g, *)

    >>> import lamina
    >>> lamina.channel_shuffle(lamina.arange(4).reshape(1, 4, 1), 2).flatten()
    tensor([0, 2, 1, 3])
    """
    return _channel_shuffle(input, groups)


@op("lamina functional", grad_name="torch::autograd::NotImplemented")
def native_channel_shuffle(input: Array, groups: int) -> Array:
    """`channel_shuffle`. input (N, g C, *) -> (N, C g, *)"""
    return _channel_shuffle(input, groups)


def _channel_shuffle(input: Array, groups: int) -> Array:
    _check_int("channel_shuffle", "groups", groups)
    if input.ndim < 3:
        raise RuntimeError(f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(input.shape)}")
    if groups <= 0:
        raise RuntimeError(f"Number of groups to divide channels in must be positive. Value of groups:{groups}")
    batch, channels, *space = input.shape
    if channels % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {channels} channels and {groups} groups."
        )
    x = input.reshape(batch, groups, channels // groups, *space)
    return x.swapaxes(1, 2).reshape(input.shape)


def _factor(name: str, argument: str, input: Array, factor: int) -> int:
    _check_int(name, argument, factor)
    if input.ndim < 3:
        raise RuntimeError(
            f"{name} expects input to have at least 3 dimensions, but got input with {input.ndim} dimension(s)"
        )
    if factor <= 0:
        raise RuntimeError(f"{name} expects a positive {argument}, but got {factor}")
    return factor


def _check_int(name: str, argument: str, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name}(): argument '{argument}' (position 2) must be int, not {type(value).__name__}")
