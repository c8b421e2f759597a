"""`save` and `load`: data of any nesting to a file and back, in the format that the file's name or content says."""

from __future__ import annotations

import io
import os
from typing import IO, Any

from lamina.io import native, safetensors_layout
from lamina.io.atomic import replacing
from lamina.io.errors import FileError
from lamina.io.source import Readable, Source, name_of, open_source
from lamina.io.tensors import MapLocation
from lamina.io.torch_files import read_torch

Writable = str | os.PathLike[str] | IO[bytes]


def save(obj: Any, f: Writable) -> None:
    """Write tensors, and dicts, lists and other data with tensors in them, to a file.

    >>> import lamina, tempfile
    >>> path = tempfile.mkdtemp() + "/state.lamina"
    >>> lamina.save({"epoch": 3, "weight": lamina.ones(2)}, path)
    >>> lamina.load(path)
    {'epoch': 3, 'weight': tensor([1., 1.])}

    Args:
        obj: tensors, Parameters, numbers, strings, bytes, None, types, sizes, devices, NumPy arrays and scalars, and
            lists, tuples, sets and dicts of them, such as the `state_dict` of a module or an optimizer.
        f: a path, or a file open for writing bytes. A file with that name is replaced once the new one is complete.

    Raises:
        NotDataError: for modules, functions, classes and the like; it says where they are and what to save instead.
    Source: torch.save.
    """
    who = f"save: {name_of(f)}"
    if isinstance(f, (str, os.PathLike)):
        with replacing(f, "w+b") as stream:
            native.write(who, stream, obj)
    else:
        whole = io.BytesIO()
        native.write(who, whole, obj)
        f.write(whole.getbuffer())


def load(
    f: Readable,
    map_location: MapLocation = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = True,
    mmap: bool | None = None,
) -> Any:
    """Read what `save` wrote, or PyTorch, or another program that writes weights. The content says which format it is.

    Nothing in a file is ever run, whatever `weights_only` says.

    Args:
        f: a path, or a file open for reading bytes.
        map_location: where the tensors shall live: a device; or a dict of devices by the place they were saved from;
            or a function of a storage and that place. The default device unless given.
        pickle_module: must be None: pickles are read as data.
        weights_only: files with other objects than data are refused, with False as with True.
        mmap: whether to map the file into memory while it is read; by default, if `f` is a path.

    Raises:
        FileError: if the file is damaged, incomplete, of no known format, or asks for more than data.
    Source: torch.load.
    """
    if pickle_module is not None:
        raise NotImplementedError("load: pickle_module must be None: lamina reads pickles as data, by itself.")
    return _read(open_source("load", f, mmap), map_location)


def _read(source: Source, map_location: MapLocation) -> Any:
    buffer = source.buffer
    if safetensors_layout.looks_like(buffer):
        header = safetensors_layout.read_header(source)
        if native.is_native(header):
            return native.read(source, header, map_location)
    if bytes(buffer[:4]) == b"PK\x03\x04" or bytes(buffer[:1]) == b"\x80":
        return read_torch(source, map_location)
    raise FileError(f"{source.who}: it is of no format that is known here. Read it with the program that wrote it.")
