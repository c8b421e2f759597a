"""Zip archives, opened with suspicion: what a member is called and where it lies comes from whoever made the file."""

from __future__ import annotations

import reprlib
import struct
import zipfile
import zlib
from typing import Any

from lamina.io.errors import FileError
from lamina.io.source import Source, Span

MARK = b"PK\x03\x04"
_DAMAGED = "Get the file anew, or write it again."


class Archive:
    """The members of an archive by name.

    Args:
        source: the file.

    Raises:
        FileError: if two members have one name or share bytes, if a name leads out of the archive, if a member is
            encrypted, or if they would become far larger than the file.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        who = source.who
        try:
            with zipfile.ZipFile(source.stream()) as archive:
                members = archive.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error, RecursionError) as error:
            raise FileError(f"{who}: the file is incomplete, or damaged: {error}. {_DAMAGED}") from None
        self.members: dict[str, zipfile.ZipInfo] = {}
        for member in members:
            name = member.filename
            if name in self.members:
                raise FileError(f"{who}: the file is damaged: {reprlib.repr(name)} is in it twice. {_DAMAGED}")
            if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/"):
                raise FileError(f"{who}: {reprlib.repr(name)} leads out of the archive. Do not use this file.")
            if member.flag_bits & 1:
                raise FileError(f"{who}: {reprlib.repr(name)} is encrypted. Unpack the archive and pack it anew.")
            self.members[name] = member
        self._look_at_sizes()

    def _look_at_sizes(self) -> None:
        who, total, end = self.source.who, 0, 0
        for member in sorted(self.members.values(), key=lambda member: member.header_offset):
            if member.header_offset < end:
                raise FileError(f"{who}: the file is damaged: members of the archive share bytes. {_DAMAGED}")
            end = member.header_offset + 30 + len(member.filename) + member.compress_size
            total += member.file_size
        if total > self.source.room():
            raise FileError(
                f"{who}: unpacked it would have {total} bytes, the file has {len(self.source.buffer)}. If you trust "
                "it, unpack it with another program and load what is inside."
            )

    def span(self, name: str) -> Span:
        """Where the bytes of a member are: behind its own header, of another length than that in the directory.

        Raises:
            FileError: if it is not there, or compressed.
        """
        who, buffer = self.source
        if name not in self.members:
            raise FileError(f"{who}: the file is incomplete: it has no {name}. Get the file anew.")
        member = self.members[name]
        header = bytes(buffer[member.header_offset : member.header_offset + 30])
        if len(header) < 30 or header[:4] != MARK:
            raise FileError(f"{who}: the file is incomplete, or damaged: {name} is not where it should be. {_DAMAGED}")
        if member.compress_type != zipfile.ZIP_STORED:
            raise FileError(f"{who}: {name} is compressed; torch.save stores the bytes as they are.")
        length, extra = struct.unpack("<HH", header[26:])
        return Span(member.header_offset + 30 + length + extra, member.file_size)

    def checked(self, name: str) -> Span:
        """The same, after a comparison with the checksum; PyTorch can leave it out, and then writes 0.

        Raises:
            FileError: if the bytes are others than were written.
        """
        found, wanted = self.span(name), self.members[name].CRC
        there = max(min(found.size, len(self.source.buffer) - found.start), 0)
        if wanted and there == found.size and self.source.checksum(found) != wanted:
            raise FileError(f"{self.source.who}: {name} is damaged: its checksum is another. {_DAMAGED}")
        return found

    def stored(self, name: str) -> bytes:
        """The bytes of a member that is not compressed."""
        return self.source.copy(self.checked(name))

    def unpacked(self, name: str) -> Any:
        """The bytes of any member: in place, if it is not compressed.

        Raises:
            FileError: if they are damaged.
        """
        member = self.members[name]
        if member.compress_type == zipfile.ZIP_STORED:
            return memoryview(self.source.buffer)[(span := self.checked(name)).start : span.start + span.size]
        try:
            with zipfile.ZipFile(self.source.stream()) as archive:
                with archive.open(member) as file:
                    data = file.read(member.file_size + 1)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, ValueError) as error:
            raise FileError(f"{self.source.who}: {name} is damaged: {error}. {_DAMAGED}") from None
        if len(data) != member.file_size:
            raise FileError(
                f"{self.source.who}: {name} is damaged: it has {len(data)} bytes, not {member.file_size}. {_DAMAGED}"
            )
        return data
