"""PyTorch's format, written without PyTorch: a zip archive with a pickle and the numbers of each storage."""

from __future__ import annotations

import struct
import sys
import zipfile
from collections.abc import Sequence
from typing import IO, Any

import numpy as np

from lamina.io.manifest import Writer
from lamina.io.pickle_writer import Path, PickleWriter
from lamina.io.sharing import Lying, plan
from lamina.io.source import name_of
from lamina.io.target import Writable, writing
from lamina.io.tensors import numbers_of
from lamina.nn.parameter import Parameter
from lamina.tensor import Tensor

ALIGNMENT = 64
"""Numbers begin at a multiple of so many bytes, so that the archive can be mapped into memory."""


def save_torch(obj: Any, file: Writable) -> None:
    """Write data as `torch.save` does, for `torch.load(file, weights_only=True)`.

    Views and tensors with several names share memory in PyTorch as they do here.

    Args:
        obj: what `lamina.save` takes, without NumPy's arrays and frozen sets.
        file: a path, or a file open for writing bytes. A file with that name is replaced once the new one is complete.

    Raises:
        NotDataError: for what PyTorch would not read.
    """
    with writing(file) as stream:
        write(f"save_torch: {name_of(file)}", stream, obj)


def write(who: str, stream: IO[bytes], obj: Any) -> None:
    """Write an archive to a stream that can seek."""
    finder = Writer(who)  # finds all tensors, and what is no data
    finder.write(obj)
    finder.attributes()
    tensors = finder.tensors
    wholes, lying = plan(tensors)
    places = {id(tensor): place for tensor, place in zip(tensors, lying, strict=True)}
    writer = PickleWriter(who, lambda writer, tensor, path: _tensor(writer, tensor, places[id(tensor)], wholes, path))
    writer.write(obj)
    root = "archive"
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        _member(archive, f"{root}/data.pkl", writer.finish())
        _member(archive, f"{root}/.format_version", b"1")
        _member(archive, f"{root}/.storage_alignment", str(ALIGNMENT).encode())
        _member(archive, f"{root}/byteorder", sys.byteorder.encode())
        for number, whole in enumerate(wholes):
            data = np.ascontiguousarray(numbers_of(whole)).reshape(-1).view(np.uint8)
            _member(archive, f"{root}/data/{number}", data.data)
        _member(archive, f"{root}/version", b"3\n")


def _tensor(writer: PickleWriter, tensor: Tensor, place: Lying, wholes: Sequence[Tensor], path: Path) -> None:
    """The calls that make a tensor: of a storage, then a Parameter of it, then its attributes."""
    attributes = vars(tensor)
    parameter = isinstance(tensor, Parameter)

    def storage() -> None:
        whole = wholes[place.whole]
        where = str(tensor.device) if tensor.device.type == "cuda" else "cpu"
        writer.group([
            lambda: writer.text("storage"),
            lambda: writer.name("torch", f"{tensor.dtype.tensor_name}Storage"),
            lambda: writer.text(str(place.whole)),
            lambda: writer.text(f"{where}:0" if where == "cuda" else where),
            lambda: writer.integer(whole.numel()),
        ])  # fmt: skip
        writer.raw(b"Q")

    plain = [
        storage,
        lambda: writer.integer(place.offset),
        lambda: writer.write(place.size),
        lambda: writer.write(place.stride),
        lambda: writer.write(tensor.requires_grad and not parameter),
        lambda: writer.call("collections", "OrderedDict", []),
    ]
    if parameter:
        arguments = [
            lambda: writer.call("torch._utils", "_rebuild_tensor_v2", plain),
            lambda: writer.write(tensor.requires_grad),
            lambda: writer.call("collections", "OrderedDict", []),
        ]
        if attributes:
            arguments.append(lambda: writer.write(attributes, path))
        name = "_rebuild_parameter_with_state" if attributes else "_rebuild_parameter"
        writer.call("torch._utils", name, arguments)
    elif attributes:
        writer.call("torch._tensor", "_rebuild_from_type_v2", [
            lambda: writer.name("torch._utils", "_rebuild_tensor_v2"),
            lambda: writer.name("torch", "Tensor"),
            lambda: writer.group(plain),
            lambda: writer.write(attributes, path),
        ])  # fmt: skip
    else:
        writer.call("torch._utils", "_rebuild_tensor_v2", plain)


def _member(archive: zipfile.ZipFile, name: str, data: bytes | memoryview) -> None:
    """Write a member whose bytes begin at a multiple of `ALIGNMENT`, and whose date is always the same."""
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.file_size = len(data)
    large = info.file_size * 1.05 > zipfile.ZIP64_LIMIT  # then zipfile writes 20 bytes more, as it decides this way
    assert archive.fp is not None
    begin = archive.fp.tell() + 30 + len(name.encode()) + 20 * large + 4
    info.extra = b"FB" + struct.pack("<H", -begin % ALIGNMENT) + b"Z" * (-begin % ALIGNMENT)
    with archive.open(info, "w") as member:
        member.write(data)
