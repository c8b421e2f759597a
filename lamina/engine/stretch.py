"""Stretches: instructions that always come together are recorded by one look-up for all of them.

Where the same instructions follow each other whenever the same code meets the same kind of operands (the layers of a
`Sequential`, the update of an optimizer), nothing needs to call that code again: from the node before the stretch one
gets to the node after it by checking that the operands are where they were. Numbers that the code gives to operations
may vary, as a learning rate does: those that were seen to are operands too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from lamina.engine.pack import STAND_INS, array_of
from lamina.engine.program import INPUT, LEAF, NO_GRAD, Const, Node, NumberRef, RandomRef, Spec
from lamina.engine.record import Trace, Value, config, state


class Mark(NamedTuple):
    """Where a trace stood before a stretch was recorded."""

    trace: Trace
    node: Node
    width: int
    runs: int
    grad: bool
    floats: int
    seldom: tuple[int, ...]


class _Fresh:
    """A place for an operand that the stretch reads first, and what it must be to fit there."""

    __slots__ = ("leaf", "spec")

    def __init__(self, spec: Spec, leaf: bool) -> None:
        self.spec, self.leaf = spec, leaf


_specs, _needs, _arrays, _leaves = map(attrgetter, ("spec", "need", "array", "leaf"))


def _pick(places: Sequence[int]) -> Callable[[Sequence[Value]], tuple[Value, ...]]:
    """What takes the items at these places out of a list: faster than a comprehension."""
    if len(places) > 1:
        return itemgetter(*places)
    return (lambda items: (items[places[0]],)) if places else (lambda items: ())


class Stretch:
    """One recorded stretch.

    Attributes:
        after: the last node.
        device: of the trace, if the stretch was its beginning.
        places: for each operand, its slot, or a `_Fresh`, or None if the stretch does not use it.
        floats: for each new run-time number, which of the given numbers it is.
        template: for each new slot, the index of the operand it reads, or (spec, node, need) of a result.
        results: where the results are in the template.
        whole: the stretch as a program of its own, once `Stretches.run` has found it.
    """

    __slots__ = (
        "_fresh", "_known", "_leaves", "_needs", "_slots", "_specs",
        "after", "device", "floats", "places", "results", "template", "whole",
    )  # fmt: skip

    def __init__(
        self, after: Node, device: Any, places: list[Any], floats: list[int], template: list[Any], results: list[int]
    ) -> None:
        self.after, self.device, self.places, self.floats = after, device, places, floats
        self.template, self.results = template, results
        self.whole: Whole | None = None
        # The same by kind, so that `fits` can look at many operands at once.
        known = [i for i, place in enumerate(places) if place.__class__ is int]
        fresh = [i for i, place in enumerate(places) if place.__class__ is _Fresh]
        self._known, self._slots = _pick(known), _pick([places[i] for i in known])
        self._fresh, self._leaves = _pick(fresh), _pick([i for i in fresh if places[i].leaf])
        self._specs = [places[i].spec for i in fresh]
        self._needs = [places[i].leaf for i in fresh]

    def fits(self, operands: Sequence[Value], values: Sequence[Value], inputs: dict[Value, int]) -> bool:
        """Whether the operands are where they were in a trace, or are what the stretch reads first."""
        if len(operands) != len(self.places) or self._known(operands) != self._slots(values):
            return False
        fresh = self._fresh(operands)
        return (
            list(map(_specs, fresh)) == self._specs
            and list(map(_needs, fresh)) == self._needs
            and not [True for array in map(_arrays, fresh) if array is None]
            and None not in map(_leaves, self._leaves(operands))
            and (not inputs or inputs.keys().isdisjoint(fresh))
        )


class Whole:
    """A stretch that is a program: it begins a trace, and its only result is read, or needed, as soon as it ends.

    Attributes:
        call: the compiled program.
        operands: the places of its inputs among the operands of the stretch.
        specs: what all operands of the stretch must be, by place.
        spec, node: of the result.
    """

    __slots__ = ("call", "node", "operands", "spec", "specs")

    def __init__(self, call: Any, operands: list[int], specs: list[Spec], spec: Spec, node: Node) -> None:
        self.call, self.operands, self.specs, self.spec, self.node = call, operands, specs, spec, node

    @staticmethod
    def of(found: Stretch) -> Whole | None:
        """The program that a stretch at the beginning of a trace gives, if it has been run and is plain enough."""
        if len(found.results) != 1 or found.floats or found.after.plan is None:
            return None
        if any(place.__class__ is not _Fresh for place in found.places):
            return None
        (result,) = found.results
        executable = found.after.plan.executables.get((result,))
        if executable is None or not executable.plain:
            return None
        executable.warm()
        inputs = [found.template[slot] for slot in executable.inputs]
        spec, node, _ = found.template[result]
        return Whole(executable.call, inputs, [place.spec for place in found.places], spec, node)


MOST = 32
"""Stretches that one place remembers. More would mean that something differs at every step."""


class Stretches:
    """What one place of a program recorded, by the node before it and by a key for all that is no operand.

    The numbers that the code uses belong to the key until they are seen to vary. It must give them to operations as
    they are: what it computes of them would be taken for a constant.
    """

    __slots__ = ("_known", "_varying")

    def __init__(self) -> None:
        self._known: dict[Any, Stretch] = {}
        self._varying: frozenset[int] = frozenset()

    def again(self, operands: Sequence[Value], key: Any = None, numbers: tuple[Any, ...] = ()) -> list[Value] | None:
        """Record the stretch that these operands would give; its results, or None if it is not known yet."""
        trace = state.trace
        trace.busy = True
        try:
            if trace.wanted:
                trace.give_way()
            fixed = self._fixed(numbers) if self._varying else numbers
            found = self._known.get((trace.node, trace.grad, key, fixed))
            if found is None:
                return None
            values, inputs = trace.values, trace.inputs
            if not found.fits(operands, values, inputs):
                return None
            if found.floats:
                floats = [numbers[i] for i in found.floats]
                if any(x.__class__ is not float for x in floats):
                    return None
                trace.floats += floats
            start = len(values)
            for slot, item in enumerate(found.template, start):
                if item.__class__ is int:
                    value = operands[item]
                    inputs[value] = slot
                else:
                    spec, node, need = item
                    value = Value(spec, trace, slot, node, need)
                values.append(value)
            trace.node = found.after
            if not start:
                trace.device = found.device
            return [values[start + i] for i in found.results]
        finally:
            trace.busy = False

    def run(self, operands: Sequence[Value]) -> Value | None:
        """Run the stretch without recording it: what `again` and a flush would give, where gradients are not recorded.

        None if something is pending already, or if such a program has not been run yet.
        """
        trace = state.trace
        if trace.values or trace.grad or trace.inner or config.watch is not None:
            return None
        found = self._known.get((trace.node, False, None, ()))
        if found is None:
            return None
        whole = found.whole
        if whole is None:
            whole = found.whole = Whole.of(found)
            if whole is None:
                return None
        if [value.spec for value in operands] != whole.specs:
            return None
        arrays = [operands[i].array for i in whole.operands]
        kinds = set(map(type, arrays))
        if type(None) in kinds:
            return None
        if not STAND_INS.isdisjoint(kinds):
            arrays = [array_of(operands[i]) for i in whole.operands]
        (array,) = whole.call(*arrays)
        result = Value(whole.spec, None, 0, whole.node, False)
        result.array = array
        return result

    def begin(self) -> Mark:
        """Note where the trace stands, before something is recorded that `end` shall remember."""
        trace = state.trace
        return Mark(trace, trace.node, len(trace.values), trace.runs, trace.grad, len(trace.floats), _seldom(trace))

    def end(
        self,
        mark: Mark,
        operands: Sequence[Value],
        results: Sequence[Value],
        key: Any = None,
        numbers: tuple[Any, ...] = (),
    ) -> None:
        """Remember what was recorded since `begin`, if it depends on nothing but these operands and numbers."""
        trace = mark.trace
        if trace is not state.trace:
            return
        trace.hold()
        try:
            self._remember(mark, operands, results, key, numbers)
        finally:
            trace.holding = False

    def _fixed(self, numbers: tuple[Any, ...]) -> tuple[Any, ...]:
        """The numbers, without those that vary."""
        return tuple([... if i in self._varying else x for i, x in enumerate(numbers)])

    def _remember(
        self,
        mark: Mark,
        operands: Sequence[Value],
        results: Sequence[Value],
        key: Any,
        numbers: tuple[Any, ...],
    ) -> None:
        trace = mark.trace
        if trace.runs != mark.runs or trace.grad is not mark.grad or _seldom(trace) != mark.seldom:
            return
        # The first input decides on which device a program begins, so an empty trace may have changed its root.
        nodes = _between(mark.node, trace.node) if mark.width else trace.node.path()
        if not nodes or len(trace.values) != trace.node.width:
            return
        floats = _which(trace.floats[mark.floats :], numbers, nodes)
        if floats is None or not self._varying.issubset(floats):
            return
        places: list[Any] = [None] * len(operands)
        index = {value: i for i, value in enumerate(operands)}
        if len(index) < len(operands):
            return
        template: list[Any] = []
        for node in nodes:
            if node.op is INPUT:
                value = trace.values[node.first]
                i, (spec, kind) = index.get(value), node.static
                if i is None or kind not in (NO_GRAD, LEAF):
                    return
                places[i] = _Fresh(spec, kind == LEAF)
                template.append(i)
                continue
            if not node.specs or _varies(node.operands):
                return
            for slot in node.slots():
                if slot < mark.width:
                    i = index.get(trace.values[slot])
                    if i is None:
                        return
                    places[i] = slot
            template += [(spec, node, need) for spec, need in zip(node.specs, node.needs, strict=True)]
        if any(value.home is not trace or value.slot < mark.width for value in results):
            return
        varying = self._varying.union(floats)
        if len(self._known) >= MOST or len(varying) > len(self._varying):
            self._known.clear()
        self._varying = varying
        self._known[mark.node, mark.grad, key, self._fixed(numbers)] = Stretch(
            trace.node, trace.device, places, floats, template, [value.slot - mark.width for value in results]
        )


def _which(floats: list[float], numbers: tuple[Any, ...], nodes: list[Node]) -> list[int] | None:
    """Which of the given numbers each run-time number is; None if that cannot be told.

    The trace keeps the very objects that were given, so identity tells. If a number that varies was a constant
    elsewhere in the stretch, or might have been, the stretch holds for this number only.
    """
    found = []
    for x in floats:
        same = [i for i, number in enumerate(numbers) if number is x]
        if len(same) != 1:
            return None
        found += same
    constants = [c for node in nodes for c in _constants(node.operands)] if found else []
    return None if any(c == numbers[i] for i in found for c in constants) else found


def _constants(operands: Any) -> list[Any]:
    """The numbers that are constants of an instruction."""
    found: list[Any] = []
    for x in operands:
        if x.__class__ is tuple:
            found += _constants(x)
        elif isinstance(x, Const):
            found.append(x.value)
    return found


def _seldom(trace: Trace) -> tuple[int, ...]:
    """How many there are of what a stretch cannot have: run-time numbers but floats, random streams, hooks."""
    return (
        len(trace.ints),
        len(trace.complexes),
        len(trace.streams),
        len(trace.customs),
        len(trace.watched),
        len(trace.replays),
    )


def _varies(operands: Any) -> bool:
    """Whether an instruction has operands that a stretch cannot have: random places, run-time numbers but floats."""
    return any(
        _varies(x)
        if x.__class__ is tuple
        else isinstance(x, RandomRef) or (isinstance(x, NumberRef) and x.kind is not float)
        for x in operands
    )


def _between(before: Node, after: Node) -> list[Node]:
    """The nodes from `before`, without it, to `after`; none if no path leads there."""
    found: list[Node] = []
    node: Node | None = after
    while node is not None and node is not before:
        found.append(node)
        node = node.parent
    return found[::-1] if node is before else []
