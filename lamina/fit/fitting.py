"""`fit`: train a model with data, and say how it went."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from lamina.fit.callback import Callback, Callbacks
from lamina.fit.checkpoint import Checkpoint, Keeper
from lamina.fit.evaluation import modes_kept
from lamina.fit.feed import feed_of, split
from lamina.fit.fitted import Fitted
from lamina.fit.forward import Forward
from lamina.fit.interrupt import Interrupts
from lamina.fit.loop import train
from lamina.fit.losses import HOW_TO_GIVE_A_LOSS, optimizer_of
from lamina.fit.meters import Meters
from lamina.fit.metrics.names import metrics_of
from lamina.fit.progress import progress_for
from lamina.fit.run import Run
from lamina.fit.update import Update


def fit(
    model: Any,
    data: Any,
    *,
    loss: Any = None,
    optimizer: Any = None,
    metrics: Any = None,
    epochs: int = 10,
    valid: Any = None,
    callbacks: Iterable[Callback] = (),
    checkpoint: str | os.PathLike[str] | Checkpoint | None = None,
    batch_size: int = 32,
    shuffle: bool = True,
    step: Callable[[Any, Any], Any] | None = None,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    accumulate: int = 1,
    precision: str | None = None,
    progress: bool | None = None,
) -> Fitted:
    """Train a model: for each batch the loss, its gradients, a step of the optimizer; after each epoch validation.

    It does what a loop written by hand would do, in as many programs, and takes the same numbers to the same result.

    Args:
        model: a Module.
        data: batches (input, ..., target) from a DataLoader or any iterable that begins anew each epoch; or a Dataset;
            or a tuple of tensors and NumPy arrays, such as (x, y).
        loss: a name from `nn.functional` ("mse", "cross_entropy"), a function of (output, target), or a module.
        optimizer: an Optimizer; a class or function that makes one of the parameters, such as
            `partial(optim.Adam, lr=1e-3)`; or a name. Default: Adam.
        metrics: names ("accuracy"), Metrics, functions of (output, target), or a dict of them.
        epochs: how many.
        valid: data of the same kinds to validate with after each epoch; or the part of `data` to put aside for it.
        callbacks: called at the events that `Callback` lists, in this order.
        checkpoint: a folder, or a `Checkpoint`: the run is saved there, and goes on from there.
        batch_size, shuffle: of a Dataset or a tuple of tensors.
        step: a function of (model, batch) that computes the loss itself: it returns it, or a dict with "loss" and, for
            metrics, "output" and "target", and more numbers for the history. A method `training_step(self, batch)` of
            the model serves as well, if there is no `loss`.
        clip_norm, clip_value: limits on the norm of all gradients, on each gradient.
        accumulate: over how many batches gradients are averaged before a step.
        precision: "bf16" or "fp16": matrix products in that type, by `autocast`; fp16 with a `GradScaler`.
        progress: whether to show a progress bar; default: if the output is a terminal.

    Returns:
        the model with its history. Ctrl-C ends training after the step at hand, and returns what there is.

    >>> import lamina
    >>> from lamina import nn
    >>> x = lamina.linspace(-1, 1, 64).unsqueeze(1)
    >>> net = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
    >>> fitted = lamina.fit(net, (x, x**2), loss="mse", metrics="mae", epochs=2, valid=0.25)
    >>> fitted.history.columns
    ['epoch', 'loss', 'mae', 'lr', 'valid_loss', 'valid_mae', 'seconds']
    """
    if epochs < 0:
        raise ValueError(f"fit: epochs must not be negative, got {epochs}.")
    forward = Forward(model, loss, step, precision)
    if forward.loss is None and forward.step is None:
        raise ValueError(HOW_TO_GIVE_A_LOSS)
    if isinstance(valid, float):
        data, valid = split(data, valid)
    update = Update(forward, optimizer_of(optimizer, model), clip_norm, clip_value, accumulate, forward.scaler())
    feed = feed_of(data, batch_size, shuffle)
    valid_feed = None if valid is None else feed_of(valid, batch_size, False, "valid")
    listeners = Callbacks([*callbacks, *progress_for(progress)])
    run = Run(forward, update, feed, valid_feed, listeners, Meters(metrics_of(metrics)), epochs)
    if listeners.of("on_before_step"):
        update.before_step = lambda: listeners.call("on_before_step", run)
    keeper = None
    if checkpoint is not None:
        keeper = Keeper(checkpoint if isinstance(checkpoint, Checkpoint) else Checkpoint(checkpoint))
        keeper.resume(run)
    with modes_kept(model), Interrupts(run):
        model.train()
        train(run, keeper)
    return Fitted(run, batch_size)
