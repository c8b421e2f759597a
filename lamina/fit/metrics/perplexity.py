"""Perplexity of a language model."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from lamina import functions
from lamina.fit.metrics.metric import Metric, Statistics
from lamina.nn import functional as F


class Perplexity(Metric):
    """exp of the mean cross entropy of all tokens: among how many equally likely ones the model hesitates.

    Args:
        ignore_index: targets that do not count, padding for example.
        name: the column of the history.
    Shapes:
        output (N, C, *) logits, target (N, *)

    >>> import lamina
    >>> perplexity = lamina.fit.Perplexity()
    >>> perplexity.update(lamina.zeros(3, 4), lamina.tensor([0, 1, 3]))
    >>> round(perplexity.compute(), 3)
    4.0
    """

    name = "perplexity"
    higher_is_better: ClassVar[bool | None] = False

    def __init__(self, ignore_index: int = -100, name: str | None = None) -> None:
        self.ignore_index = ignore_index
        super().__init__(name)

    def measure(self, output: Any, target: Any) -> Statistics:
        total = F.cross_entropy(output.float(), target, ignore_index=self.ignore_index, reduction="sum")
        return {"sum": total, "count": functions.ne(target, self.ignore_index).sum()}

    def result(self, sums: dict[str, Any]) -> float:
        if not sums["count"]:
            return float("nan")
        mean = float(sums["sum"] / sums["count"])
        return math.exp(mean) if mean < 700 else math.inf
