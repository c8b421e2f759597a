"""`rearrange`: permuting, splitting and joining dimensions by a pattern of names."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from lamina import functions
from lamina.tensor import Tensor

_TOKEN = re.compile(r"\s*(\.\.\.|[()]|\w+)")
Side = list[Sequence[str]]
"""One side of a pattern: for each dimension the names it is made of, a list if they stand in brackets."""


def _parse(side: str, pattern: str) -> Side:
    found: Side = []
    group: list[str] | None = None
    place = 0
    while side[place:].strip():
        token = _TOKEN.match(side, place)
        if token is None:
            raise ValueError(f"Unknown character {side[place:].strip()[0]!r} in the expression: {side!r}")
        place = token.end()
        name = token[1]
        if name == "(":
            if group is not None:
                raise ValueError(f"brackets inside brackets are not allowed: {pattern!r}")
            group = []
            found.append(group)
        elif name == ")":
            if group is None:
                raise ValueError(f"Brackets are not balanced: {pattern!r}")
            group = None
        else:
            if name.isdigit() and name != "1":
                raise ValueError(f"Non-unitary anonymous axes are not supported in rearrange: {pattern!r}")
            if name != "..." and not name.isdigit() and not name.isidentifier():
                raise ValueError(f"{name!r} is not a valid axis name: {pattern!r}")
            if group is None:
                found.append((name,))
            else:
                group.append(name)
    if group is not None:
        raise ValueError(f"Brackets are not balanced: {pattern!r}")
    kept = [[name for name in names if name != "1"] for names in found]
    return [new if isinstance(names, list) else tuple(new) for new, names in zip(kept, found, strict=True)]


def _checked(pattern: str, lengths: dict[str, int]) -> tuple[Side, Side]:
    if pattern.count("->") != 1:
        raise ValueError("Pattern must contain a single '->' separator")
    sides = [_parse(side, pattern) for side in pattern.split("->")]
    names = [[name for names in side for name in names] for side in sides]
    for found in names:
        repeated = {name for name in found if found.count(name) > 1}
        if repeated:
            raise ValueError(f"Identifiers appear more than once in one side of {pattern!r}: {sorted(repeated)}")
    if set(names[0]) != set(names[1]):
        only = sorted(set(names[0]) ^ set(names[1]))
        raise ValueError(f"Identifiers should be on both sides of the expression {pattern!r}, these are not: {only}")
    unknown = sorted(set(lengths) - set(names[0]))
    if unknown:
        raise ValueError(
            f"Axes that are given a length must be in the expression {pattern!r}, these are not: {unknown}"
        )
    if any("..." in group and isinstance(group, list) for group in sides[0]):
        raise ValueError(f"an ellipsis is not allowed inside brackets on the left side: {pattern!r}")
    return sides[0], sides[1]


def _sizes(left: Side, shape: Sequence[int], lengths: dict[str, int], pattern: str) -> dict[str, int]:
    """The size of every name; one name of each group may be found by division."""
    sizes = dict(lengths)
    for names, size in zip(left, shape, strict=True):
        unknown = [name for name in names if name not in sizes]
        known = math.prod(sizes[name] for name in names if name in sizes)
        if len(unknown) > 1:
            raise ValueError(f"Could not infer sizes for {unknown} in {pattern!r}: give all but one of them.")
        if (unknown and (known == 0 or size % known)) or (not unknown and known != size):
            raise ValueError(
                f"Shape mismatch in {pattern!r}: a dimension of size {size} cannot be {names} with the sizes "
                f"{ {name: sizes[name] for name in names if name in sizes} }."
            )
        if unknown:
            sizes[unknown[0]] = size // known
    return sizes


def rearrange(tensor: Tensor | Sequence[Tensor], pattern: str, **axes_lengths: int) -> Tensor:
    """A tensor with its dimensions split, permuted and joined as the pattern says, as in the library einops.

    Args:
        tensor: one, or a sequence of equal shapes, which is stacked along a new first dimension.
        pattern: names of the dimensions before and after `->`; those in brackets are parts of one dimension, `...`
            stands for any number of others, `1` for a dimension of size 1.
        axes_lengths: the sizes of names that do not follow from the shape.

    >>> import lamina
    >>> images = lamina.ones(2, 4, 6, 3)
    >>> lamina.func.rearrange(images, "b (h h2) w c -> b h w (c h2)", h2=2).shape
    lamina.Size([2, 2, 6, 6])
    """
    if not isinstance(tensor, Tensor):
        tensor = functions.stack(tuple(tensor))
    left, right = _checked(pattern, axes_lengths)
    if ("...",) in left:
        at = left.index(("...",))
        extra = [f"...{i}" for i in range(tensor.ndim - len(left) + 1)]
        left[at : at + 1] = [[name] for name in extra]
        right = [
            part
            for names in right
            for part in ([[name] for name in extra] if names == ("...",) else [_with_ellipsis(names, extra)])
        ]
    if len(left) != tensor.ndim:
        raise ValueError(
            f"Number of dimensions in pattern ({len(left)}) and in the tensor ({tensor.ndim}) must be equal: "
            f"{pattern!r}"
        )
    sizes = _sizes(left, tuple(tensor.shape), axes_lengths, pattern)
    names: list[str] = [name for group in left for name in group]
    order = [names.index(name) for group in right for name in group]
    result: Any = functions.view(tensor, tuple(sizes[name] for name in names)) if names else tensor
    result = functions.permute(result, tuple(order)) if order else result
    return result.reshape([math.prod(sizes[name] for name in group) for group in right])


def _with_ellipsis(names: Sequence[str], extra: list[str]) -> list[str]:
    return [part for name in names for part in (extra if name == "..." else [name])]


def debug_unwrap(tensor: Tensor, *, recurse: bool = True) -> Tensor:
    """The tensor itself: inside a transform it stands for a value and wraps none."""
    if not isinstance(tensor, Tensor):
        raise ValueError(f"debug_unwrap: Expected a Tensor, got {type(tensor)}")
    return tensor
