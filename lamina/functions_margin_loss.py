"""Losses with a margin as `lamina.nn.functional` has them: reductions have names, known targets are looked at."""

from __future__ import annotations

from collections.abc import Callable

from lamina import bounds, functions
from lamina.functions_loss import reduction_code
from lamina.ops.loss import MEAN, SUM
from lamina.tensor import Tensor

PUBLIC = dict.fromkeys(
    (
        "margin_ranking_loss", "hinge_embedding_loss", "soft_margin_loss", "cosine_embedding_loss",
        "multilabel_soft_margin_loss", "multi_margin_loss", "multilabel_margin_loss", "triplet_margin_loss",
        "triplet_margin_with_distance_loss",
    ),
    "functional",
)  # fmt: skip
"""Where users find each function."""


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """max(0, -target * (input1 - input2) + margin); reduced. Target 1 wants input1 larger, -1 wants it smaller.

    input1, input2 and target (*), as many dimensions each -> () or (*)
    """
    code = reduction_code(reduction, size_average, reduce)
    if not input1.ndim == input2.ndim == target.ndim:
        raise RuntimeError(
            f"margin_ranking_loss: input1, input2 and target must have as many dimensions each, "
            f"got {tuple(input1.shape)}, {tuple(input2.shape)} and {tuple(target.shape)}."
        )
    return functions.margin_ranking_loss(input1, input2, target, margin, code)


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """input where target is 1, max(0, margin - input) where it is -1; reduced. input and target (*) -> () or (*)"""
    return functions.hinge_embedding_loss(input, target, margin, reduction_code(reduction, size_average, reduce))


def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """log(1 + exp(-target * input)); reduced. input and target (1 or -1) (*) -> () or (*)"""
    return functions.soft_margin_loss(input, target, reduction_code(reduction, size_average, reduce))


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """1 - cos(input1, input2) where target is 1, max(0, cos - margin) where it is -1; reduced.

    input1 and input2 (N, E) or (E,), target (N,) or () -> () or shape of target
    """
    code = reduction_code(reduction, size_average, reduce)
    return functions.cosine_embedding_loss(input1, input2, target, margin, code)


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over classes of weight * `binary_cross_entropy_with_logits`; reduced.

    input and target (*, C), weight (C,) -> () or (*)
    """
    code = reduction_code(reduction, size_average, reduce)
    return functions.multilabel_soft_margin_loss(input, target, weight, code)


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The sum over classes i other than the target of weight[target] * max(0, margin - input[target] + input[i])^p / C.

    A target that is no class is an error if it is known already, else the loss is NaN.
    input (N, C) or (C,), target (N,) or (), int64, weight (C,) -> () or shape of target

    >>> import lamina
    >>> lamina.nn.functional.multi_margin_loss(lamina.tensor([[0.5, 0.25, 0.0, 2.0]]), lamina.tensor([3]))
    tensor(0.)
    """
    code = reduction_code(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.ndim != 1:
        raise ValueError("weight must be one-dimensional")
    loss = functions.multi_margin_loss(input, target, int(p), margin, weight, code)
    outside = bounds.first_outside(target, input.shape[-1] if input.ndim else 1, 0)
    if outside is not None:
        raise RuntimeError(f"multi_margin_loss: target {outside} is out of range.")
    return loss


def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The sum over labels j and other classes i of max(0, 1 - input[j] + input[i]) / C; reduced.

    A sample's labels are its targets before the first -1. One that is no class is an error if it is known already.
    input (N, C) or (C,), target the same shape, int64 -> () or (N,)
    """
    loss = functions.multilabel_margin_loss(input, target, reduction_code(reduction, size_average, reduce))
    outside = bounds.first_outside(target, input.shape[-1] if input.ndim else 1, -1)
    if outside is not None:
        raise RuntimeError(f"multilabel_margin_loss: target {outside} is out of range.")
    return loss


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """max(0, margin + |anchor - positive| - |anchor - negative|) in the p-norm; reduced.

    With `swap`, |positive - negative| counts in place of the last distance if it is smaller.
    anchor, positive and negative (*, E) -> () or (*)
    """
    code = reduction_code(reduction, size_average, reduce)
    _check_margin(margin)
    return functions.triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, code)


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """max(0, margin + d(anchor, positive) - d(anchor, negative)), d a distance, else `pairwise_distance`; reduced.

    anchor, positive and negative (*) -> () or shape of the distances
    """
    code = reduction_code(reduction)
    _check_margin(margin)
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeError(
            "triplet_margin_with_distance_loss: anchor, positive and negative must have as many dimensions each, "
            f"got {tuple(anchor.shape)}, {tuple(positive.shape)} and {tuple(negative.shape)}."
        )
    distance = functions.pairwise_distance if distance_function is None else distance_function
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = functions.minimum(far, distance(positive, negative))
    loss = functions.clamp_min(margin + near - far, 0)
    return functions.mean(loss) if code == MEAN else functions.sum(loss) if code == SUM else loss


def _check_margin(margin: float) -> None:
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
