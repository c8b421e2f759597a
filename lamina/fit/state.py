"""All that a run needs to go on: as data that a file can hold, and back."""

from __future__ import annotations

from typing import Any

from lamina.data.chance import random_state, set_random_state
from lamina.fit.history import History
from lamina.fit.host import Hosted
from lamina.fit.run import Run
from lamina.tensor import flush

KIND, VERSION = "lamina.fit", 1


def state_of(run: Run) -> dict[str, Any]:
    """The state between two steps: model, optimizer, callbacks, random numbers, place in the data, numbers so far."""
    state: dict[str, Any] = {
        "kind": KIND,
        "version": VERSION,
        "epoch": run.epoch,
        "batch": run.batch,
        "step": run.step,
        "why": None if run.interrupted else run.why,
        "model": run.model.state_dict(),
        "optimizer": Hosted()(run.optimizer.state_dict()),
        "scaler": run.scaler.state_dict() if run.scaler is not None else None,
        "callbacks": [{"name": type(x).__name__, "state": x.state_dict()} for x in run.callbacks.all],
        "history": run.history.rows,
        "random": random_state(),
        "data": run.data.state_dict(run.batch),
        "valid": run.valid.state_dict(0) if run.valid is not None else None,
    }
    if run.batch:
        state["meters"] = run.meters.state_dict()
    return state


def check_state(state: Any) -> str | None:
    """What is wrong with something read from a file, or None if it is such a state."""
    if not isinstance(state, dict) or state.get("kind") != KIND:
        return "it is no checkpoint of fit"
    if state.get("version") != VERSION:
        return f"it is of version {state.get('version')}, this lamina reads version {VERSION}"
    return None


def take_over(run: Run, state: dict[str, Any]) -> None:
    """Put a run where `state_of` found it."""
    run.model.load_state_dict(state["model"])
    run.optimizer.load_state_dict(state["optimizer"])
    if run.scaler is not None and state["scaler"] is not None:
        run.scaler.load_state_dict(state["scaler"])
    kept = list(state["callbacks"])
    for callback in run.callbacks.all:
        # By name and in order, so that a callback may be added or left out.
        name = type(callback).__name__
        known = next((entry for entry in kept if entry["name"] == name), None)
        if known is not None:
            kept.remove(known)
            callback.load_state_dict(known["state"])
    run.history = History(state["history"])
    run.epoch, run.batch, run.step, run.why = state["epoch"], state["batch"], state["step"], state["why"]
    run.data.load_state_dict(state["data"])
    if run.valid is not None and state["valid"] is not None:
        run.valid.load_state_dict(state["valid"])
    if run.batch:
        run.meters.load_state_dict(state["meters"], run.forward.device)
    set_random_state(state["random"])
    run.resumed = True
    # What loading has recorded must not become part of the first step: it would be another program than the others.
    flush()
