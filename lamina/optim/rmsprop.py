"""RMSprop."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from lamina import functions
from lamina.optim.by_rule import ByRule, check_positive
from lamina.optim.optimizer import check_options, is_zero
from lamina.tensor import Tensor


class RMSprop(ByRule):
    """The gradient divided by the root of the running mean of its square.

    v' = alpha v + (1 - alpha) g^2; u = g / (sqrt(v') + eps); p' = p - lr u. With momentum b' = momentum b + u and
    p' = p - lr b'. If centered, a' = alpha a + (1 - alpha) g and the root is that of v' - a'^2.

    Args:
        params: tensors, (name, tensor) pairs, or dicts: groups with options of their own.
        lr: the learning rate, a number or a tensor of one element.
        alpha: how slowly the means forget.
        eps: added to the denominator.
        weight_decay: this times p is added to the gradient.
        momentum: how much of the last step is kept.
        centered: whether to divide by the gradient's standard deviation instead.
        capturable, foreach: ignored, a step is always one program.
        maximize: whether to climb.
        differentiable: must be False.
    State of each parameter:
        step: t, a float32 tensor. The parameters of a group share it as long as they take the same steps.
        square_avg: v.
        momentum_buffer: b, if there is momentum.
        grad_avg: a, if centered.
    Source: torch.optim.RMSprop; Hinton, Neural Networks for Machine Learning, lecture 6e; centered: Graves 2013.
    """

    added: ClassVar[dict[str, Any]] = {**ByRule.added, "momentum": 0, "centered": False}

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_options(type(self).__name__, lr, differentiable, foreach, None)
        check_positive(epsilon=eps, momentum=momentum, weight_decay=weight_decay, alpha=alpha)
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "alpha": alpha,
                "eps": eps,
                "centered": centered,
                "weight_decay": weight_decay,
                "capturable": capturable,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
            },
        )

    def names(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        """v; b, if there is momentum; a, if centered."""
        return (
            "square_avg",
            "momentum_buffer" if group["momentum"] > 0 else None,
            "grad_avg" if group["centered"] else None,
        )

    def rule(self, group: dict[str, Any]) -> tuple[Callable[..., Any], Any, tuple[Any, ...]]:
        """`rmsprop_update`."""
        weight_decay = group["weight_decay"]
        return (
            functions.rmsprop_update,
            group["lr"],
            (
                group["alpha"],
                group["eps"],
                weight_decay,
                group["momentum"],
                ...,
                not is_zero(weight_decay),
                group["maximize"],
            ),
        )
