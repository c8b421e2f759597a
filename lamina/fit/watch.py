"""Watching one number of the history for improvement."""

from __future__ import annotations

import difflib
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lamina.fit.run import Run

_UP = ("accuracy", "precision", "recall", "f1", "auroc", "r2", "top")


class Watch:
    """Remembers the best value of a column.

    Args:
        who: named in errors.
        monitor: the column.
        mode: "min" or "max"; default: what the metric of this name says (`higher_is_better`); for other columns "max"
            if the name is that of something better when higher, such as accuracy, else "min".
        min_delta: by how much a value must be better to count.
    """

    def __init__(self, who: str, monitor: str, mode: str | None = None, min_delta: float = 0.0) -> None:
        if mode not in ("min", "max", None):
            raise ValueError(f"{who}: mode must be 'min', 'max' or None, got {mode!r}.")
        if min_delta < 0:
            raise ValueError(f"{who}: min_delta must not be negative, got {min_delta}.")
        self.who, self.monitor, self.min_delta = who, monitor, min_delta
        self.given = mode is not None
        self.mode = mode or ("max" if monitor.removeprefix("valid_").startswith(_UP) else "min")
        self.best = self._worst()

    def value(self, row: dict[str, Any]) -> float:
        """The number watched, in a row of the history."""
        if self.monitor not in row:
            near = difflib.get_close_matches(self.monitor, row, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise KeyError(f"{self.who}: the epoch has no {self.monitor!r}, but {', '.join(row)}.{hint}")
        return float(row[self.monitor])

    def better(self, run: Run) -> bool:
        """Whether the epoch that is over is the best so far. nan never is."""
        value = self.value(run.row)
        if not self.given:
            self._ask(run)
        gain = value - self.best if self.mode == "max" else self.best - value
        if not gain > self.min_delta:
            return False
        self.best = value
        return True

    def _ask(self, run: Run) -> None:
        """Let the metric that is watched say what is better, whatever it is called."""
        name = self.monitor.removeprefix("valid_")
        for metric in run.meters.metrics:
            if metric.name == name and metric.higher_is_better is not None:
                began = self.best == self._worst()
                self.mode = "max" if metric.higher_is_better else "min"
                self.best = self._worst() if began else self.best

    def _worst(self) -> float:
        return -math.inf if self.mode == "max" else math.inf
