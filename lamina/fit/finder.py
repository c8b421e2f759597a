"""Which learning rate to begin with: the loss while the learning rate grows."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from lamina.data.chance import random_state, set_random_state
from lamina.fit.evaluation import modes_kept
from lamina.fit.feed import Feed, feed_of
from lamina.fit.forward import Forward
from lamina.fit.host import Hosted, on_host
from lamina.fit.losses import HOW_TO_GIVE_A_LOSS, optimizer_of
from lamina.fit.plot import figure
from lamina.fit.update import Update
from lamina.tensor import Tensor, flush

LOOK = 8
"""After how many steps the losses are read."""


class LRSearch:
    """What `find_lr` found.

    Attributes:
        lrs, losses: each learning rate, and the loss with it, smoothed.
        suggestion: where the loss falls most steeply, by the logarithm of the learning rate; None if it never does.
    """

    def __init__(self, lrs: list[float], losses: list[float], settled: int = 0) -> None:
        """`settled`: how many losses at the beginning are means of too few to be looked at."""
        self.lrs, self.losses = lrs, losses
        self.suggestion = self._steepest(settled)

    def _steepest(self, settled: int) -> float | None:
        """The slopes are taken over a tenth of the steps to each side: batches differ more than two steps do."""
        logs, losses, count = [math.log(lr) for lr in self.lrs], self.losses, len(self.losses)
        lowest = min(range(count), key=losses.__getitem__)
        side = max(1, count // 10)
        slopes = [
            ((losses[i + side] - losses[i - side]) / (logs[i + side] - logs[i - side]), self.lrs[i])
            for i in range(max(side, settled), min(lowest + 1, count - side))
        ]
        slope, lr = min(slopes, default=(0.0, 0.0))
        return lr if slope < 0 else None

    def plot(self) -> Any:
        """A matplotlib figure: the loss by learning rate, and the suggestion."""
        drawn, (panel,) = figure(1, 6.0)
        panel.plot(self.lrs, self.losses)
        if self.suggestion is not None:
            panel.axvline(self.suggestion, linestyle="--", color="gray", label=f"suggestion {self.suggestion:.2g}")
            panel.legend()
        panel.set(xscale="log", xlabel="learning rate", ylabel="loss", title="learning rate and loss")
        return drawn

    def __repr__(self) -> str:
        shown = "none" if self.suggestion is None else f"{self.suggestion:.3g}"
        return f"LRSearch(suggestion={shown}, {len(self.lrs)} steps from {self.lrs[0]:.3g} to {self.lrs[-1]:.3g})"


def find_lr(
    model: Any,
    data: Any,
    *,
    loss: Any = None,
    optimizer: Any = None,
    start: float = 1e-7,
    end: float = 10.0,
    steps: int = 100,
    smooth: float = 0.9,
    diverged: float = 4.0,
    batch_size: int = 32,
    shuffle: bool = True,
    step: Callable[[Any, Any], Any] | None = None,
    precision: str | None = None,
) -> LRSearch:
    """Train for a few steps with a growing learning rate, and note the loss. Nothing is changed by it: model,
    optimizer and random states are put back.

    Args:
        model, data, loss, optimizer, batch_size, shuffle, step, precision: as for `fit`.
        start, end: the first and the last learning rate; the steps between are even by logarithm.
        steps: how many.
        smooth: how much of the mean loss so far is kept with each new one.
        diverged: the search ends when the loss is so many times the lowest.

    >>> import lamina
    >>> x = lamina.linspace(-1, 1, 64).unsqueeze(1)
    >>> search = lamina.fit.find_lr(lamina.nn.Linear(1, 1), (x, 3 * x), loss="mse", optimizer="sgd", steps=40)
    >>> 1e-4 < search.suggestion < 10
    True
    """
    if not 0 < start < end:
        raise ValueError(f"find_lr: start and end must be positive and in this order, got {start} and {end}.")
    if steps < 3:
        raise ValueError(f"find_lr: steps must be at least 3, got {steps}.")
    if not 0 <= smooth < 1:
        raise ValueError(f"find_lr: smooth must be at least 0 and below 1, got {smooth}.")
    forward = Forward(model, loss, step, precision)
    if forward.loss is None and forward.step is None:
        raise ValueError(HOW_TO_GIVE_A_LOSS)
    update = Update(forward, optimizer_of(optimizer, model), scaler=forward.scaler())
    feed = feed_of(data, batch_size, shuffle)
    lrs = [start * (end / start) ** (i / (steps - 1)) for i in range(steps)]
    with modes_kept(model), _put_back(model, update.optimizer, feed):
        model.train()
        losses = _smoothed(_losses(update, feed, lrs), smooth, diverged)
    settled = min(round(1 / (1 - smooth)), len(losses) // 4)
    return LRSearch(lrs[: len(losses)], losses, settled)


def _losses(update: Update, feed: Feed, lrs: list[float]) -> Iterator[float]:
    """The loss with each learning rate, before its step."""
    batches = itertools.chain.from_iterable(iter(feed) for _ in itertools.count())
    waiting: list[Tensor] = []
    for lr, batch in zip(lrs, batches, strict=False):
        for group in update.optimizer.param_groups:
            group["lr"] = lr
        waiting.append(update(batch)[0])
        if len(waiting) == LOOK:
            yield from (number.item() for number in waiting)
            waiting.clear()
    yield from (number.item() for number in waiting)


def _smoothed(losses: Iterator[float], smooth: float, diverged: float) -> list[float]:
    """The running mean, without the bias of its beginning; it ends where the loss diverges."""
    mean, found = 0.0, list[float]()
    for count, loss in enumerate(losses, 1):
        if not math.isfinite(loss):
            break
        mean = smooth * mean + (1 - smooth) * loss
        found.append(mean / (1 - smooth**count))
        if found[-1] > diverged * min(found) and count > 10:
            break
    if not found:
        raise ValueError("find_lr: the loss of the first batch is not finite.")
    return found


@contextmanager
def _put_back(model: Any, optimizer: Any, feed: Feed) -> Iterator[None]:
    """Afterwards, model, optimizer, data and random states are as before."""
    parameters = {name: on_host(x) for name, x in model.state_dict().items()}
    options = [{name: x for name, x in group.items() if name != "params"} for group in optimizer.param_groups]
    states = Hosted()(optimizer.state_dict())
    chance, place = random_state(), feed.state_dict(0)
    flush()
    try:
        yield
    finally:
        model.load_state_dict(parameters)
        optimizer.zero_grad()
        optimizer.load_state_dict(states)
        for group, known in zip(optimizer.param_groups, options, strict=True):
            group.update(known)
        feed.load_state_dict(place)
        set_random_state(chance)
        flush()
