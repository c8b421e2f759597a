"""Adam and AdamW."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lamina import creation, dtypes, functions
from lamina.optim.optimizer import Optimizer, check_options, is_zero, zeros_like
from lamina.tensor import Tensor, grad_mode


class Adam(Optimizer):
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
        if not eps >= 0.0:
            raise ValueError(f"Invalid epsilon value: {eps}")
        for index in (0, 1):
            if not 0.0 <= betas[index] < 1.0:
                raise ValueError(f"Invalid beta parameter at index {index}: {betas[index]}")
        if not weight_decay >= 0.0:
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
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

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters by their gradients; the loss, if a closure computes it."""
        loss = self.evaluate(closure)
        with grad_mode(False):
            for group in self.param_groups:
                self._step_group(group)
        return loss

    def _step_group(self, group: dict[str, Any]) -> None:
        amsgrad, weight_decay = group["amsgrad"], group["weight_decay"]
        beta1, beta2 = group["betas"]
        for bucket in self.plan(group, amsgrad):
            step = bucket.states[0]["step"]
            exp_avgs, exp_avg_sqs = bucket.held("exp_avg"), bucket.held("exp_avg_sq")
            largest = bucket.held("max_exp_avg_sq") if amsgrad else []
            bucket.update(
                functions.adam_update,
                (exp_avgs, exp_avg_sqs, largest if amsgrad else None, step),
                [step, *bucket.params, *exp_avgs, *exp_avg_sqs, *largest],
                group["lr"],
                beta1,
                beta2,
                group["eps"],
                weight_decay,
                ...,
                not is_zero(weight_decay),
                group["decoupled_weight_decay"],
                group["maximize"],
            )

    def arrange(self, group: dict[str, Any], params: list[Tensor]) -> list[list[int]]:
        """Those at once that have the same number of steps behind them; they share one `step`."""
        fresh = creation.tensor(0.0, dtype=dtypes.float32)
        for p in params:
            state = self.state[p]
            if not state:
                state["step"] = fresh
                state["exp_avg"] = zeros_like(p)
                state["exp_avg_sq"] = zeros_like(p)
            if group["amsgrad"] and "max_exp_avg_sq" not in state:
                state["max_exp_avg_sq"] = zeros_like(p)
        return self._share_steps(params)

    def _share_steps(self, params: list[Tensor]) -> list[list[int]]:
        """Read each `step` that there is, once, and give those of params that are equal one tensor of their own."""
        values: dict[int, float] = {}
        positions: dict[float, list[int]] = {}
        for i, p in enumerate(params):
            step = self.state[p]["step"]
            if id(step) not in values:
                values[id(step)] = float(step)
            positions.setdefault(values[id(step)], []).append(i)
        for value, together in positions.items():
            # A new tensor: the old one may be shared with a parameter that takes no part in this step.
            shared = creation.tensor(value, dtype=dtypes.float32)
            for i in together:
                self.state[params[i]]["step"] = shared
        return list(positions.values())

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group.setdefault("amsgrad", False)
            group.setdefault("maximize", False)
            group.setdefault("foreach", None)
            group.setdefault("capturable", False)
            group.setdefault("differentiable", False)
            group.setdefault("decoupled_weight_decay", False)
            group.setdefault("fused", None)


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
