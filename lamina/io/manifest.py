"""Nested data as JSON and back: what is in a file besides the numbers of its tensors.

JSON has no tuples, no bytes and no keys but strings, so all but the plainest values are written as an object with one
entry: its kind. Reading makes only what is listed here.
"""

from __future__ import annotations

import math
import reprlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from lamina import dtypes
from lamina.devices import device as Device
from lamina.io.advice import place_of, refuse
from lamina.io.errors import NotDataError
from lamina.nn.parameter import is_lazy
from lamina.tensor import Size, Tensor

DEEPEST = 100
"""How many containers may lie inside each other."""

_WIDEST = 2**53


class Writer:
    """Makes JSON of data, and collects the tensors and arrays on the way.

    Attributes:
        tensors: every tensor once, in the order they were met.
        arrays: the arrays, scalars and bytes, with the path of each.
        paths: where each tensor was met first.
    """

    def __init__(self, who: str) -> None:
        self.who = who
        self.tensors: list[Tensor] = []
        self.paths: list[tuple[Any, ...]] = []
        self.arrays: list[tuple[tuple[Any, ...], np.ndarray]] = []
        self.numbers: dict[int, int] = {}
        self.open: list[int] = []

    def write(self, x: Any, path: tuple[Any, ...] = ()) -> Any:
        """The JSON of some data.

        Raises:
            NotDataError: for what is none; the message says where it is, and what to do.
        """
        kind = type(x)
        if x is None or kind in (bool, str):
            return x
        if kind is int:
            return x if abs(x) < _WIDEST else {"int": hex(x)}
        if kind is float:
            return x if math.isfinite(x) else {"float": repr(x)}
        if isinstance(x, Tensor):
            return {"tensor": self.number(x, path)}
        if kind in _CONTAINERS:
            if id(x) in self.open or len(self.open) >= DEEPEST:
                raise refuse(self.who, x, path, inside_itself=id(x) in self.open)
            self.open.append(id(x))
            try:
                return _CONTAINERS[kind](self, x, path)
            finally:
                self.open.pop()
        if kind in _LEAVES:
            return _LEAVES[kind](self, x, path)
        if isinstance(x, np.generic):
            return {"scalar": self.array(np.asarray(x), path)}
        raise refuse(self.who, x, path)

    def number(self, x: Tensor, path: tuple[Any, ...]) -> int:
        """The number of a tensor among those that were met."""
        if id(x) not in self.numbers:
            if is_lazy(x):
                raise NotDataError(
                    f"{self.who}: {place_of(path)} is an uninitialized tensor, which has no value. Call the module "
                    "once before its state is saved."
                )
            self.numbers[id(x)] = len(self.tensors)
            self.tensors.append(x)
            self.paths.append(path)
        return self.numbers[id(x)]

    def attributes(self) -> list[Any]:
        """The JSON of what users gave each tensor as attributes; tensors that are among those are met as well."""
        found: list[Any] = []
        while len(found) < len(self.tensors):
            tensor, path = self.tensors[len(found)], self.paths[len(found)]
            found.append(self.pairs(vars(tensor), path))
        return found

    def array(self, x: np.ndarray, path: tuple[Any, ...]) -> dict[str, Any]:
        """The record of an array."""
        if x.dtype.hasobject or x.dtype.names is not None:
            raise refuse(self.who, x, path)
        self.arrays.append((path, x))
        name = x.dtype.name if x.dtype.name in _ML_TYPES else x.dtype.str
        return {"number": len(self.arrays) - 1, "dtype": name, "shape": list(x.shape)}

    def items(self, x: Any, path: tuple[Any, ...]) -> list[Any]:
        """The JSON of the items of a list, tuple or set."""
        return [self.write(item, (*path, number)) for number, item in enumerate(x)]

    def pairs(self, x: Any, path: tuple[Any, ...]) -> list[Any]:
        """The JSON of the keys and values of a dict."""
        return [[self.write(key, (*path, key)), self.write(value, (*path, key))] for key, value in x.items()]

    def ordered(self, x: Any, path: tuple[Any, ...]) -> dict[str, Any]:
        """The JSON of an OrderedDict, with the attributes that a state has."""
        more = {"attributes": self.pairs(vars(x), path)} if vars(x) else {}
        return {"ordered": self.pairs(x, path), **more}


_ML_TYPES = frozenset(dtype.name for dtype in dtypes.ALL if dtype.numpy.kind == "V")

_CONTAINERS: dict[type, Callable[[Writer, Any, tuple[Any, ...]], Any]] = {
    list: Writer.items,
    tuple: lambda writer, x, path: {"tuple": writer.items(x, path)},
    set: lambda writer, x, path: {"set": writer.items(x, path)},
    frozenset: lambda writer, x, path: {"frozenset": writer.items(x, path)},
    dict: lambda writer, x, path: {"dict": writer.pairs(x, path)},
    OrderedDict: Writer.ordered,
}
_LEAVES: dict[type, Callable[[Writer, Any, tuple[Any, ...]], Any]] = {
    complex: lambda writer, x, path: {"complex": [repr(x.real), repr(x.imag)]},
    bytes: lambda writer, x, path: {"bytes": writer.array(np.frombuffer(x, np.uint8), path)},
    bytearray: lambda writer, x, path: {"bytearray": writer.array(np.frombuffer(bytes(x), np.uint8), path)},
    Size: lambda writer, x, path: {"size": list(x)},
    dtypes.DType: lambda writer, x, path: {"dtype": x.name},
    Device: lambda writer, x, path: {"device": str(x)},
    np.ndarray: lambda writer, x, path: {"array": writer.array(x, path)},
}


class Reader:
    """Makes data of JSON.

    Args:
        tensor: gives the tensor of a number.
        array: gives the array of a record.
    """

    def __init__(self, tensor: Callable[[Any], Any], array: Callable[[Any], np.ndarray]) -> None:
        self.tensor, self.array = tensor, array

    def read(self, x: Any, depth: int = 0) -> Any:
        """The data that JSON describes.

        Raises:
            ValueError: if it describes none.
        """
        if x is None or isinstance(x, (bool, str, int, float)):
            return x
        if depth > DEEPEST:
            raise ValueError("it is nested too deeply")
        if isinstance(x, list):
            return [self.read(item, depth + 1) for item in x]
        kind = next((name for name in x if name != "attributes"), None)
        if kind not in _READERS or (len(x) > 1 and kind != "ordered"):
            raise ValueError(f"{reprlib.repr(x)} is no kind of data")
        found = _READERS[kind](self, x[kind], depth + 1)
        for name, value in self.pairs(x.get("attributes", []), depth + 1):
            if not isinstance(name, str) or hasattr(OrderedDict, name):
                raise ValueError(f"{reprlib.repr(name)} of OrderedDict cannot be replaced")
            setattr(found, name, value)
        return found

    def pairs(self, x: Any, depth: int) -> list[tuple[Any, Any]]:
        """Keys and values, each key once."""
        if not isinstance(x, list):
            raise ValueError("pairs are needed")
        found = []
        for key, value in x:
            found.append((self.read(key, depth), self.read(value, depth)))
        if len({key for key, _ in found}) < len(found):
            raise ValueError("a key is in it twice")
        return found

    def items(self, x: Any, depth: int) -> list[Any]:
        """Items of a tuple or set."""
        if not isinstance(x, list):
            raise ValueError("a list is needed")
        return [self.read(item, depth) for item in x]


def _device(x: Any) -> Device:
    try:
        return Device(str(x))
    except RuntimeError as error:
        raise ValueError(str(error)) from None


def _size(x: Any) -> Size:
    if not all(type(count) is int for count in x):
        raise ValueError("a size has whole numbers")
    return Size(x)


_READERS: dict[Any, Callable[[Reader, Any, int], Any]] = {
    "tuple": lambda reader, x, depth: tuple(reader.items(x, depth)),
    "set": lambda reader, x, depth: set(reader.items(x, depth)),
    "frozenset": lambda reader, x, depth: frozenset(reader.items(x, depth)),
    "dict": lambda reader, x, depth: dict(reader.pairs(x, depth)),
    "ordered": lambda reader, x, depth: OrderedDict(reader.pairs(x, depth)),
    "int": lambda reader, x, depth: int(x, 16),
    "float": lambda reader, x, depth: float(x),
    "complex": lambda reader, x, depth: complex(float(x[0]), float(x[1])),
    "bytes": lambda reader, x, depth: reader.array(x).tobytes(),
    "bytearray": lambda reader, x, depth: bytearray(reader.array(x).tobytes()),
    "size": lambda reader, x, depth: _size(x),
    "dtype": lambda reader, x, depth: dtypes.of(str(x)),
    "device": lambda reader, x, depth: _device(x),
    "array": lambda reader, x, depth: reader.array(x),
    "scalar": lambda reader, x, depth: reader.array(x)[()],
    "tensor": lambda reader, x, depth: reader.tensor(x),
}
