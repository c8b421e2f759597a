"""Learning-rate schedules of `optim.lr_scheduler` in a fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lamina.fit.callback import Callback
from lamina.fit.metrics.decisions import check_choice
from lamina.fit.run import Run
from lamina.fit.watch import Watch
from lamina.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau


class Schedule(Callback):
    """Let a schedule change the learning rate, after each epoch or each step of the optimizer.

    Args:
        schedule: a function or class that makes one of the optimizer, such as `partial(StepLR, step_size=3)`; or one
            that was made of the optimizer that `fit` gets.
        by: "epoch" or "step".
        monitor: the column of the history that `ReduceLROnPlateau` looks at.

    >>> import lamina
    >>> from functools import partial
    >>> from lamina.optim.lr_scheduler import StepLR
    >>> x = lamina.ones(4, 1)
    >>> halve = lamina.fit.Schedule(partial(StepLR, step_size=1, gamma=0.5))
    >>> net, sgd = lamina.nn.Linear(1, 1), partial(lamina.optim.SGD, lr=0.1)
    >>> fitted = lamina.fit(net, (x, x), loss="mse", optimizer=sgd, epochs=3, callbacks=[halve])
    >>> fitted.history["lr"]
    [0.1, 0.05, 0.025]
    """

    def __init__(
        self,
        schedule: LRScheduler | Callable[..., LRScheduler],
        by: str = "epoch",
        monitor: str = "valid_loss",
    ) -> None:
        check_choice("Schedule", "by", by, ("epoch", "step"))
        if not isinstance(schedule, LRScheduler) and not callable(schedule):
            raise TypeError(
                "Schedule: expected a schedule, or a function that makes one of the optimizer, "
                f"got {type(schedule).__name__}."
            )
        self._given, self.by = schedule, by
        self.watch = Watch("Schedule", monitor)
        self.schedule: Any = schedule if isinstance(schedule, LRScheduler) else None
        self._state: dict[str, Any] | None = None
        self._steps = 0

    def on_fit_start(self, run: Run) -> None:
        if self.schedule is None or not isinstance(self._given, LRScheduler):
            self._make(run)
        elif self.schedule.optimizer is not run.optimizer:
            raise ValueError("Schedule: it was made of another optimizer than the one that fit has.")
        if self._state is not None:
            self.schedule.load_state_dict(self._state)
            self._state = None
        if isinstance(self.schedule, ReduceLROnPlateau) and self.by == "step":
            raise ValueError("Schedule: ReduceLROnPlateau looks at epochs; give by='epoch'.")
        self._steps = run.update.steps

    def on_batch_end(self, run: Run) -> None:
        if self.by == "step":
            self._follow(run)

    def on_epoch_end(self, run: Run) -> None:
        if self.by == "step":
            self._follow(run)  # where nobody knew that a batch was the last, its step comes after it
        elif isinstance(self.schedule, ReduceLROnPlateau):
            self.schedule.step(self.watch.value(run.row))
        else:
            self.schedule.step()

    def state_dict(self) -> dict[str, Any]:
        return {"schedule": self.schedule.state_dict() if self.schedule is not None else self._state}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._state = state["schedule"]

    def _follow(self, run: Run) -> None:
        """One step for each of the optimizer's."""
        for _ in range(run.update.steps - self._steps):
            self.schedule.step()
        self._steps = run.update.steps

    def _make(self, run: Run) -> None:
        """Make the schedule. One that goes on must not change the options that were loaded, as a new one does."""
        groups = run.optimizer.param_groups
        before = [{name: x for name, x in group.items() if name != "params"} for group in groups]
        made: Any = self._given(run.optimizer)  # type: ignore[operator]
        if not isinstance(made, LRScheduler):
            raise TypeError(f"Schedule: the function must return a schedule, got {type(made).__name__}.")
        self.schedule = made
        if self._state is not None:
            for group, options in zip(groups, before, strict=True):
                group.update(options)
