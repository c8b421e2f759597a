"""`torch.backends.mkl`: a library that XLA does not use."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

__all__ = ["VERBOSE_OFF", "VERBOSE_ON", "is_available", "verbose"]

VERBOSE_OFF, VERBOSE_ON = 0, 1


def is_available() -> bool:
    """False."""
    return False


@contextlib.contextmanager
def verbose(enable: int) -> Iterator[None]:
    """Nothing: there are no calls of it to tell of."""
    yield
