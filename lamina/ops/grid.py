"""Sampling an image at places of a grid, and grids of affine maps.

Letters: N batch, C channels, D H W space, P places, K dimensions of space. Coordinates go from -1 to 1 and come in the
order x, y, z: the last dimension of the image first.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, op

INTERPOLATIONS = ("bilinear", "nearest", "bicubic")
PADDINGS = ("zeros", "border", "reflection")
"""By the numbers PyTorch gives them."""


@op(
    "lamina",
    grad_name=lambda input, *_, **__: f"GridSampler{input.ndim - 2}DBackward0",
    aliases=("grid_sampler_2d", "grid_sampler_3d"),
)
def grid_sampler(input: Array, grid: Array, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Array:
    """The values of an image at the places of a grid, of each image by its own grid.

    interpolation_mode: 0 bilinear (trilinear), 1 nearest, 2 bicubic. padding_mode, for places outside: 0 zeros,
    1 the nearest element of the border, 2 reflection at the border. -1 and 1 are the centers of the outermost elements
    if align_corners, else their outer edges.

    input (N, C, H, W), grid (N, H', W', 2) -> (N, C, H', W');
    input (N, C, D, H, W), grid (N, D', H', W', 3) -> (N, C, D', H', W')
    """
    _check(input, grid, interpolation_mode)
    shape, space = grid.shape[1:-1], input.shape[2:]
    dtype = jnp.float32 if input.dtype.itemsize == 2 else input.dtype
    # Elements with their channels side by side: one place reads, and its gradient adds to, one row.
    pixels = jnp.moveaxis(input.astype(dtype), 1, -1).reshape(len(input), math.prod(space), input.shape[1])
    flat = grid.astype(dtype).reshape(len(grid), math.prod(shape), len(space))
    places = [_unnormalized(flat[..., -1 - k], size, align_corners) for k, size in enumerate(space)]  # D H W
    mode, padding = INTERPOLATIONS[interpolation_mode], PADDINGS[padding_mode]
    if mode != "bicubic":
        places = [_padded(x, size, padding, align_corners) for x, size in zip(places, space, strict=True)]
    neighbours = {"bilinear": _linear, "nearest": _nearest, "bicubic": _cubic}[mode]
    output = jnp.zeros((len(input), math.prod(shape), input.shape[1]), dtype)
    for choice in itertools.product(*(neighbours(x) for x in places)):
        weight = math.prod(weight for _, weight in choice[1:]) * choice[0][1]
        found = [place for place, _ in choice]
        if mode == "bicubic":
            found = [_padded(x, size, padding, align_corners) for x, size in zip(found, space, strict=True)]
        output = output + _read(pixels, found, space) * weight[..., None]
    return jnp.moveaxis(output.astype(input.dtype), -1, 1).reshape(*input.shape[:2], *shape)


@op("lamina")
def affine_grid_generator(theta: Array, size: tuple[int, ...], align_corners: bool) -> Array:
    """The places that affine maps theta send the elements of an image to, for `grid_sampler`.

    theta (N, 2, 3), size (N, C, H, W) -> (N, H, W, 2); theta (N, 3, 4), size (N, C, D, H, W) -> (N, D, H, W, 3)
    """
    space = size[2:]
    check.shape("affine_grid_generator", "theta", theta, (size[0], len(space), len(space) + 1))
    axes = [_steps(n, align_corners).astype(np.float64) for n in space]
    base = np.stack([*np.meshgrid(*axes, indexing="ij")[::-1], np.ones(space)], -1).reshape(-1, len(space) + 1)
    x = theta.astype(jnp.float32) if theta.dtype.itemsize == 2 else theta
    grid = jnp.einsum("pj,nij->npi", jnp.asarray(base, x.dtype), x, precision=lax.Precision.HIGHEST)
    return grid.astype(theta.dtype).reshape(size[0], *space, len(space))


def _steps(size: int, align_corners: bool) -> np.ndarray:
    """The coordinates of `size` elements, from -1 to 1."""
    if size <= 1:
        return np.zeros(size)
    return np.linspace(-1, 1, size) * (1 if align_corners else (size - 1) / size)


def _unnormalized(x: Array, size: int, align_corners: bool) -> Array:
    """A coordinate counted in elements, the first one being at 0."""
    return (x + 1) / 2 * (size - 1) if align_corners else ((x + 1) * size - 1) / 2


def _padded(x: Array, size: int, padding: str, align_corners: bool) -> Array:
    """The place that stands for x under a padding; on the border itself, PyTorch's gradient is zero."""
    if padding == "zeros":
        return x
    if padding == "reflection":
        low, span = (0.0, size - 1.0) if align_corners else (-0.5, float(size))
        if span == 0:
            return jnp.zeros_like(x)
        distance = jnp.where(x < low, low - x, x - low)
        flips = jnp.floor(distance / span)
        rest = lax.rem(distance, jnp.asarray(span, x.dtype))
        x = jnp.where(flips % 2 == 0, rest + low, span - rest + low)
    inside = jnp.where((x > 0) & (x < size - 1), x, 0)
    return jnp.where(x >= size - 1, jnp.asarray(size - 1, x.dtype), inside)


def _nearest(x: Array) -> list[tuple[Array, Any]]:
    return [(jnp.round(x), jnp.ones_like(x))]


def _linear(x: Array) -> list[tuple[Array, Any]]:
    first = lax.stop_gradient(jnp.floor(x))
    return [(first, first + 1 - x), (first + 1, x - first)]


def _cubic(x: Array) -> list[tuple[Array, Any]]:
    """Four neighbours and their weights by Keys' kernel, a = -0.75."""
    a, first = -0.75, lax.stop_gradient(jnp.floor(x))
    t = x - first

    def near(x: Array) -> Array:
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x: Array) -> Array:
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    return [(first - 1, far(t + 1)), (first, near(t)), (first + 1, near(1 - t)), (first + 2, far(2 - t))]


def _read(pixels: Array, places: list[Array], space: tuple[int, ...]) -> Array:
    """The rows of pixels at whole places, zero outside. pixels (N, D H W, C), places K times (N, P) -> (N, P, C)"""
    inside = jnp.ones(places[0].shape, bool)
    row = jnp.zeros(places[0].shape, jnp.int32)
    for place, size in zip(places, space, strict=True):
        inside = inside & (place >= 0) & (place <= size - 1)
        row = row * size + jnp.clip(place, 0, size - 1).astype(jnp.int32)
    rows = jnp.take_along_axis(pixels, row[..., None], 1, mode="promise_in_bounds")
    return jnp.where(inside[..., None], rows, 0)


def _check(input: Array, grid: Array, interpolation_mode: int) -> None:
    given = f"input {tuple(input.shape)} and grid {tuple(grid.shape)}"
    if len(input) != len(grid):
        raise RuntimeError(f"grid_sampler(): expected grid and input to have same batch size, but got {given}")
    if grid.shape[-1] != input.ndim - 2:
        raise RuntimeError(
            f"grid_sampler(): expected grid to have size {input.ndim - 2} in last dimension, got {given}"
        )
    if input.ndim not in (4, 5) or input.ndim != grid.ndim:
        raise RuntimeError(
            f"grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but got {given}"
        )
    if 0 in input.shape[2:]:
        raise RuntimeError(f"grid_sampler(): expected input to have non-empty spatial dimensions, but got {given}")
    if interpolation_mode == 2 and input.ndim == 5:
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")
    if input.dtype != grid.dtype:
        raise RuntimeError(
            f"expected scalar type {check.type_name(input.dtype)} but found {check.type_name(grid.dtype)}"
        )
    if promote.category(input.dtype) != 2:
        raise NotImplementedError(f"\"grid_sampler\" not implemented for '{check.type_name(input.dtype)}'")
