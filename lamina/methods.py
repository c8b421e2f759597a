"""The methods of Tensor that are made at run time, for those who read types: they are listed in `methods.pyi`."""

from __future__ import annotations


class Methods:
    """What Tensor is given by `binding`, `namespace` and `operators`."""

    __slots__ = ()
