"""What a gradient reaches: the instructions between some results and the leaves, or the values that are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from lamina.engine.leaf import Leaf
from lamina.engine.program import FREED, HISTORY, INPUT, LEAF, Node
from lamina.engine.record import History, Trace, Value
from lamina.engine.run import plan_of

TWICE = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already been "
    "freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify "
    "retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors "
    "after calling backward."
)


class Wanted:
    """The values that gradients are asked of.

    A leaf that was written to is another value since then; its gradient is that of all its values together.
    """

    def __init__(self, values: Sequence[Value]) -> None:
        self.values = list(values)
        self.set = frozenset(values)
        self.leaves: frozenset[Leaf] = frozenset(x.leaf for x in values if x.leaf is not None)

    def holds(self, value: Value) -> bool:
        """Whether the gradient of this value is asked for."""
        return value in self.set or (value.leaf is not None and value.leaf in self.leaves)

    def slots(self, trace: Trace, links: dict[int, int]) -> list[tuple[int, ...]]:
        """For each value, the slots of a trace whose gradients together are its own.

        A result of an earlier program may be an input here and recorded again too; then the first is linked to the
        second.
        """
        return [self._slots(value, trace, links) for value in self.values]

    def _slots(self, value: Value, trace: Trace, links: dict[int, int]) -> tuple[int, ...]:
        if value.leaf is not None:
            return tuple([slot for other, slot in trace.inputs.items() if other.leaf is value.leaf])
        if value.home is trace:
            return (value.slot,)
        slot = trace.inputs.get(value)
        again = trace.replays.get(value.home, {}).get(value.slot) if isinstance(value.home, History) else None
        if slot is not None and again is not None and slot != again:
            links[slot] = again
            slot = None
        return tuple([x for x in (slot, again) if x is not None])


def between(
    order: Sequence[Node], below: Callable[[Node], Sequence[Node]], is_end: Callable[[Node], bool]
) -> tuple[set[Node], set[Node]]:
    """Of nodes, operands before results: those with an end strictly below them, and the ends themselves."""
    through: set[Node] = set()
    ends: set[Node] = set()
    for node in order:
        if any(other in through or other in ends for other in below(node)):
            through.add(node)
        if is_end(node):
            ends.add(node)
    return through, ends


def walked(value: Value, wanted: Wanted | None) -> set[Node]:
    """The instructions of an earlier program that a gradient passes from its result `value` to what is wanted."""
    history = value.home
    nodes = plan_of(history.node).ancestors(value.slot)
    if wanted is None:
        return nodes
    producer = {slot: node for node in nodes for slot in range(node.first, node.width)}
    results = {x.slot for x in wanted.values if x.home is history}

    def is_end(node: Node) -> bool:
        if node.op is not INPUT:
            return not results.isdisjoint(range(node.first, node.width))
        source = history.values.get(node.first)
        return source is not None and (wanted.holds(source) or leads(source, wanted))

    order = sorted(nodes, key=lambda node: node.first)
    return between(order, lambda node: [producer[s] for s in node.slots() if s in producer], is_end)[0]


def leads(value: Value, wanted: Wanted) -> bool:
    """Whether a result of an earlier program was computed from what is wanted."""
    return isinstance(value.home, History) and bool(walked(value, wanted))


@dataclass(frozen=True)
class Reach:
    """What a gradient from some slots passes.

    Attributes:
        order: the nodes to walk, results before operands.
        through: those of them whose pullbacks are called; the others are inputs, or only have a wanted result.
        passed: the slots whose gradients are met.
        leaves: the slots of leaves.
        histories: inputs that earlier programs computed, from which it goes on there.
    """

    order: tuple[Node, ...]
    through: frozenset[Node]
    passed: frozenset[int]
    leaves: tuple[int, ...]
    histories: tuple[int, ...]


def reach(trace: Trace, roots: tuple[int, ...], links: dict[int, int], wanted: Wanted | None) -> Reach:
    """Walk from the roots down to all leaves, or to what is wanted. Raises RuntimeError where that was freed before."""
    targets = opened = None
    alone = False
    if wanted is not None:
        found = wanted.slots(trace, links)
        targets = frozenset(slot for slots in found for slot in slots)
        opened = frozenset(s for x, s in trace.inputs.items() if s not in links and leads(x, wanted))
        # Below a value without a history nobody knows what is; only what this trace computes is not.
        alone = sum(x.home is not trace for x in wanted.set) < 2
    key = (roots, tuple(links.items()), targets, opened, alone)
    node = trace.node
    if node.reaches is None:
        node.reaches = {}
    known: Reach | None = node.reaches.get(key)
    if known is None:
        known = node.reaches[key] = _reach(node, roots, links, targets, opened, alone)
    return known


def _reach(
    end: Node,
    roots: Sequence[int],
    links: dict[int, int],
    targets: frozenset[int] | None,
    opened: frozenset[int] | None,
    alone: bool,
) -> Reach:
    path = end.path()
    producer = {slot: node for node in path for slot in range(node.first, node.width)}
    need = {slot: needed for node in path for slot, needed in enumerate(node.needs, node.first)}
    freed = frozenset().union(*(node.freed for node in path))

    def below(node: Node) -> list[Node]:
        slots = [links[node.first]] if node.first in links and node.op is INPUT else node.slots()
        return [producer[slot] for slot in slots if need[slot]]

    done: dict[Node, None] = {}
    stack: list[tuple[Node, bool]] = [(producer[slot], False) for slot in roots if need[slot]]
    while stack:
        node, leaving = stack.pop()
        if leaving:
            done[node] = None
        elif node not in done:
            stack.append((node, True))
            stack.extend((other, False) for other in below(node) if other not in done)
    through = ends = set(done)
    if targets is not None and opened is not None:
        goals = targets | opened
        through, ends = between(list(done), below, lambda node: not goals.isdisjoint(range(node.first, node.width)))
    leaves, histories = [], []
    for node in done:
        if node.op is INPUT:
            kind, slot = node.static[1], node.first
            if kind == FREED and not (alone and targets is not None and slot in targets):
                raise RuntimeError(TWICE)
            if kind == LEAF:
                leaves.append(slot)
            elif kind == HISTORY and slot not in links and (opened is None or slot in opened):
                histories.append(slot)
        elif node in through and node.op.saves and not freed.isdisjoint(range(node.first, node.width)):
            raise RuntimeError(TWICE)
    order = tuple(node for node in reversed(done) if node in through or node in ends)
    return Reach(order, frozenset(through), slots_of(order), tuple(sorted(leaves)), tuple(sorted(histories)))


def slots_of(nodes: Iterable[Node]) -> frozenset[int]:
    """The slots of the results of instructions."""
    return frozenset(slot for node in nodes for slot in range(node.first, node.width))
