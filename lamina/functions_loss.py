"""Losses as `lamina.nn.functional` has them: with warnings, and with the arguments that came before `reduction`."""

from __future__ import annotations

import warnings

from lamina import bounds, functions
from lamina.tensor import Tensor


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """(input - target)^2, and of that the mean, the sum, or for reduction "none" all elements.

    input, target and weight (*) -> () or (*)
    """
    _warn_of_sizes(input, target)
    return functions.mse_loss(input, target, weight, legacy_reduction(size_average, reduce, reduction))


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """|input - target|, and of that the mean, the sum, or for reduction "none" all elements.

    input, target and weight (*) -> () or (*)
    """
    _warn_of_sizes(input, target)
    return functions.l1_loss(input, target, weight, legacy_reduction(size_average, reduce, reduction))


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """0.5 d^2 / beta where |d| < beta, else |d| - 0.5 beta, with d = input - target; reduced.

    input and target (*) -> () or (*)
    """
    _warn_of_sizes(input, target)
    return functions.smooth_l1_loss(input, target, legacy_reduction(size_average, reduce, reduction), beta)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """0.5 d^2 where |d| <= delta, else delta (|d| - 0.5 delta), with d = input - target; reduced.

    input, target and weight (*) -> () or (*)
    """
    _warn_of_sizes(input, target)
    return functions.huber_loss(input, target, reduction, delta, weight)


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
    reduction = legacy_reduction(size_average, reduce, reduction)
    loss = functions.nll_loss(input, target, weight, ignore_index, reduction)
    _check_classes(input, target, ignore_index)
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
    reduction = legacy_reduction(size_average, reduce, reduction)
    loss = functions.cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)
    _check_classes(input, target, ignore_index)
    return loss


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """-weight * (target * log(input) + (1 - target) * log(1 - input)), logarithms being at least -100; reduced.

    input (probabilities) and target (*) -> () or (*)
    """
    return functions.binary_cross_entropy(input, target, weight, legacy_reduction(size_average, reduce, reduction))


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """`binary_cross_entropy` of sigmoid(input), without the loss of digits; positive targets count pos_weight times.

    input and target (*) -> () or (*)
    """
    reduction = legacy_reduction(size_average, reduce, reduction)
    return functions.binary_cross_entropy_with_logits(input, target, weight, reduction, pos_weight)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """target * (log(target) - input), input being log-probabilities; reduced.

    "batchmean" divides the sum by the first size, as the definition has it.
    input and target (*), with log_target the logarithm -> () or (*)
    """
    legacy = size_average is not None or reduce is not None
    if reduction == "mean" and not legacy:
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size. "
            "'batchmean' divides only by the batch size, and aligns with the KL div math definition. "
            "'mean' will be changed to behave the same as 'batchmean' in the next major release.",
            stacklevel=2,
        )
    return functions.kl_div(input, target, legacy_reduction(size_average, reduce, reduction), log_target)


def legacy_reduction(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """What `size_average` and `reduce`, if given, mean as a `reduction`."""
    if size_average is None and reduce is None:
        return reduction
    summed = reduce is None or reduce
    reduction = "none" if not summed else "mean" if size_average is None or size_average else "sum"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.", stacklevel=3
    )
    return reduction


def _check_classes(input: Tensor, target: Tensor, ignore_index: int) -> None:
    # The operation came first: it knows that the shapes fit.
    outside = bounds.first_outside(target, input.shape[min(1, input.ndim - 1)], ignore_index)
    if outside is not None:
        raise IndexError(f"Target {outside} is out of bounds.")


def _warn_of_sizes(input: Tensor, target: Tensor) -> None:
    if target.shape != input.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). "
            "This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size.",
            stacklevel=3,
        )


PUBLIC = dict.fromkeys(
    (
        "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "nll_loss", "cross_entropy", "binary_cross_entropy",
        "binary_cross_entropy_with_logits", "kl_div",
    ),
    "functional",
)  # fmt: skip
