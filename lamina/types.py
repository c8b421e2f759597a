"""`torch.types`: names for annotations."""

import builtins
import os
from typing import IO, Any, TypeAlias

from lamina.devices import device
from lamina.tensor import Size, Tensor

__all__ = ["Device", "FileLike", "Number", "Size", "Tensor"]

Number: TypeAlias = builtins.int | builtins.float | builtins.bool
Device: TypeAlias = device | builtins.str | builtins.int | None
FileLike: TypeAlias = builtins.str | os.PathLike[builtins.str] | IO[builtins.bytes]
IntLikeType: TypeAlias = builtins.int
FloatLikeType: TypeAlias = builtins.float
BoolLikeType: TypeAlias = builtins.bool
Storage: TypeAlias = Any
