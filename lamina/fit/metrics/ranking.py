"""The area under the ROC curve."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from lamina import functions
from lamina.fit.metrics.decisions import check_choice
from lamina.fit.metrics.metric import Metric, Statistics


class AUROC(Metric):
    """The chance that a sample of a class scores higher than one that is not of it; ties count half.

    All scores of an epoch are kept on the device and ranked at its end: N C numbers. A class of which all or no sample
    is gives nan, and takes no part in the mean.

    Args:
        average: "macro", the mean over classes, each against the rest; "weighted", by how many samples they have; None,
            a list. With two classes it is that of class 1.
        logits: whether scores (N, C) are logits, to be made probabilities.
        name: the column of the history.
    Shapes:
        output (N), (N, 1) or (N, 2), target (N) of zeros and ones; or (N, C) and (N); or (N, L) both

    >>> import lamina
    >>> area = lamina.fit.AUROC()
    >>> area.update(lamina.tensor([0.1, 0.4, 0.35, 0.8]), lamina.tensor([0, 0, 1, 1]))
    >>> area.compute()
    0.75
    """

    name = "auroc"
    higher_is_better: ClassVar[bool | None] = True
    gathers: ClassVar[bool] = True

    def __init__(self, average: str | None = "macro", logits: bool = True, name: str | None = None) -> None:
        check_choice("AUROC", "average", average, ("macro", "weighted", None))
        self.average, self.logits = average, logits
        super().__init__(name)

    def measure(self, output: Any, target: Any) -> Statistics:
        if output.ndim not in (1, 2) or target.ndim not in (1, 2) or output.shape[0] != target.shape[0]:
            raise ValueError(
                f"{self.name}: output must be (N), (N, C) or (N, L) to go with target (N) or (N, L), "
                f"got output {tuple(output.shape)} and target {tuple(target.shape)}."
            )
        if self.logits and output.ndim == 2 and target.ndim == 1 and output.shape[1] > 1:
            # Scores of a sample are compared with those of other samples: what softmax takes away differs between them.
            output = functions.softmax(output, 1)
        return {"scores": output.detach().reshape(output.shape[0], -1), "targets": target.reshape(target.shape[0], -1)}

    def result(self, sums: dict[str, Any]) -> Any:
        scores, targets = np.asarray(sums["scores"], np.float64), np.asarray(sums["targets"])
        classes = scores.shape[1]
        if targets.shape[1] == classes:
            wanted = targets > 0.5
        elif classes == 2:
            scores, wanted, classes = scores[:, 1:], targets == 1, 1
        else:
            wanted = targets == np.arange(classes)
        each = np.array([_area(scores[:, i], wanted[:, i]) for i in range(classes)])
        if classes == 1:
            return float(each[0])
        if self.average is None:
            return each
        known = ~np.isnan(each)
        if not known.any():
            return float("nan")
        weights = wanted.sum(0)[known] if self.average == "weighted" else None
        return float(np.average(each[known], weights=weights))


def _area(scores: np.ndarray, wanted: np.ndarray) -> float:
    """By ranks: (sum of the ranks of the wanted - their least possible) / (wanted x others)."""
    yes = int(wanted.sum())
    no = len(wanted) - yes
    if not yes or not no:
        return float("nan")
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return float((ranks[wanted].sum() - yes * (yes + 1) / 2) / (yes * no))
