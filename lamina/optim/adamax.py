"""Adamax."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lamina import functions
from lamina.optim.by_rule import ByRule, check_betas, check_positive
from lamina.optim.optimizer import check_options, is_zero
from lamina.tensor import Tensor


class Adamax(ByRule):
    """Adam with the largest gradient, slowly forgotten, in place of the root of the mean square.

    m' = beta1 m + (1 - beta1) g; u' = max(beta2 u, |g| + eps); p' = p - lr / (1 - beta1^t) m' / u' at step t.

    Args:
        params: tensors, (name, tensor) pairs, or dicts: groups with options of their own.
        lr: the learning rate, a number or a tensor of one element.
        betas: beta1 and beta2.
        eps: added to |g|.
        weight_decay: this times p is added to the gradient.
        maximize: whether to climb.
        foreach, capturable: ignored, a step is always one program.
        differentiable: must be False.
    State of each parameter:
        step: t, a float32 tensor. The parameters of a group share it as long as they take the same steps.
        exp_avg, exp_inf: m and u.
    Source: torch.optim.Adamax; Kingma and Ba 2014, Adam: A Method for Stochastic Optimization.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
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
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    def names(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        """m and u."""
        return ("exp_avg", "exp_inf")

    def rule(self, group: dict[str, Any]) -> tuple[Callable[..., Any], Any, tuple[Any, ...]]:
        """`adamax_update`."""
        weight_decay = group["weight_decay"]
        return (
            functions.adamax_update,
            group["lr"],
            (
                *group["betas"],
                group["eps"],
                weight_decay,
                ...,
                not is_zero(weight_decay),
                group["maximize"],
            ),
        )
