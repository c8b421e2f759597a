"""Interpolation and sampling as `lamina.nn.functional` has them: by names of modes, with checks and warnings."""

from __future__ import annotations

import math
import warnings
from typing import Any

from lamina import functions
from lamina.ops.grid import INTERPOLATIONS, PADDINGS
from lamina.ops.interpolate import MODES
from lamina.tensor import Tensor

PUBLIC = dict.fromkeys(
    ("interpolate", "upsample", "upsample_nearest", "upsample_bilinear", "grid_sample", "affine_grid"), "functional"
)
"""Where users find each function."""

_ALIGN_CORNERS = (
    "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify "
    "align_corners=True if the old behavior is desired. See the documentation of grid_sample for details."
)


def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """input with other spatial sizes: `size`, or the old ones times `scale_factor`, rounded down.

    mode: "nearest", "nearest-exact", "area" (the mean of windows), "linear" (N, C, L), "bilinear" and "bicubic"
    (N, C, H, W), "trilinear" (N, C, D, H, W), "lanczos". `align_corners`: whether the centers of the outermost elements
    keep their places, rather than their outer edges. `recompute_scale_factor`: whether the sizes say how far apart
    places are, rather than `scale_factor`. `antialias`: whether to smooth where the image shrinks.

    input (N, C, *) -> (N, C, *size)

    >>> import lamina
    >>> lamina.nn.functional.interpolate(lamina.tensor([[[1.0, 3.0]]]), scale_factor=2, mode="linear")
    tensor([[[1.0000, 1.5000, 2.5000, 3.0000]]])
    """
    if align_corners is not None and mode in ("nearest", "nearest-exact", "area"):
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear"
        )
    sizes, scales = _sizes(input, size, scale_factor, recompute_scale_factor or (mode == "area" and size is None))
    space = input.ndim - 2
    if antialias and not (mode in ("bilinear", "bicubic", "lanczos") and space == 2):
        raise ValueError(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as input"
        )
    if mode == "area" and space in (1, 2, 3):
        return getattr(functions, f"adaptive_avg_pool{space}d")(input, sizes)
    if space not in MODES.get(mode, ()):
        raise NotImplementedError(_unsupported(input.ndim, mode))
    if mode == "lanczos" and align_corners:
        raise ValueError("Lanczos mode does not support align_corners=True")
    if mode == "lanczos" and not antialias:
        raise ValueError("Lanczos mode requires antialias=True")
    return functions.interpolate(input, sizes, scales, mode, bool(align_corners), antialias)


def upsample(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None
) -> Tensor:
    """`interpolate`, by an older name. input (N, C, *) -> (N, C, *size)"""
    _warn_of_name("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate` with mode "nearest", by an older name. input (N, C, *) -> (N, C, *size)"""
    _warn_of_name("upsample_nearest")
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate` with mode "bilinear" and aligned corners, by an older name. input (N, C, H, W) -> (N, C, *size)"""
    _warn_of_name("upsample_bilinear")
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """The values of an image at the places (x, y) or (x, y, z) of a grid, whose coordinates go from -1 to 1.

    mode: "bilinear" (for volumes trilinear), "nearest", "bicubic". padding_mode, for places outside: "zeros",
    "border", "reflection". -1 and 1 are the centers of the outermost elements if `align_corners`, else their outer
    edges.

    input (N, C, H, W), grid (N, H', W', 2) -> (N, C, H', W');
    input (N, C, D, H, W), grid (N, D', H', W', 3) -> (N, C, D', H', W')

    >>> import lamina
    >>> image = lamina.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    >>> lamina.nn.functional.grid_sample(image, lamina.tensor([[[[0.0, 0.0], [-0.5, 0.5]]]]), align_corners=False)
    tensor([[[[2.5000, 3.0000]]]])
    """
    if mode not in INTERPOLATIONS:
        raise ValueError(
            f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'"
        )
    if padding_mode not in PADDINGS:
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', "
            f"but got: '{padding_mode}'"
        )
    if align_corners is None:
        warnings.warn(_ALIGN_CORNERS, stacklevel=2)
    modes = (INTERPOLATIONS.index(mode), PADDINGS.index(padding_mode))
    return functions.grid_sampler(input, grid, *modes, bool(align_corners))


def affine_grid(theta: Tensor, size: Any, align_corners: bool | None = None) -> Tensor:
    """The grid for `grid_sample` that shows an image moved by affine maps theta, at the sizes of `size`.

    theta (N, 2, 3), size (N, C, H, W) -> (N, H, W, 2); theta (N, 3, 4), size (N, C, D, H, W) -> (N, D, H, W, 3)

    >>> import lamina
    >>> same = lamina.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    >>> lamina.nn.functional.affine_grid(same, (1, 1, 1, 2), align_corners=False)
    tensor([[[[-0.5000,  0.0000],
              [ 0.5000,  0.0000]]]])
    """
    if align_corners is None:
        warnings.warn(_ALIGN_CORNERS, stacklevel=2)
    if not theta.is_floating_point():
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    space = len(size) - 2
    if space not in (2, 3):
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. "
            f"Got size {size}."
        )
    if theta.ndim != 3 or theta.shape[1:] != (space, space + 1):
        raise ValueError(
            f"Expected a batch of {space}D affine matrices of shape Nx{space}x{space + 1} for size {size}. "
            f"Got {theta.shape}."
        )
    if align_corners and min(size[2:]) == 1:
        warnings.warn(
            "Since version 1.3.0, affine_grid behavior has changed for unit-size grids when align_corners=True. "
            "This is not an intended use case of affine_grid. See the documentation of affine_grid for details.",
            stacklevel=2,
        )
    elif min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    return functions.affine_grid_generator(theta, tuple(size), bool(align_corners))


def _sizes(
    input: Tensor, size: Any, scale_factor: Any, recompute: bool | None
) -> tuple[tuple[int, ...], tuple[float, ...] | None]:
    """The output's spatial sizes, and the factors where these say how far apart places are."""
    space = input.ndim - 2
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is not None:
        if isinstance(size, (list, tuple)):
            _check_length(input, size, "output size of", "(o1, o2, ...,oK)", "output")
        sizes = tuple(size) if isinstance(size, (list, tuple)) else (size,) * space
        if not all(_is_whole(x) for x in sizes):
            raise TypeError(
                "expected size to be one of int or Tuple[int] or Tuple[int, int] or Tuple[int, int, int], but got size "
                f"with types {[type(x) for x in sizes]}"
            )
        if recompute:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
        return tuple(int(x) for x in sizes), None
    if scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    if isinstance(scale_factor, (list, tuple)):
        _check_length(input, scale_factor, "scale_factor of shape", "(s1, s2, ...,sK)", "scale_factor")
    factors = tuple(scale_factor) if isinstance(scale_factor, (list, tuple)) else (scale_factor,) * space
    if not all(isinstance(x, (int, float)) for x in factors):
        raise TypeError(f"interpolate: scale_factor must be a number or several, got {scale_factor!r}.")
    sizes = tuple(math.trunc(old * factor) for old, factor in zip(input.shape[2:], factors, strict=True))
    return sizes, None if recompute else tuple(float(factor) for factor in factors)


def _is_whole(x: Any) -> bool:
    if isinstance(x, Tensor):
        return not x.is_floating_point()
    return hasattr(x, "__index__") and not isinstance(x, bool)


def _check_length(input: Tensor, given: Any, words: str, letters: str, name: str) -> None:
    if len(given) != input.ndim - 2:
        raise ValueError(
            f"Input and {name} must have the same number of spatial dimensions, but got input with spatial dimensions "
            f"of {list(input.shape[2:])} and {words} {given}. Please provide input tensor in (N, C, d1, d2, ...,dK) "
            f"format and {'output size' if name == 'output' else name} in {letters} format."
        )


def _unsupported(ndim: int, mode: str) -> str:
    needed = {"linear": 3, "bilinear": 4, "trilinear": 5}
    if mode in needed and ndim in (3, 4, 5):
        return f"Got {ndim}D input, but {mode} mode needs {needed[mode]}D input"
    return (
        f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {ndim}D) for the modes: nearest | linear | "
        f"bilinear | bicubic | trilinear | lanczos | area | nearest-exact (got {mode})"
    )


def _warn_of_name(name: str) -> None:
    warnings.warn(f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=3)
