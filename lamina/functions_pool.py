"""Max pooling as users call it: with `return_indices`, which decides how many results there are."""

from __future__ import annotations

from typing import Any

from lamina import functions


def _public(name: str, space: str) -> Any:
    def max_pool(
        input: Any,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Any:
        chosen = getattr(functions, f"{name}_with_indices" if return_indices else f"{name}_values")
        return chosen(input, kernel_size, stride, padding, dilation, ceil_mode)

    max_pool.__name__ = max_pool.__qualname__ = name
    max_pool.__doc__ = f"""The largest value in each window. The first of equal ones gets the gradient.

    input (N, C, {space}) or (C, {space}) -> the same with fewer {space.replace(", ", " ")}, and with `return_indices`
    the place of each value in the flattened {space.replace(", ", " * ")}, as int64.
    `stride` is `kernel_size` unless given.
    """
    return max_pool


max_pool1d = _public("max_pool1d", "L")
max_pool2d = _public("max_pool2d", "H, W")
max_pool3d = _public("max_pool3d", "D, H, W")

PUBLIC = {"max_pool1d": "lamina functional", "max_pool2d": "lamina functional", "max_pool3d": "lamina functional"}
