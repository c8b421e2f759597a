"""Losses of numbers and probabilities: each is a function of `lamina.nn.functional`, with its options kept.

All have `reduction`: "mean", "sum" or "none". `size_average` and `reduce` are its older form.
"""

from __future__ import annotations

from lamina.functions_loss import legacy_reduction
from lamina.nn import functional as F
from lamina.nn.module import Module
from lamina.tensor import Tensor


class Loss(Module):
    """What all losses share."""

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = legacy_reduction(size_average, reduce, reduction)


class WeightedLoss(Loss):
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


class MSELoss(Loss):
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


class L1Loss(Loss):
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


class SmoothL1Loss(Loss):
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


class HuberLoss(Loss):
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


class BCELoss(WeightedLoss):
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


class BCEWithLogitsLoss(Loss):
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


class KLDivLoss(Loss):
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


class PoissonNLLLoss(Loss):
    """exp(input) - target * input: -log of the probability of target for a Poisson distribution, but for a constant.

    Args:
        log_input: whether input is the logarithm of the mean; else the loss is input - target * log(input + eps).
        full: whether to add Stirling's approximation of the constant, log(target!), where target > 1.
        size_average, reduce: deprecated, see reduction.
        eps: keeps the logarithm from 0.
        reduction: "mean", "sum" or "none".
    Shapes:
        log_input and target (*) -> (), or (*) for "none"
    Source: torch.nn.PoissonNLLLoss.
    """

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: bool | None = None,
        eps: float = 1e-8,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_input, self.full, self.eps = log_input, full, eps

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:
        return F.poisson_nll_loss(
            log_input, target, log_input=self.log_input, full=self.full, eps=self.eps, reduction=self.reduction
        )


class GaussianNLLLoss(Loss):
    """0.5 * (log(var) + (input - target)^2 / var): -log of the density of target for a normal distribution.

    Args:
        full: whether to add the constant 0.5 * log(2 pi).
        eps: the least variance.
        reduction: "mean", "sum" or "none".
    Shapes:
        input and target (*, E), var (*, E), (*, 1), (*) or a number -> (), or (*, E) for "none"
    Source: torch.nn.GaussianNLLLoss.

    >>> import lamina
    >>> mean, var, target = lamina.zeros(2, 3), lamina.ones(2, 3), lamina.ones(2, 3)
    >>> lamina.nn.GaussianNLLLoss()(mean, target, var)
    tensor(0.5000)
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(None, None, reduction)
        self.full, self.eps = full, eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        return F.gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)
