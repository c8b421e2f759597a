"""SparseAdam."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lamina.optim.by_rule import check_betas
from lamina.optim.optimizer import Optimizer, check_lr
from lamina.tensor import Tensor, have_gradients


class SparseAdam(Optimizer):
    """Adam for sparse gradients. All of lamina's gradients are dense: a step that finds one raises RuntimeError.

    Args:
        params: tensors, (name, tensor) pairs, or dicts: groups with options of their own.
        lr, betas, eps, maximize: as for `Adam`.
    Source: torch.optim.SparseAdam.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:
        check_lr(lr)
        if float(lr) == 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if not eps > 0.0:
            raise ValueError(f"Invalid epsilon value: {eps}")
        check_betas(betas)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "maximize": maximize})
        found = [
            [i, j] for i, group in enumerate(self.param_groups) for j, p in enumerate(group["params"]) if p.is_complex()
        ]
        if found:
            raise ValueError(f"Complex params at indices {found}: SparseAdam does not support complex parameters")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """The loss, if a closure computes it; raises if there is a gradient."""
        loss = self.evaluate(closure)
        if any(any(have_gradients(group["params"])) for group in self.param_groups):
            raise RuntimeError("SparseAdam does not support dense gradients, please consider Adam instead")
        return loss
