"""Files: PyTorch's own are read without PyTorch and without running their code."""

from lamina.io.torch_files import load_torch

__all__ = ["load_torch"]
