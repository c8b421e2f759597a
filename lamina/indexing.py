"""`x[...]`: the one place where a Python index is understood.

An index of ints, slices, None and Ellipsis makes a view; where it also holds tensors, lists or masks, those act on
that view and make a copy. So an index is read in two parts: `starts` and `plan` for `basic_index`, then what is left
for `advanced_index`.
"""

from __future__ import annotations

import operator
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import jax
import numpy as np

import lamina
from lamina import bounds, engine
from lamina.known import piece
from lamina.ops.index import check_together
from lamina.ops.op import TABLE
from lamina.ops.shape import slice_bounds
from lamina.tensor import Tensor, call_view, may_be_traced

Plan = tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class Advanced:
    """A tensor (or NumPy array) of ints, or a mask, and the dimension of the view where it begins to act."""

    dim: int
    value: Any
    is_mask: bool


@dataclass(frozen=True, slots=True)
class Index:
    """A Python index, understood: the run-time ints `starts` and the static `plan` of the view, then the rest."""

    starts: tuple[int, ...]
    plan: Plan
    advanced: tuple[Advanced, ...]

    @property
    def cuts(self) -> bool:
        """Whether the basic part does anything."""
        return any(kind != "all" for kind, *_ in self.plan)


_ALL: tuple[Any, ...] = ("all",)
_INT: tuple[Any, ...] = ("int",)
_NEW: tuple[Any, ...] = ("new",)


def _is_tuple_in_disguise(index: list[Any]) -> bool:
    """Whether PyTorch reads a list as several indices: `x[[0, None]]`, `x[[[0, 1], [1, 1]]]`."""
    kinds = (Tensor, np.ndarray, list, tuple, slice)
    return len(index) < 32 and any(item is None or item is Ellipsis or isinstance(item, kinds) for item in index)


def _items(index: Any) -> tuple[Any, ...]:
    if isinstance(index, tuple):
        return index
    return tuple(index) if isinstance(index, list) and _is_tuple_in_disguise(index) else (index,)


def _operand(item: Any) -> Any:
    """A tensor as it is; a list, range or array as a NumPy array; anything else is no index."""
    if isinstance(item, Tensor):
        return item
    if isinstance(item, jax.Array):
        return lamina.as_tensor(item)
    if isinstance(item, (np.ndarray, Sequence)) and not isinstance(item, str):
        array = np.asarray(item)
        # An array of floats is read as a sequence of numbers, a list of them is refused.
        whole = array.dtype.kind == "f" if isinstance(item, np.ndarray) else array.size == 0
        return array.astype(np.int64) if whole else array
    raise IndexError(
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices "
        f"(got {type(item).__name__})"
    )


def _kind(operand: Any) -> str:
    """The name of an operand's dtype."""
    return operand.dtype.name


def _is_integer(item: Any) -> bool:
    if isinstance(item, np.ndarray):
        return item.ndim == 0 and item.dtype.kind in "iu"
    return isinstance(item, (int, np.integer)) or (
        hasattr(item, "__index__") and not isinstance(item, (Tensor, jax.Array))
    )


def _dims_used(item: Any) -> int:
    if item is None or item is Ellipsis or isinstance(item, (bool, np.bool_)):
        return 0
    if isinstance(item, slice) or _is_integer(item):
        return 1
    operand = item if hasattr(item, "dtype") else _operand(item)
    return operand.ndim if _kind(operand) in ("bool", "uint8") else 1


def parse(index: Any, shape: Sequence[int]) -> Index:
    """Understand an index into a tensor of this shape; IndexError with PyTorch's words if there is no such place."""
    items = _items(index)
    ndim = len(shape)
    used = sum(map(_dims_used, items))
    if used > ndim:
        if ndim == 0 and len(items) == 1:
            raise IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` to convert a 0-dim tensor to a Python number"
            )
        raise IndexError(f"too many indices for tensor of dimension {ndim}")
    starts: list[int] = []
    plan: list[tuple[Any, ...]] = []
    advanced: list[Advanced] = []
    numbers: list[tuple[Any, int, int]] = []  # indices, where they stand among those, and what they are into
    dim = kept = 0  # dimensions of the tensor that are dealt with, and of the view
    place = 0  # dimensions that are indexed by tensors, which PyTorch's messages count
    rest = ndim - used
    for item in items:
        if item is None:
            plan.append(_NEW)
            kept += 1
        elif item is Ellipsis:
            plan += [_ALL] * rest
            dim, kept, rest = dim + rest, kept + rest, 0
        elif isinstance(item, slice):
            how, begins = _sliced(item, shape[dim])
            plan.append(how)
            starts += begins
            dim, kept = dim + 1, kept + 1
        elif isinstance(item, (bool, np.bool_)):
            plan.append(_NEW)
            advanced.append(Advanced(kept, np.zeros(1 if item else 0, np.int64), False))
            kept += 1
        elif _is_integer(item):
            plan.append(_INT)
            starts.append(_checked(operator.index(item), dim, shape[dim]))
            dim += 1
        else:
            operand = _operand(item)
            if operand.ndim == 0 and _kind(operand) in ("int64", "int32", "int16", "int8") and _readable(operand):
                plan.append(_INT)
                starts.append(_checked(int(operand), dim, shape[dim]))
                dim += 1
                continue
            if _kind(operand) in ("bool", "uint8") and operand.ndim == 0:
                plan.append(_NEW)
                advanced.append(Advanced(kept, np.zeros(1 if bool(operand) else 0, np.int64), False))
                kept += 1
                continue
            found = _advanced(operand, kept, dim, shape)
            advanced.append(found)
            if not found.is_mask:
                numbers.append((found.value, place, shape[dim]))
            covered = operand.ndim if found.is_mask else 1
            place += covered
            plan += [_ALL] * covered
            dim, kept = dim + covered, kept + covered
    plan += [_ALL] * (ndim - dim)
    for which, place, size in numbers if numbers and not _choose_nothing(advanced) else ():
        bounds.within(which, place, size)
    return Index(tuple(starts), tuple(plan), tuple(advanced))


def _sliced(item: slice, length: int) -> tuple[tuple[Any, ...], tuple[int, ...]]:
    """What a slice does to a dimension, and where it begins, unless it leaves the dimension as it is."""
    start, size = slice_bounds(item, length)
    step = 1 if item.step is None else operator.index(item.step)
    return (_ALL, ()) if size == length and step == 1 else (("slice", size, step), (start,))


def _checked(index: int, dim: int, size: int) -> int:
    if not -size <= index < size:
        raise IndexError(f"index {index} is out of bounds for dimension {dim} with size {size}")
    return index + size if index < 0 else index


def _readable(operand: Any) -> bool:
    """Whether a number can be read: as an int it makes a view. Within a JAX transform it cannot."""
    if not isinstance(operand, Tensor) or not may_be_traced(operand.current()):
        return True
    return not isinstance(operand.array(), jax.core.Tracer)


def _choose_nothing(advanced: Sequence[Advanced]) -> bool:
    """Whether one of several tensors and masks names no place: then the others are not read either."""
    return len(advanced) > 1 and any(
        not (_host(which.value).any() if which.is_mask else which.value.shape.count(0) == 0) for which in advanced
    )


def _advanced(operand: Any, kept: int, dim: int, shape: Sequence[int]) -> Advanced:
    kind = _kind(operand)
    if kind in ("bool", "uint8"):
        for axis, size in enumerate(operand.shape):
            if size != shape[dim + axis]:
                raise IndexError(
                    f"The shape of the mask {list(operand.shape)} at index {axis} does not match the shape of the "
                    f"indexed tensor {list(shape)} at index {dim + axis}"
                )
        return Advanced(kept, operand, True)
    if isinstance(operand, np.ndarray):
        if operand.dtype.kind not in "iu":
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
        return Advanced(kept, operand.astype(np.int64), False)
    if kind not in ("int64", "int32"):
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    return Advanced(kept, operand, False)


def _host(x: Any) -> np.ndarray:
    return x.numpy() if isinstance(x, Tensor) else x


def _tensor(x: Any, beside: Tensor) -> Tensor:
    """Indices on the device of what is indexed; those of the CPU may go with any, as in PyTorch."""
    device = beside._value.spec.device
    if not isinstance(x, Tensor):
        return lamina.tensor(x, device=None if device is engine.TRACED else device)
    own = x._value.spec.device
    return x if own is device or x.device.type != "cpu" or device is engine.TRACED else x.to(beside.device)


def _places(index: Index, ndim: int, tensor: Tensor) -> tuple[list[Tensor], tuple[int, ...]]:
    """Operands and plan of `advanced_index`. Masks are read: how many elements they choose decides the shape."""
    operands: list[Any] = []
    plan = [-1] * ndim
    for advanced in index.advanced:
        if advanced.is_mask and _kind(advanced.value) == "uint8":
            warnings.warn(
                "indexing with dtype lamina.uint8 is now deprecated, please use a dtype lamina.bool instead.",
                UserWarning,
                stacklevel=4,
            )
        values = np.nonzero(_host(advanced.value)) if advanced.is_mask else (advanced.value,)
        for axis, value in enumerate(values):
            plan[advanced.dim + axis] = len(operands)
            operands.append(_tensor(value, tensor))
    return operands, tuple(plan)


@cache
def _first(ndim: int) -> Plan:
    return (_INT, *[_ALL] * (ndim - 1))


def _view_ndim(plan: Plan) -> int:
    return sum(kind != "int" for kind, *_ in plan)


def _view(tensor: Tensor, starts: tuple[int, ...], plan: Plan) -> Tensor:
    """`basic_index`; called so often that its arguments go to the engine as they are."""
    return call_view(TABLE["basic_index"], (tensor, starts), (plan,))


def getitem(tensor: Tensor, index: Any) -> Tensor:
    """`tensor[index]`: a view for ints, slices, None and Ellipsis, else a copy."""
    shape = tuple(tensor.shape)
    if type(index) is int and shape:
        return _view(tensor, (_checked(index, 0, shape[0]),), _first(len(shape)))
    if type(index) is slice and shape:
        return _first_sliced(tensor, index, shape)
    found = parse(index, shape)
    if found.cuts or not found.advanced:
        tensor = _view(tensor, found.starts, found.plan)
    if not found.advanced:
        return tensor
    operands, plan = _places(found, _view_ndim(found.plan), tensor)
    return lamina.functions.advanced_index(tensor, operands, plan)


def _first_sliced(tensor: Tensor, index: slice, shape: tuple[int, ...]) -> Tensor:
    """A slice of the first dimension alone, as loops over data cut it."""
    first, starts = _sliced(index, shape[0])
    plan = (first, *[_ALL] * (len(shape) - 1))
    known = piece(tensor, index, (TABLE["basic_index"], (starts,), (plan,)))
    return _view(tensor, starts, plan) if known is None else known


C_NAMES = {  # what PyTorch's messages call a type
    "float32": "float", "float64": "double", "float16": "at::Half", "bfloat16": "at::BFloat16", "bool": "bool",
    "uint8": "uint8_t",
    "int8": "int8_t", "int16": "int16_t", "int32": "int", "int64": "int64_t",
}  # fmt: skip


def _value(tensor: Tensor, value: Any) -> Any:
    """What is assigned, as a Tensor or a Python number."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, jax.Array):
        value = lamina.as_tensor(value)
    if not isinstance(value, (Tensor, bool, int, float, complex)):
        raise TypeError(f"can't assign a {type(value).__name__} to a lamina.{tensor.dtype.tensor_name}Tensor")
    if isinstance(value, complex) and not tensor.dtype.is_complex:
        kind = C_NAMES.get(tensor.dtype.name, tensor.dtype.name)
        raise RuntimeError(f"value cannot be converted to type {kind} without overflow")
    return value


def _fits_mask(value: Any, after: int) -> bool:
    """Whether a value is the same for all elements that a mask chooses; `after` dimensions follow the mask's."""
    return not isinstance(value, Tensor) or value.ndim <= after or value.shape[-after - 1] == 1


def _check_dtype(tensor: Tensor, value: Any) -> None:
    if isinstance(value, Tensor) and value.dtype != tensor.dtype:
        raise RuntimeError(
            "Index put requires the source and destination dtypes match, got "
            f"{tensor.dtype.tensor_name} for the destination and {value.dtype.tensor_name} for the source."
        )


def _assigned(tensor: Tensor, advanced: Index, ndim: int, value: Any, accumulate: bool) -> Tensor:
    """The view `tensor` with value written where the tensors and masks of an index say."""
    only = advanced.advanced[0]
    single = only.is_mask and len(advanced.advanced) == 1 and not accumulate
    if single and isinstance(value, Tensor) and value.numel() == 1:
        value = value.to(tensor.dtype)  # as `masked_fill` does
    if single:
        if _kind(only.value) == "uint8" and not (isinstance(value, Tensor) and value.numel() > 1):
            raise RuntimeError("masked_fill_ only supports boolean masks, but got mask with dtype unsigned char")
        _check_dtype(tensor, value)
        after = ndim - only.dim - only.value.ndim
        if _fits_mask(value, after) and not (isinstance(value, Tensor) and value.ndim > ndim):
            mask = _tensor(only.value, tensor)
            mask = mask if mask.dtype is lamina.dtypes.bool else mask.to(lamina.dtypes.bool)
            return lamina.functions.mask_put(tensor, mask, value, only.dim)
    operands, plan = _places(advanced, ndim, tensor)
    check_together(operands)
    _check_dtype(tensor, value)
    return lamina.functions.index_put_at(tensor, value, operands, plan, accumulate)


def setitem(tensor: Tensor, index: Any, value: Any) -> None:
    """`tensor[index] = value`: value, a tensor or a number, is broadcast and cast, and written in place."""
    value = _value(tensor, value)
    if index is False:
        return
    found = parse(index, tuple(tensor.shape))
    if not found.advanced:
        if isinstance(value, Tensor) and value.ndim and value._value.spec.device is not tensor._value.spec.device:
            value = value.to(tensor.device)  # a copy, as `copy_` makes, and not an operation on both
        tensor._write(lamina.functions.basic_index_put(tensor, value, found.starts, found.plan))
        return
    if not found.cuts:
        tensor._write(_assigned(tensor, found, tensor.ndim, value, False))
        return
    view = _view(tensor, found.starts, found.plan)
    new = _assigned(view, found, _view_ndim(found.plan), value, False)
    tensor._write(lamina.functions.basic_index_put(tensor, new, found.starts, found.plan))


def index_put(input: Tensor, indices: Sequence[Tensor], values: Any, accumulate: bool = False) -> Tensor:
    """The input with values written (or added) at `input[indices]`; indices are tensors of ints or masks."""
    for place, item in enumerate(indices):
        if not isinstance(item, Tensor):
            raise TypeError(f"expected Tensor as element {place} in argument 1, but got {type(item).__name__}")
    found = parse(tuple(indices), tuple(input.shape))
    return _assigned(input, found, input.ndim, _value(input, values), accumulate)
