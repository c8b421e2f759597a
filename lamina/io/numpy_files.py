"""NumPy's files: `.npy` with one array, and `.npz`, an archive of them."""

from __future__ import annotations

import ast
import math
import reprlib
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from lamina import dtypes
from lamina.io.advice import place_of, refuse
from lamina.io.errors import FileError, NotDataError
from lamina.io.source import Readable, Source, name_of, open_source
from lamina.io.target import Writable, writing
from lamina.io.tensors import MapLocation, device_for, numbers_of, owned
from lamina.io.zips import Archive
from lamina.tensor import Tensor

NPY = b"\x93NUMPY"
_LONGEST_HEADER = 65536


def save_npz(tensors: Mapping[str, Any], file: Writable, *, compress: bool = False) -> None:
    """Write tensors and arrays by name, for `numpy.load`.

    Args:
        tensors: a flat dict, such as a `state_dict`. NumPy has no bfloat16: convert it to float32, which loses nothing.
        file: a path, or a file open for writing bytes.
        compress: whether to compress them.

    Raises:
        NotDataError: for what is no tensor or array of numbers.
    """
    who = f"save_npz: {name_of(file)}"
    if not isinstance(tensors, Mapping):
        raise NotDataError(f"{who}: tensors by name are needed, got {type(tensors).__name__}. Save {{'name': tensor}}.")
    for name, x in tensors.items():  # all, before anything is written
        _check(who, name, x)
    with writing(file) as stream:
        kind = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
        with zipfile.ZipFile(stream, "w", kind, allowZip64=True) as archive:
            for name, x in tensors.items():
                info = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
                info.compress_type = kind
                array = numbers_of(x) if isinstance(x, Tensor) else np.asarray(x)
                with archive.open(info, "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, array, allow_pickle=False)


def _check(who: str, name: Any, x: Any) -> None:
    if not isinstance(name, str) or ".." in name.split("/") or name.startswith("/"):
        raise NotDataError(f"{who}: a name must be a str that could be a file's, got {reprlib.repr(name)}.")
    if isinstance(x, Tensor) and x.dtype is dtypes.bfloat16:
        raise NotDataError(f"{who}: {place_of((name,))} is of bfloat16, which NumPy has not. Save its float().")
    if not isinstance(x, (Tensor, np.ndarray, np.generic, int, float, complex)) or np.asarray(0 if isinstance(
        x, Tensor) else x).dtype.hasobject:  # fmt: skip
        raise refuse(who, x, (name,))


def load_npz(file: Readable, device: MapLocation = None) -> Any:
    """What NumPy wrote: a dict of tensors by name for `.npz`, one tensor for `.npy`.

    Arrays of types that tensors have not, such as strings, come as NumPy's arrays.

    Raises:
        FileError: if the file is damaged, holds Python objects, or would become far larger in memory.
    """
    return read_numpy(open_source("load_npz", file), device)


def read_numpy(source: Source, map_location: MapLocation) -> Any:
    """What is in a file of NumPy's that is open."""
    device = device_for(source.who, map_location)("cpu")
    if bytes(source.buffer[: len(NPY)]) == NPY:
        return _value(_array(source.who, "the array", source.buffer), device, source)
    archive = Archive(source)
    odd = next((name for name in archive.members if not name.endswith(".npy")), None)
    if odd is not None:
        raise FileError(f"{source.who}: it is a zip archive with {reprlib.repr(odd)} in it, which is no array.")
    return {
        name.removesuffix(".npy"): _value(_array(source.who, name, archive.unpacked(name)), device, source)
        for name in archive.members
    }


def _array(who: str, name: str, data: Any) -> np.ndarray:
    """An array in the bytes of a file, which are not copied."""

    def wrong(what: str) -> FileError:
        return FileError(f"{who}: {name} {what}. Write it again, as an array of numbers.")

    try:
        start, shape, fortran, dtype = _header(bytes(data[:_LONGEST_HEADER]))
    except (ValueError, KeyError, TypeError, SyntaxError, RecursionError, MemoryError, IndexError) as error:
        raise wrong("has a damaged header") from error
    if dtype.hasobject:
        raise wrong("holds Python objects, which are not data and are not read")
    size = math.prod(shape) * dtype.itemsize
    if size != len(data) - start:
        raise wrong(f"of shape {reprlib.repr(shape)} and type {dtype} must have {size} bytes, got {len(data) - start}")
    found: np.ndarray = np.ndarray(shape, dtype, data, start, order="F" if fortran else "C")
    return found


def _header(data: bytes) -> tuple[int, tuple[int, ...], bool, np.dtype]:
    """Where the numbers begin, their shape, whether the first index runs fastest, and their type."""
    start = {1: 10, 2: 12, 3: 12}[data[6]]
    end = start + int.from_bytes(data[8:start], "little")
    found = ast.literal_eval(data[start:end].decode("latin1" if data[6] < 3 else "utf-8").strip())
    shape, fortran = found["shape"], found["fortran_order"]
    if len(found) != 3 or end > len(data) or not isinstance(shape, tuple) or not isinstance(fortran, bool):
        raise ValueError("it must have a descr, a shape and a fortran_order")
    if not all(type(size) is int and size >= 0 for size in shape) or len(shape) > 64:
        raise ValueError("a shape has whole numbers")
    return end, shape, fortran, np.lib.format.descr_to_dtype(found["descr"])


def _value(array: np.ndarray, device: Any, source: Source) -> Any:
    try:
        dtype = dtypes.of(array.dtype.newbyteorder("="))
    except TypeError:
        return array.copy()
    first = np.frombuffer(source.buffer, np.uint8, 1).ctypes.data
    start = array.ctypes.data - first
    in_file = 0 <= start < len(source.buffer)  # it was not unpacked
    return owned(array.astype(dtype.numpy, copy=False), device, source.releaser(start) if in_file else None)
