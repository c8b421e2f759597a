"""Files: data and weights are saved and loaded, in lamina's format and others', without running what is in them."""

from lamina.io.errors import EmptyFileError, FileError, NotDataError, UnsafeFileError
from lamina.io.files import load, save
from lamina.io.numpy_files import load_npz, save_npz
from lamina.io.safetensors_files import load_safetensors, safetensors_metadata, save_safetensors
from lamina.io.torch_files import load_torch
from lamina.io.torch_writer import save_torch

__all__ = [
    "save", "load", "save_torch", "load_torch", "save_safetensors", "load_safetensors", "safetensors_metadata",
    "save_npz", "load_npz", "FileError", "UnsafeFileError", "EmptyFileError", "NotDataError",
]  # fmt: skip
