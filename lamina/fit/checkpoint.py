"""Checkpoints: when they are written, how many are kept, and which one a run goes on from."""

from __future__ import annotations

import contextlib
import math
import os
import re
import shutil
import warnings
from pathlib import Path
from typing import Any

from lamina.fit.run import Run
from lamina.fit.state import check_state, state_of, take_over
from lamina.fit.watch import Watch
from lamina.io import FileError, load, save
from lamina.io.atomic import replacing

_NAME = re.compile(r"checkpoint-(\d{12})\.lamina")
BEST = "best.lamina"


class Checkpoint:
    """Where a run is saved, and when. Given to `fit` again, training goes on where it was, and ends with the same bits.

    A checkpoint is one file with the model, the optimizer, callbacks, random states, the place in the data and the
    history. It appears whole or not at all, and is checked whole before it is used: a damaged one is passed over.

    Args:
        folder: a folder of its own for each run; it is made if need be.
        every: write after so many batches, too.
        epochs: write after so many epochs; None: after the last one only.
        keep: how many of the newest are kept.
        best: a column of the history, such as "valid_loss": the epoch where it was best is kept, too, as
            `best.lamina`.
        mode: whether "min" or "max" is best; default: what the metric says.

    >>> import lamina, tempfile
    >>> saved = lamina.fit.Checkpoint(tempfile.mkdtemp(), best="loss")
    >>> x = lamina.ones(4, 1)
    >>> fitted = lamina.fit(lamina.nn.Linear(1, 1), (x, x), loss="mse", epochs=2, checkpoint=saved)
    >>> [path.name for path in saved.files()]
    ['checkpoint-000000000001.lamina', 'checkpoint-000000000002.lamina']
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        every: int | None = None,
        epochs: int | None = 1,
        keep: int = 3,
        best: str | None = None,
        mode: str | None = None,
    ) -> None:
        for name, value in (("every", every), ("epochs", epochs), ("keep", keep)):
            if value is not None and value < 1:
                raise ValueError(f"Checkpoint: {name} must be at least 1, got {value}.")
        self.folder = Path(folder)
        self.every, self.epochs, self.keep = every, epochs, keep
        self.best, self.mode = best, mode

    def files(self) -> list[Path]:
        """The checkpoints that there are, the newest last."""
        found = (path for path in self.folder.glob("checkpoint-*.lamina") if _NAME.fullmatch(path.name))
        return sorted(found, key=lambda path: path.name)

    def load_model(self, model: Any, best: bool = False) -> None:
        """Load the parameters of the newest checkpoint, or of the best one, into a model."""
        if best:
            state = load(self.folder / BEST)
        else:
            found = self.newest()
            if found is None:
                raise FileNotFoundError(f"Checkpoint: there is none in {self.folder}.")
            state = found[1]
        model.load_state_dict(state["model"])

    def newest(self) -> tuple[Path, dict[str, Any]] | None:
        """The newest checkpoint that is whole, and its content; None if there is no checkpoint.

        Raises:
            RuntimeError: if there are some, and none is whole.
        """
        files = self.files()
        for path in reversed(files):
            try:
                state = load(path)
                wrong = check_state(state)
            except (FileError, OSError) as error:
                wrong = str(error)
            if wrong is None:
                return path, state
            warnings.warn(f"fit: {path.name} is not used: {wrong} The one before it is tried.", stacklevel=2)
        if files:
            raise RuntimeError(
                f"fit: none of the {len(files)} checkpoints in {self.folder} can be read. "
                "Delete them to begin anew, or give another folder."
            )
        return None

    def __repr__(self) -> str:
        return f"Checkpoint({str(self.folder)!r})"


class Keeper:
    """Writes the checkpoints of one run.

    Args:
        checkpoint: where and when.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self.watch = Watch("Checkpoint", checkpoint.best, checkpoint.mode) if checkpoint.best else None
        self._written: tuple[int, int] | None = None
        self._due = 0

    def resume(self, run: Run) -> bool:
        """Put the run where the newest checkpoint is; whether there is one."""
        folder = self.checkpoint.folder
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob(".*.lamina.*.tmp"):  # of a process that was killed while it wrote
            path.unlink(missing_ok=True)
        found = self.checkpoint.newest()
        if found is None:
            return False
        path, state = found
        try:
            take_over(run, state)
        except Exception as error:
            error.add_note(
                f"while going on from {path}. Was it written by another model, optimizer or data? "
                "Then give another folder."
            )
            raise
        if self.watch is not None:
            self.watch.best = state["best"] if state.get("best") is not None else self.watch.best
        self._written = (run.step, run.epoch)
        self._due = run.step
        return True

    def after_batch(self, run: Run) -> None:
        """Write, if enough batches have passed."""
        if self.checkpoint.every is not None and run.step - self._due >= self.checkpoint.every:
            self.write(run)

    def after_epoch(self, run: Run) -> None:
        """Write, if enough epochs have passed or it was the last, and note whether this one is the best so far."""
        better = self.watch is not None and self.watch.better(run)
        done = run.epoch - 1
        each = self.checkpoint.epochs
        if better or run.why is not None or done >= run.epochs or (each is not None and done % each == 0):
            self.write(run, better)

    def write(self, run: Run, better: bool = False) -> None:
        """Write a checkpoint, unless this place is written already, and drop the oldest."""
        if self._written == (run.step, run.epoch) and not better:
            return
        state = state_of(run)
        state["best"] = self.watch.best if self.watch is not None and math.isfinite(self.watch.best) else None
        path = self.checkpoint.folder / f"checkpoint-{run.step:012d}.lamina"
        save(state, path)
        self._written, self._due = (run.step, run.epoch), run.step
        if better:
            self._keep_best(path)
        for old in self.checkpoint.files()[: -self.checkpoint.keep]:
            with contextlib.suppress(FileNotFoundError):
                old.unlink()

    def _keep_best(self, path: Path) -> None:
        """A second name for the file, which outlives the first; a copy where the file system has no links."""
        best, beside = path.with_name(BEST), path.with_name(f".{BEST}.link.tmp")
        beside.unlink(missing_ok=True)
        try:
            os.link(path, beside)
        except OSError:
            with open(path, "rb") as whole, replacing(best) as copy:
                shutil.copyfileobj(whole, copy)
        else:
            os.replace(beside, best)
