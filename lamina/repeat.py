"""Code whose recording is remembered: from the second time on, one look-up stands for all the operations in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from lamina.engine import Stretches, Value, state
from lamina.tensor import Tensor


@contextmanager
def expecting(number: Any) -> Iterator[None]:
    """Within, this very number is taken for one that will vary where it is met for the first time."""
    trace = state.trace
    trace.expected = number
    try:
        yield
    finally:
        trace.expected = None


class Repeat:
    """Remembers what a piece of code recorded.

    The code must do nothing but operations on the tensors it is given, and always the same ones for the same key and
    the same kinds of tensors. What it records is checked: if it reads another tensor or draws random numbers, nothing
    is remembered. Numbers that it gives to operations, as they are, may differ from time to time.
    """

    __slots__ = ("_stretches", "again", "begin", "run")

    def __init__(self) -> None:
        self._stretches = Stretches()
        self.again = self._stretches.again
        """`again(values, key, numbers)`: the results as values, if that was recorded before, else None."""
        self.run = self._stretches.run
        """`run(values)`: the result as a value, computed at once, if nothing else is to be run with it, else None."""
        self.begin = self._stretches.begin
        """`begin()`: a mark for `end`, before something is recorded."""

    def end(
        self,
        mark: Any,
        values: Sequence[Value],
        results: Sequence[Any],
        key: Any = None,
        numbers: tuple[Any, ...] = (),
    ) -> None:
        """Remember what was recorded since the mark, if it used these values alone and gave these results.

        Nothing is remembered if a result is a view, which shares memory with something else.
        """
        if all(x.__class__ is Tensor and x._alias is None for x in results):
            self._stretches.end(mark, values, [x._value for x in results], key, numbers)
