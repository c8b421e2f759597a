"""Adadelta."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lamina import functions
from lamina.optim.by_rule import ByRule, check_positive
from lamina.optim.optimizer import check_options, is_zero
from lamina.tensor import Tensor


class Adadelta(ByRule):
    """Steps as large as the last steps were, relative to the gradients.

    v' = rho v + (1 - rho) g^2; d = sqrt(a + eps) / sqrt(v' + eps) g; a' = rho a + (1 - rho) d^2; p' = p - lr d.

    Args:
        params: tensors, (name, tensor) pairs, or dicts: groups with options of their own.
        lr: what d is multiplied by, a number or a tensor of one element.
        rho: how slowly the means forget.
        eps: added to both means.
        weight_decay: this times p is added to the gradient.
        foreach, capturable: ignored, a step is always one program.
        maximize: whether to climb.
        differentiable: must be False.
    State of each parameter:
        step: t, a float32 tensor. The parameters of a group share it as long as they take the same steps.
        square_avg, acc_delta: v and a.
    Source: torch.optim.Adadelta; Zeiler 2012, ADADELTA: An Adaptive Learning Rate Method.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_options(type(self).__name__, lr, differentiable, foreach, None)
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Invalid rho value: {rho}")
        check_positive(epsilon=eps, weight_decay=weight_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "rho": rho,
                "eps": eps,
                "weight_decay": weight_decay,
                "maximize": maximize,
                "capturable": capturable,
                "foreach": foreach,
                "differentiable": differentiable,
            },
        )

    def names(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        """v and a."""
        return ("square_avg", "acc_delta")

    def rule(self, group: dict[str, Any]) -> tuple[Callable[..., Any], Any, tuple[Any, ...]]:
        """`adadelta_update`."""
        weight_decay = group["weight_decay"]
        return (
            functions.adadelta_update,
            group["lr"],
            (
                group["rho"],
                group["eps"],
                weight_decay,
                ...,
                not is_zero(weight_decay),
                group["maximize"],
            ),
        )
