"""Python's operators on Tensors, and the few methods that several operations share."""

from __future__ import annotations

from typing import Any

from lamina import creation, dtypes, engine, functions, random
from lamina.indexing import C_NAMES
from lamina.tensor import Tensor, wrap, write

_BINARY = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "div", "floordiv": "floor_divide", "mod": "remainder",
    "pow": "pow", "matmul": "matmul", "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor",
    "lshift": "bitwise_left_shift", "rshift": "bitwise_right_shift",
    "eq": "eq", "ne": "ne", "lt": "lt", "le": "le", "gt": "gt", "ge": "ge",
}  # fmt: skip
_REFLECTED = {"sub": "rsub", "pow": "rpow"}
_COMMUTES = ("add", "mul", "and", "or", "xor")


def _operator(function: Any, of_integers: Any = None) -> Any:
    """The method for an operator; `of_integers` is what it does to numbers of Python's."""

    def method(self: Tensor, other: Any) -> Tensor:
        if of_integers is not None and other.__class__ is int and self._value.array.__class__ is engine.OnHost:
            value = engine.integers.computed(of_integers, self.current(), other)
            if value is not None:
                return wrap(value)
        try:
            return function(self, other)
        except TypeError:
            if isinstance(other, (Tensor, int, float, complex)):
                raise
            return NotImplemented

    return method


def _swapped(function: Any) -> Any:
    def method(self: Tensor, other: Any) -> Tensor:
        if function is functions.matmul and not hasattr(other, "shape"):
            return NotImplemented
        return function(other if isinstance(other, Tensor) else creation.as_tensor(other, device=self.device), self)

    return method


def _positive(self: Tensor) -> Tensor:
    if self.dtype is dtypes.bool:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return self


def _inverted(self: Tensor) -> Tensor:
    if self.is_floating_point() or self.is_complex():
        raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
    return functions.bitwise_not(self)


def _unary(function: Any) -> Any:
    def method(self: Tensor) -> Tensor:
        return function(self)

    return method


def _in_place(function: Any) -> Any:
    def method(self: Tensor, other: Any) -> Tensor:
        return write(self, function(self, other))

    return method


def bind() -> None:
    """Give Tensor its operators."""
    for special, name in _BINARY.items():
        function = getattr(functions, name)
        of_integers = engine.integers.COMPUTE.get(special)
        setattr(Tensor, f"__{special}__", _operator(function, of_integers))
        if special in ("eq", "ne", "lt", "le", "gt", "ge"):
            continue
        if special != "matmul":  # `x @= y` gives x another tensor, as in PyTorch
            setattr(Tensor, f"__i{special}__", _in_place(function))
        if special in _REFLECTED:
            reflected = _operator(getattr(functions, _REFLECTED[special]))
        elif special in _COMMUTES:
            reflected = _operator(function, of_integers)
        else:
            reflected = _swapped(function)
        setattr(Tensor, f"__r{special}__", reflected)
    for special, unary in (("neg", functions.neg), ("pos", _positive), ("abs", functions.abs), ("invert", _inverted)):
        setattr(Tensor, f"__{special}__", _unary(unary))
    for name in ("float", "double", "half", "bfloat16", "int", "long", "short", "bool", "cfloat", "cdouble"):
        setattr(Tensor, name, _conversion(name, name))
    for name, dtype in (("byte", "uint8"), ("char", "int8")):
        setattr(Tensor, name, _conversion(name, dtype))
    for name in ("real", "imag"):
        setattr(Tensor, name, _part(name))
    for method in (copy_, zero_, fill_, uniform_, normal_, random_, bernoulli_, exponential_, log_normal_, cauchy_,
                   geometric_, where, new_zeros, new_ones, new_empty, new_full):  # fmt: skip
        setattr(Tensor, method.__name__, method)


def _conversion(name: str, dtype_name: str) -> Any:
    dtype = getattr(dtypes, dtype_name)

    def convert(self: Tensor, memory_format: Any = None) -> Tensor:
        return self.to(dtype)

    convert.__name__ = name
    convert.__doc__ = f"This tensor as {dtype!r}; itself if it is already."
    return convert


def _part(name: str) -> Any:
    def read(self: Tensor) -> Tensor:
        return self if name == "real" and not self.is_complex() else getattr(functions, name)(self)

    def change(self: Tensor, value: Any) -> None:
        getattr(self, name).copy_(value)

    return property(read, change, doc=f"The {name} part, as a view.")


def copy_(self: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
    """Write the numbers of src, cast and broadcast, into this tensor; returns it."""
    source = creation.as_tensor(src)
    source = source.to(self.device, self.dtype)
    if source.shape != self.shape:
        source = source.expand(self.shape)
        source = functions.clone(source)
    elif source._value is self._value or source is src:
        source = functions.clone(source)
    return self._write(source)


def zero_(self: Tensor) -> Tensor:
    """Write zeros into this tensor; returns it."""
    value = self.current()
    if value.array is None:  # what computes it gives zeros in its place: no array of them is made on the host
        return self._write(wrap(engine.record(engine.ZEROS_LIKE, (value,))))
    return self._write(creation.zeros_like(self))


def fill_(self: Tensor, value: Any) -> Tensor:
    """Write one number into this tensor; returns it."""
    if isinstance(value, Tensor):
        if value.ndim:
            raise RuntimeError(
                f"fill_ only supports 0-dimension value tensor but got tensor with {value.ndim} dimensions."
            )
        return copy_(self, value)
    if isinstance(value, complex) and not self.is_complex():
        raise RuntimeError(f"value cannot be converted to type {C_NAMES[self.dtype.name]} without overflow")
    return self._write(creation.full_like(self, value))


def uniform_(self: Tensor, from_: float = 0.0, to: float = 1.0, *, generator: Any = None, **named: float) -> Tensor:
    """Write numbers from the uniform distribution on [from, to) into this tensor; returns it."""
    low = named.pop("from", from_)
    if low > to:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={to:g}")
    return creation.in_place(self, creation.draw_uniform(tuple(self.shape), self.dtype, low, to, generator))


def normal_(self: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Any = None) -> Tensor:
    """Write numbers from the normal distribution into this tensor; returns it."""
    if std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
    return creation.in_place(self, creation.draw_normal(tuple(self.shape), self.dtype, mean, std, generator))


def _source(generator: Any) -> Any:
    return (random.default_generator if generator is None else generator).source.host()


def random_(self: Tensor, from_: int = 0, to: int | None = None, *, generator: Any = None) -> Tensor:
    """Write random integers from [from, to) into this tensor; `random_(to)` starts at 0. Returns it."""
    low, high = (0, from_) if to is None and from_ else (from_, to)
    if high is None:
        high = (
            2**24 if self.is_floating_point() else 2 if self.dtype is dtypes.bool else dtypes.iinfo(self.dtype).max + 1
        )
    return creation.in_place(self, _source(generator).integers(low, high, tuple(self.shape)).astype(self.dtype.numpy))


def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Any = None) -> Tensor:
    """Write 1 with probability p, else 0, into this tensor; returns it."""
    chance = p.numpy() if isinstance(p, Tensor) else p
    found = _source(generator).random(tuple(self.shape)) < chance
    return _drawn(self, found)


def exponential_(self: Tensor, lambd: float = 1.0, *, generator: Any = None) -> Tensor:
    """Write exponentially distributed numbers with rate `lambd` into this tensor; returns it."""
    return _drawn(self, _source(generator).exponential(1 / lambd, tuple(self.shape)))


def log_normal_(self: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Any = None) -> Tensor:
    """Write exp of numbers from the normal distribution into this tensor; returns it."""
    return _drawn(self, _source(generator).lognormal(mean, std, tuple(self.shape)))


def cauchy_(self: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Any = None) -> Tensor:
    """Write numbers from the Cauchy distribution into this tensor; returns it."""
    return _drawn(self, _source(generator).standard_cauchy(tuple(self.shape)) * sigma + median)


def geometric_(self: Tensor, p: float, *, generator: Any = None) -> Tensor:
    """Write geometrically distributed numbers with success probability `p` into this tensor; returns it."""
    return _drawn(self, _source(generator).geometric(p, tuple(self.shape)))


def _drawn(self: Tensor, found: Any) -> Tensor:
    return creation.in_place(self, found.astype(self.dtype.numpy))


def where(self: Tensor, condition: Tensor, other: Any) -> Tensor:
    """This tensor where the condition holds, `other` (a tensor or a number) elsewhere. Shapes broadcast."""
    return functions.where(condition, self, other)


def _new(function: Any, self: Tensor, size: Any, options: dict[str, Any], *more: Any) -> Tensor:
    options = {"dtype": self.dtype, "device": self.device} | {k: v for k, v in options.items() if v is not None}
    return function(*size, *more, **options)


def new_zeros(self: Tensor, *size: Any, **options: Any) -> Tensor:
    """Zeros of this size, with this tensor's type and device unless given."""
    return _new(creation.zeros, self, size, options)


def new_ones(self: Tensor, *size: Any, **options: Any) -> Tensor:
    """Ones of this size, with this tensor's type and device unless given."""
    return _new(creation.ones, self, size, options)


def new_empty(self: Tensor, *size: Any, **options: Any) -> Tensor:
    """Numbers that mean nothing yet (zeros), of this size, with this tensor's type and device unless given."""
    return _new(creation.zeros, self, size, options)


def new_full(self: Tensor, size: Any, fill_value: Any, **options: Any) -> Tensor:
    """One number in this size, with this tensor's type and device unless given."""
    return _new(creation.full, self, (size,), options, fill_value)
