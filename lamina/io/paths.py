"""Nested data by path: what `inspect` lists, and what a format without nesting gets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lamina.io.errors import FileError

_DEEPEST, _MOST_AGAIN = 1000, 1_000_000
"""How deep the data may be, which ends what holds itself; and how many items may be met again, in lists that others
share: a few instructions of a pickle can make more paths than there is time.
"""


def named(who: str, x: Any, kinds: tuple[type, ...] = (list, tuple)) -> Iterator[tuple[str, Any]]:
    """All values in nested data, each with its path: the keys of dicts, and numbers in what is of these kinds.

    Raises:
        FileError: if it holds itself, or repeats itself without end.
    """
    holders: Any = (Mapping, *kinds)
    met: set[int] = set()
    again = 0
    left = [("", x, 0)]
    while left:
        path, x, depth = left.pop()
        if not isinstance(x, holders):
            yield path, x
            continue
        again += len(x) * (id(x) in met)
        met.add(id(x))
        if depth > _DEEPEST or again > _MOST_AGAIN:
            raise FileError(f"{who}: its data holds itself, or repeats itself without end. Save it without cycles.")
        items = list(x.items() if isinstance(x, Mapping) else enumerate(x))
        left.extend((f"{path}.{key}" if path else str(key), value, depth + 1) for key, value in reversed(items))
