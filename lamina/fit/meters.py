"""The numbers of an epoch, of training or of validation: the loss, metrics, and what a step of the user's tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lamina.fit.forward import Outcome
from lamina.fit.metrics.metric import Metric, rows
from lamina.fit.running import RunningMean
from lamina.tensor import Tensor


class Meters:
    """What is measured over an epoch.

    Args:
        metrics: taken in turn for training and for validation, so begun anew with `reset`.
    """

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self.metrics = list(metrics)
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        self.loss = RunningMean()
        self.others: dict[str, RunningMean] = {}
        for metric in self.metrics:
            metric.reset()

    def measure(self, outcome: Outcome) -> None:
        """Record what metrics need of a batch; called without gradients, before the optimizer's step."""
        if outcome.output is None and self.metrics:
            raise ValueError(
                f"fit: the metrics {', '.join(m.name for m in self.metrics)} need what the model gave. Let step return "
                '{"loss": loss, "output": output, "target": target}.'
            )
        for metric in self.metrics:
            try:
                metric.update(outcome.output, outcome.target)
            except Exception as error:
                error.add_note(f"in metric {metric.name}")
                raise

    def add(self, loss: Tensor, numbers: dict[str, Any], batch: Any) -> None:
        """Keep the loss of a batch, and the numbers beside it, to be read later."""
        weight = rows(batch)
        self.loss.add(loss, weight)
        for name, value in numbers.items():
            if isinstance(value, Tensor) and value.ndim:
                raise ValueError(f"fit: {name!r}, which step returns, must be one number, got {tuple(value.shape)}.")
            if name not in self.others:
                self.others[name] = RunningMean()
            self.others[name].add(value, weight)

    def row(self, prefix: str = "") -> dict[str, Any]:
        """All numbers, read."""
        found: dict[str, Any] = {}
        for name, mean in (("loss", self.loss), *self.others.items()):
            mean.read()
            found[prefix + name] = mean.mean()
        return found | {prefix + metric.name: metric.compute() for metric in self.metrics}

    def state_dict(self) -> dict[str, Any]:
        """All that was measured so far."""
        return {
            "loss": self.loss.state_dict(),
            "others": {name: mean.state_dict() for name, mean in self.others.items()},
            "metrics": {metric.name: metric.state_dict() for metric in self.metrics},
        }

    def load_state_dict(self, state: dict[str, Any], device: Any = None) -> None:
        """Take over what `state_dict` gave."""
        self.reset()
        self.loss.load_state_dict(state["loss"])
        for name, known in state["others"].items():
            self.others[name] = RunningMean()
            self.others[name].load_state_dict(known)
        for metric in self.metrics:
            if metric.name in state["metrics"]:
                metric.load_state_dict(state["metrics"][metric.name], device)
