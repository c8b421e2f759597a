"""What to say to someone who saves an object that is no data: where it is, what it is, and what to save instead."""

from __future__ import annotations

import reprlib
from typing import Any

import numpy as np

from lamina.io.errors import NotDataError
from lamina.nn.module import Module
from lamina.random import Generator


def refuse(who: str, x: Any, path: tuple[Any, ...], inside_itself: bool = False) -> NotDataError:
    """The error for an object, which lies at `path` in what shall be saved."""
    place = place_of(path)
    if inside_itself:
        return NotDataError(f"{who}: {place} contains itself. Save data without cycles.")
    if type(x) in (dict, list, tuple, set, frozenset) or type(x).__name__ == "OrderedDict":
        return NotDataError(f"{who}: {place} is nested too deeply. Save something flatter, such as a dict by path.")
    what, instead = _advice(x)
    return NotDataError(f"{who}: {place} is {what}, not data. {instead}")


def place_of(path: tuple[Any, ...]) -> str:
    """How one would write where an object is in what shall be saved: `obj['state'][0]`."""
    return "obj" + "".join(f"[{reprlib.repr(key)}]" for key in path)


def _advice(x: Any) -> tuple[str, str]:
    kind = type(x)
    name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    if isinstance(x, Module):
        return f"a module, {kind.__name__}", "Save its state_dict(), and load it with load_state_dict() of a new one."
    if isinstance(x, type):
        return f"a class, {x.__qualname__}", "Save its name as a string."
    if isinstance(x, Generator):
        return "a Generator", "Save its get_state(), and give it to set_state() of a new one."
    if callable(x) and hasattr(x, "__name__"):
        return f"a function, {x.__name__}", "Save its name as a string, or the numbers it works with."
    if callable(getattr(x, "state_dict", None)):
        return f"of type {name}", "Save its state_dict(), and load it with load_state_dict() of a new one."
    if isinstance(x, tuple) and hasattr(x, "_asdict"):
        return f"a named tuple, {kind.__name__}", "Save its _asdict()."
    if isinstance(x, (np.ndarray, np.generic)):
        return f"an array of {x.dtype}", "Save arrays of numbers or strings; lists hold anything."
    for plain in (dict, list, tuple, set, str, bool, int, float):
        if isinstance(x, plain):
            return f"of type {name}", f"Save {plain.__name__}(it) instead."
    return f"of type {name}", "Save tensors, arrays, numbers, strings, and lists and dicts of them."
