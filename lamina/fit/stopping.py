"""Callbacks that end training early."""

from __future__ import annotations

import math
from typing import Any

from lamina.fit.callback import Callback
from lamina.fit.run import Run
from lamina.fit.watch import Watch


class EarlyStopping(Callback):
    """End training when a number has not become better for a while.

    Args:
        monitor: a column of the history.
        patience: how many epochs without improvement are allowed in a row.
        min_delta: by how much a value must be better to count.
        mode: whether "min" or "max" is better; default: what the metric says.
    """

    def __init__(
        self, monitor: str = "valid_loss", patience: int = 3, min_delta: float = 0.0, mode: str | None = None
    ) -> None:
        if patience < 0:
            raise ValueError(f"EarlyStopping: patience must not be negative, got {patience}.")
        self.patience = patience
        self.watch = Watch("EarlyStopping", monitor, mode, min_delta)
        self.waited = 0

    def on_epoch_end(self, run: Run) -> None:
        if self.watch.better(run):
            self.waited = 0
            return
        self.waited += 1
        if self.waited > self.patience:
            run.stop_because(f"{self.watch.monitor} has not improved for {self.waited} epochs")

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.watch.best, "waited": self.waited}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.watch.best, self.waited = state["best"], state["waited"]


class TerminateOnNaN(Callback):
    """End training when the loss is nan or infinite.

    Losses are read some steps late, so that no step waits: training ends within `running.MOST` batches, at the latest
    with the epoch.
    """

    def on_batch_end(self, run: Run) -> None:
        last = run.meters.loss.last
        if last is not None and not math.isfinite(last):
            self._stop(run, last)

    def on_epoch_end(self, run: Run) -> None:
        if not math.isfinite(run.row["loss"]):
            self._stop(run, run.row["loss"])

    def _stop(self, run: Run, loss: float) -> None:
        run.stop_because(f"the loss is {loss}")
