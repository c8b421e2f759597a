"""What the C library does with memory that programs have freed: kept for the next step, given back after compiling.

What a program computes on its way lies in memory that XLA allocates and frees in each step. By default glibc asks the
system for large blocks anew each time, and the system clears every page when it is first touched: a fifth of the time
of a step that needs 135 MB. Elsewhere than on glibc, nothing here has an effect.
"""

from __future__ import annotations

import ctypes
import functools
import math
import os
import time
from collections.abc import Callable, Iterable
from typing import Any

import jax.numpy as jnp

from lamina.engine.program import Spec

__all__ = ["Pace", "give_back", "in_blocks", "is_heavy", "keep", "surplus", "tidy"]

_LARGEST = 32 << 20
"""Bytes: glibc can keep blocks below this. The heaps of threads, as those that run programs, are of 64 MB."""

_BLOCK = 24 << 20
"""Bytes: what programs need is allocated in blocks of so many, which fit into such a heap."""

_HEAVY = 8 << 20
"""Bytes: a program that gives more takes so long that waiting for the one before takes nothing."""

_BULKY = 1 << 20
"""Bytes: of a program that gives more, one run may wait for its turn; results of many would not fit into the cache."""

_ROOM = 64 << 20
"""Bytes: so many may be free at the end of a heap before they are given back."""

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
"""What `mallopt` calls its parameters; see malloc.h."""


def _libc(name: str) -> Any:
    """A function of the C library, or None."""
    try:
        return getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError, TypeError):
        return None


@functools.cache
def keep() -> bool:
    """From now on, freed memory stays with the process, for the next step; whether that is so.

    Whoever sets up glibc's allocation with environment variables (`MALLOC_...`, `GLIBC_TUNABLES`) is not overruled.
    """
    if any(name.startswith("MALLOC_") or name == "GLIBC_TUNABLES" for name in os.environ):
        return False
    mallopt = _libc("mallopt")
    if mallopt is None:
        return False
    # With the padding, a heap that is empty is not given back either.
    wanted = ((_MMAP_THRESHOLD, _LARGEST), (_TRIM_THRESHOLD, _ROOM), (_TOP_PAD, 2 * _LARGEST))
    return all(mallopt(parameter, value) for parameter, value in wanted)


def in_blocks(jaxpr: Any) -> dict[str, int]:
    """Options with which XLA allocates what a program needs in blocks that can be kept, instead of in one."""
    if not keep():
        return {}
    largest = _largest(jaxpr)
    # XLA warns of arrays that are larger than a block. Those of the program are known; what it makes of them is not.
    return {"xla_multiheap_size_constraint_per_heap": _BLOCK if largest <= _BLOCK else 2 * largest}


def _largest(jaxpr: Any) -> int:
    """Bytes of the largest array in a jaxpr and those within it."""
    largest = 0
    for equation in jaxpr.eqns:
        for found in equation.outvars:
            dtype = getattr(found.aval, "dtype", None)
            if dtype is not None:
                largest = max(largest, math.prod(found.aval.shape) * dtype.itemsize)
        for parameter in equation.params.values():
            for inner in parameter if isinstance(parameter, (tuple, list)) else (parameter,):
                inner = getattr(inner, "jaxpr", inner)
                if hasattr(inner, "eqns"):
                    largest = max(largest, _largest(inner))
    return largest


def surplus(results: Iterable[Spec], reused: Iterable[Spec]) -> int:
    """Bytes of the host's memory that a program takes for its results beyond those of the inputs it writes over."""
    return sum(map(_bytes, results)) - sum(map(_bytes, reused))


def is_heavy(bytes: int) -> bool:
    """Whether a program of this surplus should wait for the one before."""
    return bytes > _HEAVY


def _bytes(spec: Spec) -> int:
    return math.prod(spec.shape) * spec.dtype.itemsize if spec.device.platform == "cpu" else 0


class Pace:
    """Lets one run of a program wait for its turn, not as many as JAX would: their results fill the caches.

    The program gives one more result, a sign that it has ended, of which the last two are kept.
    """

    __slots__ = ("_before", "_last")

    def __init__(self) -> None:
        self._before: Any = None
        self._last: Any = None

    @staticmethod
    def of(bytes: int) -> Pace | None:
        """The pace of a program of this surplus, if it needs one."""
        return Pace() if _BULKY < bytes <= _HEAVY else None

    @staticmethod
    def with_sign(function: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
        """The function with the sign as its last result."""
        return lambda *arguments: [*function(*arguments), jnp.zeros((), bool)]

    def wait(self) -> None:
        """Wait until the run before the last one has ended."""
        if self._before is not None:
            self._before.block_until_ready()

    def note(self, sign: Any) -> None:
        """Remember the sign of a run."""
        self._before, self._last = self._last, sign


_malloc_trim = _libc("malloc_trim")


def tidy(runs: int) -> None:
    """Give pages that lie free between the buffers of a heavy program back to the system, ever more rarely.

    Its first runs leave gaps, which the next ones, allocated in another order, do not quite fill: the process would
    grow by a third over twenty steps. After a power of two of runs this takes some milliseconds.
    """
    if _malloc_trim is not None and runs & (runs - 1) == 0:
        _malloc_trim(0)


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
