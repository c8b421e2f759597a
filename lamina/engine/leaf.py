"""Where gradients go: leaves, and the packed gradients of small ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from lamina.engine.basic import PART
from lamina.engine.host import put
from lamina.engine.record import Value, record, state


class Leaf:
    """Where gradients of one tensor are collected, and what wants to hear of them.

    Attributes:
        grad: the accumulated gradient, as whoever owns the leaf keeps it, or None.
        hooks: functions of a gradient Value that may give another; called in order.
        retain: for a tensor that is no leaf, what keeps its gradient, if anything does.
        before: for one that stands for a tensor that requires no gradient any more: where gradients of it still go.
        steps: functions of the gradients of the operands and of the results of the step that computed the tensor; what
            one returns stands for those of the operands.
    """

    __slots__ = ("__weakref__", "_grad", "after", "before", "hooks", "part", "retain", "steps")

    represent: Callable[[Value], Any] = staticmethod(lambda value: value)
    """Makes of a Value what `grad` keeps; set by whoever owns leaves."""

    def __init__(self) -> None:
        self._grad: Any = None
        self.part: tuple[Packed, int] | None = None
        self.hooks: dict[int, Callable[[Any], Any]] = {}
        self.after: dict[int, Callable[[], Any]] = {}
        self.retain: Callable[[Value], None] | None = None
        self.steps: dict[int, Callable[[list[Value | None], list[Value | None]], list[Value | None] | None]] = {}
        self.before: Leaf | None = None

    def closed(self) -> Leaf:
        """Another that takes over what is here: what backward gives to this one from now on, nobody sees."""
        new = Leaf()
        new._grad, new.part, new.hooks, new.after, new.before = self._grad, self.part, self.hooks, self.after, self
        new.steps = self.steps
        self.grad = None
        return new

    def opened(self) -> Leaf:
        """What `closed` was called on, with the gradient there is now; without that, this one."""
        if self.before is None:
            return self
        self.before._grad, self.before.part = self._grad, self.part
        return self.before

    @property
    def grad(self) -> Any:
        """The accumulated gradient; one that lies in a packed value is taken out of it when it is first asked for."""
        if self.part is not None:
            packed, index = self.part
            self.grad = Leaf.represent(packed.take(index))
        return self._grad

    @grad.setter
    def grad(self, grad: Any) -> None:
        self._grad = grad
        self.part = None

    @property
    def plain(self) -> bool:
        """Whether a gradient can be put here without anyone being told."""
        return self._grad is None and self.part is None and not self.hooks and not self.after


PACKED_SIZE = 1 << 14
"""Gradients of at most so many elements come out of a program as one flat array: each result costs a microsecond."""


class Packed:
    """Gradients of small leaves, flat in one value: `layout` has where each begins, and its shape."""

    __slots__ = ("layout", "value")

    def __init__(self, value: Value, layout: tuple[tuple[int, tuple[int, ...]], ...]) -> None:
        self.value = value
        self.layout = layout

    def take(self, index: int) -> Value:
        """One of the gradients as a value of its own."""
        start, shape = self.layout[index]
        array = self.value.array
        if array is not None and self.value.spec.device.platform == "cpu":
            # Out of what is known already without compiling anything.
            part = np.asarray(array)[start : start + math.prod(shape)].reshape(shape)
            return put(part.copy(), self.value.spec.device)
        enabled, state.trace.grad = state.trace.grad, False
        try:
            return record(PART, (self.value,), (start, shape))
        finally:
            state.trace.grad = enabled


class Gradients:
    """What backward gives: pairs (leaf or wanted value, gradient or None), and the leaves of a packed value."""

    __slots__ = ("leaves", "packed", "pairs")

    def __init__(self, pairs: list[tuple[Any, Value | None]], packed: Packed | None = None, leaves: Any = ()) -> None:
        self.pairs = pairs
        self.packed = packed
        self.leaves = leaves
