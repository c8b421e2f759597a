"""Names for parts of a program in a profile. The profile itself is JAX's: `jax.profiler.trace(folder)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

from lamina.autograd.grad_mode import decorated

_INSTEAD = "use jax.profiler.trace(folder), which TensorBoard and Perfetto show; record_function names parts of it."


class record_function:
    """A name in the profile for what runs within it; a context manager and a decorator.

    Operations are recorded within it and may run later: `lamina.synchronize()` at its end lets them run inside.
    """

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name, self.args = name, args
        self._entered: list[Any] = []

    def __enter__(self) -> record_function:
        annotation = jax.profiler.TraceAnnotation(self.name, **({} if self.args is None else {"args": self.args}))
        annotation.__enter__()
        self._entered.append(annotation)
        return self

    def __exit__(self, *error: Any) -> None:
        self._entered.pop().__exit__(*error)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return decorated(function, lambda: record_function(self.name, self.args))


class profile:
    """Not there: `jax.profiler.trace` is. `profile(enabled=False)` does nothing, as in PyTorch."""

    def __init__(self, enabled: bool = True, **options: Any) -> None:
        if enabled:
            raise NotImplementedError(f"autograd.profiler.profile is not implemented: {_INSTEAD}")

    def __enter__(self) -> profile:
        return self

    def __exit__(self, *error: object) -> None:
        pass


def _not_here(name: str) -> Any:
    def raises(*args: Any, **options: Any) -> Any:
        raise NotImplementedError(f"autograd.profiler.{name} is not implemented: {_INSTEAD}")

    raises.__name__, raises.__doc__ = name, f"Not there: {_INSTEAD}"
    return raises


emit_nvtx, emit_itt, load_nvprof, parse_nvprof_trace = map(
    _not_here, ("emit_nvtx", "emit_itt", "load_nvprof", "parse_nvprof_trace")
)


def kineto_available() -> bool:
    """False: profiles are JAX's."""
    return False
