"""Means of numbers that come one a batch, read long after they were computed."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

from lamina.tensor import Tensor

MOST = 64
"""How many numbers may wait. A number is read when the device has long finished it, so reading waits for nothing."""
LATEST = 16
"""How many stay unread then: steps that the device may be busy with."""


class RunningMean:
    """The weighted mean of one number a batch, added up in float64 on the host, in the order of the batches.

    Keeping a number on the device costs nothing, and reading one a microsecond, where adding on the device would cost
    each step ten: one more operation, input and output.
    """

    __slots__ = ("_waiting", "last", "total", "weight")

    def __init__(self) -> None:
        self.total, self.weight = 0.0, 0.0
        self.last: float | None = None
        self._waiting: deque[tuple[Any, int]] = deque()

    def add(self, number: Any, weight: int) -> None:
        """Take in a number of a batch, a tensor or not, that counts `weight`."""
        self._waiting.append((number, weight))
        if len(self._waiting) > MOST:
            self.read(LATEST)

    def read(self, leave: int = 0) -> None:
        """Read the numbers that wait, but the newest."""
        take, total, whole = self._waiting.popleft, self.total, self.weight
        for _ in range(len(self._waiting) - leave):
            number, weight = take()
            self.last = number = number.item() if isinstance(number, Tensor) else float(number)
            total += number * weight
            whole += weight
        self.total, self.weight = total, whole

    def mean(self) -> float:
        """The mean of what has been read; nan if nothing has."""
        return self.total / self.weight if self.weight else math.nan

    def state_dict(self) -> dict[str, float]:
        """All that came so far, read."""
        self.read()
        return {"total": self.total, "weight": self.weight}

    def load_state_dict(self, state: dict[str, float]) -> None:
        """Take over what `state_dict` gave."""
        self._waiting.clear()
        self.total, self.weight, self.last = state["total"], state["weight"], None
