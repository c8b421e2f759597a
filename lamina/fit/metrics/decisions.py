"""From what a model gives and what was wanted to classes, for all metrics of classification."""

from __future__ import annotations

from typing import Any, NamedTuple

from lamina import functions
from lamina.tensor import Tensor


class Decisions(NamedTuple):
    """Classes chosen and wanted, one a sample.

    Attributes:
        chosen, wanted: (N,) whole numbers, or (N, L) of zeros and ones if each sample has L labels.
        classes: how many there are.
        kind: "binary", "classes" or "labels".
    """

    chosen: Tensor
    wanted: Tensor
    classes: int
    kind: str


def decide(metric: str, output: Tensor, target: Tensor, logits: bool = True) -> Decisions:
    """The classes that a model chooses.

    Args:
        metric: named in errors.
        output: scores (N, C, *) for targets (N, *), the largest wins; or of the shape of the target, (N), (N, 1) for
            two classes, (N, L) for L labels that hold or not.
        target: class numbers, or zeros and ones.
        logits: whether scores of two classes are logits (above 0 is yes) or probabilities (above 0.5 is yes).
    """
    if output.ndim == target.ndim + 1 and output.shape[:1] + output.shape[2:] == target.shape:
        return Decisions(output.argmax(1).reshape(-1), target.reshape(-1), int(output.shape[1]), "classes")
    if output.ndim == target.ndim + 1 and output.shape[-1] == 1 and output.shape[:-1] == target.shape:
        output = output.squeeze(-1)
    if output.shape != target.shape:
        raise ValueError(
            f"{metric}: output must be (N, C, *) to go with class numbers (N, *), or have the target's shape, "
            f"got output {tuple(output.shape)} and target {tuple(target.shape)}."
        )
    yes = functions.gt(output, 0.0 if logits else 0.5).long()
    labels = target.ndim > 1 and target.shape[-1] > 1
    if labels:
        size = int(target.shape[-1])
        return Decisions(yes.reshape(-1, size), target.long().reshape(-1, size), size, "labels")
    return Decisions(yes.reshape(-1), target.long().reshape(-1), 2, "binary")


def check_choice(who: str, argument: str, value: Any, choices: tuple[Any, ...]) -> None:
    """Raise ValueError unless the value of an argument is among the choices."""
    if value not in choices:
        raise ValueError(f"{who}: {argument} must be one of {', '.join(map(repr, choices))}, got {value!r}.")
