"""The tables a module keeps its parameters, buffers and children in."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from typing import Any, Self

from lamina.nn.stretch import changes

_NOTHING = object()


class Table(dict[str, Any]):
    """An ordered table of one module, whose entries can also be read as plain attributes of that module.

    The table is the truth. What it holds is mirrored into the module's `__dict__`, because reading an attribute there
    takes some 10 ns, by `__getattr__` 300 ns, and every forward pass reads all of them. So every way to write to a
    dictionary is written out below.
    """

    __slots__ = ("__weakref__", "_owner")
    _owner: weakref.ref[Any] | None

    def __init__(self, owner: Any = None, entries: Mapping[str, Any] | Iterable[tuple[str, Any]] = ()) -> None:
        self._owner = None
        super().__init__(entries)
        if owner is not None:
            self.__setstate__(owner)

    def belongs_to(self, module: Any) -> bool:
        """Whether this is a table of that module."""
        return self._owner is not None and self._owner() is module

    def release(self) -> None:
        """Be a plain dictionary from now on, which no attribute follows."""
        self._owner = None

    @property
    def _mirror(self) -> dict[str, Any]:
        """Where attributes of the owner are kept; asked for only to change something."""
        changes.layers += 1
        owner = self._owner and self._owner()
        return {} if owner is None else owner.__dict__

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, value)
        self._mirror[name] = value

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        self._mirror.pop(name, None)

    def pop(self, name: str, default: Any = _NOTHING) -> Any:
        if name not in self and default is not _NOTHING:
            return default
        value = self[name]
        del self[name]
        return value

    def popitem(self) -> tuple[str, Any]:
        name, value = super().popitem()
        self._mirror.pop(name, None)
        return name, value

    def clear(self) -> None:
        for name in list(self):
            del self[name]

    def update(self, *others: Any, **more: Any) -> None:
        for name, value in dict(*others, **more).items():
            self[name] = value

    def __ior__(self, other: Any) -> Self:  # type: ignore[override,misc]
        self.update(other)
        return self

    def setdefault(self, name: str, default: Any = None) -> Any:
        if name not in self:
            self[name] = default
        return self[name]

    def move_to_end(self, name: str, last: bool = True) -> None:
        """Move an entry to the end, or to the beginning."""
        changes.layers += 1
        if last:
            super().__setitem__(name, super().pop(name))
            return
        entries = {name: self[name]} | {other: value for other, value in self.items() if other != name}
        super().clear()
        super().update(entries)

    def copy(self) -> dict[str, Any]:
        return dict(self)

    __copy__ = copy

    def __reduce__(self) -> tuple[Any, ...]:
        owner = self._owner and self._owner()
        return Table, (), owner, None, iter(self.items())

    def __setstate__(self, owner: Any) -> None:
        self._owner = weakref.ref(owner)
        owner.__dict__.update(self)
