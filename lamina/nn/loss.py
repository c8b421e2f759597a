"""Loss layers: each is a function of `lamina.nn.functional`, with its options kept.

All have `reduction`: "mean", "sum" or "none". `size_average` and `reduce` are its older form.
"""

from __future__ import annotations

from lamina.functions_loss import legacy_reduction
from lamina.nn import functional as F
from lamina.nn.module import Module
from lamina.tensor import Tensor


class _Loss(Module):
    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = legacy_reduction(size_average, reduce, reduction)


class _WeightedLoss(_Loss):
    """A loss whose weight is a buffer: it moves with the module and is part of its state."""

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


class MSELoss(_Loss):
    """(input - target)^2.

    Args:
        size_average, reduce: deprecated, see reduction.
        reduction: "mean", "sum" or "none".
    Shapes:
        input and target (*) -> (), or (*) for "none"
    Source: torch.nn.MSELoss.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(_Loss):
    """|input - target|.

    Args:
        size_average, reduce: deprecated, see reduction.
        reduction: "mean", "sum" or "none".
    Shapes:
        input and target (*) -> (), or (*) for "none"
    Source: torch.nn.L1Loss.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(_Loss):
    """0.5 d^2 / beta where |d| < beta, else |d| - 0.5 beta, with d = input - target.

    Args:
        size_average, reduce: deprecated, see reduction.
        reduction: "mean", "sum" or "none".
        beta: where the parabola becomes a line.
    Shapes:
        input and target (*) -> (), or (*) for "none"
    Source: torch.nn.SmoothL1Loss.
    """

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        beta: float = 1.0,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(_Loss):
    """0.5 d^2 where |d| <= delta, else delta (|d| - 0.5 delta), with d = input - target.

    Args:
        reduction: "mean", "sum" or "none".
        delta: where the parabola becomes a line.
    Shapes:
        input and target (*) -> (), or (*) for "none"
    Source: torch.nn.HuberLoss.
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        if not isinstance(delta, (float, int)):
            raise TypeError(f"delta must be a float or int, got: {type(delta)}")
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class CrossEntropyLoss(_WeightedLoss):
    """-log_softmax(input)[target], for logits and class indices or class probabilities.

    Args:
        weight: how much each class counts; None: all the same.
        size_average, reduce: deprecated, see reduction.
        ignore_index: targets of this value don't count.
        reduction: "mean" (over the weights of the targets), "sum" or "none".
        label_smoothing: which part of the target is the uniform distribution.
    Shapes:
        input (N, C, *) or (C,), target (N, *) or (), int64, or like input -> (), or (N, *) for "none"
    Buffers:
        weight (C,) or None: as given
    Source: torch.nn.CrossEntropyLoss.
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(_WeightedLoss):
    """-input[target], for log-probabilities and class indices.

    Args:
        weight: how much each class counts; None: all the same.
        size_average, reduce: deprecated, see reduction.
        ignore_index: targets of this value don't count.
        reduction: "mean" (over the weights of the targets), "sum" or "none".
    Shapes:
        input (N, C, *) or (C,), target (N, *) or (), int64 -> (), or (N, *) for "none"
    Buffers:
        weight (C,) or None: as given
    Source: torch.nn.NLLLoss.
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(input, target, weight=self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class BCELoss(_WeightedLoss):
    """-(target * log(input) + (1 - target) * log(1 - input)), for probabilities; logarithms are at least -100.

    Args:
        weight: how much each element counts; None: all the same.
        size_average, reduce: deprecated, see reduction.
        reduction: "mean", "sum" or "none".
    Shapes:
        input and target (*) -> (), or (*) for "none"
    Buffers:
        weight (*) or None: as given
    Source: torch.nn.BCELoss.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy(input, target, weight=self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    """`BCELoss` of sigmoid(input), without the loss of digits.

    Args:
        weight: how much each element counts; None: all the same.
        size_average, reduce: deprecated, see reduction.
        reduction: "mean", "sum" or "none".
        pos_weight: how many times a positive target counts.
    Shapes:
        input and target (*) -> (), or (*) for "none"
    Buffers:
        weight (*) or None: as given
        pos_weight (*) or None: as given
    Source: torch.nn.BCEWithLogitsLoss.
    """

    weight: Tensor | None
    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, pos_weight=self.pos_weight, reduction=self.reduction
        )


class KLDivLoss(_Loss):
    """target * (log(target) - input), for log-probabilities and probabilities.

    Args:
        size_average, reduce: deprecated, see reduction.
        reduction: "batchmean" (the definition), "mean", "sum" or "none".
        log_target: whether the target is the logarithm itself.
    Shapes:
        input and target (*) -> (), or (*) for "none"
    Source: torch.nn.KLDivLoss.
    """

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)
