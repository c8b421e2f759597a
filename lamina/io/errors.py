"""What goes wrong with files, in one line: which file, what is wrong with it, what can be done."""

from __future__ import annotations

from pickle import UnpicklingError


def printable(text: str) -> str:
    r"""Text from a file, with escapes for what would begin a line or move the cursor.

    >>> printable("two\nlines")
    'two\\nlines'
    """
    return "".join(x if x.isprintable() else repr(x)[1:-1] for x in text)


class FileError(RuntimeError):
    """A file that is damaged, incomplete, of another format, or that holds what cannot be kept.

    Nothing of such a file has been run, and nothing has been half loaded.
    """

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


class UnsafeFileError(FileError, UnpicklingError):
    """A file whose pickle is none, or asks for more than data. `torch.load` raises `pickle.UnpicklingError` there."""


class EmptyFileError(FileError, EOFError):
    """A file without a single byte."""


class NotDataError(FileError, TypeError):
    """What cannot be saved because it is no data: a module, a function, a class."""
