"""The confusion matrix, and what follows from it: precision, recall, F1."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from lamina import creation, functions
from lamina.fit.metrics.decisions import Decisions, check_choice, decide
from lamina.fit.metrics.metric import Metric, Statistics


class ConfusionMatrix(Metric):
    """How many samples of class i (row) were taken for class j (column): (C, C), as nested lists.

    Where a sample has L labels, a matrix for each: (L, 2, 2).

    Args:
        logits: of two classes, whether scores are logits or probabilities.
        ignore_index: samples of this class do not count.
        name: the column of the history.
    Shapes:
        output (N, C, *), target (N, *); or both (N), (N, 1), (N, L)

    >>> import lamina
    >>> matrix = lamina.fit.ConfusionMatrix()
    >>> matrix.update(lamina.tensor([2.0, -1.0, 3.0]), lamina.tensor([1.0, 1.0, 0.0]))
    >>> matrix.compute()
    [[0, 1], [1, 1]]
    """

    name = "confusion"

    def __init__(self, logits: bool = True, ignore_index: int | None = None, name: str | None = None) -> None:
        self.logits, self.ignore_index = logits, ignore_index
        super().__init__(name)

    def measure(self, output: Any, target: Any) -> Statistics:
        found = decide(self.name, output, target, self.logits)
        self.kind = found.kind
        return {"matrix": self._counts(found)}

    def result(self, sums: dict[str, Any]) -> Any:
        return np.asarray(sums["matrix"])

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "kind": getattr(self, "kind", "")}

    def load_state_dict(self, state: dict[str, Any], device: Any = None) -> None:
        super().load_state_dict(state, device)
        self.kind = state["kind"]

    def _counts(self, found: Decisions) -> Any:
        labels = found.kind == "labels"
        size = 2 if labels else found.classes
        cell = found.wanted * size + found.chosen
        cells = size * size
        if labels:
            cell = cell + creation.arange(found.classes, device=cell.device) * cells
            cells *= found.classes
        if self.ignore_index is not None:
            cell = functions.where(functions.eq(found.wanted, self.ignore_index), cells, cell)
        zeros = creation.zeros(cells + 1, dtype=cell.dtype, device=cell.device)
        cell = cell.reshape(-1)
        counts = zeros.scatter_add(0, cell, creation.ones_like(cell))[:cells]
        return counts.reshape((found.classes, 2, 2) if labels else (size, size))


class _OfConfusion(ConfusionMatrix):
    """What precision, recall and F1 share: each is a ratio for a class, from right, chosen and wanted samples of it."""

    higher_is_better: ClassVar[bool | None] = True

    def __init__(
        self,
        average: str | None = "macro",
        logits: bool = True,
        ignore_index: int | None = None,
        name: str | None = None,
    ) -> None:
        check_choice(type(self).__name__, "average", average, ("macro", "micro", "weighted", None))
        self.average = average
        super().__init__(logits, ignore_index, name)

    def ratio(self, right: Any, chosen: Any, wanted: Any) -> Any:
        """(numerator, denominator) of a class or of several."""
        raise NotImplementedError

    def result(self, sums: dict[str, Any]) -> Any:
        matrix = np.asarray(sums["matrix"], np.float64)
        if self.kind == "labels":
            right, chosen, wanted = matrix[:, 1, 1], matrix[:, :, 1].sum(1), matrix[:, 1].sum(1)
        else:
            right, chosen, wanted = np.diag(matrix), matrix.sum(0), matrix.sum(1)
        if self.kind == "binary":
            return float(_divide(*self.ratio(right[1], chosen[1], wanted[1])))
        if self.average == "micro":
            return float(_divide(*self.ratio(right.sum(), chosen.sum(), wanted.sum())))
        each = _divide(*self.ratio(right, chosen, wanted))
        if self.average is None:
            return each
        weights = wanted if self.average == "weighted" else (chosen + wanted > 0) | (self.kind == "labels")
        return float(_divide((each * weights).sum(), weights.sum()))


class Precision(_OfConfusion):
    """Of the samples taken for a class, the part that is of it. Arguments: see `F1`."""

    name = "precision"

    def ratio(self, right: Any, chosen: Any, wanted: Any) -> Any:
        return right, chosen


class Recall(_OfConfusion):
    """Of the samples of a class, the part taken for it. Arguments: see `F1`."""

    name = "recall"

    def ratio(self, right: Any, chosen: Any, wanted: Any) -> Any:
        return right, wanted


class F1(_OfConfusion):
    """The harmonic mean of precision and recall: 2 right / (chosen + wanted).

    Args:
        average: "macro", the mean over classes that occur; "micro", of all samples together; "weighted", the mean over
            classes by how many samples they have; None, a list. With two classes it is that of class 1 alone.
        logits: of two classes, whether scores are logits or probabilities.
        ignore_index: samples of this class do not count.
        name: the column of the history.
    Shapes:
        output (N, C, *), target (N, *); or both (N), (N, 1), (N, L)
    """

    name = "f1"

    def ratio(self, right: Any, chosen: Any, wanted: Any) -> Any:
        return 2 * right, chosen + wanted


def _divide(a: Any, b: Any) -> Any:
    """a / b, and 0 where b is 0: a class that was never chosen has precision 0."""
    b = np.asarray(b, np.float64)
    return np.where(b == 0, 0.0, a / np.where(b == 0, 1.0, b))
