"""The training loop: what `fit` runs once everything has been put together."""

from __future__ import annotations

import time
from typing import Any

from lamina.fit.callback import call
from lamina.fit.checkpoint import Keeper
from lamina.fit.evaluation import evaluate
from lamina.fit.forward import Outcome
from lamina.fit.run import Run
from lamina.tensor import Tensor


def train(run: Run, keeper: Keeper | None) -> None:
    """Train to the last epoch, or until somebody stops it.

    Args:
        run: what to train; it may stand in the middle of an epoch.
        keeper: writes checkpoints, or None.
    """
    try:
        run.callbacks.call("on_fit_start", run)
        while run.epoch <= run.epochs and run.why is None:
            if not train_epoch(run, keeper):
                break
            if keeper is not None:
                keeper.after_epoch(run)
        if run.interrupted:
            run.callbacks.call("on_interrupt", run)
        if keeper is not None and run.why is not None:
            keeper.write(run)
        run.callbacks.call("on_fit_end", run)
    except BaseException as error:
        if isinstance(error, Exception):
            error.add_note(f"in fit, {run.place}")
        run.callbacks.call("on_error", run)
        raise


def train_epoch(run: Run, keeper: Keeper | None) -> bool:
    """Train one epoch, or the rest of it, and validate; whether it came to its end."""
    begin = time.perf_counter()
    if not run.batch:
        run.meters.reset()
        run.row = {}
        run.callbacks.call("on_epoch_start", run)
    starts, ends = run.callbacks.of("on_batch_start"), run.callbacks.of("on_batch_end")
    update, meters = run.update, run.meters
    measure = meters.measure if meters.metrics else None
    for batch in run.data:
        for method in starts:
            call(method, run)
        run.loss, numbers = update(batch, measure, run.batch + 1 == run.batches)
        meters.add(run.loss, numbers, batch)
        run.batch += 1
        run.step += 1
        for method in ends:
            call(method, run)
        if not update.pending:
            if run.why is not None:
                return False
            if keeper is not None:
                keeper.after_batch(run)
    update.finish()
    if not run.batch:
        raise ValueError("fit: the data has no batches.")
    run.row = {"epoch": run.epoch, **meters.row(), "lr": learning_rate(run)}
    run.loss = None
    if run.valid is not None:
        validate(run)
    run.row["seconds"] = time.perf_counter() - begin
    run.callbacks.call("on_epoch_end", run)
    run.history.add(run.row)
    run.epoch += 1
    run.batch = 0
    return True


def validate(run: Run) -> None:
    """Measure with the validation data; its numbers join the row of the epoch."""
    assert run.valid is not None
    run.callbacks.call("on_valid_start", run)

    def after(outcome: Outcome) -> None:
        run.loss = outcome.loss
        run.callbacks.call("on_valid_batch_end", run)

    evaluate(run.forward, run.valid, run.meters, lambda: run.callbacks.call("on_valid_batch_start", run), after)
    run.row |= run.meters.row("valid_")
    run.callbacks.call("on_valid_end", run)


def learning_rate(run: Run) -> float:
    """That of the first group."""
    lr: Any = run.optimizer.param_groups[0].get("lr", 0.0)
    return float(lr.detach()) if isinstance(lr, Tensor) else float(lr)
