"""RAdam."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from lamina import functions
from lamina.optim.by_rule import ByRule, check_betas, check_positive
from lamina.optim.optimizer import check_options, is_zero
from lamina.tensor import Tensor


class RAdam(ByRule):
    """Adam that trusts v only as far as its few terms allow: the first steps are those of momentum alone.

    m and v as in `Adam`. With rho = 2 / (1 - beta2) - 1 and rho_t = rho - 2 t beta2^t / (1 - beta2^t), a step is
    lr m' / (1 - beta1^t), and if rho_t > 5 it is multiplied by r sqrt(1 - beta2^t) / (sqrt(v') + eps), where
    r^2 = (rho_t - 4) (rho_t - 2) rho / ((rho - 4) (rho - 2) rho_t).

    Args:
        params: tensors, (name, tensor) pairs, or dicts: groups with options of their own.
        lr: the learning rate, a number or a tensor of one element.
        betas: beta1 and beta2.
        eps: added to the denominator.
        weight_decay: this times p is added to the gradient.
        decoupled_weight_decay: whether weight decay shrinks p by lr weight_decay p instead, as in AdamW.
        maximize: whether to climb.
        foreach, capturable: ignored, a step is always one program.
        differentiable: must be False.
    State of each parameter:
        step: t, a float32 tensor. The parameters of a group share it as long as they take the same steps.
        exp_avg, exp_avg_sq: m and v.
    Source: torch.optim.RAdam; Liu et al. 2019, On the Variance of the Adaptive Learning Rate and Beyond.
    """

    added: ClassVar[dict[str, Any]] = {**ByRule.added, "decoupled_weight_decay": False}

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
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
        check_positive(weight_decay=weight_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "decoupled_weight_decay": decoupled_weight_decay,
                "differentiable": differentiable,
            },
        )

    def names(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        """m and v."""
        return ("exp_avg", "exp_avg_sq")

    def rule(self, group: dict[str, Any]) -> tuple[Callable[..., Any], Any, tuple[Any, ...]]:
        """`radam_update`."""
        weight_decay = group["weight_decay"]
        return (
            functions.radam_update,
            group["lr"],
            (
                *group["betas"],
                group["eps"],
                weight_decay,
                ...,
                not is_zero(weight_decay),
                group["decoupled_weight_decay"],
                group["maximize"],
            ),
        )
