"""Matrix products of scaled 8-bit floating numbers, which lamina does not have."""

from __future__ import annotations

from typing import Any, NoReturn

from lamina.tensor import Tensor

PUBLIC = {
    "scaled_mm": "functional",
    "scaled_grouped_mm": "functional",
}
"""Where users find each function."""


def scaled_mm(
    mat_a: Tensor,
    mat_b: Tensor,
    scale_a: Any,
    scale_recipe_a: Any,
    scale_b: Any,
    scale_recipe_b: Any,
    swizzle_a: Any = None,
    swizzle_b: Any = None,
    bias: Tensor | None = None,
    output_dtype: Any = None,
    contraction_dim: Any = (),
    use_fast_accum: bool = False,
) -> NoReturn:
    """PyTorch's product of two matrices of float8 with their scales. Raises: there is no float8 type here."""
    _refuse("scaled_mm", mat_a, mat_b)


def scaled_grouped_mm(
    mat_a: Tensor,
    mat_b: Tensor,
    scale_a: Any,
    scale_recipe_a: Any,
    scale_b: Any,
    scale_recipe_b: Any,
    swizzle_a: Any = None,
    swizzle_b: Any = None,
    bias: Tensor | None = None,
    offs: Tensor | None = None,
    output_dtype: Any = None,
    contraction_dim: Any = (),
    use_fast_accum: bool = False,
) -> NoReturn:
    """PyTorch's `grouped_mm` of matrices of float8 with their scales. Raises: there is no float8 type here."""
    _refuse("scaled_grouped_mm", mat_a, mat_b)


def _refuse(name: str, mat_a: Tensor, mat_b: Tensor) -> NoReturn:
    raise NotImplementedError(
        f"{name}: mat_a and mat_b must be of a float8 type, which lamina does not have, "
        f"got {mat_a.dtype} and {mat_b.dtype}; without scales, use matmul or grouped_mm."
    )
