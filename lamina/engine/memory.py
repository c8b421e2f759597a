"""What the C library does with memory that programs have freed: kept for the next step, given back after compiling.

All that a program computes on its way lies in one block, which XLA allocates and frees in each step. By default glibc asks
the system for a large block anew each time, and the system clears every page of it when it is first touched: a sixth of
the time of a step that needs 150 MB. Elsewhere than on glibc, nothing here has an effect.
"""

from __future__ import annotations

import ctypes
import os
import time
from typing import Any

__all__ = ["give_back", "keep"]

ROOM = 1 << 30
"""Bytes: up to so many are kept at the end of the heap; larger blocks alone come from the system each time."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""What `mallopt` calls its parameters; see malloc.h."""


def _libc(name: str) -> Any:
    """A function of the C library, or None."""
    try:
        return getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError, TypeError):
        return None


def keep() -> None:
    """From now on, freed memory stays with the process, for the next step. One heap for all threads: those of others than
    the first end after 64 MB, and larger blocks would come from the system all the same.

    Whoever sets up glibc's allocation with environment variables (`MALLOC_...`, `GLIBC_TUNABLES`) is not overruled.
    """
    if any(name.startswith("MALLOC_") or name == "GLIBC_TUNABLES" for name in os.environ):
        return
    mallopt = _libc("mallopt")
    if mallopt is not None:
        for parameter, value in ((_ARENA_MAX, 1), (_MMAP_THRESHOLD, ROOM), (_TRIM_THRESHOLD, ROOM)):
            mallopt(parameter, value)


_malloc_trim = _libc("malloc_trim")


class _Seconds:
    """What compiling and giving back memory have taken so far."""

    compiling = giving_back = 0.0


def give_back(compiling: float) -> None:
    """Give what the compiler used and freed back to the system; glibc would keep it beside the buffers of the step.

    That looks through all of the process's memory, so it is left out when it takes more than a twentieth of the time
    that compiling does.
    """
    _Seconds.compiling += compiling
    if _malloc_trim is None or _Seconds.giving_back > _Seconds.compiling / 20:
        return
    start = time.perf_counter()
    _malloc_trim(0)
    _Seconds.giving_back += time.perf_counter() - start
