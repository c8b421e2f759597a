"""Tensors from data, from constants, and from random numbers.

All are made by NumPy and put on the device at once, so that making them compiles nothing; small ones
are made once. `namespace` reads the public names from `__all__`.
"""

from __future__ import annotations

import builtins
import functools
import inspect
import math
import operator
from typing import Any

import jax
import numpy as np

from lamina import devices, dtypes, engine, random
from lamina.layouts import require_strided
from lamina.tensor import Tensor, wrap

__all__ = [
    "arange", "as_tensor", "asarray", "complex", "empty", "empty_like", "eye", "from_numpy", "from_dlpack", "full",
    "full_like", "linspace", "logspace", "normal", "ones", "ones_like", "rand", "rand_like", "randint", "randint_like",
    "randn", "randn_like", "randperm", "range", "scalar_tensor", "tensor", "zeros", "zeros_like", "empty_strided",
    "to_dlpack",
]  # fmt: skip


def _put(array: np.ndarray, device: Any) -> Tensor:
    return wrap(engine.put(array, devices.jax_device(device)))


def of_host(array: np.ndarray, device: Any = None, lent: bool = False) -> Tensor:
    """A tensor of a NumPy array that nobody writes to again: not copied where the device allows.

    Args:
        array: of one of lamina's types, in row-major order.
        lent: whether somebody will write to it again; it is then copied, and the copy is done on return.
    """
    if not lent:
        return _put(array, device)
    where = devices.jax_device(device)
    # On the CPU, JAX shows the same memory, also when asked not to.
    tensor = _put(np.array(array) if where.platform == "cpu" else array, where)
    if where.platform != "cpu":
        tensor._value.array.block_until_ready()
    return tensor


def _finish(tensor: Tensor, requires_grad: bool) -> Tensor:
    return tensor.requires_grad_() if requires_grad else tensor


def _numpy(data: Any, exact: bool = False) -> np.ndarray:
    """The data as a NumPy array of its own, with PyTorch's types for Python numbers unless `exact`."""
    if isinstance(data, np.ndarray):
        return np.array(data, order="C")
    if isinstance(data, (Tensor, jax.Array)):
        return np.array(data.detach() if isinstance(data, Tensor) else data)
    if isinstance(data, (list, tuple)) and any(isinstance(x, (Tensor, jax.Array)) for x in data):
        data = [_numpy(x) for x in data]
    try:
        array = np.array(data, order="C")
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise
        raise ValueError(_ragged(data)) from None
    if array.dtype == object or array.dtype.kind in "USM":
        found = next((x for x in np.ravel(np.array(data, dtype=object)) if not isinstance(x, (int, float))), data)
        if isinstance(found, str):
            raise TypeError("new(): invalid data type 'str'")
        raise RuntimeError(f"Could not infer dtype of {type(found).__name__}")
    if exact or isinstance(data, np.generic) or (isinstance(data, (list, tuple)) and _numpy_inside(data)):
        return array
    if array.dtype.kind == "f" and array.dtype != dtypes.get_default_dtype().numpy:
        array = array.astype(dtypes.get_default_dtype().numpy)
    elif array.dtype.kind == "c":
        array = array.astype(dtypes.get_default_dtype().to_complex().numpy)
    elif array.dtype.kind in "iu":
        array = array.astype(np.int64)
    elif array.dtype.kind != "b" and array.size == 0:
        array = array.astype(dtypes.get_default_dtype().numpy)
    return array


def _numpy_inside(data: Any) -> bool:
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return isinstance(data, (np.ndarray, np.generic))


def _ragged(data: Any, depth: int = 0) -> str:
    """PyTorch's words for nested lists of differing lengths."""
    sizes = [len(x) if isinstance(x, (list, tuple)) else None for x in data]
    for x in data:
        if isinstance(x, (list, tuple)) and any(isinstance(y, (list, tuple)) for y in x):
            try:
                np.array(x)
            except ValueError:
                return _ragged(x, depth + 1)
    if None in sizes:
        return (
            f"expected sequence of length {next(s for s in sizes if s is not None)} at dim {depth + 1} (got a number)"
        )
    other = next(size for size in sizes if size != sizes[0])
    return f"expected sequence of length {sizes[0]} at dim {depth + 1} (got {other})"


def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False
) -> Tensor:
    """A tensor with a copy of the data: numbers, nested lists, NumPy or JAX arrays, tensors.

    >>> import lamina
    >>> lamina.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    """
    if isinstance(data, jax.core.Tracer):
        return wrap(engine.of_array(data))
    if isinstance(data, Tensor) and device is None:
        device = data.device
    array = _numpy(data, exact=dtype is not None)
    if dtype is not None:
        with np.errstate(all="ignore"):
            array = array.astype(dtypes.of(dtype).numpy)
    else:
        dtypes.of(array.dtype)
    return _finish(_put(array, device), requires_grad)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """The data as a tensor: itself if it is one already, a jax.Array without a copy, else as `tensor` makes it."""
    if isinstance(data, jax.Array):
        data = wrap(engine.of_array(data))
    if isinstance(data, Tensor):
        return data.to(device=device, dtype=dtype)
    return tensor(data, dtype=dtype, device=device)


def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool = False
) -> Tensor:
    """The object as a tensor; `copy=True` always makes a new one."""
    found = tensor(obj, dtype=dtype, device=device) if copy else as_tensor(obj, dtype, device)
    return _finish(found, requires_grad)


def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor with the numbers of a NumPy array: a copy (PyTorch shares the memory)."""
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    return tensor(ndarray)


def to_dlpack(tensor: Tensor) -> Any:
    """The capsule of the DLPack protocol for a tensor; runs what is pending."""
    return tensor.__dlpack__()


def from_dlpack(ext_tensor: Any) -> Tensor:
    """A tensor from any object with `__dlpack__`, without a copy where the device allows."""
    return wrap(engine.of_array(jax.dlpack.from_dlpack(ext_tensor)))


def scalar_tensor(s: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A 0-dim tensor of the default floating type unless `dtype` is given."""
    return tensor(s, dtype=dtype or dtypes.get_default_dtype(), device=device, requires_grad=requires_grad)


def _sizes(size: tuple[Any, ...]) -> tuple[int, ...]:
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = tuple(size[0])
    found = []
    for x in size:
        if isinstance(x, (float, str)):
            raise TypeError(f"a size must be an int, got {type(x).__name__} {x}.")
        found.append(operator.index(x))
        if found[-1] < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {found[-1]}: {list(found)}")
    return tuple(found)


_OPTIONS = ("dtype", "device", "requires_grad", "out", "layout", "pin_memory", "memory_format")
"""Keywords of functions that make tensors. The last three say how PyTorch lays memory out; here there is one way."""


def _creator(function: Any) -> Any:
    """What all functions that make tensors share: `size=`, `out=`, and an error for a keyword that none of them has."""
    parameters = inspect.signature(function).parameters
    variadic = "size" in parameters and parameters["size"].kind is inspect.Parameter.VAR_POSITIONAL
    known = frozenset((*parameters, *_OPTIONS))

    @functools.wraps(function)
    def create(*args: Any, **options: Any) -> Any:
        for name in options:
            if name not in known:
                raise TypeError(f"{function.__name__}() got an unexpected keyword argument '{name}'")
            if name == "layout":
                require_strided(function.__name__, options[name])
        if variadic and "size" in options:
            args = (options.pop("size"),)
        out = options.pop("out", None)
        if out is None:
            return function(*args, **options)
        from lamina.binding import write_out

        options.setdefault("dtype", out.dtype)
        return write_out(out, function(*args, **options))

    return create


@functools.lru_cache(maxsize=4096)
def _small(
    make: Any, arguments: tuple[Any, ...], kinds: tuple[type, ...], dtype: np.dtype, where: jax.Device
) -> engine.Value:
    """A small constant, made once: nothing ever writes to an array that two hold."""
    return _made(make, arguments, dtype, where)


def _made(make: Any, arguments: tuple[Any, ...], dtype: np.dtype, where: jax.Device) -> engine.Value:
    with np.errstate(all="ignore"):
        array = make(*arguments, dtype)
    return engine.put(array, where)


def _constant(
    make: Any, arguments: tuple[Any, ...], count: int, dtype: np.dtype, device: Any, requires_grad: bool
) -> Tensor:
    """The tensor of a constant that NumPy makes, `count` elements large."""
    where = devices.jax_device(device)
    if count * dtype.itemsize > 1 << 16:
        made = _made(make, arguments, dtype, where)
    else:
        made = _small(make, arguments, tuple([x.__class__ for x in arguments]), dtype, where)
    value = engine.Value(made.spec, None, 0, None, False)
    value.array = made.array
    return _finish(wrap(value), requires_grad)


def _fill(value: Any, size: Any, dtype: Any) -> np.ndarray:
    return (
        np.zeros(size, dtype)
        if value.__class__ is int and value == 0
        else np.full(size, np.asarray(value).astype(dtype))
    )


def _arange(count: int, start: float, step: float, dtype: Any) -> np.ndarray:
    return (np.arange(count) * step + start).astype(dtype)


def _linspace(steps: int, start: float, end: float, dtype: Any) -> np.ndarray:
    # Both halves count from their own end, as PyTorch's do, so that the last number is exact.
    compute = np.float64 if np.dtype(dtype).kind in "iu" else np.dtype(dtype)
    if steps == 1:
        return np.array([start]).astype(dtype)
    step = np.asarray((end - start) / max(steps - 1, 1)).astype(compute)
    index = np.arange(steps).astype(compute)
    low = np.asarray(start).astype(compute) + step * index
    high = np.asarray(end).astype(compute) - step * (np.asarray(steps - 1).astype(compute) - index)
    return np.where(np.arange(steps) < steps // 2, low, high).astype(dtype)


def _eye(n: int, m: int, dtype: Any) -> np.ndarray:
    return np.eye(n, m, dtype=dtype)


def _dtype(dtype: Any, fallback: Any = None) -> np.dtype:
    return (fallback or dtypes.get_default_dtype()).numpy if dtype is None else dtypes.of(dtype).numpy


@_creator
def zeros(
    *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, out: Any = None, **_layout: Any
) -> Tensor:
    """A tensor of zeros."""
    shape = _sizes(size)
    return _constant(_fill, (0, shape), math.prod(shape), _dtype(dtype), device, requires_grad)


@_creator
def ones(
    *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, out: Any = None, **_layout: Any
) -> Tensor:
    """A tensor of ones."""
    shape = _sizes(size)
    return _constant(_fill, (1, shape), math.prod(shape), _dtype(dtype), device, requires_grad)


@_creator
def empty(
    *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, out: Any = None, **_layout: Any
) -> Tensor:
    """A tensor whose numbers mean nothing yet (they are zeros)."""
    return zeros(*size, dtype=dtype, device=device, requires_grad=requires_grad, **_layout)


def empty_strided(
    size: Any, stride: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of this size; lamina lays every tensor out in row-major order."""
    return zeros(size, dtype=dtype, device=device, requires_grad=requires_grad)


@_creator
def full(
    size: Any,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    out: Any = None,
    **_layout: Any,
) -> Tensor:
    """A tensor of one number, of the number's type unless `dtype` is given."""
    if isinstance(fill_value, Tensor):
        fill_value = fill_value.item()
    if dtype is None:
        dtype = dtypes.of(type(fill_value))
        dtype = dtypes.get_default_dtype().to_complex() if dtype.is_complex else dtype
    if fill_value != fill_value or not fill_value:  # nan is no key, and 0.0 is the same key as -0.0
        return _finish(_put(_fill(fill_value, _sizes((size,)), _dtype(dtype)), device), requires_grad)
    shape = _sizes((size,))
    return _constant(_fill, (fill_value, shape), math.prod(shape), _dtype(dtype), device, requires_grad)


def _like(function: Any, input: Tensor, dtype: Any, device: Any, requires_grad: bool, *more: Any) -> Tensor:
    return function(
        tuple(input.shape),
        *more,
        dtype=dtype or input.dtype,
        device=device or input.device,
        requires_grad=requires_grad,
    )


@_creator
def zeros_like(
    input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, **_layout: Any
) -> Tensor:
    """Zeros of the shape, type and device of input."""
    return _like(zeros, input, dtype, device, requires_grad)


@_creator
def ones_like(
    input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, **_layout: Any
) -> Tensor:
    """Ones of the shape, type and device of input."""
    return _like(ones, input, dtype, device, requires_grad)


@_creator
def empty_like(
    input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, **_layout: Any
) -> Tensor:
    """Numbers that mean nothing yet (zeros), of the shape, type and device of input."""
    return _like(zeros, input, dtype, device, requires_grad)


@_creator
def full_like(
    input: Tensor,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **_layout: Any,
) -> Tensor:
    """One number in the shape, type and device of input."""
    return _like(full, input, dtype, device, requires_grad, fill_value)


@_creator
def arange(
    start: Any = 0, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, out: Any = None, **_layout: Any
) -> Tensor:  # fmt: skip
    """Numbers from start up to but not including end: `arange(end)`, `arange(start, end, step)`; int64 for integers."""
    if end is None:
        start, end = 0, start
    start, end, step = (x.item() if isinstance(x, (Tensor, np.generic)) else x for x in (start, end, step))
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    floating = any(isinstance(x, builtins.float) for x in (start, end, step))
    kind = _dtype(dtype, None if floating else dtypes.int64)
    count = math.ceil((end - start) / step) if floating else -((start - end) // step)
    return _constant(_arange, (count, start, step), count, kind, device, requires_grad)


@_creator
def range(start: Any = 0, end: Any = None, step: Any = 1, **options: Any) -> Tensor:
    """Numbers from start to end, both included, of the default floating type. PyTorch advises `arange` instead."""
    if end is None:
        start, end = 0, start
    kind = _dtype(options.pop("dtype", None))
    count = math.floor((end - start) / step) + 1
    more = options.get("device"), options.get("requires_grad", False)
    return _constant(_arange, (count, start, step), count, kind, *more)


@_creator
def linspace(
    start: Any,
    end: Any,
    steps: int,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    out: Any = None,
    **_layout: Any,
) -> Tensor:
    """`steps` numbers from start to end, both included, evenly spaced."""
    start, end = (x.item() if isinstance(x, Tensor) else x for x in (start, end))
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    return _constant(_linspace, (steps, start, end), steps, _dtype(dtype), device, requires_grad)


def logspace(start: Any, end: Any, steps: int, base: float = 10.0, **options: Any) -> Tensor:
    """`steps` numbers from base ** start to base ** end."""
    dtype = _dtype(options.pop("dtype", None))
    return tensor(np.float64(base) ** np.linspace(start, end, steps), dtype=dtype, **options)


@_creator
def eye(
    n: int,
    m: int | None = None,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    out: Any = None,
    **_layout: Any,
) -> Tensor:
    """Ones on the diagonal of an (n, m) tensor, zeros elsewhere; m is n unless given."""
    m = n if m is None else m
    return _constant(_eye, (n, m), n * m, _dtype(dtype), device, requires_grad)


def complex(real: Tensor, imag: Tensor) -> Tensor:
    """The complex tensor with these real and imaginary parts."""
    return real + imag * 1j


# --- random numbers: drawn on the host from lamina's generator, and put on the device ---


_source = random.host


def _floats(dtype: Any) -> tuple[np.dtype, Any]:
    """The type asked for, and the one NumPy draws in."""
    kind = _dtype(dtype)
    if kind.kind not in "fVc":
        raise RuntimeError(f'"random" is not implemented for {dtypes.of(kind)}; it needs a floating-point dtype.')
    return kind, np.float64 if kind in (np.float64, np.complex128) else np.float32


def draw_uniform(shape: tuple[int, ...], dtype: Any, low: float, high: float, generator: Any) -> np.ndarray:
    """Numbers from [low, high)."""
    kind, drawn = _floats(dtype)
    found = _source(generator).random(shape, dtype=drawn)
    if (low, high) != (0.0, 1.0):
        found = found * drawn(high - low) + drawn(low)
    return np.asarray(found).astype(kind, copy=False)


def draw_normal(shape: tuple[int, ...], dtype: Any, mean: float, std: float, generator: Any) -> np.ndarray:
    """Numbers from the normal distribution; complex ones have half the variance in each part."""
    kind, drawn = _floats(dtype)
    source = _source(generator)
    found: Any = source.standard_normal(shape, dtype=drawn)
    if kind.kind == "c":
        found = (found + 1j * source.standard_normal(shape, dtype=drawn)) * np.sqrt(0.5)
    if (mean, std) != (0.0, 1.0):
        found = found * drawn(std) + drawn(mean)
    return np.asarray(found).astype(kind, copy=False)


@_creator
def rand(
    *size: Any,
    generator: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    out: Any = None,
    **_layout: Any,
) -> Tensor:
    """Numbers from the uniform distribution on [0, 1)."""
    return _finish(_put(draw_uniform(_sizes(size), dtype, 0.0, 1.0, generator), device), requires_grad)


@_creator
def randn(
    *size: Any,
    generator: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    out: Any = None,
    **_layout: Any,
) -> Tensor:
    """Numbers from the normal distribution with mean 0 and variance 1."""
    return _finish(_put(draw_normal(_sizes(size), dtype, 0.0, 1.0, generator), device), requires_grad)


@_creator
def randint(low: Any = None, high: Any = None, size: Any = None, *, generator: Any = None, dtype: Any = None,
            device: Any = None, requires_grad: bool = False, out: Any = None, **_layout: Any) -> Tensor:  # fmt: skip
    """Integers from low (or 0) up to but not including high: `randint(high, size)`, `randint(low, high, size)`."""
    if size is None and high is not None:
        low, high, size = 0, low, high
    elif high is None or low is None:
        low, high = 0, low if high is None else high
    if size is None or high is None:
        raise TypeError("randint() takes (high, size) or (low, high, size): an upper bound and sizes are needed.")
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    found = _source(generator).integers(low, high, _sizes((size,)), dtype=np.int64)
    return _finish(_put(np.asarray(found).astype(_dtype(dtype, dtypes.int64)), device), requires_grad)


@_creator
def randperm(
    n: int, *, generator: Any = None, dtype: Any = None, device: Any = None, out: Any = None, **_layout: Any
) -> Tensor:
    """The integers from 0 to n - 1 in random order."""
    return _put(_source(generator).permutation(n).astype(_dtype(dtype, dtypes.int64)), device)


@_creator
def rand_like(
    input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, **_layout: Any
) -> Tensor:
    """Uniform numbers in the shape, type and device of input."""
    return _like(rand, input, dtype, device, requires_grad)


@_creator
def randn_like(
    input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, **_layout: Any
) -> Tensor:
    """Normal numbers in the shape, type and device of input."""
    return _like(randn, input, dtype, device, requires_grad)


@_creator
def randint_like(
    input: Tensor, low: int, high: int | None = None, *, dtype: Any = None, device: Any = None, **_layout: Any
) -> Tensor:
    """Random integers in the shape, type and device of input."""
    low, high = (0, low) if high is None else (low, high)
    return randint(low, high, tuple(input.shape), dtype=dtype or input.dtype, device=device or input.device)


@_creator
def normal(mean: Any = 0.0, std: Any = 1.0, size: Any = None, *, generator: Any = None, **options: Any) -> Tensor:
    """Normal numbers with this mean and standard deviation: numbers with a size, or tensors."""
    if size is not None:
        return _finish(
            _put(draw_normal(_sizes((size,)), options.get("dtype"), mean, std, generator), options.get("device")),
            options.get("requires_grad", False),
        )
    shape = np.broadcast_shapes(*(tuple(x.shape) for x in (mean, std) if isinstance(x, Tensor)))
    return randn(*shape, generator=generator) * std + mean


def in_place(tensor: Tensor, array: np.ndarray) -> Tensor:
    """Write numbers drawn on the host into a tensor."""
    return tensor._write(_put(array, tensor._value.spec.device)._value)
