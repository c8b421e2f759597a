"""Sums, differences and products of a single whole number on the host and one of Python's: computed at once.

Loops that cut pieces out of data at places that a tensor gives read a sum for each of them, as in `data[i:i + length]`.
Recording it, and running a program when it is read, and with it all that is pending, takes longer than the rest of such
a loop.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from lamina.engine.host import OnHost
from lamina.engine.record import Value, state

__all__ = ["COMPUTE", "computed"]

COMPUTE: dict[str, Any] = {"add": operator.add, "sub": operator.sub, "mul": operator.mul}
"""By the name of Python's operator."""


def computed(compute: Any, value: Value, other: int) -> Value | None:
    """`compute(value, other)`, if the value is a single whole number on the host and the result fits its type."""
    spec, array = value.spec, value.array
    if spec.shape or spec.dtype.kind != "i" or array.__class__ is not OnHost or state.trace.inner:
        return None
    found = compute(int(array.numbers), other)
    limit = 1 << (8 * spec.dtype.itemsize - 1)
    if not -limit <= found < limit:
        return None
    new = Value(spec, None, 0, None, False)
    new.array = OnHost(np.array(found, spec.dtype))
    return new
