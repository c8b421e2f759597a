"""Losses with a margin: of scores, of labels, of distances between three."""

from __future__ import annotations

from collections.abc import Callable

from lamina.nn import functional as F
from lamina.nn.distance import PairwiseDistance
from lamina.nn.loss import Loss, WeightedLoss
from lamina.tensor import Tensor


class _MarginLoss(Loss):
    def __init__(
        self,
        margin: float = 0.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin


class MarginRankingLoss(_MarginLoss):
    """max(0, -target * (input1 - input2) + margin): target 1 wants input1 larger, -1 wants it smaller.

    Args:
        margin: by how much.
        size_average, reduce: deprecated, see reduction.
        reduction: "mean", "sum" or "none".
    Shapes:
        input1, input2 and target (*) -> (), or (*) for "none"
    Source: torch.nn.MarginRankingLoss.

    >>> import lamina
    >>> good, bad = lamina.tensor([2.0, 1.0]), lamina.tensor([1.0, 1.5])
    >>> lamina.nn.MarginRankingLoss()(good, bad, lamina.ones(2))
    tensor(0.2500)
    """

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.margin_ranking_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class CosineEmbeddingLoss(_MarginLoss):
    """1 - cos(input1, input2) where target is 1, max(0, cos - margin) where it is -1.

    Args:
        margin: the cosine that vectors of target -1 may have.
        size_average, reduce: deprecated, see reduction.
        reduction: "mean", "sum" or "none".
    Shapes:
        input1 and input2 (N, E) or (E,), target (N,) or () -> (), or shape of target for "none"
    Source: torch.nn.CosineEmbeddingLoss.
    """

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.cosine_embedding_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class HingeEmbeddingLoss(_MarginLoss):
    """input, a distance, where target is 1, and max(0, margin - input) where it is -1.

    Args:
        margin: from which distance on pairs of target -1 cost nothing.
        size_average, reduce: deprecated, see reduction.
        reduction: "mean", "sum" or "none".
    Shapes:
        input and target (*) -> (), or (*) for "none"
    Source: torch.nn.HingeEmbeddingLoss.
    """

    def __init__(
        self,
        margin: float = 1.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(margin, size_average, reduce, reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.hinge_embedding_loss(input, target, margin=self.margin, reduction=self.reduction)


class SoftMarginLoss(Loss):
    """log(1 + exp(-target * input)), for targets of 1 and -1.

    Args:
        size_average, reduce: deprecated, see reduction.
        reduction: "mean", "sum" or "none".
    Shapes:
        input and target (*) -> (), or (*) for "none"
    Source: torch.nn.SoftMarginLoss.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class MultiLabelMarginLoss(Loss):
    """The sum over labels j and other classes i of max(0, 1 - input[j] + input[i]) / C.

    Args:
        size_average, reduce: deprecated, see reduction.
        reduction: "mean", "sum" or "none".
    Shapes:
        input (N, C) or (C,), target the same shape, int64, whose labels end at the first -1
        -> (), or (N,) for "none"
    Source: torch.nn.MultiLabelMarginLoss.

    >>> import lamina
    >>> input, target = lamina.tensor([[0.1, 0.2, 0.4, 0.8]]), lamina.tensor([[3, 0, -1, 1]])
    >>> lamina.nn.MultiLabelMarginLoss()(input, target)
    tensor(0.8500)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(WeightedLoss):
    """The mean over classes of -(target * log(sigmoid(input)) + (1 - target) * log(1 - sigmoid(input))).

    Args:
        weight: how much each class counts; None: all the same.
        size_average, reduce: deprecated, see reduction.
        reduction: "mean", "sum" or "none".
    Shapes:
        input and target (*, C) -> (), or (*) for "none"
    Buffers:
        weight (C,) or None: as given
    Source: torch.nn.MultiLabelSoftMarginLoss.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_soft_margin_loss(input, target, weight=self.weight, reduction=self.reduction)


class MultiMarginLoss(WeightedLoss):
    """The sum over classes i other than the target of weight[target] * max(0, margin - input[target] + input[i])^p / C.

    Args:
        p: 1 or 2.
        margin: by how much the target's score should be larger.
        weight: how much each class counts; None: all the same.
        size_average, reduce: deprecated, see reduction.
        reduction: "mean", "sum" or "none".
    Shapes:
        input (N, C) or (C,), target (N,) or (), int64 -> (), or shape of target for "none"
    Buffers:
        weight (C,) or None: as given
    Source: torch.nn.MultiMarginLoss.
    """

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        if p not in (1, 2):
            raise ValueError("only p == 1 and p == 2 supported")
        if weight is not None and weight.ndim != 1:
            raise ValueError(f"MultiMarginLoss: weight must be (C,) or None, got {tuple(weight.shape)}.")
        self.p, self.margin = p, margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multi_margin_loss(
            input, target, p=self.p, margin=self.margin, weight=self.weight, reduction=self.reduction
        )


class TripletMarginLoss(Loss):
    """max(0, margin + |anchor - positive| - |anchor - negative|) in the p-norm.

    Args:
        margin: by how much nearer the positive should be.
        p: which norm.
        eps: added to differences.
        swap: whether |positive - negative| counts in place of the last distance if it is smaller.
        size_average, reduce: deprecated, see reduction.
        reduction: "mean", "sum" or "none".
    Shapes:
        anchor, positive and negative (*, E) -> (), or (*) for "none"
    Source: torch.nn.TripletMarginLoss.
    """

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        if margin <= 0:
            raise ValueError(f"TripletMarginLoss: margin must be greater than 0, got {margin}.")
        self.margin, self.p, self.eps, self.swap = margin, p, eps, swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_loss(
            anchor, positive, negative, margin=self.margin, p=self.p, eps=self.eps, swap=self.swap,
            reduction=self.reduction,
        )  # fmt: skip


class TripletMarginWithDistanceLoss(Loss):
    """max(0, margin + d(anchor, positive) - d(anchor, negative)), for any distance d.

    Args:
        distance_function: takes two tensors; None: `PairwiseDistance()`.
        margin: by how much nearer the positive should be.
        swap: whether d(positive, negative) counts in place of the last distance if it is smaller.
        reduction: "mean", "sum" or "none".
    Shapes:
        anchor, positive and negative (N, *) -> (), or shape of the distances for "none"
    Source: torch.nn.TripletMarginWithDistanceLoss.

    >>> import lamina
    >>> loss = lamina.nn.TripletMarginWithDistanceLoss(distance_function=lambda x, y: (x - y).abs().amax(-1))
    >>> loss(lamina.zeros(2, 3), lamina.ones(2, 3), lamina.ones(2, 3) * 1.5)
    tensor(0.5000)
    """

    def __init__(
        self,
        *,
        distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(None, None, reduction)
        if margin <= 0:
            raise ValueError(f"TripletMarginWithDistanceLoss: margin must be greater than 0, got {margin}.")
        self.distance_function = PairwiseDistance() if distance_function is None else distance_function
        self.margin, self.swap = margin, swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_with_distance_loss(
            anchor, positive, negative, distance_function=self.distance_function, margin=self.margin,
            swap=self.swap, reduction=self.reduction,
        )  # fmt: skip
