"""The old constructors, a class for each type: `lamina.FloatTensor(2, 3)`, `lamina.LongTensor([1, 2])`."""

from __future__ import annotations

from typing import Any

from lamina import creation, dtypes
from lamina.tensor import Tensor


class TensorType(type):
    """The class of the old constructors: an instance is any tensor of the type on the CPU."""

    dtype: dtypes.DType

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor) and instance.dtype is cls.dtype and bool(instance.is_cpu)

    def __call__(cls, *data: Any, device: Any = None) -> Any:
        if data and all(isinstance(size, int) for size in data):
            return creation.zeros(*data, dtype=cls.dtype, device=device)
        if not data:
            return creation.empty(0, dtype=cls.dtype, device=device)
        if len(data) > 1:
            raise TypeError(f"{cls.__name__}: takes sizes or one sequence of data, got {len(data)} arguments.")
        return creation.tensor(data[0], dtype=cls.dtype, device=device)

    def __repr__(cls) -> str:
        return f"<class 'lamina.{cls.__name__}'>"


def _make(dtype: dtypes.DType) -> TensorType:
    name = f"{dtype.tensor_name}Tensor"
    doc = f"Tensors of {dtype!r}: of a size, or of data."
    return TensorType(name, (), {"dtype": dtype, "__doc__": doc, "__module__": __name__})


BoolTensor, ByteTensor, CharTensor, ShortTensor, IntTensor, LongTensor = map(
    _make, (dtypes.bool, dtypes.uint8, dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64)
)
HalfTensor, BFloat16Tensor, FloatTensor, DoubleTensor = map(
    _make, (dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64)
)

ALL = (
    "BoolTensor", "ByteTensor", "CharTensor", "ShortTensor", "IntTensor", "LongTensor", "HalfTensor", "BFloat16Tensor",
    "FloatTensor", "DoubleTensor",
)  # fmt: skip


def set_default_tensor_type(t: Any) -> None:
    """Make a floating type the one that Python floats become: a class such as `DoubleTensor`, or its name."""
    if isinstance(t, str):
        t = globals().get(t.rpartition(".")[2], t)
    if not isinstance(t, TensorType) or not t.dtype.is_floating_point:
        raise TypeError(f"only floating-point types are supported as the default type, got {t!r}")
    dtypes.set_default_dtype(t.dtype)
