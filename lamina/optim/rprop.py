"""Resilient propagation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lamina import functions
from lamina.optim.by_rule import ByRule, full_like
from lamina.optim.optimizer import check_options
from lamina.tensor import Tensor


class Rprop(ByRule):
    """Steps that follow the gradient's sign only: p' = p - s sign(g), with a step size s for each element.

    Where g kept its sign since the last step, s grows by the second of `etas`; where it changed it, s shrinks by the
    first and g counts as 0. For whole data sets: the noise of batches changes signs.

    Args:
        params: tensors, (name, tensor) pairs, or dicts: groups with options of their own.
        lr: what s begins with, a number or a tensor of one element.
        etas: the factors by which s shrinks and grows.
        step_sizes: the smallest and the largest s.
        capturable, foreach: ignored, a step is always one program.
        maximize: whether to climb.
        differentiable: must be False.
    State of each parameter:
        step: t, a float32 tensor. The parameters of a group share it as long as they take the same steps.
        prev: the last gradient.
        step_size: s.
    Source: torch.optim.Rprop; Riedmiller and Braun 1993, A Direct Adaptive Method for Faster Backpropagation Learning.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_options(type(self).__name__, lr, differentiable, foreach, None)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        super().__init__(
            params,
            {
                "lr": lr,
                "etas": etas,
                "step_sizes": step_sizes,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    def names(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        """The last gradient, and s."""
        return ("prev", "step_size")

    def rule(self, group: dict[str, Any]) -> tuple[Callable[..., Any], Any, tuple[Any, ...]]:
        """`rprop_update`."""
        return (
            functions.rprop_update,
            group["etas"][0],
            (
                group["etas"][1],
                *group["step_sizes"],
                ...,
                group["maximize"],
            ),
        )

    def first(self, name: str, group: dict[str, Any], p: Tensor) -> Tensor:
        """A state before the first step."""
        if name != "step_size":
            return super().first(name, group, p)
        lr = float(group["lr"])
        return full_like(p, complex(lr, lr) if p.is_complex() else lr)
