"""lamina's own format: a safetensors file with the tensors, and in its metadata a manifest of everything else.

Any program that reads safetensors finds the tensors, by path. The manifest says how dicts, lists and other data hold
them; and which of them share memory, which are Parameters, which require a gradient. Everything has a checksum.
"""

from __future__ import annotations

import contextlib
import json
import math
import reprlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, Any

import numpy as np

from lamina import dtypes
from lamina.io import safetensors_layout
from lamina.io.errors import FileError
from lamina.io.manifest import Reader, Writer
from lamina.io.safetensors_layout import Header, Piece
from lamina.io.sharing import Lying, plan, row_major
from lamina.io.source import Source
from lamina.io.storages import Cut, Storage, Storages, cut_of
from lamina.io.tensors import KINDS, MapLocation, device_for, numbers_of
from lamina.nn.parameter import Parameter
from lamina.tensor import Tensor

VERSION = "1"
MARK, MANIFEST = "lamina.format", "lamina.manifest"

# Writing.


def write(who: str, stream: IO[bytes], obj: Any) -> None:
    """Write data in lamina's own format.

    Raises:
        NotDataError: for what is no data.
    """
    writer = Writer(who)
    structure = writer.write(obj)
    attributes = writer.attributes()
    wholes, lying = plan(writer.tensors)
    names = _Names()
    owners: dict[int, tuple[Any, ...]] = {}
    for path, place in zip(writer.paths, lying, strict=True):
        owners.setdefault(place.whole, path)
    whole_names = [names.give(owners[number]) for number in range(len(wholes))]
    pieces = [_piece(name, whole) for name, whole in zip(whole_names, wholes, strict=True)]
    arrays = []
    for path, array in writer.arrays:
        arrays.append(names.give(path))
        pieces.append(_array_piece(arrays[-1], array))
    records = [
        _record(tensor, whole_names[place.whole], place, more)
        for tensor, place, more in zip(writer.tensors, lying, attributes, strict=True)
    ]
    manifest = {"structure": structure, "tensors": records, "arrays": arrays}
    metadata = {MARK: VERSION, MANIFEST: json.dumps(manifest, separators=(",", ":"), allow_nan=False)}
    safetensors_layout.write(stream, pieces, metadata)


class _Names:
    """Gives what is written a name in the file: its path, and a number where that is taken."""

    def __init__(self) -> None:
        self.taken = {"__metadata__"}

    def give(self, path: tuple[Any, ...]) -> str:
        """A new name."""
        first = name = ".".join(str(key) for key in path)[:1000].encode("utf-8", "replace").decode() or "value"
        number = 1
        while name in self.taken:
            number += 1
            name = f"{first}#{number}"
        self.taken.add(name)
        return name


def _piece(name: str, tensor: Tensor) -> Piece:
    shape = tuple(tensor.shape)
    if tensor.dtype is dtypes.complex128:  # which the format has no name for: its parts side by side
        return Piece(name, "F64", (*shape, 2), lambda: np.ascontiguousarray(numbers_of(tensor)).view(np.float64))
    return Piece(name, KINDS[tensor.dtype.name], shape, lambda: numbers_of(tensor))


def _array_piece(name: str, array: np.ndarray) -> Piece:
    return Piece(name, "U8", (array.nbytes,), lambda: np.frombuffer(array.tobytes(), np.uint8))


def _record(tensor: Tensor, name: str, place: Lying, attributes: Any) -> dict[str, Any]:
    record: dict[str, Any] = {"name": name, "dtype": tensor.dtype.name, "shape": list(place.size)}
    if str(tensor.device) != "cpu":
        record["device"] = str(tensor.device)
    if place.offset or place.stride != row_major(place.size):
        record.update(offset=place.offset, stride=list(place.stride))
    if isinstance(tensor, Parameter):
        record["parameter"] = True
    if tensor.requires_grad:
        record["requires_grad"] = True
    if attributes:
        record["attributes"] = attributes
    return record


# Reading.


def is_native(header: Header) -> bool:
    """Whether a safetensors file is one of lamina's."""
    return MARK in header.metadata


def read(source: Source, header: Header, map_location: MapLocation) -> Any:
    """The data in a file of lamina's.

    Raises:
        FileError: if it is damaged, or of a later version of the format.
    """
    if header.metadata[MARK] != VERSION:
        raise FileError(
            f"{source.who}: it is written in version {reprlib.repr(header.metadata[MARK])} of lamina's format; this "
            f"lamina reads version {VERSION}. Read it with a later lamina."
        )
    with _damage(source):
        manifest = json.loads(header.metadata[MANIFEST], object_pairs_hook=safetensors_layout.distinct)
        opened = _Opened(source, header, manifest)
    opened.place(device_for(source.who, map_location))
    try:
        with _damage(source):
            return opened.data()
    finally:
        opened.close()


def outline(source: Source, header: Header) -> dict[str, tuple[str, tuple[int, ...]]]:
    """The type and shape of each tensor and array in a file of lamina's, by its name there; told by the manifest.

    Raises:
        FileError: if that is damaged.
    """
    with _damage(source):
        manifest = json.loads(header.metadata[MANIFEST])
        found = {
            record["name"]: (str(record["dtype"]), header.entries[record["name"]].shape)
            for record in manifest["tensors"]
        }
        found = {name: (kind, s[:-1] if kind == "complex128" else s) for name, (kind, s) in found.items()}
        left = [manifest["structure"], *(record.get("attributes") for record in manifest["tensors"])]
        while left:
            part = left.pop()
            if isinstance(part, dict) and part.keys() == {"number", "dtype", "shape"}:
                found[manifest["arrays"][part["number"]]] = str(array_type(part["dtype"])), tuple(part["shape"])
            elif isinstance(part, (dict, list)):
                left.extend(part.values() if isinstance(part, dict) else part)
        return found


@contextlib.contextmanager
def _damage(source: Source) -> Iterator[None]:
    """Say of whatever fails inside that the manifest is damaged."""
    try:
        yield
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError) as error:
        what = safetensors_layout.short(error)
        raise FileError(
            f"{source.who}: its manifest is damaged: {what}. Get the file anew, or write it again."
        ) from error


class _Opened:
    """A file whose manifest is being followed."""

    def __init__(self, source: Source, header: Header, manifest: Mapping[str, Any]) -> None:
        self.source, self.header, self.manifest = source, header, manifest
        self.records: Sequence[Mapping[str, Any]] = manifest["tensors"]
        self.names: Sequence[str] = manifest["arrays"]
        self.cuts = [self.cut(record) for record in self.records]
        self.made: dict[int, Any] = {}
        self.reader = Reader(self.tensor, self.array)

    def place(self, device: Callable[[str], Any]) -> None:
        """Say on which devices the tensors shall live."""
        self.storages = Storages(self.source, self.where, self.cuts, device)

    def data(self) -> Any:
        """All of it: the checksums first, so that nothing is made of a damaged file."""
        for name in self.header.entries:
            safetensors_layout.verify(self.source, self.header, name)
        found = self.reader.read(self.manifest["structure"])
        for number, record in enumerate(self.records):
            if number in self.made:
                self.decorate(self.made[number], record)
        return found

    def close(self) -> None:
        """Let go of the tensors. Its parts refer to each other, so they would be held until garbage is collected; and
        what is held besides by its user cannot be written over by a training step.
        """
        del self.reader, self.storages
        self.made = {}

    def cut(self, record: Mapping[str, Any]) -> Cut:
        """How a tensor lies in the file."""
        entry = self.header.entries[record["name"]]
        dtype = dtypes.of(str(record["dtype"]))
        if entry.kind != KINDS.get(dtype.name, "F64"):
            raise ValueError(f"{reprlib.repr(record['name'])} is of type {entry.kind}, not {dtype.name}")
        storage = Storage(record["name"], dtype, entry.span.size // dtype.itemsize, 0, str(record.get("device", "cpu")))
        shape = tuple(record["shape"])
        stride = record["stride"] if "stride" in record else row_major(shape)
        return cut_of(self.source.who, storage, None, record.get("offset", 0), shape, stride)

    def where(self, name: str) -> Any:
        """Where a tensor's numbers are."""
        return self.header.entries[name].span

    def tensor(self, number: Any) -> Tensor:
        """The tensor of a number, made once."""
        if type(number) is not int or not 0 <= number < len(self.records):
            raise ValueError(f"there is no tensor {reprlib.repr(number)}")
        if number not in self.made:
            record = self.records[number]
            made: Tensor = self.storages.tensor(self.cuts[number])
            if record.get("parameter"):
                made = Parameter(made, bool(record.get("requires_grad")))
            elif record.get("requires_grad"):
                made.requires_grad_()
            self.made[number] = made
        return self.made[number]

    def decorate(self, tensor: Tensor, record: Mapping[str, Any]) -> None:
        """Give a tensor the attributes that users gave it."""
        for name, value in self.reader.pairs(record.get("attributes", []), 0):
            if not isinstance(name, str) or hasattr(type(tensor), name):
                raise ValueError(f"a tensor's {reprlib.repr(name)} cannot be replaced")
            setattr(tensor, name, value)

    def array(self, record: Mapping[str, Any]) -> np.ndarray:
        """The array of a record."""
        entry = self.header.entries[self.names[record["number"]]]
        dtype, shape = array_type(record["dtype"]), record["shape"]
        if not safetensors_layout.counts(shape) or math.prod(shape) * dtype.itemsize != entry.span.size:
            raise ValueError(f"an array of shape {reprlib.repr(shape)} has other bytes than {entry.span.size}")
        return np.ndarray(tuple(shape), dtype, self.source.copy(entry.span)).copy()


def array_type(name: Any) -> np.dtype:
    """The NumPy type of a name, if it is one of numbers, texts or times."""
    try:
        dtype = dtypes.of(name).numpy if name == "bfloat16" else np.dtype(str(name))
    except (TypeError, ValueError):
        dtype = np.dtype(object)
    if dtype.hasobject or dtype.names is not None or dtype.subdtype is not None:
        raise ValueError(f"{reprlib.repr(name)} is no type of arrays that are data")
    return dtype
