"""`save` and `load`: data of any nesting to a file and back, in the format that the file's name or content says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any

from lamina.io import native, safetensors_layout, torch_writer, zips
from lamina.io.errors import FileError
from lamina.io.numpy_files import NPY, read_numpy, save_npz
from lamina.io.safetensors_files import save_safetensors
from lamina.io.safetensors_tensors import read_tensors
from lamina.io.sharded import is_sharded, read_sharded
from lamina.io.source import Readable, Source, name_of, open_source
from lamina.io.target import Writable, writing
from lamina.io.tensors import MapLocation
from lamina.io.torch_files import read_torch

TORCH, SAFETENSORS, NPZ = (".pt", ".pth", ".bin", ".ckpt"), ".safetensors", ".npz"
"""Names that end so are written in the format of PyTorch, of safetensors, of NumPy; all others in lamina's."""

FLAT = (SAFETENSORS, NPZ)
"""The formats of these hold a flat dict of tensors."""


def save(
    obj: Any,
    f: Writable,
    pickle_module: Any = None,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
) -> None:
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
            Names in `.pt`, `.pth`, `.bin` and `.ckpt` are written in PyTorch's format. `.safetensors` and `.npz` take a
            flat dict of tensors and are written in theirs. Everything else is written in lamina's own.
        pickle_module: must be None: no pickler of Python's is used.
        pickle_protocol: makes no difference: protocol 2 is what `torch.load(weights_only=True)` reads.

    Raises:
        NotDataError: for modules, functions, classes and the like; it says where they are and what to save instead.
    Source: torch.save.
    """
    if pickle_module is not None or not _use_new_zipfile_serialization:
        raise NotImplementedError("save: pickle_module must be None, and the format before PyTorch 1.6 is not written.")
    with writing(f) as stream:
        suffix = Path(f).suffix.lower() if isinstance(f, (str, os.PathLike)) else ""
        _write(f"save: {name_of(f)}", stream, obj, suffix)


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
        f: a path, or a file open for reading bytes; of weights in several files the index, or the folder that has it.
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
    if isinstance(f, (str, os.PathLike)) and is_sharded(Path(f)):
        return read_sharded("load", Path(f), map_location)
    return _read(open_source("load", f, mmap), map_location)


def format_of(source: Source) -> str:
    """The format of a file by its content: `lamina`, `safetensors`, `npy`, `npz` or `PyTorch`.

    Raises:
        FileError: if it is none of these.
    """
    start = source.copy(source.whole(8))
    if safetensors_layout.looks_like(source.buffer):
        return "lamina" if native.is_native(safetensors_layout.read_header(source)) else "safetensors"
    if start.startswith(NPY):
        return "npy"
    if start.startswith(zips.MARK) and any(name.endswith(".npy") for name in zips.Archive(source).members):
        return "npz"
    if start.startswith((zips.MARK, b"\x80")):
        return "PyTorch"
    raise FileError(f"{source.who}: it is of no format that is known here. Read it with the program that wrote it.")


def _read(source: Source, map_location: MapLocation) -> Any:
    if safetensors_layout.looks_like(source.buffer):
        header = safetensors_layout.read_header(source)
        return (native.read if native.is_native(header) else read_tensors)(source, header, map_location)
    return (read_torch if format_of(source) == "PyTorch" else read_numpy)(source, map_location)


def _write(who: str, stream: IO[bytes], obj: Any, suffix: str) -> None:
    if suffix in TORCH:
        torch_writer.write(who, stream, obj)
    elif suffix == SAFETENSORS:
        save_safetensors(obj, stream)
    elif suffix == NPZ:
        save_npz(obj, stream)
    else:
        native.write(who, stream, obj)
