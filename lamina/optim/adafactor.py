"""Adafactor."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import numpy as np

from lamina import creation, dtypes, functions
from lamina.optim.by_rule import ByRule, scalar
from lamina.optim.optimizer import check_lr, is_zero, zeros_like
from lamina.tensor import Tensor, have_gradients


class Adafactor(ByRule):
    """Adam's scaling with little memory: of a matrix, only means over rows and columns of g^2 are kept.

    v' = v + t^beta2_decay (g^2 - v) at step t, of params with rows and columns R C / mean(R), where R and C are such
    means over rows and columns; u = g / sqrt(max(v', eps1^2)), divided by max(1, RMS(u) / d);
    p' = (1 - lr weight_decay) p - max(eps2, RMS(p)) min(lr, 1 / sqrt(t)) u.

    Args:
        params: tensors, (name, tensor) pairs, or dicts: groups with options of their own.
        lr: the largest relative step, a number or a tensor of one element.
        beta2_decay: how fast the mean becomes a slow one; not positive.
        eps: eps1, by default the smallest step of the parameters' type at 1, and eps2.
        d: how large RMS(u) may be.
        weight_decay: how much p shrinks.
        foreach: ignored, a step is always one program.
        maximize: whether to climb.
    State of each parameter:
        step: t, a float32 tensor. The parameters of a group share it as long as they take the same steps.
        row_var, col_var: R (*, n, 1) and C (*, 1, m) of a parameter (*, n, m).
        variance: v, of other parameters.
    Source: torch.optim.Adafactor; Shazeer and Stern 2018, Adaptive Learning Rates with Sublinear Memory Cost.
    """

    added: ClassVar[dict[str, Any]] = {"foreach": None}

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        check_lr(lr, "Learning rate should be >= 0 but is")
        if not beta2_decay <= 0.0:
            raise ValueError(f"beta2_decay should be <= 0 but is: {beta2_decay}")
        for number, value in enumerate(eps, 1):
            if value is not None and not value >= 0.0:
                raise ValueError(f"epsilon{number} should be >= 0 but is: {value}")
        if not d >= 1.0:
            raise ValueError(f"Clipping threshold d should be >= 1 but is: {d}")
        if not weight_decay >= 0.0:
            raise ValueError(f"weight_decay should be >= 0 but is: {weight_decay}")
        super().__init__(
            params,
            {
                "lr": lr,
                "beta2_decay": beta2_decay,
                "eps": eps,
                "d": d,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
            },
        )

    def names(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        """R, C and v. Each parameter has the first two, or the last."""
        return ("row_var", "col_var", "variance")

    def rule(self, group: dict[str, Any]) -> tuple[Callable[..., Any], Any, tuple[Any, ...]]:
        """`adafactor_update`."""
        eps1, eps2 = group["eps"]
        if eps1 is None:  # PyTorch takes that of the first parameter for the whole group
            first = next(p for p in group["params"] if any(have_gradients([p])))
            info: Any = dtypes.finfo(first.dtype)
            eps1 = info.eps
        weight_decay = group["weight_decay"]
        return (
            functions.adafactor_update,
            group["lr"],
            (
                group["beta2_decay"],
                eps1,
                eps2,
                group["d"],
                weight_decay,
                ...,
                not is_zero(weight_decay),
                group["maximize"],
            ),
        )

    def arrange(self, group: dict[str, Any], params: list[Tensor]) -> list[list[int]]:
        """Those at once that have the same steps behind them, with rows and columns or without."""
        for p in params:
            state = self.state[p]
            if p.is_complex():
                raise RuntimeError("Adafactor does not support complex parameters")
            if state:
                continue
            state["step"] = scalar(0.0)
            if p.ndim > 1:
                shape = tuple(p.shape)
                for name, size in (("row_var", (*shape[:-1], 1)), ("col_var", (*shape[:-2], 1, shape[-1]))):
                    state[name] = creation.tensor(np.zeros(size, p.dtype.numpy), dtype=p.dtype, device=p.device)
            else:
                state["variance"] = zeros_like(p)
        kinds = [[i for i, p in enumerate(params) if (p.ndim > 1) is factored] for factored in (True, False)]
        # Each operation counts the steps of its own parameters.
        return [[kind[i] for i in some] for kind in kinds for some in self.share([params[i] for i in kind])]
