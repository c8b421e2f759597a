"""Operations of one, two and three spatial dimensions, declared from one function."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from lamina.ops.op import op

AXES = {1: ("L",), 2: ("H", "W"), 3: ("D", "H", "W")}
"""The letters of space, by how many dimensions it has."""

Function = TypeVar("Function", bound=Callable[..., Any])


def op_by_space(
    name: str, homes: str | dict[int, str], *, grad_name: str | Callable[..., str], spaces: tuple[int, ...] = (1, 2, 3)
) -> Callable[[Function], Function]:
    """Declare `function(space, input, ...)` as one operation for each number of spatial dimensions.

    Args:
        name: the operations' names, with {n} for the number of dimensions: "avg_pool{n}d".
        homes: as for `op`; a dict where it depends on the number of dimensions.
        grad_name: as for `op`; a callable gets the number first. With {n} it is a pooling's: in one dimension PyTorch
            pools an image of one row and squeezes it, so there the name is that of squeezing.
        spaces: for which numbers of dimensions.

    In the docstring {axes} stands for "H, W", {new} for "H', W'", {volume} for "H * W" and {kernel} for "K, K".
    """

    def declare(function: Function) -> Function:
        for space in spaces:
            own = functools.partial(function, space)
            functools.update_wrapper(own, function)
            own.__dict__["__signature__"] = _without_first(function)
            own.__doc__ = described(inspect.getdoc(function) or "", space)
            op(
                homes if isinstance(homes, str) else homes.get(space, ""),
                name=name.format(n=space),
                grad_name=_grad_name(grad_name, space),
            )(own)
        return function

    return declare


def described(doc: str, space: int) -> str:
    """A docstring for so many dimensions: the letters put in."""
    letters = AXES[space]
    return (
        doc.replace("{axes}", ", ".join(letters))
        .replace("{new}", ", ".join(f"{letter}'" for letter in letters))
        .replace("{volume}", " * ".join(letters))
        .replace("{kernel}", ", ".join("K" for _ in letters))
        .replace("{n}", str(space))
    )


def _without_first(function: Callable[..., Any]) -> inspect.Signature:
    signature = inspect.signature(function)
    return signature.replace(parameters=list(signature.parameters.values())[1:])


def _grad_name(grad_name: str | Callable[..., str], space: int) -> str | Callable[..., str]:
    if space == 1 and not (isinstance(grad_name, str) and "{n}" not in grad_name):
        return "SqueezeBackward1"
    return grad_name.format(n=space) if isinstance(grad_name, str) else functools.partial(grad_name, space)


def sizes(name: str, argument: str, value: int | tuple[int, ...], space: int) -> tuple[int, ...]:
    """One int for each dimension, given one for all or a tuple."""
    if isinstance(value, int):
        return (value,) * space
    if len(value) not in (1, space):
        number = {1: "one int", 2: "two ints", 3: "three ints"}[space]
        raise RuntimeError(f"{name}: {argument} must either be a single int, or a tuple of {number}")
    return tuple(value) * (space if len(value) == 1 else 1)
