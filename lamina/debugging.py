"""`lamina.debug`: checks that wait for numbers, for the time in which a mistake is looked for."""

from __future__ import annotations

from contextlib import ContextDecorator
from typing import Any

from lamina import bounds, engine


class Debug:
    """Checks that lamina otherwise leaves out because they would wait for numbers.

    `lamina.debug()` makes a context manager that is a decorator too; `lamina.debug.enable()` and `disable()` switch for
    all that follows.

    Attributes:
        indices: whether tensors of indices are computed and looked at, on all devices, when they are used.
        nans: whether each program says which operation gave a NaN first, forward or backward.

    >>> import lamina
    >>> table, index = lamina.ones(3, 2), lamina.tensor([1, 2]) + 1
    >>> with lamina.debug():
    ...     table[index]
    Traceback (most recent call last):
        ...
    IndexError: index 3 is out of bounds for dimension 0 with size 3
    """

    @property
    def indices(self) -> bool:
        """Whether indices are looked at wherever they are."""
        return bounds.waiting()

    @property
    def nans(self) -> bool:
        """Whether programs say what becomes NaN."""
        return engine.config.watch == "all"

    def __call__(self, indices: bool = True, nans: bool = False) -> Within:
        """A context within which these checks are made; afterwards it is as before.

        Args:
            indices: look at all tensors of indices.
            nans: find the operation that gives a NaN.
        """
        return Within(indices, "all" if nans else None)

    def enable(self, indices: bool = True, nans: bool = False) -> None:
        """Make these checks from here on, and no others."""
        Within(indices, "all" if nans else None).__enter__()

    def disable(self) -> None:
        """Make none of these checks from here on."""
        self.enable(indices=False)

    def __repr__(self) -> str:
        return f"lamina.debug(indices={self.indices}, nans={self.nans})"


class Within(ContextDecorator):
    """A time in which some checks are made; see `Debug`.

    Args:
        indices: whether indices are looked at wherever they are; None: as before.
        watch: what is looked at for NaN, as `engine.config.watch`.
    """

    def __init__(self, indices: bool | None, watch: str | None) -> None:
        self.indices, self.watch = indices, watch
        self._before: list[tuple[bool, str | None]] = []

    def __enter__(self) -> None:
        before = bounds.waiting(), engine.config.watch
        if before[1] != self.watch:
            engine.flush()  # what was recorded before belongs to the time before
        self._before.append(before)
        bounds.wait(before[0] if self.indices is None else self.indices)
        engine.config.watch = self.watch

    def __exit__(self, kind: Any, *exc: Any) -> None:
        indices, watch = self._before.pop()
        try:
            if self.watch != watch and kind is None:
                engine.flush()
        finally:
            bounds.wait(indices)
            engine.config.watch = watch


debug = Debug()
"""Checks for the time in which a mistake is looked for: see `Debug`."""
