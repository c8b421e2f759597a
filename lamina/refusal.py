"""Functions of PyTorch's that lamina does not have: calling one raises a NotImplementedError that says why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn


def refusing(name: str, why: str, module: str) -> Callable[..., NoReturn]:
    """A function of a module's that raises NotImplementedError, naming itself and the reason."""

    def function(*args: Any, **options: Any) -> NoReturn:
        raise NotImplementedError(f"{name}: {why}.")

    function.__name__ = function.__qualname__ = name.rpartition(".")[2]
    function.__module__ = module
    function.__doc__ = f"Not supported by lamina: {why}."
    function.refuses = why  # type: ignore[attr-defined]  # what tells such a function from one that computes
    return function
