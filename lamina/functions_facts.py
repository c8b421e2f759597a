"""What is known of tensors and types without looking at numbers; plain arithmetic on sizes."""

from __future__ import annotations

import builtins
import itertools
import math
from typing import Any

import numpy as np

from lamina import dtypes, functions
from lamina.ops import check, layout, promote
from lamina.settings import memory_format
from lamina.storage import TypedStorage, UntypedStorage
from lamina.tensor import Size, Tensor

PUBLIC = {
    **dict.fromkeys(("is_complex", "is_floating_point", "is_signed", "numel", "is_tensor", "is_storage"), "lamina"),
    **dict.fromkeys(("result_type", "promote_types", "can_cast", "typename", "broadcast_shapes"), "lamina"),
    **dict.fromkeys(("is_nonzero", "is_same_size", "is_conj", "is_neg", "is_inference"), "lamina Tensor"),
    **dict.fromkeys(("conj", "conj_physical", "positive"), "lamina Tensor"),
    "real": "lamina",
    **dict.fromkeys(("is_distributed", "get_device", "resolve_conj", "resolve_neg"), "lamina Tensor"),
    **dict.fromkeys(("sym_int", "sym_float", "sym_max", "sym_min", "sym_not", "sym_ite", "sym_sum"), "lamina"),
    **dict.fromkeys(("sym_sqrt", "sym_fresh_size", "sym_constrain_range", "sym_constrain_range_for_size"), "lamina"),
    "sum_to_size": "Tensor",
    "dim_order": "Tensor",
}  # fmt: skip
"""Where users find each function."""


def is_complex(input: Tensor) -> bool:
    """Whether the type is a complex one."""
    return input.is_complex()


def is_floating_point(input: Tensor) -> bool:
    """Whether the type is a floating one."""
    return input.is_floating_point()


def is_signed(input: Tensor) -> bool:
    """Whether the type has negative numbers."""
    return input.is_signed()


def numel(input: Tensor) -> int:
    """The number of elements."""
    return input.numel()


def is_tensor(obj: Any) -> bool:
    """Whether it is a Tensor."""
    return isinstance(obj, Tensor)


def is_storage(obj: Any) -> bool:
    """Whether it is a storage, as `untyped_storage()` gives."""
    return isinstance(obj, (UntypedStorage, TypedStorage))


def is_nonzero(input: Tensor) -> bool:
    """Whether the only element is not zero. It is read."""
    return bool(input)


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether the shapes are equal."""
    return bool(input.shape == other.shape)


def is_conj(input: Tensor) -> bool:
    """False: `conj` computes the conjugate at once."""
    return False


def is_neg(input: Tensor) -> bool:
    """False: there are no views that negate."""
    return False


def is_inference(input: Tensor) -> bool:
    """False: tensors made in `inference_mode` are like any others."""
    return False


def is_distributed(input: Tensor) -> bool:
    """False, as in PyTorch."""
    return False


def get_device(input: Tensor) -> int:
    """The number of the GPU it lives on; -1 on the CPU."""
    return -1 if input.device.type == "cpu" else int(input.device.index or 0)


def conj(input: Tensor) -> Tensor:
    """The complex conjugate; a real input itself."""
    return functions.conj(input) if input.is_complex() else input


def real(input: Tensor) -> Tensor:
    """The real part, a view of the input's memory; a real input itself."""
    return functions.real(input) if input.is_complex() else input


def conj_physical(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The complex conjugate; a real input itself."""
    return functions.conj_physical(input, out=out) if input.is_complex() or out is not None else input


def positive(input: Tensor) -> Tensor:
    """The input itself; what Python calls for `+x`."""
    return functions.positive(input) if input.dtype is dtypes.bool else input


def resolve_conj(input: Tensor) -> Tensor:
    """The input: `conj` computes the conjugate at once."""
    return input


def resolve_neg(input: Tensor) -> Tensor:
    """The input: there are no views that negate."""
    return input


def _stand_in(x: Any) -> Any:
    """Something of the type and number of dimensions that decide a result's type."""
    if not isinstance(x, Tensor):
        return x
    return np.empty((0,) * x.ndim, x.dtype.numpy)


def result_type(tensor1: Any, tensor2: Any) -> dtypes.DType:
    """The type of the result of arithmetic on two tensors or numbers.

    >>> import lamina
    >>> lamina.result_type(lamina.tensor([1, 2]), 1.0)
    lamina.float32
    """
    return dtypes.of(promote.result_type(_stand_in(tensor1), _stand_in(tensor2)))


def promote_types(type1: dtypes.DType, type2: dtypes.DType) -> dtypes.DType:
    """The smallest type both fit in.

    >>> import lamina
    >>> lamina.promote_types(lamina.uint8, lamina.int8)
    lamina.int16
    """
    return dtypes.of(promote.promote_types(type1.numpy, type2.numpy))


def can_cast(from_: dtypes.DType, to: dtypes.DType) -> bool:
    """Whether results of one type may be written into tensors of another: not to a lower category.

    >>> import lamina
    >>> lamina.can_cast(lamina.float32, lamina.int32)
    False
    """
    low, high = promote.category(from_.numpy), promote.category(to.numpy)
    return low <= high


def typename(obj: Any) -> str:
    """The name of a tensor's type, or of the type of anything else.

    >>> import lamina
    >>> lamina.typename(lamina.ones(2))
    'lamina.FloatTensor'
    """
    if isinstance(obj, Tensor):
        return str(obj.type())
    named = obj if hasattr(obj, "__qualname__") else type(obj)
    module = getattr(named, "__module__", None)
    return named.__qualname__ if module in (None, "builtins") else f"{module}.{named.__qualname__}"


def broadcast_shapes(*shapes: Any) -> Size:
    """The shape that tensors of these shapes broadcast to.

    >>> import lamina
    >>> lamina.broadcast_shapes((2, 1), (3,))
    lamina.Size([2, 3])
    """
    sizes = [(shape,) if isinstance(shape, int) else tuple(shape) for shape in shapes]
    for shape in sizes:
        if any(size < 0 for size in shape):
            raise RuntimeError(f"Trying to create tensor with negative dimension ({min(shape)}): ({min(shape)})")
    try:
        return Size(check.broadcast(*[np.broadcast_to(0, shape) for shape in sizes])) if sizes else Size()
    except RuntimeError:
        raise RuntimeError("Shape mismatch: objects cannot be broadcast to a single shape") from None


def sum_to_size(input: Tensor, *size: Any) -> Tensor:
    """The sum over the dimensions that would have to be broadcast to come from `size` to the input's shape.

    >>> import lamina
    >>> lamina.ones(2, 3).sum_to_size(1, 3)
    tensor([[2., 2., 2.]])
    """
    sizes = tuple(size[0]) if len(size) == 1 and isinstance(size[0], (tuple, list)) else size
    shape = tuple(input.shape)
    new = len(shape) - len(sizes)
    if new < 0 or any(n not in (1, own) for n, own in zip(sizes, shape[new:], strict=True)):
        raise RuntimeError(f"size {{{list(sizes)}}} is not expandable to size {{{list(shape)}}}.")
    over = [*range(new), *(new + axis for axis, n in enumerate(sizes) if n == 1 and shape[new + axis] != 1)]
    if not sizes:
        return functions.sum(input)
    result = functions.sum(input, tuple(over), True) if over else input
    return functions.view(result, tuple(sizes)) if new else result


def dim_order(input: Tensor, *, ambiguity_check: Any = False) -> tuple[int, ...]:
    """The dimensions from the one with the largest stride to the one with the smallest.

    ambiguity_check: True: an error if other orders would say the same, as with equal strides or a size of 1; a list of
    memory formats: an error unless, then, the tensor lies in exactly one of them.
    """
    strides = input.stride()
    if ambiguity_check is not False:
        _check_one_order(input, strides, [] if ambiguity_check is True else ambiguity_check)
    return tuple(sorted(range(input.ndim), key=lambda axis: -strides[axis]))


_ORDERS = {"channels_last": (0, 2, 3, 1), "channels_last_3d": (0, 2, 3, 4, 1)}


def _check_one_order(input: Tensor, strides: tuple[int, ...], formats: Any) -> None:
    if not isinstance(formats, list) or not all(isinstance(x, memory_format) for x in formats):
        raise TypeError("The ambiguity_check argument must be a bool or a list of memory formats.")
    shape = tuple(input.shape)
    if 1 not in shape and all(a != b for a, b in itertools.pairwise(strides)):
        return

    def fits(order: tuple[int, ...]) -> bool:
        sizes, steps = (tuple(x[axis] for axis in order) for x in (shape, strides))
        return bool(layout.is_contiguous(sizes, steps))

    rows = tuple(range(input.ndim))
    orders = [_ORDERS.get(x.name, rows) for x in formats]
    fitting = [order for order in orders if len(order) == input.ndim and fits(order)]
    either = input.ndim == 4 and fits(rows) and fits(_ORDERS["channels_last"])  # whichever of the two is named
    if len(fitting) != 1 or either:
        raise RuntimeError(
            "The tensor does not have unique dim order, or cannot map to exact one of the given memory formats."
        )


# --- numbers that PyTorch's compiler keeps as symbols --------------------------------------------


def sym_int(a: Any) -> int:
    """`int`, toward zero."""
    return int(a)


def sym_float(a: Any) -> float:
    """`float`."""
    return float(a)


def sym_max(a: Any, b: Any) -> Any:
    """The larger of two numbers, a float if one of them is."""
    return _both(builtins.max, a, b)


def sym_min(a: Any, b: Any) -> Any:
    """The smaller of two numbers, a float if one of them is."""
    return _both(builtins.min, a, b)


def _both(function: Any, a: Any, b: Any) -> Any:
    found = function(a, b)
    return float(found) if isinstance(a, float) or isinstance(b, float) else found


def sym_not(a: Any) -> bool:
    """`not`."""
    return not a


def sym_ite(b: bool, t: Any, f: Any) -> Any:
    """`t if b else f`."""
    return t if b else f


def sym_sum(args: Any) -> Any:
    """`sum`."""
    return builtins.sum(args)


def sym_sqrt(a: Any) -> float:
    """`math.sqrt`."""
    return math.sqrt(a)


def sym_fresh_size(expr: Any) -> Any:
    """The number itself."""
    return expr


def sym_constrain_range(size: Any, *, min: int | None = None, max: int | None = None) -> None:
    """Raise RuntimeError unless the number lies between min and max."""
    if (min is not None and size < min) or (max is not None and size > max):
        raise RuntimeError(f"Invalid value range for {size} between [{min}, {max}].")


def sym_constrain_range_for_size(size: Any, *, min: int | None = None, max: int | None = None) -> None:
    """`sym_constrain_range`, from 0 on."""
    sym_constrain_range(size, min=0 if min is None else min, max=max)
