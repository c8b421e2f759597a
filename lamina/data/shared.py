"""Batches on their way from a worker: what they are is pickled, their numbers lie in memory that both processes see."""

from __future__ import annotations

import io
import mmap
import os
import pickle
import tempfile
from collections.abc import Sequence
from multiprocessing import reduction
from typing import Any

import numpy as np

from lamina import creation
from lamina.tensor import Tensor, host_numbers

ALIGNMENT = 64


class Marked:
    """An array that becomes a Tensor in the user's process."""

    __slots__ = ("array",)

    def __init__(self, array: np.ndarray) -> None:
        self.array = array


class Segment:
    """Memory that two processes see. It has no name, so nothing is left behind, whoever dies when.

    It grows to the largest batch, and is used again for the next ones.
    """

    def __init__(self) -> None:
        self.file = os.memfd_create("lamina-data") if hasattr(os, "memfd_create") else _nameless_file()
        self._map: mmap.mmap | None = None

    def __getstate__(self) -> Any:
        return reduction.DupFd(self.file)

    def __setstate__(self, state: Any) -> None:
        self.file = state.detach()
        self._map = None

    def view(self, size: int) -> memoryview:
        """The first bytes, as many as are asked for."""
        if self._map is None or len(self._map) < size:
            if os.fstat(self.file).st_size < size:
                os.ftruncate(self.file, 1 << max(size - 1, mmap.PAGESIZE - 1).bit_length())
            self._map = mmap.mmap(self.file, os.fstat(self.file).st_size)
        return memoryview(self._map)[:size]

    def write(self, buffers: Sequence[pickle.PickleBuffer]) -> list[tuple[int, int]]:
        """Put the buffers here; the beginning and end of each."""
        places, end = [], 0
        for buffer in buffers:
            size = buffer.raw().nbytes
            places.append((end, end + size))
            end += -(-size // ALIGNMENT) * ALIGNMENT
        if end:
            whole = self.view(end)
            for buffer, (start, stop) in zip(buffers, places, strict=True):
                whole[start:stop] = buffer.raw()
        return places

    def read(self, places: Sequence[tuple[int, int]]) -> list[memoryview]:
        """What lies at these places, not copied."""
        whole = self.view(max(stop for _, stop in places)) if places else memoryview(b"")
        return [whole[start:stop] for start, stop in places]

    def close(self) -> None:
        """Give the memory back, once nothing shows it."""
        self._map = None
        if self.file >= 0:
            os.close(self.file)
            self.file = -1


def _nameless_file() -> int:
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


class _Pickler(pickle.Pickler):
    """Pickles with all arrays' numbers out of band."""

    def reducer_override(self, obj: Any) -> Any:
        kind = type(obj)
        if kind is Marked:
            return _as_tensor, _parts(obj.array)
        if kind is Tensor and not obj.requires_grad:
            return _as_tensor, _parts(host_numbers(obj))
        if kind is np.ndarray and not obj.dtype.hasobject:
            return _as_array, _parts(obj)
        return NotImplemented


def _parts(array: np.ndarray) -> tuple[Any, ...]:
    raw: Any = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    return pickle.PickleBuffer(raw), array.dtype, array.shape


def _shown(buffer: Any, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    return np.frombuffer(buffer, np.uint8).view(dtype).reshape(shape)


def _as_tensor(buffer: Any, dtype: np.dtype, shape: tuple[int, ...]) -> Tensor:
    return creation.of_host(_shown(buffer, dtype, shape), lent=True)


def _as_array(buffer: Any, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    return _shown(buffer, dtype, shape).copy()


def pack(batch: Any) -> tuple[bytes, list[pickle.PickleBuffer]]:
    """A batch as bytes, and the numbers of its arrays apart from them."""
    found = io.BytesIO()
    buffers: list[pickle.PickleBuffer] = []
    _Pickler(found, protocol=5, buffer_callback=buffers.append).dump(batch)
    return found.getvalue(), buffers


def unpack(content: bytes, buffers: Sequence[Any]) -> Any:
    """The batch, with Tensors on the default device; the buffers may be written to again afterwards."""
    return pickle.loads(content, buffers=buffers)
