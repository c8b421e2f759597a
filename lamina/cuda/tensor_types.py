"""The old constructors of tensors on a GPU: `lamina.cuda.FloatTensor(2, 3)`."""

from __future__ import annotations

from typing import Any

from lamina import tensor_types
from lamina.tensor import Tensor
from lamina.tensor_types import TensorType


class _CudaType(TensorType):
    """The class of the constructors: an instance is any tensor of the type on a GPU."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor) and instance.dtype is cls.dtype and bool(instance.is_cuda)

    def __call__(cls, *data: Any, device: Any = None) -> Any:
        return super().__call__(*data, device="cuda" if device is None else device)

    def __repr__(cls) -> str:
        return f"<class 'lamina.cuda.{cls.__name__}'>"


def _make(name: str) -> _CudaType:
    dtype = getattr(tensor_types, name).dtype
    return _CudaType(name, (), {"dtype": dtype, "__doc__": f"Tensors of {dtype!r} on a GPU.", "__module__": __name__})


BoolTensor, ByteTensor, CharTensor, ShortTensor, IntTensor, LongTensor = map(
    _make, ("BoolTensor", "ByteTensor", "CharTensor", "ShortTensor", "IntTensor", "LongTensor")
)
HalfTensor, BFloat16Tensor, FloatTensor, DoubleTensor = map(
    _make, ("HalfTensor", "BFloat16Tensor", "FloatTensor", "DoubleTensor")
)
