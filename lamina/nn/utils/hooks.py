"""Finding a module's hooks again, to take them away."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from lamina.nn.module import Module


def hooks_of(module: Module, kind: str) -> OrderedDict[int, Any]:
    """The module's own hooks of one kind, by number; what is called comes first in each entry."""
    for holder in ("_hooks", "_state_hooks"):
        found = getattr(module.__dict__.get(holder), kind, None)
        if found is not None:
            return found
    return OrderedDict()


def find(module: Module, kind: str, wanted: Callable[[Any], bool]) -> list[Any]:
    """What is called by the hooks of one kind, as far as it is wanted."""
    return [entry[0] for entry in hooks_of(module, kind).values() if wanted(entry[0])]


def take_away(module: Module, kind: str, wanted: Callable[[Any], bool]) -> Any:
    """Remove the first hook of one kind that is wanted, and return what it called; None if there is none."""
    hooks = hooks_of(module, kind)
    for number, entry in list(hooks.items()):
        if wanted(entry[0]):
            del hooks[number]
            return entry[0]
    return None
