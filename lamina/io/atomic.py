"""Files that are written whole or not at all: whoever reads one sees the old or the new, never a part.

The new file is written beside the old one under a name of its own, pushed to the disk, and renamed over it. If anything
fails on the way, a full disk or Ctrl-C, the old file is as it was and nothing is left beside it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

Where = str | os.PathLike[str]


@contextlib.contextmanager
def replacing(path: Where, mode: str = "wb", *, overwrite: bool = True) -> Iterator[IO[Any]]:
    """A new file, open for writing, that takes the place of `path` when the block ends without an error.

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "log.txt"
    >>> with replacing(path, "w") as file:
    ...     _ = file.write("whole")
    ...     path.exists()
    False
    >>> path.read_text()
    'whole'

    Args:
        path: the file. A link is followed: the file it leads to is replaced.
        mode: `wb` for bytes, `w` for text, which is written as UTF-8; with `+` it can be read as well.
        overwrite: whether there may be such a file already.

    Raises:
        FileExistsError: if there is one and it may not be replaced.
        IsADirectoryError: if it is a folder.
    """
    if mode.replace("+", "") not in ("wb", "w"):
        raise ValueError(f"replacing: mode must be 'wb' or 'w', with '+' to read as well, got {mode!r}.")
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(f"replacing: {os.fspath(path)} is a folder; a file is needed.")
    text = {} if "b" in mode else {"encoding": "utf-8", "newline": ""}
    name = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}.tmp")
    try:
        with open(name, mode.replace("w", "x"), **text) as file:  # type: ignore[call-overload]
            yield file
            file.flush()
            if target.exists():
                shutil.copymode(target, name)
            os.fsync(file.fileno())
        _put(name, target, overwrite)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
    sync_folder(target.parent)


@contextlib.contextmanager
def replacing_folder(path: Where, *, overwrite: bool = True) -> Iterator[Path]:
    """A new, empty folder that takes the place of `path` when the block ends without an error.

    What is written into it is pushed to the disk first. A folder that is there already is moved aside, and deleted only
    after the new one has its name: a reader finds one of them whole, or for a moment none.

    Raises:
        FileExistsError: if there is one and it may not be replaced.
        NotADirectoryError: if it is a file.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_dir():
        raise NotADirectoryError(f"replacing_folder: {os.fspath(path)} is a file; a folder is needed.")
    if target.exists() and not overwrite:
        raise FileExistsError(f"replacing_folder: {os.fspath(path)} is there already.")
    work = Path(tempfile.mkdtemp(prefix=f".{target.name[:100]}.", suffix=".tmp", dir=target.parent))
    old = work.with_suffix(".old")
    new = work / "new"  # inside a folder that only its owner can enter
    try:
        new.mkdir()
        yield new
        for folder, _, files in os.walk(new):
            for file in files:
                _sync(Path(folder) / file)
            sync_folder(folder)
        moved = target.exists()
        if moved:
            os.rename(target, old)
        try:
            os.rename(new, target)
        except BaseException:
            if moved:
                os.rename(old, target)
            raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    sync_folder(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def write_bytes(path: Where, data: bytes | bytearray | memoryview, *, overwrite: bool = True) -> None:
    """Write a file of these bytes, whole or not at all."""
    with replacing(path, "wb", overwrite=overwrite) as file:
        file.write(data)


def write_text(path: Where, text: str, *, overwrite: bool = True) -> None:
    """Write a file of this text as UTF-8, whole or not at all."""
    with replacing(path, "w", overwrite=overwrite) as file:
        file.write(text)


def sync_folder(folder: Where) -> None:
    """Push to the disk which files a folder has: without it, a rename may be lost with the power."""
    if os.name == "posix":
        _sync(folder)


def _sync(path: Where) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _put(name: Path, target: Path, overwrite: bool) -> None:
    """Give the finished file its name. A hard link fails, where a rename would replace."""
    if overwrite:
        os.replace(name, target)
        return
    try:
        os.link(name, target)
    except FileExistsError:
        raise FileExistsError(f"replacing: {target} is there already.") from None
    os.unlink(name)
