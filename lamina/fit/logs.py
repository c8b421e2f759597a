"""Callbacks that write the numbers of each epoch to files."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

from lamina.fit.callback import Callback
from lamina.fit.history import is_number
from lamina.fit.run import Run
from lamina.io.atomic import replacing


class CSVLog(Callback):
    """Write the history as a CSV file, anew after each epoch: it is always whole, and fits the checkpoint a run goes on
    from.

    Args:
        path: the file; its folder is made if need be.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def on_fit_start(self, run: Run) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)

    def on_epoch_end(self, run: Run) -> None:
        rows = [*run.history, run.row]
        names = list(dict.fromkeys(name for row in rows for name in row if is_number(row[name])))
        with replacing(self.path, "w") as file:
            writer = csv.DictWriter(file, names, extrasaction="ignore", lineterminator="\n")
            writer.writeheader()
            writer.writerows({name: x for name, x in row.items() if is_number(x)} for row in rows)


class TensorBoardLog(Callback):
    """Write the numbers of each epoch for TensorBoard, by tensorboardX.

    Args:
        folder: where the event files go. A run that goes on from a checkpoint hides what it had written after it.
        every: write the mean loss so far after so many batches, too, as `batch/loss`; None: do not.
    """

    def __init__(self, folder: str | os.PathLike[str], every: int | None = None) -> None:
        self.folder, self.every = Path(folder), every
        self.writer: Any = None

    def on_fit_start(self, run: Run) -> None:
        try:
            from tensorboardX import SummaryWriter
        except ImportError as error:
            raise ImportError("TensorBoardLog: tensorboardX is not installed. `pip install 'lamina[logs]'`.") from error
        self.writer = SummaryWriter(str(self.folder), purge_step=run.step if run.resumed else None)

    def on_batch_end(self, run: Run) -> None:
        if self.every is not None and run.step % self.every == 0 and run.meters.loss.last is not None:
            self.writer.add_scalar("batch/loss", run.meters.loss.mean(), run.step)

    def on_epoch_end(self, run: Run) -> None:
        # By batches, not by epochs: the two kinds of numbers stand on one axis.
        for name, value in run.row.items():
            if name != "epoch" and is_number(value):
                place = name.replace("valid_", "valid/", 1) if name.startswith("valid_") else f"train/{name}"
                self.writer.add_scalar(place, value, run.step)
        self.writer.flush()

    def on_fit_end(self, run: Run) -> None:
        self.writer.close()

    def on_error(self, run: Run) -> None:
        if self.writer is not None:
            self.writer.close()
