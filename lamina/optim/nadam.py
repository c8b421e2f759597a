"""NAdam."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from lamina import functions
from lamina.optim.by_rule import ByRule, check_betas, check_positive, scalar
from lamina.optim.optimizer import check_options, is_zero
from lamina.tensor import Tensor


class NAdam(ByRule):
    """Adam with Nesterov's momentum: the step already holds part of the momentum that the next one would add.

    m and v as in `Adam`; mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2), M the product of all of them so far;
    p' = p - lr ((1 - mu_t) / (1 - M) g + mu_(t+1) / (1 - M mu_(t+1)) m') / (sqrt(v' / (1 - beta2^t)) + eps) at step t.

    Args:
        params: tensors, (name, tensor) pairs, or dicts: groups with options of their own.
        lr: the learning rate, a number or a tensor of one element.
        betas: beta1 and beta2.
        eps: added to the denominator.
        weight_decay: this times p is added to the gradient.
        momentum_decay: how fast mu_t comes near beta1.
        decoupled_weight_decay: whether weight decay shrinks p by lr weight_decay p instead, as in AdamW.
        maximize: whether to climb.
        foreach, capturable: ignored, a step is always one program.
        differentiable: must be False.
    State of each parameter:
        step: t, a float32 tensor. The parameters of a group share it as long as they take the same steps.
        mu_product: M, shared in the same way.
        exp_avg, exp_avg_sq: m and v.
    Source: torch.optim.NAdam; Dozat 2016, Incorporating Nesterov Momentum into Adam.
    """

    shared: ClassVar[tuple[str, ...]] = ("step", "mu_product")
    added: ClassVar[dict[str, Any]] = {**ByRule.added, "decoupled_weight_decay": False}

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_options(type(self).__name__, lr, differentiable, foreach, None)
        check_positive(epsilon=eps)
        check_betas(betas)
        check_positive(weight_decay=weight_decay, momentum_decay=momentum_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "momentum_decay": momentum_decay,
                "decoupled_weight_decay": decoupled_weight_decay,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "differentiable": differentiable,
            },
        )

    def names(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        """m and v."""
        return ("exp_avg", "exp_avg_sq")

    def rule(self, group: dict[str, Any]) -> tuple[Callable[..., Any], Any, tuple[Any, ...]]:
        """`nadam_update`."""
        weight_decay = group["weight_decay"]
        return (
            functions.nadam_update,
            group["lr"],
            (
                *group["betas"],
                group["eps"],
                weight_decay,
                group["momentum_decay"],
                ...,
                not is_zero(weight_decay),
                group["decoupled_weight_decay"],
                group["maximize"],
            ),
        )

    def first(self, name: str, group: dict[str, Any], p: Tensor) -> Tensor:
        """A state before the first step: a product of no factors is 1."""
        return scalar(1.0) if name == "mu_product" else super().first(name, group, p)
