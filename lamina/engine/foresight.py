"""Gradients before they are asked for, where a loss is always read first and `backward` follows.

To read a loss runs its program, so `backward` would have to compute all of it once more. Where that has happened
several times after the same program, the next run of it computes the gradients too, and `backward` finds them.
"""

from __future__ import annotations

from typing import Any

from lamina.engine.reach import slots_of
from lamina.engine.record import History, Trace, Value, state
from lamina.engine.run import Plan, plan_of

__all__ = ["Foresight", "begin", "learn", "take"]

AFTER = 8
"""So often must `backward` have followed: one more program is compiled for it."""

IN_VAIN = 3
"""After so many gradients in a row that nobody asked for, no more are computed."""


class Foresight:
    """Gradients that a program has computed although nobody had asked for them yet.

    Attributes:
        plan: of the program without them.
        slot: what they are the gradients of.
        gradients: as `backward` gives them.
    """

    __slots__ = ("gradients", "plan", "slot")

    def __init__(self, plan: Plan, slot: int, gradients: Any) -> None:
        self.plan, self.slot, self.gradients = plan, slot, gradients


def learn(root: Value) -> None:
    """Note that `backward` from this value follows, if a program that has run computed it."""
    history = root.home
    if history.__class__ is not History or history.foreseen is not None or history.customs or history.watched:
        return
    plan = plan_of(history.node)
    if plan.root != root.slot:
        plan.root, plan.followed, plan.in_vain = root.slot, 0, 0
    plan.followed += 1
    plan.foresees = plan.followed >= AFTER


def begin(trace: Trace, plan: Plan) -> Foresight | None:
    """Record the gradients in a trace that is about to be run, if they will be asked for."""
    from lamina.engine.autograd import ahead

    if trace.customs or trace.watched or trace.replays:
        return None
    slot = plan.root
    assert slot is not None
    plan.in_vain += 1
    gradients = ahead(trace, slot) if plan.in_vain <= IN_VAIN else None
    if gradients is None:
        plan.root, plan.foresees = None, False
        return None
    return Foresight(plan, slot, gradients)


def take(root: Value, retain: bool) -> Any:
    """The gradients of a value to all leaves, if its program has computed them; else None."""
    history = root.home
    found = history.foreseen
    if found is None or found.slot != root.slot or state.trace.inner:
        return None
    history.foreseen = None
    if history.freed or history.customs or history.watched:
        return None  # hooks came later, or part of the way was walked already
    found.plan.in_vain = 0
    if not retain:
        history.freed.update(slots_of(history.node.static.order))
        root.home = None
    return found.gradients
