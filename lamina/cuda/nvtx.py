"""`torch.cuda.nvtx`: names for stretches of a program, shown by JAX's profiler."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import jax

_open: list[Any] = []


@contextlib.contextmanager
def range(msg: str, *args: Any, **kwargs: Any) -> Iterator[None]:
    """A block under a name."""
    with jax.profiler.TraceAnnotation(msg.format(*args, **kwargs)):
        yield


def range_push(msg: str) -> int:
    """Begin a stretch under a name; returns how deep it lies."""
    annotation = jax.profiler.TraceAnnotation(msg)
    annotation.__enter__()
    _open.append(annotation)
    return len(_open) - 1


def range_pop() -> int:
    """End the innermost stretch; returns how deep it lay."""
    if _open:
        _open.pop().__exit__(None, None, None)
    return len(_open)


def mark(msg: str) -> None:
    """A moment under a name."""
    with jax.profiler.TraceAnnotation(msg):
        pass
