"""Data as a pickle, written instruction by instruction: so that names of PyTorch's can be in it without PyTorch.

Protocol 2, and of it only the instructions and names that `torch.load` with `weights_only=True` follows.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pickle import encode_long
from typing import Any

from lamina import dtypes
from lamina.devices import device as Device
from lamina.io.advice import place_of, refuse
from lamina.io.errors import NotDataError
from lamina.io.manifest import DEEPEST
from lamina.tensor import Size, Tensor

Path = tuple[Any, ...]


class PickleWriter:
    """Writes one pickle.

    Args:
        who: begins every message.
        tensor: writes the tensor it is given, with this writer.
    """

    def __init__(self, who: str, tensor: Callable[[PickleWriter, Tensor, Path], None]) -> None:
        self.who, self.tensor = who, tensor
        self.parts: list[bytes] = [b"\x80\x02"]
        self.memo: dict[Any, int] = {}
        self.open: list[int] = []

    def finish(self) -> bytes:
        """The whole pickle."""
        return b"".join([*self.parts, b"."])

    def write(self, x: Any, path: Path = ()) -> None:
        """Write an object.

        Raises:
            NotDataError: for what `torch.load(weights_only=True)` would not read.
        """
        if isinstance(x, Tensor):
            self.once(("tensor", id(x)), lambda: self.tensor(self, x, path))
        elif type(x) in _CONTAINERS:
            if id(x) in self.open or len(self.open) >= DEEPEST:
                raise refuse(self.who, x, path, inside_itself=id(x) in self.open)
            self.open.append(id(x))
            _CONTAINERS[type(x)](self, x, path)
            self.open.pop()
        elif type(x) in _LEAVES:
            _LEAVES[type(x)](self, x)
        else:
            unknown = type(x).__module__ == "numpy" or type(x) is frozenset
            if unknown:
                instead = "Make it a set." if type(x) is frozenset else "Make it a tensor or a Python number."
                kind = f"{type(x).__module__}.{type(x).__qualname__}".removeprefix("builtins.")
                raise NotDataError(
                    f"{self.who}: {place_of(path)} is of type {kind}, which torch.load(weights_only=True) does not "
                    f"read. {instead}"
                )
            raise refuse(self.who, x, path)

    def raw(self, *parts: bytes) -> None:
        """Write instructions as they are."""
        self.parts.extend(parts)

    def once(self, key: Any, write: Callable[[], None]) -> None:
        """Write something the first time, and refer to it afterwards."""
        if key in self.memo:
            self.raw(b"j" + struct.pack("<I", self.memo[key]))
            return
        write()
        self.memo[key] = len(self.memo)
        self.raw(b"r" + struct.pack("<I", self.memo[key]))

    def name(self, module: str, name: str) -> None:
        """Write a name, such as `torch.FloatStorage`."""
        self.once((module, name), lambda: self.raw(f"c{module}\n{name}\n".encode()))

    def call(self, module: str, name: str, arguments: Iterable[Callable[[], None]]) -> None:
        """Write a call of a name, given what writes each argument."""
        self.name(module, name)
        self.group(arguments)
        self.raw(b"R")

    def group(self, items: Iterable[Callable[[], None]]) -> None:
        """Write a tuple, given what writes each item."""
        self.raw(b"(")
        for write in items:
            write()
        self.raw(b"t")

    def integer(self, x: int) -> None:
        """Write a whole number."""
        if 0 <= x < 256:
            self.raw(b"K" + struct.pack("<B", x))
        elif -(2**31) <= x < 2**31:
            self.raw(b"J" + struct.pack("<i", x))
        else:
            data = encode_long(x)
            if len(data) > 255:
                raise NotDataError(f"{self.who}: a number of {len(data)} bytes is too large. Save it as a string.")
            self.raw(b"\x8a" + bytes([len(data)]) + data)

    def text(self, x: str) -> None:
        """Write a string."""
        data = x.encode("utf-8", "surrogatepass")
        self.raw(b"X" + struct.pack("<I", len(data)) + data)

    def data(self, x: bytes) -> None:
        """Write bytes, which this protocol writes as text."""
        self.call("_codecs", "encode", [lambda: self.text(x.decode("latin1")), lambda: self.text("latin1")])

    def items(self, x: Iterable[Any], path: Path) -> None:
        """Write items one after the other, between a mark and what takes them up."""
        self.raw(b"(")
        for number, item in enumerate(x):
            self.write(item, (*path, number))

    def pairs(self, x: dict[Any, Any], path: Path) -> None:
        """Write keys and values, and put them into the dict written before."""
        self.raw(b"(")
        for key, value in x.items():
            self.write(key, (*path, key))
            self.write(value, (*path, key))
        self.raw(b"u")


def _list(writer: PickleWriter, x: Any, path: Path) -> None:
    writer.raw(b"]")
    writer.items(x, path)
    writer.raw(b"e")


def _tuple(writer: PickleWriter, x: Any, path: Path) -> None:
    writer.items(x, path)
    writer.raw(b"t")


def _set(writer: PickleWriter, x: Any, path: Path) -> None:
    writer.call("__builtin__", "set", [lambda: _list(writer, x, path)])


def _dict(writer: PickleWriter, x: Any, path: Path) -> None:
    writer.raw(b"}")
    writer.pairs(x, path)


def _ordered(writer: PickleWriter, x: Any, path: Path) -> None:
    writer.call("collections", "OrderedDict", [])
    writer.pairs(x, path)
    if vars(x):
        _dict(writer, vars(x), path)
        writer.raw(b"b")


_CONTAINERS: dict[type, Callable[[PickleWriter, Any, Path], None]] = {
    list: _list,
    tuple: _tuple,
    set: _set,
    dict: _dict,
    OrderedDict: _ordered,
}
_LEAVES: dict[type, Callable[[PickleWriter, Any], None]] = {
    type(None): lambda writer, x: writer.raw(b"N"),
    bool: lambda writer, x: writer.raw(b"\x88" if x else b"\x89"),
    int: PickleWriter.integer,
    float: lambda writer, x: writer.raw(b"G" + struct.pack(">d", x)),
    str: PickleWriter.text,
    complex: lambda writer, x: writer.call(
        "__builtin__", "complex", [lambda: writer.write(x.real), lambda: writer.write(x.imag)]
    ),
    bytes: PickleWriter.data,
    bytearray: lambda writer, x: writer.call("__builtin__", "bytearray", [lambda: writer.data(bytes(x))]),
    Size: lambda writer, x: writer.call("torch", "Size", [lambda: writer.write(tuple(x))]),
    dtypes.DType: lambda writer, x: writer.name("torch", x.name),
    Device: lambda writer, x: writer.call("torch", "device", [lambda: writer.text(str(x))]),
}
