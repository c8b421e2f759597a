"""What `fit` returns: the trained model with its history, to evaluate, to predict with, to plot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lamina.fit.evaluation import evaluate, predict
from lamina.fit.feed import Feed, feed_of
from lamina.fit.history import History
from lamina.fit.meters import Meters
from lamina.fit.metrics.names import metrics_of
from lamina.fit.plot import plot_history
from lamina.fit.run import Run


class Fitted:
    """A model that was trained.

    Attributes:
        model, optimizer: as training left them.
        history: the numbers of each epoch.
        interrupted: whether Ctrl-C ended training.
        why: why it ended before its last epoch, or None.

    >>> import lamina
    >>> x = lamina.linspace(-1, 1, 64).unsqueeze(1)
    >>> fitted = lamina.fit(lamina.nn.Linear(1, 1), (x, 2 * x), loss="mse", optimizer="sgd", metrics="mae", epochs=3)
    >>> sorted(fitted.evaluate((x, 2 * x)))
    ['loss', 'mae']
    >>> fitted.predict(x).shape
    lamina.Size([64, 1])
    """

    def __init__(self, run: Run, batch_size: int) -> None:
        self.model, self.optimizer = run.model, run.optimizer
        self.history: History = run.history
        self.interrupted, self.why = run.interrupted, run.why
        self._run, self._batch_size = run, batch_size

    def evaluate(self, data: Any, metrics: Any = None, batch_size: int | None = None) -> dict[str, Any]:
        """The loss and the metrics on other data.

        Args:
            data: batches, a Dataset, or a tuple of tensors.
            metrics: in place of those of the fit.
            batch_size: of a Dataset or a tuple; default: as in the fit.
        """
        known: Sequence[Any] = self._run.meters.metrics if metrics is None else metrics_of(metrics)
        meters = Meters(known)
        evaluate(self._run.forward, feed_of(data, batch_size or self._batch_size, False), meters)
        return meters.row()

    def predict(self, data: Any, inputs: int | None = None, batch_size: int | None = None) -> Any:
        """What the model gives for all batches, joined.

        Args:
            data: batches, a Dataset, a tensor or array of inputs, or a tuple of tensors.
            inputs: how many parts of a batch are inputs; default: all but the last, if there are several.
            batch_size: of a Dataset, a tensor or a tuple; default: as in the fit.
        """
        if not isinstance(data, (tuple, Feed)) and hasattr(data, "shape"):
            data = (data,)
        return predict(self._run.forward, feed_of(data, batch_size or self._batch_size, False), inputs)

    def plot(self, columns: Sequence[str] | None = None) -> Any:
        """A matplotlib figure: the loss and each metric by epoch, training and validation in one panel.

        Args:
            columns: which metrics, "loss" among them; default: all.
        """
        return plot_history(self.history, columns)

    def __repr__(self) -> str:
        epochs = f"{len(self.history)} epoch{'s' if len(self.history) != 1 else ''}"
        seconds = sum(row.get("seconds", 0.0) for row in self.history)
        end = f", stopped: {self.why}" if self.why else ""
        last = ""
        if len(self.history):
            row = self.history[-1]
            last = "\n" + "\n".join(f"  {name}: {row[name]:.4g}" for name in row if isinstance(row[name], float))
        return f"Fitted: {epochs} in {seconds:.1f} s{end}{last}\n{self.model!r}"
