"""`torch.compiler`: directions for a compiler that lamina does not need; functions come back as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lamina.settings import compile

__all__ = [
    "allow_in_graph",
    "assume_constant_result",
    "compile",
    "cudagraph_mark_step_begin",
    "disable",
    "is_compiling",
    "is_dynamo_compiling",
    "is_exporting",
    "list_backends",
    "reset",
    "set_stance",
]


def allow_in_graph(fn: Any) -> Any:
    """What it is given."""
    return fn


def assume_constant_result(fn: Any) -> Any:
    """What it is given."""
    return fn


def disable(fn: Any = None, recursive: bool = True, *, reason: str | None = None) -> Any:
    """The function itself; without one, a decorator."""
    return fn if fn is not None else (lambda function: function)


def is_compiling() -> bool:
    """False: a program's Python always runs as it is written."""
    return False


is_dynamo_compiling = is_exporting = is_compiling


def list_backends(exclude_tags: Any = ("debug", "experimental")) -> list[str]:
    """The compilers: "xla"."""
    return ["xla"]


def reset() -> None:
    """Nothing: compiled programs depend on nothing that could be out of date."""


def cudagraph_mark_step_begin() -> None:
    """Nothing to mark."""


class set_stance:
    """Accepted as a function, context manager and decorator. "force_eager" changes nothing: see LAMINA_EAGER."""

    def __init__(self, stance: str = "default", **options: Any) -> None:
        self.stance = stance

    def __enter__(self) -> None: ...

    def __exit__(self, *error: Any) -> None: ...

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return function
