"""Single whole numbers that are read: computed on the host where that takes no more than adding them up.

Loops that cut pieces out of data at places that a tensor gives read a sum for each of them, as in `data[i:i + length]`.
Running a program for it, and with it all that is pending, takes longer than the rest of such a loop.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from lamina.engine.host import OnHost
from lamina.engine.program import Const, NumberRef
from lamina.engine.record import Trace, Value, state

__all__ = ["settle"]

_COMPUTE = {"add": operator.add, "sub": operator.sub, "mul": operator.mul}
DEPTH = 4
"""So many operations, one upon the other, are looked at."""


def settle(value: Value) -> None:
    """Give a pending value its array if it is a whole number that sums and products of known ones give."""
    spec, trace = value.spec, value.home
    if spec.shape or spec.dtype.kind != "i" or trace is not state.trace or trace.inner or value.leaf is not None:
        return
    trace.busy = True
    try:
        if trace.wanted:
            return
        found = _number(value, trace, DEPTH)
    finally:
        trace.busy = False
    if found is not None:
        value.array, value.home = OnHost(np.array(found, spec.dtype)), None


def _number(value: Value, trace: Trace, depth: int) -> int | None:
    """A whole number that is on the host, or follows from such; None if it does not, or does not fit its type."""
    spec, array = value.spec, value.array
    if spec.shape or spec.dtype.kind != "i" or spec.device.platform != "cpu":
        return None
    if array.__class__ is OnHost:
        return int(array.numbers)
    if array is not None or value.home is not trace or not depth:
        return None
    compute = _COMPUTE.get(getattr(value.node.op, "name", ""))
    if compute is None:
        return None
    operands = value.node.operands
    if len(operands) > 2 and operands[2:] != (Const(1),):  # `alpha`
        return None
    numbers = [_operand(x, trace, depth - 1) for x in operands[:2]]
    if len(numbers) < 2 or numbers[0] is None or numbers[1] is None:
        return None
    found: int = compute(*numbers)
    limit = 1 << (8 * spec.dtype.itemsize - 1)
    return found if -limit <= found < limit else None


def _operand(x: Any, trace: Trace, depth: int) -> int | None:
    if x.__class__ is int:
        return _number(trace.values[x], trace, depth)
    if x.__class__ is Const:
        return x.value if x.value.__class__ is int else None
    if x.__class__ is NumberRef:
        return trace.ints[x.index] if x.kind is int else None
    return None
