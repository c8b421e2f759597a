"""Optimizers whose step is one operation for each bucket of parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from lamina import creation, dtypes
from lamina.optim.optimizer import Optimizer, zeros_like
from lamina.tensor import Tensor, grad_mode


class ByRule(Optimizer):
    """The base of most optimizers. A subclass names the states and the operation that changes them.

    Attributes:
        shared: the states that are one number each. Parameters that have taken the same steps share them.
        added: options that groups saved by an older version lack, and what they were.
    Source: torch.optim.Optimizer.
    """

    shared: ClassVar[tuple[str, ...]] = ("step",)
    added: ClassVar[dict[str, Any]] = {
        "foreach": None,
        "maximize": False,
        "differentiable": False,
        "capturable": False,
    }

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters by their gradients; the loss, if a closure computes it."""
        loss = self.evaluate(closure)
        with grad_mode(False):
            for group in self.param_groups:
                self._step_group(group)
        return loss

    def names(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        """The states that the operation gets a list of, beside the shared ones; None for one that it does not get."""
        raise NotImplementedError

    def rule(self, group: dict[str, Any]) -> tuple[Callable[..., Any], Any, tuple[Any, ...]]:
        """The operation, its first number and its further options, with `...` for where the blocks go."""
        raise NotImplementedError

    def first(self, name: str, group: dict[str, Any], p: Tensor) -> Tensor:
        """A state before the first step."""
        return scalar(0.0) if name in self.shared else zeros_like(p)

    def _step_group(self, group: dict[str, Any]) -> None:
        names = self.names(group)
        for bucket in self.plan(group, names):
            function, lr, options = self.rule(group)
            states, targets = bucket.of_rule(self.shared, names)
            bucket.update(function, states, targets, lr, *options)

    def arrange(self, group: dict[str, Any], params: list[Tensor]) -> list[list[int]]:
        """Those at once that have the same numbers behind them; they share one tensor for each."""
        names = [*self.shared, *(name for name in self.names(group) if name is not None)]
        for p in params:
            state = self.state[p]
            for name in names:
                if name not in state:
                    state[name] = self.first(name, group, p)
        return self.share(params)

    def share(self, params: list[Tensor]) -> list[list[int]]:
        """Read each shared number that there is, once, and give those of params that are equal one tensor of their own.

        A new tensor: the old one may be shared with a parameter that takes no part in this step.
        """
        read: dict[int, float] = {}
        positions: dict[tuple[Any, ...], list[int]] = {}
        for i, p in enumerate(params):
            tensors = [self.state[p][name] for name in self.shared]
            for tensor in tensors:
                if id(tensor) not in read:
                    read[id(tensor)] = float(tensor)
            key = tuple([(read[id(tensor)], tensor.dtype) for tensor in tensors])
            positions.setdefault(key, []).append(i)
        for key, together in positions.items():
            for name, (value, dtype) in zip(self.shared, key, strict=True):
                tensor = creation.tensor(value, dtype=dtype)
                for i in together:
                    self.state[params[i]][name] = tensor
        return list(positions.values())

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            for name, value in self.added.items():
                group.setdefault(name, value)
            for p in group["params"]:
                own = self.state.get(p, {})
                for name in self.shared if own else ():
                    if not isinstance(own[name], Tensor):
                        own[name] = scalar(float(own[name]))


def scalar(value: float) -> Tensor:
    """A number as a state, on the host: float32, or float64 if that is the default type."""
    wide = dtypes.get_default_dtype() is dtypes.float64
    return creation.tensor(value, dtype=dtypes.float64 if wide else dtypes.float32)


def full_like(p: Tensor, value: complex) -> Tensor:
    """A constant as an array, not as an operation to run. p (*) -> (*)."""
    return creation.tensor(np.full(p.shape, value, p.dtype.numpy), dtype=p.dtype, device=p.device)


def check_betas(betas: tuple[Any, Any]) -> None:
    """Raise what PyTorch raises for running means that keep all, or less than nothing."""
    for index in (0, 1):
        if not 0.0 <= betas[index] < 1.0:
            raise ValueError(f"Invalid beta parameter at index {index}: {betas[index]}")


def check_positive(**options: float) -> None:
    """Raise what PyTorch raises for a negative option. Keyword arguments: its name in the message -> its value."""
    for name, value in options.items():
        if not value >= 0.0:
            raise ValueError(f"Invalid {name} value: {value}")
