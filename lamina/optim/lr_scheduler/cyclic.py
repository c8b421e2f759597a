"""Schedules that rise and fall, with the momentum doing the opposite."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from lamina.optim.lr_scheduler.scheduler import (
    LRScheduler,
    check_optimizer,
    for_each_group,
    function_state,
    set_value,
)
from lamina.optim.optimizer import Optimizer


class _CyclesMomentum(LRScheduler):
    """The base of schedules that change the momentum, or beta1, as well."""

    cycle_momentum: bool

    def _begin_momentum(
        self, optimizer: Optimizer, base: Any, top: Any, last_epoch: int
    ) -> tuple[list[Any], list[Any]]:
        """Note the bounds of the momentum in the groups, and begin at the highest."""
        if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
            raise ValueError("optimizer must support momentum or beta1 with `cycle_momentum` option enabled")
        self.use_beta1 = "betas" in optimizer.defaults
        bases = for_each_group("base_momentum", optimizer, base)
        tops = for_each_group("max_momentum", optimizer, top)
        if last_epoch == -1:
            for low, high, group in zip(bases, tops, optimizer.param_groups, strict=True):
                self._set_momentum(group, high)
                group["max_momentum"] = high
                group["base_momentum"] = low
        return bases, tops

    def _set_momentum(self, group: dict[str, Any], momentum: float) -> None:
        if self.use_beta1:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum


class CyclicLR(_CyclesMomentum):
    """The learning rate goes up from base_lr to max_lr along a line and down again, again and again.

    Args:
        optimizer: whose groups get new learning rates.
        base_lr, max_lr: the bounds, numbers or lists with one for each group.
        step_size_up, step_size_down: the number of steps up and down.
        mode: "triangular"; "triangular2", where every cycle is half as high as the last; "exp_range", where a step t
            is gamma^t as high.
        gamma: see there.
        scale_fn: a function in place of a mode, by which the height is multiplied.
        scale_mode: whether it gets the number of the "cycle" or that of the step, "iterations".
        cycle_momentum: whether the momentum goes from max_momentum down to base_momentum meanwhile, and up again.
        base_momentum, max_momentum: its bounds, numbers or lists with one for each group.
        last_epoch: the number of steps done, if training is resumed.
    Source: torch.optim.lr_scheduler.CyclicLR; Smith 2015, Cyclical Learning Rates for Training Neural Networks.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float = 0.8,
        max_momentum: float = 0.9,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        base_lrs = for_each_group("base_lr", optimizer, base_lr)
        if last_epoch == -1:
            for lr, group in zip(base_lrs, optimizer.param_groups, strict=True):
                set_value(group, "lr", lr)
        self.max_lrs = for_each_group("max_lr", optimizer, max_lr)
        up = float(step_size_up)
        self.total_size = up + (up if step_size_down is None else float(step_size_down))
        self.step_ratio = up / self.total_size
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError("mode is invalid and scale_fn is None")
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_ref: Callable[[float], float]
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode
        self._init_scale_fn()
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.base_momentums, self.max_momentums = self._begin_momentum(
                optimizer, base_momentum, max_momentum, last_epoch
            )
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def get_lr(self) -> list[Any]:
        """The learning rates for `last_epoch`; it sets the momentum too."""
        self._warn_outside()
        done = self.last_epoch / self.total_size
        cycle = math.floor(1 + done)
        x = 1.0 + done - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        at = cycle if self.scale_mode == "cycle" else self.last_epoch
        lrs = [
            low + (high - low) * height * self.scale_fn(at)
            for low, high in zip(self.base_lrs, self.max_lrs, strict=True)
        ]
        if self.cycle_momentum:
            bounds = zip(self.base_momentums, self.max_momentums, self.optimizer.param_groups, strict=True)
            for low, high, group in bounds:
                self._set_momentum(group, high - (high - low) * height * self.scale_fn(at))
        return lrs

    def scale_fn(self, x: float) -> float:
        """What the height is multiplied by in a cycle, or at a step."""
        return (self._scale_fn_custom or self._scale_fn_ref)(x)

    def state_dict(self) -> dict[str, Any]:
        """All attributes but the optimizer; of a scale_fn that is an object, its attributes."""
        state = super().state_dict()
        state.pop("_scale_fn_ref", None)
        function = state["_scale_fn_custom"]
        state["_scale_fn_custom"] = None if function is None else function_state(function)
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave. A scale_fn stays; one that is an object gets its attributes."""
        super().load_state_dict({name: value for name, value in state_dict.items() if name != "_scale_fn_custom"})
        state = state_dict["_scale_fn_custom"]
        if state is not None:
            vars(self._scale_fn_custom).update(state)
        self._init_scale_fn()

    def _init_scale_fn(self) -> None:
        if self._scale_fn_custom is not None:
            return
        if self.mode == "exp_range":
            self._scale_fn_ref, self.scale_mode = partial(_power, self.gamma), "iterations"
        else:
            self._scale_fn_ref, self.scale_mode = _same if self.mode == "triangular" else _halved, "cycle"


class OneCycleLR(_CyclesMomentum):
    """The learning rate rises to max_lr and then falls far below where it began: one cycle, a step for each batch.

    Args:
        optimizer: whose groups get new learning rates.
        max_lr: the highest, a number or a list with one for each group.
        total_steps: the number of steps; or else
        epochs, steps_per_epoch: their product is.
        pct_start: which part of them the rise takes.
        anneal_strategy: "cos" or "linear".
        cycle_momentum: whether the momentum goes from max_momentum down to base_momentum meanwhile, and up again.
        base_momentum, max_momentum: its bounds, numbers or lists with one for each group.
        div_factor: the learning rate begins at max_lr / div_factor
        final_div_factor: and ends at that divided by final_div_factor.
        three_phase: whether it falls to where it began first, in as many steps as it rose.
        last_epoch: the number of steps done, if training is resumed.
    Source: torch.optim.lr_scheduler.OneCycleLR; Smith and Topin 2017, Super-Convergence.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        self.total_steps = _total(total_steps, epochs, steps_per_epoch)
        rise, end = float(pct_start * self.total_steps) - 1, self.total_steps - 1
        self._schedule_phases = [_phase(rise, "initial max", "max base")]
        if three_phase:
            back = float(2 * pct_start * self.total_steps) - 2
            self._schedule_phases += [_phase(back, "max initial", "base max"), _phase(end, "initial min", "max max")]
        else:
            self._schedule_phases += [_phase(end, "max min", "base max")]
        if pct_start < 0 or pct_start > 1 or not isinstance(pct_start, float):
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        self._anneal_func_type = anneal_strategy
        tops = for_each_group("max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for top, group in zip(tops, optimizer.param_groups, strict=True):
                group["initial_lr"] = top / div_factor
                group["max_lr"] = top
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._begin_momentum(optimizer, base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The learning rates for `last_epoch`; it sets the momentum too."""
        self._warn_outside()
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(f"Tried to step {step} times. The specified number of total steps is {self.total_steps}")
        start, phase = 0.0, self._schedule_phases[0]
        for following in self._schedule_phases[1:]:
            if step <= phase["end_step"]:
                break
            start, phase = phase["end_step"], following
        part = (step - start) / (phase["end_step"] - start)
        lrs = []
        for group in self.optimizer.param_groups:
            lrs.append(self._anneal_func(group[phase["start_lr"]], group[phase["end_lr"]], part))
            if self.cycle_momentum:
                bounds = group[phase["start_momentum"]], group[phase["end_momentum"]]
                self._set_momentum(group, self._anneal_func(*bounds, part))
        return lrs

    def _anneal_func(self, start: float, end: float, part: float) -> float:
        if self._anneal_func_type == "linear":
            return (end - start) * part + start
        return end + (start - end) / 2.0 * (math.cos(math.pi * part) + 1)


def _phase(end: float, lrs: str, momentums: str) -> dict[str, Any]:
    """When a phase ends, and between which options of a group it leads."""
    (start_lr, end_lr), (start_momentum, end_momentum) = lrs.split(), momentums.split()
    return {
        "end_step": end,
        "start_lr": f"{start_lr}_lr",
        "end_lr": f"{end_lr}_lr",
        "start_momentum": f"{start_momentum}_momentum",
        "end_momentum": f"{end_momentum}_momentum",
    }


def _total(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    if total_steps is None and (epochs is None or steps_per_epoch is None):
        raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    given: dict[str, Any] = {"epochs": epochs, "steps_per_epoch": steps_per_epoch}
    for name, value in (given if total_steps is None else {"total_steps": total_steps}).items():
        if value <= 0 or not isinstance(value, int):
            raise ValueError(f"Expected positive integer {name}, but got {value}")
    return total_steps if total_steps is not None else given["epochs"] * given["steps_per_epoch"]


def _same(_: float) -> float:
    return 1.0


def _halved(cycle: float) -> float:
    return 1 / (2.0 ** (cycle - 1))


def _power(gamma: float, step: float) -> float:
    return gamma**step
