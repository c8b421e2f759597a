"""The number types: `lamina.float32`, `lamina.int64`, ... and what is known of each."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from lamina import engine as _engine
from lamina.ops import promote as _promote


class DType:
    """A number type, printed as `lamina.float32`. There is one object for each type, so `is` and `==` agree.

    >>> import lamina
    >>> lamina.ones(2).dtype
    lamina.float32
    >>> lamina.float32.is_floating_point, lamina.float32.itemsize
    (True, 4)
    """

    __slots__ = ("name", "numpy", "tensor_name", "itemsize", "is_floating_point", "is_complex", "is_signed")

    def __init__(self, name: str, numpy: Any, tensor_name: str) -> None:
        self.name = name
        self.numpy = np.dtype(numpy)
        self.tensor_name = tensor_name
        self.itemsize = self.numpy.itemsize
        category = _promote.category(self.numpy)
        self.is_floating_point = category == 2
        self.is_complex = category == 3
        self.is_signed = name not in ("bool", "uint8")

    def __repr__(self) -> str:
        return f"lamina.{self.name}"

    def __reduce__(self) -> tuple[Any, ...]:
        return (of, (self.name,))

    def __copy__(self) -> DType:
        return self

    def __deepcopy__(self, memo: dict[Any, Any]) -> DType:
        return self

    def to_complex(self) -> DType:
        """The complex type as wide as this one."""
        return complex128 if self is float64 else complex64

    def to_real(self) -> DType:
        """The real type as wide as this one."""
        return {complex64: float32, complex128: float64}.get(self, self)


dtype = DType
"""The class of number types, as programs call it: `isinstance(x.dtype, lamina.dtype)`."""

bool = DType("bool", np.bool_, "Bool")
uint8 = DType("uint8", np.uint8, "Byte")
int8 = DType("int8", np.int8, "Char")
int16 = short = DType("int16", np.int16, "Short")
int32 = int = DType("int32", np.int32, "Int")
int64 = long = DType("int64", np.int64, "Long")
float16 = half = DType("float16", np.float16, "Half")
bfloat16 = DType("bfloat16", ml_dtypes.bfloat16, "BFloat16")
float32 = float = DType("float32", np.float32, "Float")
float64 = double = DType("float64", np.float64, "Double")
complex64 = cfloat = DType("complex64", np.complex64, "ComplexFloat")
complex128 = cdouble = DType("complex128", np.complex128, "ComplexDouble")

ALL = (bool, uint8, int8, int16, int32, int64, float16, bfloat16, float32, float64, complex64, complex128)
_BY_NUMPY = {dtype.numpy: dtype for dtype in ALL}
_BY_NAME = {dtype.name: dtype for dtype in ALL}
_BY_PYTHON = {"bool": bool, "int": int64, "float": None, "complex": None}


def of(dtype: Any) -> DType:
    """The DType for a DType, its name, a NumPy or JAX dtype, or Python's bool, int, float, complex.

    >>> import numpy, lamina
    >>> lamina.dtypes.of(numpy.float64), lamina.dtypes.of("int64")
    (lamina.float64, lamina.int64)
    """
    if isinstance(dtype, DType):
        return dtype
    if isinstance(dtype, str) and dtype.removeprefix("lamina.") in _BY_NAME:
        return _BY_NAME[dtype.removeprefix("lamina.")]
    if isinstance(dtype, type) and dtype.__module__ == "builtins" and dtype.__name__ in _BY_PYTHON:
        return _BY_PYTHON[dtype.__name__] or (get_default_dtype() if dtype.__name__ == "float" else complex64)
    try:
        return _BY_NUMPY[np.dtype(dtype)]
    except (TypeError, KeyError):
        raise TypeError(
            f"dtype must be one of {', '.join(map(repr, ALL))} or the NumPy type of the same name, got {dtype!r}."
        ) from None


def get_default_dtype() -> DType:
    """The floating type that Python floats become: float32 unless it was changed."""
    return _BY_NUMPY[_promote.default_float()]


def set_default_dtype(dtype: Any) -> None:
    """Make a floating type the one that Python floats become.

    Raises:
        TypeError: if it is not a floating type.
    """
    dtype = of(dtype)
    if not dtype.is_floating_point:
        raise TypeError(f"only floating-point types are supported as the default type, got {dtype}")
    _engine.set_mode("dtype", dtype.name, lambda: _promote.set_default_float(dtype.numpy))


class _Info:
    """What `finfo` and `iinfo` share: the limits of a type as attributes, printed in one line."""

    _fields: tuple[str, ...]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)}' for name in self._fields)})"


class finfo(_Info):
    """Limits of a floating type: `bits, eps, max, min, tiny, smallest_normal, resolution, dtype`.

    The default is the default type.
    """

    _fields = ("resolution", "min", "max", "eps", "smallest_normal", "tiny", "dtype")
    eps: Any
    max: Any
    min: Any
    tiny: Any
    smallest_normal: Any

    def __init__(self, dtype: Any = None) -> None:
        dtype = get_default_dtype() if dtype is None else of(dtype)
        if not (dtype.is_floating_point or dtype.is_complex):
            raise TypeError(f"lamina.finfo() takes a floating-point type, got {dtype}. Use lamina.iinfo for integers.")
        info = ml_dtypes.finfo(dtype.to_real().numpy)
        self.bits = info.bits
        for name in ("eps", "max", "min", "tiny", "smallest_normal"):
            setattr(self, name, np.float64(getattr(info, name)).item())
        self.resolution = 1 / 10**info.precision
        self.dtype = dtype.name


class iinfo(_Info):
    """Limits of an integer type: `bits, max, min, dtype`."""

    _fields = ("min", "max", "dtype")

    def __init__(self, dtype: Any) -> None:
        dtype = of(dtype)
        if dtype.is_floating_point or dtype.is_complex or dtype is bool:
            raise TypeError(f"lamina.iinfo() takes an integer type, got {dtype}. Use lamina.finfo for floating types.")
        info = np.iinfo(dtype.numpy)
        self.bits, self.max, self.min, self.dtype = info.bits, info.max, info.min, dtype.name
