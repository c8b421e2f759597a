"""The progress bar: how far an epoch is, how fast, and with which loss."""

from __future__ import annotations

import sys
import time
from typing import Any

from lamina.fit.callback import Callback
from lamina.fit.history import is_number, shown
from lamina.fit.run import Run

_NONE: Any = None
INTERVAL = 0.5
"""Seconds between two looks at the numbers."""


class Progress(Callback):
    """Shows a bar for each epoch and leaves a line behind with its numbers.

    The loss it shows is the mean of the batches that the device has finished some steps ago: nothing waits for it.

    Args:
        console: a `rich` console; default: the terminal.
    """

    def __init__(self, console: Any = None) -> None:
        self._console, self._bar, self._task = console, _NONE, _NONE
        self._looked = self._begin = 0.0
        self._first = 0

    def on_fit_start(self, run: Run) -> None:
        if self._console is None:
            from rich.console import Console

            self._console = Console()

    def on_epoch_start(self, run: Run) -> None:
        self._open(run)

    def on_batch_end(self, run: Run) -> None:
        now = time.perf_counter()
        if now - self._looked < INTERVAL:
            return
        if self._bar is None:
            self._open(run)
        self._looked = now
        rate = (run.batch - self._first) / max(now - self._begin, 1e-9)
        loss = run.meters.loss.mean()
        text = f"{rate:.3g} batches/s" + ("" if loss != loss else f"  loss {shown(loss)}")
        self._bar.update(self._task, completed=run.batch, text=text)

    def on_valid_start(self, run: Run) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=run.batch, text="validation")

    def on_epoch_end(self, run: Run) -> None:
        self._close()
        numbers = "  ".join(f"{x} {shown(run.row[x])}" for x in run.row if x != "epoch" and is_number(run.row[x]))
        self._console.print(f"epoch {run.epoch}/{run.epochs}  {numbers}", highlight=False, soft_wrap=True)

    def on_interrupt(self, run: Run) -> None:
        self._close()
        self._console.print(f"interrupted in {run.place}", highlight=False)

    def on_fit_end(self, run: Run) -> None:
        self._close()

    def on_error(self, run: Run) -> None:
        self._close()

    def _open(self, run: Run) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._close()
        self._bar = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[text]}"),
            console=self._console,
            transient=True,
            auto_refresh=False,
        )
        epoch = f"{run.epoch}/{run.epochs}"
        self._task = self._bar.add_task("", total=run.batches, completed=run.batch, epoch=epoch, text="")
        self._bar.start()
        self._begin = self._looked = time.perf_counter()
        self._first = run.batch

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = _NONE


def progress_for(wanted: bool | None) -> list[Callback]:
    """The progress bar, if it is wanted, or if nothing is said and the output is a terminal."""
    return [Progress()] if wanted or (wanted is None and sys.stdout.isatty()) else []
