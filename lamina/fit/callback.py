"""Callbacks: what may happen beside training, and when."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lamina.fit.run import Run


class Callback:
    """The base of callbacks: methods that `fit` calls, each with the `Run`, whose fields it may read and change.

        on_fit_start
            on_epoch_start
                on_batch_start
                    on_before_step      gradients are there, clipped; the optimizer has not used them
                on_batch_end
            on_valid_start
                on_valid_batch_start
                on_valid_batch_end
            on_valid_end
            on_epoch_end                run.row holds the numbers of the epoch
        on_interrupt                    Ctrl-C: the step is done
        on_fit_end
        on_error                        instead of on_fit_end, if there was an exception

    `run.stop_because("...")` ends training after the batch, or the epoch, at hand. A callback that counts something
    overrides `state_dict` and `load_state_dict`, so that a run which goes on from a checkpoint counts on.

    >>> import lamina
    >>> class Say(lamina.fit.Callback):
    ...     def on_epoch_end(self, run):
    ...         print(run.epoch, round(run.row["loss"], 2))
    >>> x = lamina.ones(4, 1)
    >>> fitted = lamina.fit(lamina.nn.Linear(1, 1), (x, x), loss="mse", epochs=1, callbacks=[Say()])
    1 ...
    """

    def on_fit_start(self, run: Run) -> None:
        """Before the first batch. `run.resumed` says whether training goes on from a checkpoint."""

    def on_epoch_start(self, run: Run) -> None:
        """Before the first batch of an epoch; not if the epoch goes on from a checkpoint."""

    def on_batch_start(self, run: Run) -> None:
        """Before a batch is computed."""

    def on_before_step(self, run: Run) -> None:
        """Between the gradients and the optimizer's step."""

    def on_batch_end(self, run: Run) -> None:
        """After the optimizer's step. `run.loss`, unread, is the batch's: reading it here waits for the device."""

    def on_valid_start(self, run: Run) -> None:
        """Before the first batch of validation."""

    def on_valid_batch_start(self, run: Run) -> None:
        """Before a batch of validation."""

    def on_valid_batch_end(self, run: Run) -> None:
        """After a batch of validation."""

    def on_valid_end(self, run: Run) -> None:
        """After validation: `run.row` holds its numbers."""

    def on_epoch_end(self, run: Run) -> None:
        """After an epoch and its validation; before the row goes to the history, and before a checkpoint is written."""

    def on_interrupt(self, run: Run) -> None:
        """After Ctrl-C, when the step at hand is done; before a checkpoint is written."""

    def on_fit_end(self, run: Run) -> None:
        """After the last epoch, also if training was stopped; not after an error."""

    def on_error(self, run: Run) -> None:
        """After an exception, which is then raised; to close what is open."""

    def state_dict(self) -> dict[str, Any]:
        """What a run needs that goes on from here: numbers, strings, tensors, in dicts and lists."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""


EVENTS = tuple(name for name in vars(Callback) if name.startswith("on_"))


class Callbacks:
    """The callbacks of a run, by event. Events that nobody listens to cost nothing.

    Args:
        callbacks: in the order in which they are called.
    """

    def __init__(self, callbacks: Iterable[Callback]) -> None:
        self.all = list(callbacks)
        for callback in self.all:
            check(callback)
        self._of = {event: self._listeners(event) for event in EVENTS}

    def of(self, event: str) -> Sequence[Callable[[Run], None]]:
        """The methods to call at an event."""
        return self._of[event]

    def call(self, event: str, run: Run) -> None:
        """Call all that listen to an event."""
        for method in self._of[event]:
            call(method, run)

    def _listeners(self, event: str) -> list[Callable[[Run], None]]:
        plain = getattr(Callback, event)
        return [getattr(callback, event) for callback in self.all if getattr(type(callback), event) is not plain]


def call(method: Callable[[Run], None], run: Run) -> None:
    """Call a method of a callback; an error says which it was."""
    try:
        method(run)
    except Exception as error:
        error.add_note(f"in {getattr(method, '__qualname__', repr(method))}")
        raise


def check(callback: Any) -> None:
    """Raise TypeError if it is no Callback, AttributeError if it has a method `on_...` that nobody would call."""
    if not isinstance(callback, Callback):
        hint = ": an object of the class, not the class" if isinstance(callback, type) else ""
        raise TypeError(f"callbacks: expected Callbacks, got {callback!r}{hint}.")
    for name in dir(type(callback)):
        if name.startswith("on_") and name not in EVENTS:
            near = difflib.get_close_matches(name, EVENTS, 1, 0.5)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise AttributeError(f"{type(callback).__name__}: there is no event {name}.{hint}")
