"""Adam and AdamW."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from lamina import functions
from lamina.optim.by_rule import ByRule, check_betas, check_positive
from lamina.optim.optimizer import check_options, is_zero
from lamina.tensor import Tensor


class Adam(ByRule):
    """Adam: steps along the running mean of the gradient, divided by the root of that of its square.

    m' = beta1 m + (1 - beta1) g; v' = beta2 v + (1 - beta2) g^2;
    p' = p - lr (m' / (1 - beta1^t)) / (sqrt(v' / (1 - beta2^t)) + eps) at step t.

    Args:
        params: tensors, (name, tensor) pairs, or dicts: groups with options of their own.
        lr: the learning rate, a number or a tensor of one element.
        betas: beta1 and beta2.
        eps: added to the denominator.
        weight_decay: this times p is added to the gradient.
        amsgrad: whether to use the largest v' so far.
        maximize: whether to climb.
        foreach, capturable, fused: ignored, a step is always one program.
        differentiable: must be False.
        decoupled_weight_decay: whether weight decay shrinks p by lr weight_decay p instead, as in AdamW.
    State of each parameter:
        step: t, a float32 tensor. The parameters of a group share it as long as they take the same steps.
        exp_avg, exp_avg_sq: m and v.
        max_exp_avg_sq: the largest v so far, if amsgrad.
    Source: torch.optim.Adam; Kingma and Ba 2014, Adam: A Method for Stochastic Optimization.
    """

    added: ClassVar[dict[str, Any]] = {**ByRule.added, "amsgrad": False, "decoupled_weight_decay": False, "fused": None}

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        check_options(type(self).__name__, lr, differentiable, foreach, fused)
        check_positive(epsilon=eps)
        check_betas(betas)
        check_positive(weight_decay=weight_decay)
        if not (all(isinstance(beta, float) for beta in betas) or all(isinstance(beta, Tensor) for beta in betas)):
            raise ValueError("betas must be either both floats or both Tensors")
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": tuple(float(beta) for beta in betas),
                "eps": eps,
                "weight_decay": weight_decay,
                "amsgrad": amsgrad,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "differentiable": differentiable,
                "fused": fused,
                "decoupled_weight_decay": decoupled_weight_decay,
            },
        )

    def names(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        """m, v and, if amsgrad, the largest v."""
        return ("exp_avg", "exp_avg_sq", "max_exp_avg_sq" if group["amsgrad"] else None)

    def rule(self, group: dict[str, Any]) -> tuple[Callable[..., Any], Any, tuple[Any, ...]]:
        """`adam_update`."""
        weight_decay = group["weight_decay"]
        return (
            functions.adam_update,
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


class AdamW(Adam):
    """Adam whose weight decay does not pass through the running means: p first becomes (1 - lr weight_decay) p.

    Args: as for `Adam`.
    Source: torch.optim.AdamW; Loshchilov and Hutter 2017, Decoupled Weight Decay Regularization.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True
