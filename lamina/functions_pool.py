"""Pooling as users call it: with `return_indices`, which decides how many results there are, and pooling by powers."""

from __future__ import annotations

import math
from typing import Any

from lamina import bounds, functions
from lamina.creation import rand
from lamina.ops.spaces import described
from lamina.tensor import Tensor


def _max_pool(space: int) -> Any:
    def function(
        input: Tensor,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Any:
        """The largest value in each window. The first of equal ones gets the gradient.

        input (N, C, {axes}) or (C, {axes}) -> (*, C, {new}), and with `return_indices` the place of each value in
        {volume}, as int64. `stride` is `kernel_size` unless given.
        """
        chosen = getattr(functions, f"max_pool{space}d_{'with_indices' if return_indices else 'values'}")
        return chosen(input, kernel_size, stride, padding, dilation, ceil_mode)

    return _named(function, "max_pool{n}d", space)


def _adaptive_max_pool_with_indices(space: int) -> Any:
    def function(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
        """The largest value in each of `output_size` windows, which cover the input, and its place in {volume}.

        input (N, C, {axes}) or (C, {axes}) -> twice (*, C, {new}), values and places as int64
        """
        return getattr(functions, f"adaptive_max_pool{space}d")(input, output_size)

    return _named(function, "adaptive_max_pool{n}d_with_indices", space)


def _adaptive_max_pool(space: int) -> Any:
    def function(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
        """The largest value in each of `output_size` windows, which cover the input; a size of None keeps the input's.

        input (N, C, {axes}) or (C, {axes}) -> (*, C, {new}), and with `return_indices` the place of each value in
        {volume}, as int64
        """
        value, place = getattr(functions, f"adaptive_max_pool{space}d")(input, output_size)
        return (value, place) if return_indices else value

    return _named(function, "adaptive_max_pool{n}d", space)


def _fractional_max_pool_with_indices(space: int) -> Any:
    def function(
        input: Tensor,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> Any:
        """The largest value in each of `output_size` windows that begin at random places, and its place in {volume}.

        `output_ratio`, in place of `output_size`, is a part of the input's size.
        input (N, C, {axes}) or (C, {axes}) -> twice (*, C, {new}), values and places as int64
        """
        name = f"fractional_max_pool{space}d"
        if output_size is None and output_ratio is None:
            raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
        if output_size is None:
            if space == 2 and len(output_ratio) > 2:
                raise ValueError(f"{name} requires output_ratio to either be a single Int or tuple of Ints.")
            ratios = tuple(output_ratio) if isinstance(output_ratio, (list, tuple)) else (output_ratio,) * space
            output_size = tuple(int(input.size(dim - space) * ratios[dim]) for dim in range(space))
        if _random_samples is None:
            batch = 1 if input.ndim == space + 1 else input.size(0)
            shape = (batch, input.size(-space - 1), space)
            _random_samples = rand(*shape, dtype=input.dtype, device=input.device)
        elif _random_samples.requires_grad:
            raise RuntimeError(f"{name}: _random_samples must not require a gradient.")
        return getattr(functions, name)(input, kernel_size, output_size, _random_samples)

    return _named(function, "fractional_max_pool{n}d_with_indices", space)


def _fractional_max_pool(space: int) -> Any:
    def function(
        input: Tensor,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> Any:
        """The largest value in each of `output_size` windows that begin at random places.

        `output_ratio`, in place of `output_size`, is a part of the input's size.
        input (N, C, {axes}) or (C, {axes}) -> (*, C, {new}), and with `return_indices` the place of each value in
        {volume}, as int64
        """
        pool = _WITH_INDICES[space]
        value, place = pool(input, kernel_size, output_size, output_ratio, return_indices, _random_samples)
        return (value, place) if return_indices else value

    return _named(function, "fractional_max_pool{n}d", space)


def _max_unpool(space: int) -> Any:
    def function(
        input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
    ) -> Tensor:
        """What `max_pool{n}d` made these values and indices of, with zeros for all other elements.

        Several sizes give the same output of pooling; `output_size` says which it was.
        input and indices (N, C, {axes}) or (C, {axes}) -> (*, C, {new}), each size being
        (old - 1) stride - 2 padding + kernel_size unless output_size is given
        """
        name = f"max_unpool{space}d"
        kernel = _each(kernel_size, space)
        steps, pads = _each(kernel if stride is None else stride, space), _each(padding, space)
        if space == 3 and any(step <= 0 for step in steps):
            raise RuntimeError(f"strides should be greater than zero, but got stride: {list(steps)}")
        sizes = _unpooled_sizes(input, kernel, steps, pads, output_size)
        output = getattr(functions, name)(input, indices, sizes)
        outside = bounds.first_outside(indices, math.prod(sizes))
        if outside is not None:
            volume = "x".join(map(str, sizes))
            raise RuntimeError(f"Found an invalid max index: {outside} (output volumes are of size {volume})")
        return output

    return _named(function, "max_unpool{n}d", space)


def _unpooled_sizes(input: Tensor, kernel: Any, stride: Any, padding: Any, output_size: Any) -> tuple[int, ...]:
    space = len(kernel)
    old = input.shape[-space:]
    default = [(old[d] - 1) * stride[d] + kernel[d] - 2 * padding[d] for d in range(space)]
    given = default if output_size is None else output_size
    if len(given) == space + 2:
        given = given[2:]
    if len(given) != space:
        raise ValueError(
            f"output_size should be a sequence containing {space} or {space + 2} elements, "
            f"but it has a length of '{len(given)}'"
        )
    for d in range(space):
        low, high = default[d] - stride[d], default[d] + stride[d]
        if output_size is not None and not low < given[d] < high:
            raise ValueError(f'invalid output_size "{given}" (dim {d} must be between {low} and {high})')
    for d in range(space):
        if given[d] < 0:
            raise ValueError(
                "max_unpooling: output_size must contain non-negative spatial dimensions, "
                f"but got output_size[{d}]={given[d]}"
            )
    return tuple(given)


def _lp_pool(space: int) -> Any:
    def function(
        input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
    ) -> Tensor:
        """(sum of x^p)^(1/p) over each window, p being norm_type; its largest |x| for inf. Odd p take no |x|.

        input (N, C, {axes}) or (C, {axes}) -> (*, C, {new})
        """
        count = math.prod(_exactly(kernel_size, space))
        if abs(norm_type) == math.inf:
            sign = 1 if norm_type > 0 else -1
            pool = getattr(functions, f"max_pool{space}d_values")
            largest = pool(sign * input.abs(), kernel_size, stride, 0, 1, ceil_mode)
            return largest if sign > 0 else -largest
        mean = getattr(functions, f"avg_pool{space}d")(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
        return (mean.sign() * functions.relu(mean.abs())).mul(count).pow(1.0 / norm_type)

    return _named(function, "lp_pool{n}d", space)


def _each(value: Any, space: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else (value,) * space


def _exactly(value: Any, space: int) -> tuple[int, ...]:
    sizes = _each(value, space)
    if space == 1 and not isinstance(value, int):
        raise TypeError(f"lp_pool1d: kernel_size must be an int, got {value}.")
    if len(sizes) != space:
        raise ValueError(f"lp_pool{space}d: kernel_size must be an int or {space} of them, got {value}.")
    return sizes


def _named(function: Any, name: str, space: int) -> Any:
    function.__name__ = function.__qualname__ = name.format(n=space)
    function.__doc__ = described(function.__doc__, space)
    return function


max_pool1d, max_pool2d, max_pool3d = (_max_pool(n) for n in (1, 2, 3))
adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d = (_adaptive_max_pool(n) for n in (1, 2, 3))
adaptive_max_pool1d_with_indices, adaptive_max_pool2d_with_indices, adaptive_max_pool3d_with_indices = (
    _adaptive_max_pool_with_indices(n) for n in (1, 2, 3)
)
fractional_max_pool2d, fractional_max_pool3d = (_fractional_max_pool(n) for n in (2, 3))
fractional_max_pool2d_with_indices, fractional_max_pool3d_with_indices = (
    _fractional_max_pool_with_indices(n) for n in (2, 3)
)
_WITH_INDICES = {2: fractional_max_pool2d_with_indices, 3: fractional_max_pool3d_with_indices}
max_unpool1d, max_unpool2d, max_unpool3d = (_max_unpool(n) for n in (1, 2, 3))
lp_pool1d, lp_pool2d, lp_pool3d = (_lp_pool(n) for n in (1, 2, 3))

PUBLIC = {
    **{f"max_pool{n}d": "lamina functional" for n in (1, 2, 3)},
    **{
        f"{name}{n}d{tail}": "functional"
        for name, spaces, tails in (
            ("adaptive_max_pool", (1, 2, 3), ("", "_with_indices")),
            ("fractional_max_pool", (2, 3), ("", "_with_indices")),
            ("max_unpool", (1, 2, 3), ("",)),
            ("lp_pool", (1, 2, 3), ("",)),
        )
        for n in spaces
        for tail in tails
    },
}
"""Where users find each function."""
