"""The version of PyTorch that lamina follows, for programs that ask for it: `torch.__version__`, `torch.version`."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["TorchVersion", "__version__", "cuda", "debug", "git_version", "hip", "xpu"]


def _parts(version: Any) -> tuple[tuple[int, ...], bool]:
    """The numbers of a version, without zeros at the end, and whether it is a release (not 2.0a1, 2.0.dev3, 2.0rc1)."""
    text = ".".join(map(str, version)) if isinstance(version, (tuple, list)) else str(version)
    found = re.match(r"v?(\d+(?:\.\d+)*)[-_.]?(a|b|c|rc|alpha|beta|pre|preview|dev)?", text.strip().lower())
    if found is None:
        raise ValueError(f"Invalid version: {text!r}")
    numbers = [int(n) for n in found[1].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers), found[2] is None


class TorchVersion(str):
    """A version that compares by its numbers, with strings and with tuples of numbers.

    >>> TorchVersion("2.13.0") > "2.2", TorchVersion("2.13.0") >= (2, 13), TorchVersion("2.13.0") < "2.13.0a1"
    (True, True, False)
    """

    def __lt__(self, other: Any) -> bool:
        return _parts(self) < _parts(other)

    def __le__(self, other: Any) -> bool:
        return _parts(self) <= _parts(other)

    def __gt__(self, other: Any) -> bool:
        return _parts(self) > _parts(other)

    def __ge__(self, other: Any) -> bool:
        return _parts(self) >= _parts(other)

    def __eq__(self, other: object) -> bool:
        try:
            return _parts(self) == _parts(other)
        except ValueError:
            return False

    def __hash__(self) -> int:
        return str.__hash__(self)


__version__ = TorchVersion("2.13.0")
debug = False
cuda = hip = xpu = git_version = None
