"""Accuracy: how often the chosen class, or one of the first k, is the right one."""

from __future__ import annotations

from typing import Any, ClassVar

from lamina import functions
from lamina.fit.metrics.decisions import decide
from lamina.fit.metrics.metric import Metric, Statistics


class Accuracy(Metric):
    """The part of the samples (of all labels, where a sample has several) whose class is right.

    Args:
        logits: of two classes, whether scores are logits or probabilities.
        ignore_index: samples of this class do not count.
        name: the column of the history.
    Shapes:
        output (N, C, *), target (N, *); or both (N), (N, 1), (N, L)

    >>> import lamina
    >>> accuracy = lamina.fit.Accuracy()
    >>> accuracy.update(lamina.tensor([[2.0, 1.0], [0.0, 3.0], [5.0, 4.0]]), lamina.tensor([0, 1, 1]))
    >>> round(accuracy.compute(), 3)
    0.667
    """

    name = "accuracy"
    higher_is_better: ClassVar[bool | None] = True

    def __init__(self, logits: bool = True, ignore_index: int | None = None, name: str | None = None) -> None:
        self.logits, self.ignore_index = logits, ignore_index
        super().__init__(name)

    def measure(self, output: Any, target: Any) -> Statistics:
        chosen, wanted, _, _ = decide(self.name, output, target, self.logits)
        right = functions.eq(chosen, wanted)
        if self.ignore_index is None:
            return {"right": right.sum(), "count": wanted.numel()}
        counts = functions.ne(wanted, self.ignore_index)
        return {"right": functions.logical_and(right, counts).sum(), "count": counts.sum()}

    def result(self, sums: dict[str, Any]) -> float:
        return float(sums["right"] / sums["count"]) if sums["count"] else float("nan")


class TopK(Metric):
    """The part of the samples whose class is among the k with the highest scores. Of equal scores, the target's wins.

    Args:
        k: how many classes may be named.
        name: the column of the history; default: "top5" for k = 5.
    Shapes:
        output (N, C, *), target (N, *)
    """

    higher_is_better: ClassVar[bool | None] = True

    def __init__(self, k: int = 5, name: str | None = None) -> None:
        if k < 1:
            raise ValueError(f"TopK: k must be at least 1, got {k}.")
        self.k = k
        super().__init__(name or f"top{k}")

    def measure(self, output: Any, target: Any) -> Statistics:
        if output.ndim != target.ndim + 1:
            raise ValueError(
                f"{self.name}: output must be (N, C, *) to go with target (N, *), "
                f"got output {tuple(output.shape)} and target {tuple(target.shape)}."
            )
        own = output.gather(1, target.unsqueeze(1))
        better = functions.gt(output, own).sum(1)
        return {"right": functions.lt(better, self.k).sum(), "count": target.numel()}

    def result(self, sums: dict[str, Any]) -> float:
        return float(sums["right"] / sums["count"])
