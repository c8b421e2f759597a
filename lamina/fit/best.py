"""Keeping the best epoch's model."""

from __future__ import annotations

from typing import Any

from lamina.fit.callback import Callback
from lamina.fit.host import on_host
from lamina.fit.run import Run
from lamina.fit.watch import Watch


class KeepBest(Callback):
    """At the end, give the model the parameters and buffers of its best epoch. They are kept on the host.

    Args:
        monitor: a column of the history.
        mode: whether "min" or "max" is best; default: what the metric says.

    Attributes:
        epoch: the best epoch, None before the first.
    """

    def __init__(self, monitor: str = "valid_loss", mode: str | None = None) -> None:
        self.watch = Watch("KeepBest", monitor, mode)
        self.epoch: int | None = None
        self.kept: dict[str, Any] = {}

    def on_epoch_end(self, run: Run) -> None:
        if self.watch.better(run):
            self.epoch = run.epoch
            self.kept = {name: on_host(x) for name, x in run.model.state_dict().items()}

    def on_fit_end(self, run: Run) -> None:
        if self.epoch is not None:
            run.model.load_state_dict(self.kept)

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.watch.best, "epoch": self.epoch, "kept": self.kept}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.watch.best, self.epoch, self.kept = state["best"], state["epoch"], state["kept"]
