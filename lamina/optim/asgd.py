"""Averaged stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from lamina import functions
from lamina.optim.by_rule import ByRule, check_positive, scalar
from lamina.optim.optimizer import check_options, is_zero
from lamina.tensor import Tensor


class ASGD(ByRule):
    """Gradient descent that keeps an average of the parameters.

    p' = (1 - lambd eta) p - eta g; ax' = ax + mu (p' - ax); at step t, eta' = lr / (1 + lambd lr t)^alpha and
    mu' = 1 / max(1, t - t0).

    Args:
        params: tensors, (name, tensor) pairs, or dicts: groups with options of their own.
        lr: the learning rate, a number or a tensor of one element.
        lambd: how much p shrinks.
        alpha: how fast eta falls.
        t0: the step after which averaging begins.
        weight_decay: this times p is added to the gradient.
        foreach, capturable: ignored, a step is always one program.
        maximize: whether to climb.
        differentiable: must be False.
    State of each parameter:
        step: t, a float32 tensor. The parameters of a group share it as long as they take the same steps.
        eta, mu: the step size and the weight of the average, shared in the same way.
        ax: the average; before t0, p itself.
    Source: torch.optim.ASGD; Polyak and Juditsky 1992, Acceleration of Stochastic Approximation by Averaging.
    """

    shared: ClassVar[tuple[str, ...]] = ("step", "eta", "mu")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_options(type(self).__name__, lr, differentiable, foreach, None)
        check_positive(weight_decay=weight_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "lambd": lambd,
                "alpha": alpha,
                "t0": t0,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    def names(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        """The averages."""
        return ("ax",)

    def rule(self, group: dict[str, Any]) -> tuple[Callable[..., Any], Any, tuple[Any, ...]]:
        """`asgd_update`."""
        weight_decay = group["weight_decay"]
        return (
            functions.asgd_update,
            group["lr"],
            (
                group["lambd"],
                group["alpha"],
                group["t0"],
                weight_decay,
                ...,
                not is_zero(weight_decay),
                group["maximize"],
            ),
        )

    def first(self, name: str, group: dict[str, Any], p: Tensor) -> Tensor:
        """A state before the first step."""
        if name in ("eta", "mu"):
            return scalar(float(group["lr"]) if name == "eta" else 1.0)
        return super().first(name, group, p)
