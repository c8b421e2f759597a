"""Metrics of regression: how far outputs are from their targets."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from lamina import functions
from lamina.fit.metrics.metric import Metric, Statistics


class _Error(Metric):
    """The mean of an error over all elements.

    Args:
        name: the column of the history.
    Shapes:
        output, target (*) both
    """

    higher_is_better: ClassVar[bool | None] = False

    def error(self, difference: Any) -> Any:
        """What is averaged, of output - target."""
        raise NotImplementedError

    def measure(self, output: Any, target: Any) -> Statistics:
        return {"sum": self.error(_difference(self.name, output, target)).sum(), "count": target.numel()}

    def result(self, sums: dict[str, Any]) -> float:
        return float(sums["sum"] / sums["count"])


class MAE(_Error):
    """The mean absolute error, mean |output - target|."""

    name = "mae"

    def error(self, difference: Any) -> Any:
        return functions.abs(difference)


class MSE(_Error):
    """The mean squared error, mean (output - target)^2."""

    name = "mse"

    def error(self, difference: Any) -> Any:
        return functions.square(difference)


class RMSE(MSE):
    """The root of the mean squared error over the epoch: not the mean of the batches' roots."""

    name = "rmse"

    def result(self, sums: dict[str, Any]) -> float:
        return math.sqrt(super().result(sums))


class R2(Metric):
    """The part of the targets' variance that the outputs explain, 1 - sum (y - output)^2 / sum (y - mean y)^2.

    With several outputs, the mean of each one's.

    Args:
        name: the column of the history.
    Shapes:
        output, target (N) or (N, *) both
    """

    name = "r2"
    higher_is_better: ClassVar[bool | None] = True

    def measure(self, output: Any, target: Any) -> Statistics:
        missed = functions.square(_difference(self.name, output, target).double()).sum(0)
        wide = target.double()
        return {"missed": missed, "sum": wide.sum(0), "squares": functions.square(wide).sum(0), "count": len(target)}

    def result(self, sums: dict[str, Any]) -> float:
        varies = np.asarray(sums["squares"] - sums["sum"] ** 2 / sums["count"])
        missed = np.asarray(sums["missed"])
        constant = varies <= 1e-12 * np.abs(sums["squares"])
        each = np.where(constant, np.where(missed == 0, 1.0, 0.0), 1 - missed / np.where(constant, 1.0, varies))
        return float(each.mean())


def _difference(name: str, output: Any, target: Any) -> Any:
    if output.shape == (*target.shape, 1):
        output = output.squeeze(-1)
    if output.shape != target.shape:
        # Broadcasting would give a number, and a wrong one.
        raise ValueError(
            f"{name}: output and target must have one shape, "
            f"got output {tuple(output.shape)} and target {tuple(target.shape)}."
        )
    return output - target
