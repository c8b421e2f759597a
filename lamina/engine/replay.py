"""Recording again what an earlier program computed, so that gradients can pass through it."""

from __future__ import annotations

from typing import Any

from lamina.engine import program
from lamina.engine.lower import needed
from lamina.engine.program import INPUT, NumberRef, RandomRef
from lamina.engine.reach import TWICE, Wanted, walked
from lamina.engine.record import History, RandomAt, Trace, Value, record
from lamina.engine.run import plan_of


def replay(trace: Trace, result: Value, wanted: Wanted | None) -> int:
    """Record again what computed a result of a program that has run; its slot here.

    Raises:
        RuntimeError: if the way from it to what is wanted was freed.
    """
    history, slot = result.home, result.slot
    for node in walked(result, wanted) if history.freed else ():
        if node.op.saves and not history.freed.isdisjoint(range(node.first, node.width)):
            raise RuntimeError(TWICE)
    known = trace.replays.setdefault(history, {})
    if slot in known:
        return known[slot]
    plan = plan_of(history.node)
    values: dict[int, Value] = {}
    enabled = trace.grad
    for node in needed(plan.path, [slot, *(s for n in plan.ancestors(slot) for s in n.slots())]):
        if node.first in known:
            values.update((s, trace.values[known[s]]) for s in range(node.first, node.width))
            continue
        if node.op is INPUT:
            value = history.values[node.first]
            with trace.lock:
                known[node.first] = trace.slot(value)
            values[node.first] = value
            continue
        operands = program.resolve(node.operands, values.__getitem__, lambda ref: past(history, ref))
        trace.grad = node.grad_enabled
        try:
            results = record(node.op, operands, node.static)
        finally:
            trace.grad = enabled
        for s, value in enumerate((results,) if isinstance(results, Value) else results, node.first):
            values[s] = value
            known[s] = value.slot
            if s in history.customs:
                trace.customs[value.slot] = history.customs[s]
            if s in history.watched:
                trace.watched[value.slot] = history.watched[s]
    return known[slot]


def past(owner: Any, ref: Any) -> Any:
    """A run-time number or a random stream's place as it was for an earlier program (or is for a trace)."""
    if isinstance(ref, RandomRef):
        streams = owner.streams if isinstance(owner.streams, list) else list(owner.streams.items())
        stream, base = streams[ref.stream]
        return RandomAt(stream, base + ref.offset)
    assert isinstance(ref, NumberRef)
    floats, ints, complexes = (
        owner.numbers if isinstance(owner, History) else (owner.floats, owner.ints, owner.complexes)
    )
    store = floats if ref.kind is float else complexes if ref.kind is complex else ints
    return ref.kind(store[ref.index])
