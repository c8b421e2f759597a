"""Losses of classes: of class indices, or of class probabilities."""

from __future__ import annotations

import math
import warnings
from typing import Any

from lamina.functions_linear_cross_entropy import LinearCrossEntropyOptions
from lamina.nn import functional as F
from lamina.nn.linear import Linear
from lamina.nn.loss import WeightedLoss
from lamina.tensor import Tensor


class CrossEntropyLoss(WeightedLoss):
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

    >>> import lamina
    >>> lamina.nn.CrossEntropyLoss()(lamina.zeros(3, 4), lamina.tensor([0, 3, 1]))
    tensor(1.3863)
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


class NLLLoss(WeightedLoss):
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


class NLLLoss2d(NLLLoss):
    """`NLLLoss` by an older name.

    Args:
        weight, size_average, ignore_index, reduce, reduction: as for NLLLoss.
    Shapes:
        input (N, C, H, W), target (N, H, W), int64 -> (), or (N, H, W) for "none"
    Buffers:
        weight (C,) or None: as given
    Source: torch.nn.NLLLoss2d.
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        warnings.warn("NLLLoss2d is deprecated: use NLLLoss, which does the same.", FutureWarning, stacklevel=2)
        super().__init__(weight, size_average, ignore_index, reduce, reduction)


class LinearCrossEntropyLoss(WeightedLoss):
    """`CrossEntropyLoss` of a linear map: with options, without ever having the scores of all rows.

    Args:
        in_features: last size of input.
        num_classes: how many classes there are.
        out_features: further sizes of the map, for a loss of many places.
        bias: whether the map adds one.
        reduction: "mean" (over the weights of the targets), "sum" or "none".
        weight: how much each class counts; None: all the same.
        ignore_index: targets of this value don't count; None: -100.
        label_smoothing: which part of the target is the uniform distribution.
        options: a `LinearCrossEntropyOptions`: how many rows at a time; None: all.
    Shapes:
        input (N, in_features) or (in_features,), target (N, *out_features) or (), int64, or probabilities
        (N, num_classes, *out_features) -> (), or (N, *out_features) for "none"
    Buffers:
        weight (num_classes,) or None: as given
    Source: torch.nn.LinearCrossEntropyLoss.
    """

    def __init__(self, in_features: int, num_classes: int, *, out_features: tuple[int, ...] = (), bias: bool = False,
                 device: Any = None, dtype: Any = None, reduction: str = "mean", weight: Tensor | None = None,
                 ignore_index: int | None = None, label_smoothing: float = 0.0,
                 options: LinearCrossEntropyOptions | None = None) -> None:  # fmt: skip
        if weight is not None and tuple(weight.shape) != (num_classes,):
            raise RuntimeError(f"LinearCrossEntropyLoss: weight must be ({num_classes},), got {tuple(weight.shape)}.")
        if not 0 <= label_smoothing <= 1:
            raise RuntimeError(f"LinearCrossEntropyLoss: label_smoothing must be from 0 to 1, got {label_smoothing}.")
        super().__init__(weight, None, None, reduction)
        self.num_classes, self.out_features, self.options = num_classes, out_features, options
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing
        self.linear = Linear(in_features, math.prod(out_features, start=num_classes), bias, device, dtype)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        sizes = (self.num_classes, *self.out_features)
        weight, bias = self.linear.weight.reshape(*sizes, self.linear.in_features), self.linear.bias
        return F.linear_cross_entropy(
            input, weight, target, linear_bias=None if bias is None else bias.reshape(sizes), weight=self.weight,
            reduction=self.reduction, ignore_index=self.ignore_index, label_smoothing=self.label_smoothing,
            options=self.options,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return (
            f"in_features={self.linear.in_features}, num_classes={self.num_classes}, "
            f"out_features={self.out_features}, bias={self.linear.bias is not None}, reduction={self.reduction}, "
            f"ignore_index={self.ignore_index}, label_smoothing={self.label_smoothing}, options={self.options}"
        )
