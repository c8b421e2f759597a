"""Files: data and weights are saved and loaded, in lamina's format and others', without running what is in them."""

from lamina.io.errors import EmptyFileError, FileError, NotDataError, UnsafeFileError
from lamina.io.files import load, save
from lamina.io.torch_files import load_torch

__all__ = ["save", "load", "load_torch", "FileError", "UnsafeFileError", "EmptyFileError", "NotDataError"]
