"""Muon."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from lamina import functions
from lamina.optim.by_rule import ByRule
from lamina.optim.optimizer import check_lr
from lamina.tensor import Tensor


class Muon(ByRule):
    """Momentum whose steps are made orthogonal: for matrices, all directions of a step get about the same size.

    b' = b + (1 - momentum) (g - b); u = b', or g + momentum (b' - g) with nesterov; p' = (1 - lr weight_decay) p -
    lr r orthogonal(u). Orthogonal is what `ns_steps` Newton-Schulz iterations in bfloat16 make of u.

    Args:
        params: matrices, (name, matrix) pairs, or dicts: groups with options of their own. Other parameters of a model
            belong to another optimizer.
        lr: the learning rate, a number or a tensor of one element.
        weight_decay: how much p shrinks.
        momentum: how much of the last step is kept.
        nesterov: whether to step along what the next step would add to.
        ns_coefficients: a, b and c of an iteration x' = a x + b (x x^T) x + c (x x^T)^2 x.
        eps: the smallest norm that u is divided by.
        ns_steps: the number of iterations.
        adjust_lr_fn: how r goes by the shape (n, m): "original" or None, sqrt(max(1, n / m)); "match_rms_adamw",
            0.2 sqrt(max(n, m)).
    State of each parameter:
        momentum_buffer: b.
    Source: torch.optim.Muon; Jordan et al. 2024, Muon: An optimizer for hidden layers in neural networks.
    """

    shared: ClassVar[tuple[str, ...]] = ()
    added: ClassVar[dict[str, Any]] = {}

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        check_lr(lr, "Learning rate should be >= 0 but is")
        if not momentum >= 0.0:
            raise ValueError(f"momentum should be >= 0 but is: {momentum}")
        if not weight_decay >= 0.0:
            raise ValueError(f"weight decay should be >= 0 but is: {weight_decay}")
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ValueError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        super().__init__(
            params,
            {
                "lr": lr,
                "weight_decay": weight_decay,
                "momentum": momentum,
                "nesterov": nesterov,
                "ns_coefficients": ns_coefficients,
                "eps": eps,
                "ns_steps": ns_steps,
                "adjust_lr_fn": adjust_lr_fn,
            },
        )
        for group in self.param_groups:
            for p in group["params"]:
                if p.ndim != 2:
                    raise ValueError(
                        f"Muon only supports 2D parameters whereas we found a parameter with size: {p.size()}"
                    )

    def names(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        """b."""
        return ("momentum_buffer",)

    def rule(self, group: dict[str, Any]) -> tuple[Callable[..., Any], Any, tuple[Any, ...]]:
        """`muon_update`."""
        return (
            functions.muon_update,
            group["lr"],
            (
                group["weight_decay"],
                group["momentum"],
                group["eps"],
                ...,
                group["nesterov"],
                tuple(group["ns_coefficients"]),
                group["ns_steps"],
                group["adjust_lr_fn"],
            ),
        )

    def arrange(self, group: dict[str, Any], params: list[Tensor]) -> list[list[int]]:
        """All at once."""
        if any(p.is_complex() for p in params):
            raise RuntimeError("Muon does not support complex parameters")
        return super().arrange(group, params)
