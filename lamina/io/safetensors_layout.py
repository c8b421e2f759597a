"""The layout of safetensors files: a length, a header in JSON that says what lies where, then the numbers.

Read with suspicion: a header that names a thing twice, leaves bytes out, or lets two tensors share bytes is refused.
What lamina writes has a checksum of each tensor and one of the header in its metadata, which others ignore.
"""

from __future__ import annotations

import json
import math
import reprlib
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, NamedTuple, NoReturn

import numpy as np

from lamina.io.errors import FileError
from lamina.io.source import Source, Span

SIZES = {
    "BOOL": 8, "U8": 8, "I8": 8, "I16": 16, "U16": 16, "I32": 32, "U32": 32, "I64": 64, "U64": 64, "F16": 16,
    "BF16": 16, "F32": 32, "F64": 64, "C64": 64, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8,
    "F8_E5M2FNUZ": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip
"""Bits of one element, by the name that the format has for the type."""

LONGEST_HEADER = 100_000_000
TENSOR_CHECKS, HEADER_CHECK = "lamina.crc32", "lamina.header_crc32"
_NO_CHECK = "0" * 8
_DAMAGED = "Get the file anew, or write it again."


class Entry(NamedTuple):
    """What the header says of a tensor: the format's name for its type, its shape, its place in the file."""

    kind: str
    shape: tuple[int, ...]
    span: Span


class Header(NamedTuple):
    """The tensors by name, the metadata, and the checksums of tensors that have one."""

    entries: dict[str, Entry]
    metadata: dict[str, str]
    checks: dict[str, int]

    @property
    def notes(self) -> dict[str, str]:
        """The metadata without lamina's own entries."""
        return {name: text for name, text in self.metadata.items() if not name.startswith("lamina.")}


class Piece(NamedTuple):
    """A tensor to write: its name, type and shape, and a function that gives its numbers when they are needed."""

    name: str
    kind: str
    shape: tuple[int, ...]
    numbers: Callable[[], np.ndarray]

    @property
    def size(self) -> int:
        """Its bytes."""
        return math.prod(self.shape) * SIZES[self.kind] // 8


def looks_like(buffer: Any) -> bool:
    """Whether a file begins as one of these."""
    return len(buffer) > 8 and bytes(buffer[8:9]) == b"{"


# Reading.


def read_header(source: Source) -> Header:
    """What is in a file, after a look at all that the header claims.

    Raises:
        FileError: if it cannot be true.
    """
    who, buffer = source.who, source.buffer
    length = int.from_bytes(bytes(buffer[:8]), "little")
    if len(buffer) < 10 or length > min(LONGEST_HEADER, len(buffer) - 8):
        raise FileError(
            f"{who}: it is no whole safetensors file: a header of {length} bytes is announced, at most "
            f"{max(min(LONGEST_HEADER, len(buffer) - 8), 0)} can be there. {_DAMAGED}"
        )
    text = bytes(buffer[8 : 8 + length])
    try:
        found = json.loads(text.decode("utf-8"), object_pairs_hook=distinct, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise FileError(f"{who}: its header is damaged: {short(error)}. {_DAMAGED}") from None
    if not isinstance(found, dict):
        raise FileError(f"{who}: its header is damaged: it must be an object, got {type(found).__name__}. {_DAMAGED}")
    metadata = found.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise FileError(f"{who}: its header is damaged: metadata must be texts by name. {_DAMAGED}")
    check = metadata.pop(HEADER_CHECK, None)
    ours = any(name.startswith("lamina.") for name in metadata)  # all that lamina writes has one
    if (check is not None or ours) and check != _check_of_header(text, check):
        raise FileError(f"{who}: its header is damaged: its checksum is another. {_DAMAGED}")
    entries = {name: _entry(who, name, fields, 8 + length) for name, fields in found.items()}
    _whole(who, entries, 8 + length, len(buffer))
    return Header(entries, metadata, _checks(who, metadata.pop(TENSOR_CHECKS, None), entries))


def verify(source: Source, header: Header, name: str) -> None:
    """Compare the numbers of a tensor with their checksum, if there is one.

    Raises:
        FileError: if they are others than were written.
    """
    wanted = header.checks.get(name)
    if wanted is not None and source.checksum(header.entries[name].span) != wanted:
        raise FileError(
            f"{source.who}: the numbers of {reprlib.repr(name)} are damaged: their checksum is another. {_DAMAGED}"
        )


def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object that JSON describes by these pairs; ValueError if a name is in it twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{reprlib.repr(twice)} is in it twice")
    return found


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def short(error: Exception) -> str:
    """What an error says, in one line."""
    text = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
    return text.splitlines()[0][:200] if text else type(error).__name__


def _entry(who: str, name: str, fields: Any, start: int) -> Entry:
    def wrong(what: str) -> FileError:
        return FileError(f"{who}: its header is damaged: {reprlib.repr(name)} {what}. {_DAMAGED}")

    if not isinstance(fields, dict) or set(fields) != {"dtype", "shape", "data_offsets"}:
        raise wrong("must have a dtype, a shape and data_offsets, and nothing else")
    kind, shape, offsets = fields["dtype"], fields["shape"], fields["data_offsets"]
    if not isinstance(kind, str) or kind not in SIZES:
        raise wrong(f"has the type {reprlib.repr(kind)}, which the format does not know")
    if not counts(shape) or not counts(offsets) or len(offsets) != 2 or len(shape) > 64:
        raise wrong("must have whole numbers as its shape, and two as its data_offsets")
    bits, size = math.prod(shape) * SIZES[kind], offsets[1] - offsets[0]
    if bits != size * 8:
        raise wrong(f"of shape {reprlib.repr(tuple(shape))} and type {kind} has {bits // 8} bytes, not {size}")
    return Entry(kind, tuple(shape), Span(start + offsets[0], size))


def counts(numbers: Any) -> bool:
    """Whether it is a list of whole numbers, none below 0."""
    return isinstance(numbers, list) and all(type(number) is int and number >= 0 for number in numbers)


def _whole(who: str, entries: Mapping[str, Entry], start: int, end: int) -> None:
    """The tensors must follow each other, from the end of the header to the end of the file."""
    position = start
    for name, entry in sorted(entries.items(), key=lambda item: item[1].span):
        if entry.span.start != position:
            what = "overlaps another" if entry.span.start < position else "leaves a gap before it"
            raise FileError(f"{who}: its header is damaged: {reprlib.repr(name)} {what}. {_DAMAGED}")
        position += entry.span.size
    if position != end:
        what = "incomplete" if position > end else "longer than its header says"
        raise FileError(f"{who}: the file is {what}: it must have {position} bytes, got {end}. {_DAMAGED}")


def _checks(who: str, text: str | None, entries: Mapping[str, Entry]) -> dict[str, int]:
    if text is None:
        return {}
    try:
        found = json.loads(text, object_pairs_hook=distinct)
        checks = {name: int(value, 16) for name, value in found.items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        checks = {}
    if checks.keys() != entries.keys():
        raise FileError(f"{who}: its header is damaged: its checksums are not those of its tensors. {_DAMAGED}")
    return checks


def _check_of_header(text: bytes, check: str | None) -> str:
    return f"{zlib.crc32(text.replace(_stored(check), _stored(_NO_CHECK), 1)):08x}"


def _stored(check: str | None) -> bytes:
    return f'"{HEADER_CHECK}":"{check}"'.encode()


# Writing.


def write(stream: IO[bytes], pieces: Sequence[Piece], metadata: Mapping[str, str]) -> int:
    """Write a file: each tensor is asked for its numbers when its turn comes.

    Args:
        stream: where to; it must be able to seek.
        pieces: the tensors. The header keeps their order; the numbers lie by the size of elements, so all are aligned.
        metadata: texts by name.

    Returns:
        the checksum of the header, which holds those of all tensors.
    """
    begin = stream.tell()
    sums = dict.fromkeys((piece.name for piece in pieces), _NO_CHECK)
    order = sorted(range(len(pieces)), key=lambda number: -SIZES[pieces[number].kind])
    offsets, position = {}, 0
    for number in order:
        offsets[number] = [position, position + pieces[number].size]
        position += pieces[number].size
    entries = {
        piece.name: {"dtype": piece.kind, "shape": piece.shape, "data_offsets": offsets[number]}
        for number, piece in enumerate(pieces)
    }
    header = _header(metadata, sums, entries)
    if len(header) > LONGEST_HEADER:
        raise FileError(
            f"save: the header would have {len(header)} bytes; the format allows {LONGEST_HEADER}. Save in parts."
        )
    stream.write(len(header).to_bytes(8, "little") + header)
    for number in order:
        piece = pieces[number]
        data = np.ascontiguousarray(piece.numbers()).reshape(-1).view(np.uint8)
        assert data.nbytes == piece.size, f"{piece.name} has {data.nbytes} bytes, not {piece.size}"
        sums[piece.name] = f"{zlib.crc32(data.data):08x}"
        stream.write(data.data)
    header = _header(metadata, sums, entries)
    header = header.replace(_stored(_NO_CHECK), _stored(f"{zlib.crc32(header):08x}"), 1)
    end = stream.tell()
    stream.seek(begin + 8)
    stream.write(header)
    stream.seek(end)
    return zlib.crc32(header)


def _header(metadata: Mapping[str, str], sums: Mapping[str, str], entries: Mapping[str, Any]) -> bytes:
    checks = {HEADER_CHECK: _NO_CHECK, TENSOR_CHECKS: json.dumps(sums, separators=(",", ":"))}
    everything = {"__metadata__": {**checks, **metadata}, **entries}
    text = json.dumps(everything, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    return text + b" " * (-len(text) % 8)
