"""What callbacks see of a run."""

from __future__ import annotations

from typing import Any

from lamina.amp.grad_scaler import GradScaler
from lamina.fit.callback import Callbacks
from lamina.fit.feed import Feed
from lamina.fit.forward import Forward
from lamina.fit.history import History
from lamina.fit.meters import Meters
from lamina.fit.update import Update
from lamina.optim import Optimizer


class Run:
    """A fit under way. Fields are declared: one that is misspelt raises AttributeError.

    Attributes:
        model, optimizer: what is trained, and by what.
        scaler: of float16, or None.
        forward, update: how a batch is computed, and how it trains.
        data, valid: where batches come from; valid may be None.
        callbacks: all of them.
        epochs: the number of the last epoch.
        epoch: the number of the epoch under way, from 1.
        batch: how many of its batches are done; batches: how many it has, None if that is not known.
        step: how many batches of training are done in all.
        loss: of the last batch, a tensor that nobody has read. Reading it waits for the device.
        meters: what is measured in this epoch. `meters.loss.mean()` is the mean loss of the batches that the device has
            certainly finished, and waits for nothing.
        row: the numbers of the epoch, once it is over; callbacks may add some.
        history: the rows of the epochs before.
        resumed: whether training goes on from a checkpoint.
        interrupted: whether Ctrl-C ended it.
        why: why it ends before its last epoch, or None.
    """

    __slots__ = (
        "batch", "batches", "callbacks", "data", "epoch", "epochs", "forward", "history", "interrupted", "loss",
        "meters", "model", "optimizer", "resumed", "row", "scaler", "step", "update", "valid", "why",
    )  # fmt: skip

    def __init__(
        self,
        forward: Forward,
        update: Update,
        data: Feed,
        valid: Feed | None,
        callbacks: Callbacks,
        meters: Meters,
        epochs: int,
    ) -> None:
        self.forward, self.update = forward, update
        self.model: Any = forward.model
        self.optimizer: Optimizer = update.optimizer
        self.scaler: GradScaler | None = update.scaler
        self.data, self.valid = data, valid
        self.callbacks, self.meters = callbacks, meters
        self.epochs = epochs
        self.epoch, self.batch, self.step = 1, 0, 0
        self.batches = data.count()
        self.loss: Any = None
        self.row: dict[str, Any] = {}
        self.history = History()
        self.resumed = self.interrupted = False
        self.why: str | None = None

    def stop_because(self, why: str) -> None:
        """End training: after this batch, or after this epoch if it is over."""
        self.why = self.why or why

    @property
    def place(self) -> str:
        """Where it is, for messages."""
        of = "" if self.batches is None else f" of {self.batches}"
        return f"epoch {self.epoch} of {self.epochs}, batch {self.batch + 1}{of}"
