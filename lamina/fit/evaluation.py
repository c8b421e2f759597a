"""A pass over data without training: the loss and metrics, or what the model gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from lamina import functions
from lamina.fit.feed import Feed
from lamina.fit.forward import Forward, Outcome
from lamina.fit.meters import Meters
from lamina.tensor import Tensor, flush, grad_mode


@contextmanager
def modes_kept(model: Any) -> Iterator[None]:
    """Afterwards each module is in the mode, of training or of evaluation, that it was in before."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, mode in modes:
            if module.training is not mode:  # else nothing has changed, and rows of layers stay as they are
                module.training = mode


@contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """Within it the model is in evaluation mode and nothing needs a gradient; then each module is in its own mode."""
    with modes_kept(model), grad_mode(False):
        model.eval()
        yield


def evaluate(
    forward: Forward,
    feed: Feed,
    meters: Meters,
    before: Callable[[], None] | None = None,
    after: Callable[[Outcome], None] | None = None,
) -> None:
    """Measure over all batches.

    Args:
        forward: gives the loss.
        feed: gives the batches.
        meters: takes the numbers; it begins anew.
        before, after: called around each batch.
    """
    meters.reset()
    with evaluating(forward.model):
        for batch in feed:
            if before is not None:
                before()
            outcome = forward(batch)
            meters.measure(outcome)
            flush()
            meters.add(outcome.loss, outcome.numbers, batch)
            if after is not None:
                after(outcome)


def predict(forward: Forward, feed: Feed, inputs: int | None) -> Any:
    """What the model gives for all batches, joined along the first dimension.

    Args:
        forward: calls the model.
        feed: gives the batches.
        inputs: how many parts of a batch are inputs; None: all but the last, if there are several.
    """
    found: list[Any] = []
    with evaluating(forward.model):
        for batch in feed:
            found.append(forward.output(batch, inputs))
            flush()
        if not found:
            raise ValueError("predict: the data has no batches.")
        return _joined(found)


def _joined(parts: list[Any]) -> Any:
    first = parts[0]
    if isinstance(first, Tensor):
        return functions.cat(parts) if first.ndim else functions.stack(parts)
    if isinstance(first, dict):
        return {name: _joined([part[name] for part in parts]) for name in first}
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(_joined(list(column)) for column in zip(*parts, strict=True)))
    if isinstance(first, (tuple, list)):
        return type(first)(_joined(list(column)) for column in zip(*parts, strict=True))
    return parts
