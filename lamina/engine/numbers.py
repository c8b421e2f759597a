"""Numbers that change: a Python number is a constant of the program until the same place is reached with another one,
or from the beginning on for one that is expected to change.

In a key, a number stands as `(kind, value)`, and one that varies as `(kind, ...)`; its value then comes at run time.
"""

from __future__ import annotations

import math
from typing import Any

from lamina.engine.program import Const, Node, NumberRef, RandomRef, user_line

NUMBERS = frozenset((float, int, bool, complex))


def number_key(x: Any) -> tuple[Any, ...]:
    """How a number stands in a key: 1, 1.0 and True are three, and so are 0.0 and -0.0."""
    kind = x.__class__
    return (kind, x) if x or kind is not float else (kind, x, math.copysign(1.0, x))


def _is_number(item: Any) -> bool:
    return item.__class__ is tuple and len(item) > 1 and item[0] in NUMBERS


def _abstract(item: Any) -> Any:
    if _is_number(item):
        return (item[0], ...)
    return tuple(map(_abstract, item)) if item.__class__ is tuple else item


def _numbers_in(items: Any) -> list[Any]:
    found = []
    for item in items:
        if _is_number(item):
            found.append(item)
        elif item.__class__ is tuple:
            found.extend(_numbers_in(item))
    return found


def _replace(items: Any, varying: frozenset[int], counter: list[int]) -> tuple[Any, ...]:
    found = []
    for item in items:
        if _is_number(item):
            found.append((item[0], ...) if counter[0] in varying else item)
            counter[0] += 1
        else:
            found.append(_replace(item, varying, counter) if item.__class__ is tuple else item)
    return tuple(found)


_places: dict[tuple[Any, str], tuple[list[Any], frozenset[int]]] = {}
"""By operation and line: the places that a view was first cut at there, and which of them were seen to vary."""


def _varying_here(op: Any, now: list[Any]) -> frozenset[int]:
    """Which places of a view vary, by what this line gave before: a loop over places gives many at once, and each would
    have to be seen twice, one after the other, with a program compiled each time. Where pieces are known to be pieces
    of one whole, their gradients are put together instead of being added up, so those places are left as they are.
    """
    here = (op, user_line())
    before, varying = _places.get(here, (now, frozenset()))
    if len(before) != len(now):
        return frozenset()
    varying |= {i for i, (a, b) in enumerate(zip(before, now, strict=True)) if a != b and a[0] is int}
    _places[here] = before, varying
    return varying


def generalise(
    node: Node, key: tuple[Any, ...], expected: float | None = None
) -> tuple[tuple[Any, ...], list[tuple[type, Any]]]:
    """The key with the numbers that were seen to vary here replaced by places for run-time numbers, and their values.

    A number is a constant until the same place is reached with another one; `expected` is one of which it is known that
    another will follow.
    """
    head, items = key[:3], key[3:]
    now = _numbers_in(items)
    if not now:
        return key, []
    pattern = (*head, *map(_abstract, items))
    if node.patterns is None:
        node.patterns = {}
    entry = node.patterns.get(pattern)
    if entry is None:
        before, varying = now, frozenset(i for i, x in enumerate(now) if x[0] is float and x[1] is expected)
        if getattr(key[0], "view", False) and getattr(key[0], "piece", None) is None:
            varying |= _varying_here(key[0], now)
    else:
        before, varying = entry
        varying = varying | {i for i, (a, b) in enumerate(zip(before, now, strict=True)) if a != b}
    node.patterns[pattern] = (before, varying)
    if not varying:
        return key, []
    return (*head, *_replace(items, varying, [0])), [(now[i][0], now[i][1]) for i in sorted(varying)]


def operand_of(item: Any, counts: dict[type, int]) -> Any:
    """An operand of a Node from its place in the key; `counts` numbers the run-time numbers of each kind."""
    if item.__class__ is not tuple:
        return item
    if _is_number(item):
        if item[1] is not ...:
            return Const(item[1])
        store = int if item[0] is bool else item[0]
        index = counts.get(store, 0)
        counts[store] = index + 1
        return NumberRef(item[0], index)
    if item and item[0] == "random":
        return RandomRef(item[1], item[2])
    return tuple(operand_of(part, counts) for part in item)
