"""The bytes of a file that is read: mapped into memory where it has a path, and given back piece by piece."""

from __future__ import annotations

import io
import mmap as memory_map
import os
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any, NamedTuple

import numpy as np

from lamina.io.errors import EmptyFileError

Readable = str | os.PathLike[str] | IO[bytes]

LARGEST_GROWTH, FREE_GROWTH = 100, 64 * 2**20
"""A file may become so many times larger in memory, or so many bytes in all, before it counts as a trap."""


PART = 8 * 2**20
"""How many bytes of a file are looked at before their pages are given back."""


class Span(NamedTuple):
    """A stretch of bytes in a file."""

    start: int
    size: int


class Source(NamedTuple):
    """A file that is open for reading: how messages begin, and its bytes."""

    who: str
    buffer: Any

    def copy(self, span: Span) -> bytes:
        """A copy of some bytes."""
        return bytes(self.buffer[span.start : span.start + span.size])

    def whole(self, most: int | None = None) -> Span:
        """All bytes, or so many of them from the first."""
        return Span(0, len(self.buffer) if most is None else min(most, len(self.buffer)))

    def numbers(self, span: Span) -> np.ndarray:
        """Some bytes as they lie in the file; the array must not be kept."""
        return np.frombuffer(self.buffer, np.uint8, span.size, span.start)

    def checksum(self, span: Span) -> int:
        """The CRC-32 of some bytes; the pages that were read for it are given back."""
        found = 0
        for part in _parts(span):
            found = zlib.crc32(self.numbers(part).data, found)
            self.release(part)
        return found

    def releaser(self, start: int) -> Callable[[int, int], None]:
        """A function that releases bytes of what begins here; more than what is read may be released at no harm."""
        return lambda offset, size: self.release(Span(start + offset, size))

    def stream(self) -> IO[bytes]:
        """The bytes as a file that can seek; they are not copied."""
        return io.BufferedReader(_Raw(self.buffer))

    def release(self, span: Span) -> None:
        """Say that these bytes are not needed again: mapped pages then stop counting as memory of this process."""
        if not isinstance(self.buffer, memory_map.mmap) or not hasattr(self.buffer, "madvise"):
            return
        page = memory_map.PAGESIZE
        start = span.start - span.start % page
        if span.size >= page:
            self.buffer.madvise(memory_map.MADV_DONTNEED, start, span.start + span.size - start)

    def room(self) -> int:
        """How many bytes the file may become in memory."""
        return LARGEST_GROWTH * len(self.buffer) + FREE_GROWTH


class _Raw(io.RawIOBase):
    """What `io` needs to read a buffer: `mmap` has not all of it, and `BytesIO` copies."""

    def __init__(self, buffer: Any) -> None:
        super().__init__()
        self.buffer, self.position = buffer, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self.position, os.SEEK_END: len(self.buffer)}[whence]
        if base + offset < 0:
            raise ValueError(f"a place in a file is not negative, got {base + offset}")
        self.position = base + offset
        return self.position

    def readinto(self, target: Any) -> int:
        data = self.buffer[self.position : self.position + len(target)]
        target[: len(data)] = data
        self.position += len(data)
        return len(data)


def _parts(span: Span) -> Iterator[Span]:
    for start in range(span.start, span.start + span.size, PART):
        yield Span(start, min(PART, span.start + span.size - start))


def name_of(file: Any) -> str:
    """What messages call a file: its name without the folder, or what kind of object it is."""
    path = file if isinstance(file, (str, os.PathLike)) else getattr(file, "name", None)
    if not isinstance(path, (str, os.PathLike)):
        return type(file).__name__
    text = os.fspath(path)
    return os.path.basename(os.path.normpath(text)) or text


def open_source(function: str, file: Readable, mmap: bool | None = None) -> Source:
    """The bytes of a file.

    Args:
        function: what messages begin with.
        file: a path, or an object with `read` that gives bytes.
        mmap: whether to map the file, which needs a path; by default, if it has one.

    Raises:
        FileNotFoundError: if it is not there.
        EmptyFileError: if there is nothing in it.
        ValueError: if what is open as an object shall be mapped.
    """
    who = f"{function}: {name_of(file)}"
    if isinstance(file, (str, os.PathLike)):
        with open(file, "rb") as opened:
            if not os.fstat(opened.fileno()).st_size:
                buffer: Any = b""
            elif mmap is False:
                buffer = opened.read()
            else:
                buffer = memory_map.mmap(opened.fileno(), 0, access=memory_map.ACCESS_READ)
    elif mmap:
        raise ValueError(f"{who}: only a path can be mapped into memory. Give one, or mmap=None.")
    elif not hasattr(file, "read"):
        raise AttributeError(f"{function}: a path or a file open for reading is needed, got {type(file).__name__}.")
    else:
        buffer = file.read()
        if not isinstance(buffer, (bytes, bytearray, memoryview)):
            raise TypeError(f"{who}: it must be open in binary mode; read() gives {type(buffer).__name__}.")
        buffer = bytes(buffer)
    if not len(buffer):
        raise EmptyFileError(f"{who}: the file is empty. Get it anew, or write it again.")
    return Source(who, buffer)
