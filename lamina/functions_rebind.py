"""Methods that let a tensor itself be another view, or have another size: `t_`, `squeeze_`, `resize_`, `set_`."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

import lamina
from lamina.tensor import Tensor, become

PUBLIC = {
    "t_": "Tensor",
    "transpose_": "Tensor",
    "swapaxes_": "Tensor",
    "swapdims_": "Tensor",
    "squeeze_": "Tensor",
    "unsqueeze_": "Tensor",
    "resize_": "Tensor",
    "resize_as_": "Tensor",
    "set_": "Tensor",
    "fill_diagonal_": "Tensor",
    "apply_": "Tensor",
    "map_": "Tensor",
    "map2_": "Tensor",
    "new": "Tensor",
    "as_subclass": "Tensor",
}
"""Where users find each function."""


def t_(input: Tensor) -> Tensor:
    """`t` in place: the tensor itself is transposed; returns it."""
    return become(input, input.t())


def transpose_(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """`transpose` in place: the tensor itself has two dimensions exchanged; returns it.

    >>> import lamina
    >>> lamina.zeros(2, 3).transpose_(0, 1).shape
    lamina.Size([3, 2])
    """
    return become(input, input.transpose(dim0, dim1))


def swapaxes_(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """`transpose_` under NumPy's name."""
    return transpose_(input, axis0, axis1)


def swapdims_(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """`transpose_` under another name."""
    return transpose_(input, dim0, dim1)


def squeeze_(input: Tensor, dim: Any = None) -> Tensor:
    """`squeeze` in place: the tensor itself loses dimensions of size 1; returns it."""
    return become(input, input.squeeze() if dim is None else input.squeeze(dim))


def unsqueeze_(input: Tensor, dim: int) -> Tensor:
    """`unsqueeze` in place: the tensor itself gets a dimension of size 1; returns it."""
    return become(input, input.unsqueeze(dim))


def resize_(input: Tensor, *sizes: Any, memory_format: Any = None) -> Tensor:
    """Another shape for this tensor: its elements in order, cut off, or with zeros after them; returns it."""
    shape = tuple(map(operator.index, sizes[0] if len(sizes) == 1 and not isinstance(sizes[0], int) else sizes))
    if input.requires_grad:
        raise RuntimeError("cannot resize variables that require grad")
    count, own = math.prod(shape), input.numel()
    if shape == tuple(input.shape):
        return input
    flat = input.reshape(-1)
    if count > own:
        return become(input, lamina.functions.cat([flat, input.new_zeros(count - own)]).view(shape))
    return become(input, flat.narrow(0, 0, count).view(shape))


def resize_as_(input: Tensor, other: Tensor, *, memory_format: Any = None) -> Tensor:
    """`resize_` to the shape of another tensor; returns it."""
    return resize_(input, *other.shape)


def set_(input: Tensor, source: Tensor | None = None) -> Tensor:
    """Let this tensor be the memory of another from now on (none: be empty); returns it."""
    if source is None:
        return become(input, input.new_empty(0))
    if not isinstance(source, Tensor):
        raise NotImplementedError("set_(): storages are not supported; give a tensor.")
    if source.dtype is not input.dtype:
        raise RuntimeError(f"set_(): expected a tensor of type {input.dtype}, got {source.dtype}.")
    return become(input, source.detach())


def fill_diagonal_(input: Tensor, fill_value: float, wrap: bool = False) -> Tensor:
    """One number written where all indices are equal; returns the tensor.

    Args:
        wrap: in a matrix with more rows than columns, whether the diagonal begins again one row below its end.
    """
    if input.ndim < 2:
        raise RuntimeError("dimensions must larger than 1")
    shape = tuple(input.shape)
    if input.ndim > 2 and len(set(shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    rows = np.arange(min(shape))
    places = [rows] * input.ndim
    if wrap and input.ndim == 2 and shape[0] > shape[1]:
        flat = np.arange(0, math.prod(shape), shape[1] + 1)
        places = [flat // shape[1], flat % shape[1]]
    input[tuple(places)] = fill_value
    return input


def apply_(input: Tensor, callable: Callable[..., Any]) -> Tensor:
    """Each element replaced by what a Python function makes of it; slow, and read at once. Returns the tensor."""
    return _each(input, callable)


def map_(input: Tensor, tensor: Tensor, callable: Callable[..., Any]) -> Tensor:
    """Each element replaced by `callable(element, element of tensor)`; returns the tensor."""
    return _each(input, callable, tensor)


def map2_(input: Tensor, x: Tensor, y: Tensor, callable: Callable[..., Any]) -> Tensor:
    """Each element replaced by `callable(element, element of x, element of y)`; returns the tensor."""
    return _each(input, callable, x, y)


def _each(input: Tensor, function: Callable[..., Any], *others: Tensor) -> Tensor:
    if any(x.requires_grad for x in (input, *others)):
        raise RuntimeError("Can't call apply_(), map_() or map2_() on a tensor that requires grad; detach() it first.")
    arrays = [x.expand(input.shape).numpy().reshape(-1).tolist() for x in (input, *others)]
    found = np.array([function(*elements) for elements in zip(*arrays, strict=True)], input.dtype.numpy)
    return input.copy_(lamina.tensor(found.reshape(tuple(input.shape))))


def new(input: Tensor, *data: Any, device: Any = None) -> Tensor:
    """A tensor of this one's type: of a size (its numbers mean nothing yet) or of data. An old form of `new_tensor`."""
    if not data:
        return input.new_empty(0, device=device)
    if isinstance(data[0], (list, tuple)) and not isinstance(data[0], lamina.Size):
        return input.new_tensor(data[0], device=device)
    if isinstance(data[0], Tensor):
        return data[0].detach()
    return input.new_empty(*data, device=device)


def as_subclass(input: Tensor, cls: type) -> Any:
    """The same memory as a tensor of a subclass; gradients pass."""
    result = input.view(input.shape)
    result.__class__ = cls
    return result
