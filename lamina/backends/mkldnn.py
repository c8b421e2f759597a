"""`torch.backends.mkldnn`: a library that XLA uses as it sees fit."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

__all__ = ["flags", "is_available"]

enabled = True
deterministic = False
allow_tf32 = True


def is_available() -> bool:
    """False: there is nothing to be chosen here."""
    return False


@contextlib.contextmanager
def flags(enabled: bool = False, deterministic: bool = False, allow_tf32: bool = True) -> Iterator[None]:
    """Flags for the time of a block. They change nothing."""
    names = globals()
    before = {name: names[name] for name in ("enabled", "deterministic", "allow_tf32")}
    names.update(enabled=enabled, deterministic=deterministic, allow_tf32=allow_tf32)
    try:
        yield
    finally:
        names.update(before)
