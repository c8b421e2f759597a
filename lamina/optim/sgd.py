"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lamina import functions
from lamina.optim.optimizer import Optimizer, check_options, is_zero, zeros_like
from lamina.tensor import Tensor, grad_mode


class SGD(Optimizer):
    """Gradient descent, p - lr g, with momentum: b' = momentum b + (1 - dampening) g and p - lr b'.

    Args:
        params: tensors, (name, tensor) pairs, or dicts: groups with options of their own.
        lr: the learning rate, a number or a tensor of one element.
        momentum: how much of the last step is kept.
        dampening: what part of the gradient does not enter the momentum, after the first step.
        weight_decay: this times p is added to the gradient.
        nesterov: whether to step along g + momentum b' instead of b'.
        maximize: whether to climb.
        foreach, fused: ignored, a step is always one program.
        differentiable: must be False.
    State of each parameter:
        momentum_buffer: b, if there is momentum.
    Source: torch.optim.SGD.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_options("SGD", lr, differentiable, foreach, fused)
        if momentum < 0.0:
            raise ValueError(f"Invalid momentum value: {momentum}")
        if float(weight_decay) < 0.0:
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        self._fresh: set[int] = set()
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "dampening": dampening,
                "weight_decay": weight_decay,
                "nesterov": nesterov,
                "maximize": maximize,
                "foreach": foreach,
                "differentiable": differentiable,
                "fused": fused,
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
        momentum, dampening, weight_decay = group["momentum"], group["dampening"], group["weight_decay"]
        keeps = not is_zero(momentum)
        for bucket in self.plan(group, (keeps, is_zero(dampening))):
            params = bucket.params
            buffers = bucket.held("momentum_buffer") if keeps else None
            fresh = bool(self._fresh) and id(params[0]) in self._fresh
            bucket.update(
                functions.sgd_update,
                (buffers,),
                params + buffers if buffers else params,
                group["lr"],
                momentum,
                # The first buffer is the whole gradient: from zero, what the rule gives without dampening.
                0 if fresh else dampening,
                weight_decay,
                ...,
                not is_zero(weight_decay),
                group["nesterov"],
                group["maximize"],
            )
            if fresh:
                self._fresh.difference_update(map(id, params))
                self._plans.pop(id(group))

    def arrange(self, group: dict[str, Any], params: list[Tensor]) -> list[list[int]]:
        """All params at once, unless some take their first step and others do not, and dampening sets them apart."""
        if is_zero(group["momentum"]):
            return super().arrange(group, params)
        new = [i for i, p in enumerate(params) if self.state[p].get("momentum_buffer") is None]
        for i in new:
            self.state[params[i]]["momentum_buffer"] = zeros_like(params[i])
        if is_zero(group["dampening"]):
            return super().arrange(group, params)
        self._fresh.update(id(params[i]) for i in new)
        old = sorted(set(range(len(params))).difference(new))
        return [positions for positions in (old, new) if positions]

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._fresh = set()
        for group in self.param_groups:
            group.setdefault("nesterov", False)
            group.setdefault("maximize", False)
            group.setdefault("foreach", None)
            group.setdefault("differentiable", False)
            group.setdefault("fused", False)
