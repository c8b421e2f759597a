"""Losses of classes as `lamina.nn.functional` has them: they look at targets that are known, and say which is none."""

from __future__ import annotations

from lamina import bounds, functions
from lamina.functions_loss import reduction_code
from lamina.tensor import Tensor

PUBLIC = {"nll_loss": "functional", "cross_entropy": "functional"}
"""Where users find each function."""


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """-weight[target] * input[target], input being log-probabilities; reduced. The mean divides by the sum of weights.

    input (N, C, *) or (C,), target (N, *) or (), int64, weight (C,) -> () or shape of target
    """
    code = reduction_code(reduction, size_average, reduce)
    loss = functions.nll_loss(input, target, weight, ignore_index, code)
    check_classes(target, input.shape[min(1, input.ndim - 1)], ignore_index)
    return loss


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """-log_softmax(input)[target] for class indices; for class probabilities, -sum of target * log_softmax(input).

    Targets equal to `ignore_index` don't count. The mean divides by the sum of the targets' weights.
    input (N, C, *) or (C,), target (N, *) or (), int64, or probabilities like input, weight (C,) -> () or (N, *)

    >>> import lamina
    >>> lamina.nn.functional.cross_entropy(lamina.zeros(3, 4), lamina.tensor([0, 3, 1]))
    tensor(1.3863)
    """
    code = reduction_code(reduction, size_average, reduce)
    loss = functions.cross_entropy(input, target, weight, ignore_index, code, label_smoothing)
    check_classes(target, input.shape[min(1, input.ndim - 1)], ignore_index)
    return loss


def check_classes(target: Tensor, classes: int, ignore_index: int) -> None:
    """IndexError if a target is known already and is no class. The operation came first: it knows that shapes fit."""
    outside = bounds.first_outside(target, classes, ignore_index)
    if outside is not None:
        raise IndexError(f"Target {outside} is out of bounds.")
