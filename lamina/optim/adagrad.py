"""Adagrad."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from lamina import functions
from lamina.optim.by_rule import ByRule, check_positive, full_like
from lamina.optim.optimizer import check_options, is_zero
from lamina.tensor import Tensor


class Adagrad(ByRule):
    """The gradient divided by the root of the sum of all its squares.

    s' = s + g^2; p' = p - lr / (1 + (t - 1) lr_decay) g / (sqrt(s') + eps) at step t.

    Args:
        params: tensors, (name, tensor) pairs, or dicts: groups with options of their own.
        lr: the learning rate, a number or a tensor of one element.
        lr_decay: how fast the learning rate falls.
        weight_decay: this times p is added to the gradient.
        initial_accumulator_value: what s begins with.
        eps: added to the denominator.
        foreach, fused: ignored, a step is always one program.
        maximize: whether to climb.
        differentiable: must be False.
    State of each parameter:
        step: t, a float32 tensor. The parameters of a group share it as long as they take the same steps.
        sum: s. Both are there before the first step.
    Source: torch.optim.Adagrad; Duchi, Hazan and Singer 2011, Adaptive Subgradient Methods.
    """

    added: ClassVar[dict[str, Any]] = {"foreach": None, "maximize": False, "differentiable": False, "fused": None}

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_options(type(self).__name__, lr, differentiable, foreach, fused)
        check_positive(
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            epsilon=eps,
        )
        super().__init__(
            params,
            {
                "lr": lr,
                "lr_decay": lr_decay,
                "eps": eps,
                "weight_decay": weight_decay,
                "initial_accumulator_value": initial_accumulator_value,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "fused": fused,
            },
        )
        for group in self.param_groups:
            self.arrange(group, group["params"])

    def names(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        """s."""
        return ("sum",)

    def rule(self, group: dict[str, Any]) -> tuple[Callable[..., Any], Any, tuple[Any, ...]]:
        """`adagrad_update`."""
        weight_decay = group["weight_decay"]
        return (
            functions.adagrad_update,
            group["lr"],
            (
                group["lr_decay"],
                weight_decay,
                group["eps"],
                ...,
                not is_zero(weight_decay),
                group["maximize"],
            ),
        )

    def first(self, name: str, group: dict[str, Any], p: Tensor) -> Tensor:
        """A state before the first step."""
        if name != "sum":
            return super().first(name, group, p)
        value = self.defaults["initial_accumulator_value"]
        return full_like(p, complex(value, value) if p.is_complex() else value)
