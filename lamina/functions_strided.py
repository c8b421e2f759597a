"""Views by places in memory, and tensors that become another view in place."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

from lamina import creation, functions
from lamina.ops import layout
from lamina.rebinding import become, memory_of, whole_of
from lamina.tensor import Tensor, write

PUBLIC = {
    "as_strided": "lamina Tensor",
    "as_strided_": "lamina Tensor",
    "as_strided_scatter": "lamina Tensor",
    "t_": "Tensor",
    "transpose_": "Tensor",
    "swapaxes_": "Tensor",
    "swapdims_": "Tensor",
    "squeeze_": "Tensor",
    "unsqueeze_": "Tensor",
    "resize_": "Tensor",
    "resize_as_": "lamina Tensor",
    "set_": "Tensor",
    "is_set_to": "Tensor",
    "fill": "lamina",
    "fill_": "lamina",
    "zero_": "lamina",
    "detach": "lamina",
    "detach_": "lamina",
    "apply_": "Tensor",
    "map_": "Tensor",
    "map2_": "Tensor",
}
"""Where users find each function."""


def _geometry(input: Tensor, size: Any, stride: Any, storage_offset: int | None) -> tuple[Any, Any, int]:
    size, stride = tuple(map(operator.index, size)), tuple(map(operator.index, stride))
    if len(size) != len(stride):
        raise RuntimeError("mismatch in length of strides and shape")
    if any(step < 0 for step in stride):
        raise RuntimeError(f"as_strided: Negative strides are not supported at the moment, got strides: {list(stride)}")
    offset = input.storage_offset() if storage_offset is None else operator.index(storage_offset)
    if offset < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {offset}")
    return size, stride, offset


def _dense(name: str, input: Tensor) -> tuple[Tensor, list[int]]:
    """The input with its dimensions in the order of memory, and that order."""
    strides = input.stride()
    order = sorted(range(input.ndim), key=lambda axis: -strides[axis])
    shape = tuple(input.shape[axis] for axis in order)
    if not layout.is_contiguous(shape, tuple(strides[axis] for axis in order)):
        raise NotImplementedError(f"{name}: the memory around this view is gone; clone() the view first.")
    return (input if order == sorted(order) else functions.permute(input, tuple(order))), order


def _check_inside(size: Any, stride: Any, start: int, offset: int, count: int, itemsize: int) -> None:
    needed = start + 1 + sum((n - 1) * step for n, step in zip(size, stride, strict=True)) if math.prod(size) else 0
    if needed > count or start < 0:
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset}, and itemsize {itemsize} "
            f"requiring a storage size of {needed * itemsize} are out of bounds for storage of size {count * itemsize}"
        )


def as_strided(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """The elements of the input's memory from `storage_offset` on that lie `stride` apart, as a view.

    Args:
        storage_offset: where the first element lies; by default where the input begins.

    >>> import lamina
    >>> lamina.arange(5).as_strided((3, 2), (1, 2))
    tensor([[0, 2],
            [1, 3],
            [2, 4]])
    """
    size, stride, offset = _geometry(input, size, stride, storage_offset)
    whole, start = whole_of(input), offset
    if whole is None:
        whole, start = _dense("as_strided", input)[0], offset - input.storage_offset()
    _check_inside(size, stride, start, offset, whole.numel(), input.itemsize)
    return functions.strided(whole, size, stride, start, offset)


def as_strided_(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """Let the input be `as_strided` of its memory; returns it."""
    return become(input, as_strided(input, size, stride, storage_offset))


def as_strided_scatter(
    input: Tensor, src: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """A copy of the input with src where `as_strided` would read.

    >>> import lamina
    >>> lamina.zeros(2, 2).as_strided_scatter(lamina.ones(2), (2,), (3,))
    tensor([[1., 0.],
            [0., 1.]])
    """
    size, stride, offset = _geometry(input, size, stride, storage_offset)
    dense, order = _dense("as_strided_scatter", input)
    start = offset - input.storage_offset()
    _check_inside(size, stride, start, offset, dense.numel(), input.itemsize)
    result = functions.strided_scatter(dense, src, size, stride, start)
    back = tuple(order.index(axis) for axis in range(input.ndim))
    return result if order == sorted(order) else functions.permute(result, back)


def t_(input: Tensor) -> Tensor:
    """Let a matrix be its transpose; returns it."""
    return become(input, functions.t(input))


def transpose_(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Exchange two dimensions in place; returns the tensor."""
    return become(input, functions.transpose(input, dim0, dim1))


def swapaxes_(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """`transpose_`."""
    return transpose_(input, axis0, axis1)


def swapdims_(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """`transpose_`."""
    return transpose_(input, dim0, dim1)


def squeeze_(input: Tensor, dim: Any = None) -> Tensor:
    """Drop dimensions of size 1, all or those given, in place; returns the tensor."""
    return become(input, functions.squeeze(input, dim))


def unsqueeze_(input: Tensor, dim: int) -> Tensor:
    """Add a dimension of size 1 in place; returns the tensor."""
    return become(input, functions.unsqueeze(input, dim))


def resize_(input: Tensor, *size: Any, memory_format: Any = None) -> Tensor:
    """Give the tensor another size over the same memory, from its first element on; returns it.

    If it needs more elements, it gets memory of its own: the elements there are, then zeros.

    >>> import lamina
    >>> lamina.arange(6).resize_(2, 2)
    tensor([[0, 1],
            [2, 3]])
    """
    if input.requires_grad:
        raise RuntimeError("cannot resize variables that require grad")
    given = size[0] if len(size) == 1 and isinstance(size[0], (tuple, list)) else size
    sizes = tuple(map(operator.index, given))
    if any(n < 0 for n in sizes):
        raise RuntimeError(f"Trying to resize a tensor to a negative dimension: {list(sizes)}")
    if sizes == tuple(input.shape):
        return input
    whole, start = whole_of(input), input.storage_offset()
    if whole is None:
        whole, start = _dense("resize_", input)[0], 0
    count = math.prod(sizes)
    if start + count <= whole.numel():
        strides = layout.contiguous_strides(sizes)
        return become(input, functions.strided(whole, sizes, strides, start, input.storage_offset()))
    flat = whole.detach().reshape(-1)[start:]
    more = creation.zeros(count - flat.numel(), dtype=input.dtype, device=input.device)
    return become(input, functions.view(functions.cat([flat, more]), sizes))


def resize_as_(input: Tensor, the_template: Tensor, *, memory_format: Any = None) -> Tensor:
    """`resize_` to the size of another tensor."""
    return resize_(input, *the_template.shape)


def set_(input: Tensor, source: Any = None, *geometry: Any) -> Tensor:
    """Let the tensor share the memory of another one; without one, be empty. Returns it."""
    if geometry or not (source is None or isinstance(source, Tensor)):
        raise NotImplementedError("set_: takes a tensor; use as_strided for parts of memory.")
    if source is None:
        return become(input, creation.empty(0, dtype=input.dtype, device=input.device))
    if source.dtype is not input.dtype:
        raise RuntimeError(f"Could not set tensor of type {source.dtype} to a tensor of type {input.dtype}")
    return become(input, source.detach())


def is_set_to(input: Tensor, tensor: Tensor) -> bool:
    """Whether both are the same part of the same memory."""
    same = memory_of(input) is memory_of(tensor) and input.shape == tensor.shape
    return same and input.stride() == tensor.stride() and input.storage_offset() == tensor.storage_offset()


def fill(input: Tensor, value: Any) -> Tensor:
    """A tensor like the input with one number everywhere.

    >>> import lamina
    >>> lamina.fill(lamina.zeros(2), 3)
    tensor([3., 3.])
    """
    return input.clone().fill_(value)


def fill_(input: Tensor, value: Any) -> Tensor:
    """Write one number into the tensor; returns it."""
    return input.fill_(value)


def zero_(input: Tensor) -> Tensor:
    """Write zeros into the tensor; returns it."""
    return input.zero_()


def detach(input: Tensor) -> Tensor:
    """The same memory without gradients."""
    return input.detach()


def detach_(input: Tensor) -> Tensor:
    """Cut the tensor off from what computed it; returns it."""
    return input.detach_()


def _called(input: Tensor, function: Callable[..., Any], *others: Tensor) -> Tensor:
    if input.requires_grad:
        raise RuntimeError("Can't call a Python function on a Variable that requires grad. Use var.detach() first.")
    lists = [functions.expand(x, tuple(input.shape)).reshape(-1).tolist() for x in (input, *others)]
    found = [function(*numbers) for numbers in zip(*lists, strict=True)]
    new = creation.tensor(found, dtype=input.dtype, device=input.device)
    return write(input, functions.view(new, tuple(input.shape)))


def apply_(input: Tensor, callable: Callable[[Any], Any]) -> Tensor:
    """Replace each element by what a Python function gives for it, one by one; returns the tensor.

    >>> import lamina
    >>> lamina.tensor([1, 2]).apply_(lambda x: x * 10)
    tensor([10, 20])
    """
    return _called(input, callable)


def map_(input: Tensor, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
    """Replace each element by what a Python function gives for it and one of another tensor; returns the tensor."""
    return _called(input, callable, tensor)


def map2_(input: Tensor, x: Tensor, y: Tensor, callable: Callable[[Any, Any, Any], Any]) -> Tensor:
    """Replace each element by what a Python function gives for it and those of two tensors; returns the tensor."""
    return _called(input, callable, x, y)
