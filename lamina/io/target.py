"""What is written to: a path, whose file is replaced whole, or a file that is open already."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from typing import IO

from lamina.io.atomic import replacing

Writable = str | os.PathLike[str] | IO[bytes]


@contextlib.contextmanager
def writing(file: Writable, overwrite: bool = True) -> Iterator[IO[bytes]]:
    """A stream that can seek. A path gets its bytes when the block ends without an error; a file that is open, at once.

    Args:
        file: a path, or a file open for writing bytes. One that cannot seek, or only appends, gets them in the end.
        overwrite: whether a path may be that of a file already.
    """
    if isinstance(file, (str, os.PathLike)):
        with replacing(file, "w+b", overwrite=overwrite) as stream:
            yield stream
        return
    if not hasattr(file, "write"):
        raise AttributeError(f"save: a path or a file open for writing is needed, got {type(file).__name__}.")
    if isinstance(file, io.TextIOBase):
        raise TypeError("save: the file must be open in binary mode, 'wb', got one open for text.")
    if hasattr(file, "seekable") and file.seekable() and "a" not in str(getattr(file, "mode", "")):
        yield file
        return
    whole = io.BytesIO()
    yield whole
    file.write(whole.getbuffer())
