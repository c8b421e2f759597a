"""`torch.profiler`: names for stretches of a program. What took how long is shown by JAX's profiler."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax

__all__ = ["profile", "record_function"]


class record_function:
    """A block or a function under a name in JAX's traces.

    Args:
        name: the name.
        args: accepted.
    """

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name, self.args = name, args
        self._open: list[Any] = []

    def __enter__(self) -> record_function:
        self._open.append(jax.profiler.TraceAnnotation(self.name))
        self._open[-1].__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._open.pop().__exit__(*error)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def named(*args: Any, **options: Any) -> Any:
            with self:
                return function(*args, **options)

        return named


class profile:
    """Not here: operations run as one compiled program, so their times are XLA's to tell."""

    def __init__(self, *args: Any, **options: Any) -> None:
        raise NotImplementedError(
            "profiler.profile: operations of a step run as one program. jax.profiler.trace(folder) shows what is in it."
        )
