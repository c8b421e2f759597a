"""Backward: one instruction for a whole gradient, or one for each operation where Python has a say in between.

`backward` appends a single GRAD instruction whose plan says which instructions to walk back through. Hooks, custom
functions and `create_graph` need Python, or gradients that have gradients: then each step is recorded on its own, as
`Pull`, the vector-Jacobian product of one operation, which is an operation like any other.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lamina.engine import program
from lamina.engine.basic import ADD, ONES_LIKE, flatten, nesting, pull_of
from lamina.engine.leaf import PACKED_SIZE, Gradients, Leaf, Packed
from lamina.engine.lower import needed
from lamina.engine.program import FREE, FREED, GRAD, HISTORY, INPUT, LEAF, Node, NumberRef, RandomRef, spec_of
from lamina.engine.record import TRACED, History, RandomAt, Restart, Trace, Traced, Value, config, record, state
from lamina.engine.run import flush, plan_of

TWICE = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already been "
    "freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify "
    "retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors "
    "after calling backward."
)


@dataclass(frozen=True, eq=False)
class GradPlan:
    """What one backward instruction does.

    Attributes:
        roots: the slots it starts from.
        cotangents: for each root, the slot of the gradient it is given, or None for ones.
        order: the nodes to walk, results before operands.
        targets: the slots whose gradients are its results, after the packed ones.
        packed: the slots whose gradients are its first result, one after another in a flat array, if there are any.
        layout: for each packed slot, where it begins and its shape.
        links: pairs (input slot, slot that computes it again) across programs that have run.
    """

    roots: tuple[int, ...]
    cotangents: tuple[int | None, ...]
    order: tuple[Node, ...]
    targets: tuple[int, ...]
    links: tuple[tuple[int, int], ...]
    packed: tuple[int, ...]
    layout: tuple[tuple[int, tuple[int, ...]], ...]


@dataclass(frozen=True)
class _Reach:
    """What a gradient from some slots passes: nodes in walking order, leaves, inputs computed by earlier programs."""

    order: tuple[Node, ...]
    leaves: tuple[int, ...]
    histories: tuple[int, ...]


def _reach(end: Node, roots: Sequence[int], links: dict[int, int]) -> _Reach:
    """Walk from the roots down the nodes that need gradients. Raises RuntimeError where that was freed before."""
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
    leaves, histories = [], []
    for node in done:
        if node.op is INPUT:
            kind = node.static[1]
            if kind == FREED:
                raise RuntimeError(TWICE)
            if kind == LEAF:
                leaves.append(node.first)
            elif kind == HISTORY and node.first not in links:
                histories.append(node.first)
        elif node.op.saves and not freed.isdisjoint(range(node.first, node.width)):
            raise RuntimeError(TWICE)
    return _Reach(tuple(reversed(done)), tuple(sorted(leaves)), tuple(sorted(histories)))


def _locate(trace: Trace, value: Value) -> int:
    """The slot of a value in this trace; a value of an earlier program that needs a gradient is recorded again."""
    if value.home is trace:
        return value.slot
    if isinstance(value.home, History):
        return replay(trace, value.home, value.slot)
    with trace.lock:
        return trace.slot(value)


def _ready(trace: Trace, values: Sequence[Value]) -> None:
    """Run what must be run before these values can be used here."""
    for value in values:
        if value.array is None and value.home is not trace and not isinstance(value.home, History):
            flush(value.home.trace if hasattr(value.home, "trace") else value.home)


def replay(trace: Trace, history: History, slot: int) -> int:
    """Record again what computed a slot of a program that has run; gradients can then pass through it."""
    known = trace.replays.setdefault(history, {})
    if slot in known:
        return known[slot]
    plan = plan_of(history.node)
    for node in plan.ancestors(slot):
        if node.op.saves and not history.freed.isdisjoint(range(node.first, node.width)):
            raise RuntimeError(TWICE)
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
        operands = program.resolve(node.operands, values.__getitem__, lambda ref: _past(history, ref))
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


def _past(owner: Any, ref: Any) -> Any:
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


def backward(
    roots: Sequence[Value],
    cotangents: Sequence[Value | None],
    *,
    retain: bool,
    create: bool,
    wanted: Sequence[Value] | None = None,
) -> Gradients:
    """Record the gradient of roots, and say what it gives to leaves, or to wanted values.

    Args:
        roots: the values to differentiate.
        cotangents: the gradient of each root; None stands for ones.
        retain: whether backward through the same instructions may come again.
        create: whether the gradients can be differentiated themselves.
        wanted: values to give gradients of; None: all leaves.

    Raises:
        RuntimeError: if a part of it was freed by an earlier backward.
    """
    trace = state.trace
    if trace.inner and wanted is None:
        raise RuntimeError(
            "You are attempting to call Tensor.backward() inside a function that is being transformed. This is "
            "unsupported; use lamina.func.grad or lamina.autograd.grad there."
        )
    given = [x for x in cotangents if x is not None]
    _ready(trace, [*roots, *given, *(wanted or ())])
    if any(x.spec.device is TRACED for x in roots):
        raise RuntimeError(
            "backward() cannot run inside jax.jit, jax.grad or jax.vmap: there JAX differentiates. Use jax.grad around "
            "lamina.func.functional_call(module, parameters, x) instead."
        )
    trace.hold()  # slots are numbers of this trace: it must not be run before they have been used
    try:
        while True:
            try:
                slots = tuple(_locate(trace, root) for root in roots)
                given_slots = tuple(None if x is None else _locate_plain(trace, x) for x in cotangents)
                target_slots = None if wanted is None else tuple(_locate_plain(trace, x) for x in wanted)
                break
            except Restart as restart:
                flush(restart.trace)
            except Traced:
                raise RuntimeError("backward() cannot mix JAX tracers with recorded tensors.") from None
        histories: list[tuple[History, int]] = [(x.home, x.slot) for x in roots if isinstance(x.home, History)]
        links: dict[int, int] = {}
        if wanted is not None:
            # A wanted result of an earlier program stands for its recorded-again self.
            target_slots = tuple(
                trace.replays.get(x.home, {}).get(x.slot, slot) if isinstance(x.home, History) else slot
                for x, slot in zip(wanted, target_slots or (), strict=True)
            )
        reach = _cached_reach(trace, slots, links)
        while reach.histories:
            for slot in reach.histories:
                value = trace.values[slot]
                histories.append((value.home, value.slot))
                links[slot] = replay(trace, value.home, value.slot)
            reach = _cached_reach(trace, slots, links)
        at_once = not create and config.inspect is None and not _python_needed(trace, reach)
        if at_once:
            result = _at_once(trace, slots, given_slots, reach, links, retain, wanted, target_slots)
        else:
            steps = _held_steps(trace, reach)
    finally:
        trace.holding = False
    if not at_once:
        result = _step_by_step(
            trace, roots, cotangents, slots, reach, steps, links, retain, create, wanted, target_slots
        )
    elif trace.node.depth >= config.limit:
        flush(trace)
    if not retain:
        _free_histories(histories, roots)
    return result


def backward_again(root: Value, retain: bool) -> Gradients | None:
    """`backward` from one number to all leaves, as recorded after the same instructions before; None if it wasn't."""
    trace = state.trace
    if root.home is not trace or trace.customs or trace.watched or config.inspect is not None:
        return None
    trace.hold()
    try:
        node = trace.node.children.get((GRAD, root.slot, retain))
        return None if node is None or root.home is not trace else _append(trace, node)
    finally:
        trace.holding = False


def _append(trace: Trace, node: Node) -> Gradients:
    """Take the trace on to a backward instruction that gives gradients to leaves."""
    trace.node = node
    values, plan = trace.values, node.static
    grads = [Value(spec, trace, slot, node, False) for slot, spec in enumerate(node.specs, node.first)]
    values.extend(grads)
    if not plan.packed:
        return Gradients([(values[slot].leaf, grad) for slot, grad in zip(plan.targets, grads, strict=True)])
    pairs: list[Any] = [(values[slot].leaf, grad) for slot, grad in zip(plan.targets, grads[1:], strict=True)]
    return Gradients(pairs, Packed(grads[0], plan.layout), [values[slot].leaf for slot in plan.packed])


def _locate_plain(trace: Trace, value: Value) -> int:
    if value.home is trace:
        return value.slot
    with trace.lock:
        return trace.slot(value)


def _free_histories(histories: list[tuple[History, int]], roots: Sequence[Value]) -> None:
    for history, slot in histories:
        for node in plan_of(history.node).ancestors(slot):
            if node.op.saves:
                history.freed.update(range(node.first, node.width))
    for root in roots:
        if isinstance(root.home, History) and root.home.freed:
            root.home = None


def _cached_reach(trace: Trace, slots: tuple[int, ...], links: dict[int, int]) -> _Reach:
    key = (slots, tuple(links.items()))
    node = trace.node
    if node.reaches is None:
        node.reaches = {}
    found: _Reach | None = node.reaches.get(key)
    if found is None:
        found = node.reaches[key] = _reach(node, slots, links)
    return found


def _python_needed(trace: Trace, reach: _Reach) -> bool:
    if not trace.customs and not trace.watched:
        return False
    passed = {slot for node in reach.order for slot in range(node.first, node.width)}
    if any(slot in passed for slot in trace.customs):
        return True
    return any(leaf.hooks or leaf.retain or leaf.steps for slot, leaf in trace.watched.items() if slot in passed)


def _at_once(
    trace: Trace,
    slots: tuple[int, ...],
    cotangents: tuple[int | None, ...],
    reach: _Reach,
    links: dict[int, int],
    retain: bool,
    wanted: Sequence[Value] | None,
    target_slots: tuple[int, ...] | None,
) -> Gradients:
    """Record one GRAD instruction."""
    targets = reach.leaves if target_slots is None else target_slots
    passed = None if target_slots is None else {slot for node in reach.order for slot in range(node.first, node.width)}
    reached = targets if passed is None else tuple(slot for slot in targets if slot in passed)
    with trace.lock:
        key = (GRAD, slots, cotangents, retain, reached, tuple(links.items()), wanted is None)
        node = trace.node.children.get(key)
        if node is None:
            with program.growing:
                node = _grad_node(trace, slots, cotangents, reach, links, reached, wanted is None)
                if not retain:
                    node.freed = frozenset(slot for n in reach.order for slot in range(n.first, n.width))
                trace.node.children[key] = node
                if wanted is None and len(slots) == 1 and cotangents[0] is None and not links:
                    trace.node.children[GRAD, slots[0], retain] = node
        found = _append(trace, node)
    if wanted is None:
        return found
    by_slot = dict(zip(reached, (grad for _, grad in found.pairs), strict=True))
    return Gradients([(value, by_slot.get(slot)) for value, slot in zip(wanted, targets, strict=True)])


def _grad_node(
    trace: Trace,
    slots: tuple[int, ...],
    cotangents: tuple[int | None, ...],
    reach: _Reach,
    links: dict[int, int],
    targets: tuple[int, ...],
    may_pack: bool,
) -> Node:
    specs = {slot: trace.values[slot].spec for slot in targets}
    packed: tuple[int, ...] = ()
    if may_pack:
        small = [s for s in targets if math.prod(specs[s].shape) <= PACKED_SIZE and specs[s].dtype.kind in "fV"]
        packed = tuple(slot for slot in small if specs[slot].dtype == specs[small[0]].dtype)
    if len(packed) < 2:
        packed = ()
    sizes = [math.prod(specs[slot].shape) for slot in packed]
    starts = itertools.accumulate(sizes, initial=0)
    layout = tuple((start, specs[slot].shape) for start, slot in zip(starts, packed, strict=False))
    rest = tuple(slot for slot in targets if slot not in packed)
    node = Node(trace.node, GRAD)
    node.static = GradPlan(slots, cotangents, reach.order, rest, tuple(links.items()), packed, layout)
    results = [specs[slot] for slot in rest]
    if packed:
        first = specs[packed[0]]
        results.insert(0, spec_of((sum(sizes),), first.dtype, first.device))
    node.results(tuple(results), (False,) * len(results), len(results) == 1, False)
    node.line = program.user_line()
    return node


@dataclass(frozen=True)
class _HeldStep:
    """A step back with everything it needs held as Values: a hook may run the trace, and then slots mean nothing."""

    node: Node
    operands: list[Any]
    watched: list[Leaf | None]
    custom: Any
    leaf: Leaf | None


def _held_steps(trace: Trace, reach: _Reach) -> list[_HeldStep]:
    return [
        _HeldStep(
            node,
            program.resolve(node.operands, trace.values.__getitem__, lambda ref: _past(trace, ref)),
            [trace.watched.get(slot) for slot in range(node.first, node.width)],
            trace.customs.get(node.first),
            trace.values[node.first].leaf,
        )
        for node in reach.order
    ]


def _step_by_step(
    trace: Trace,
    roots: Sequence[Value],
    cotangents: Sequence[Value | None],
    slots: tuple[int, ...],
    reach: _Reach,
    steps: list[_HeldStep],
    links: dict[int, int],
    retain: bool,
    create: bool,
    wanted: Sequence[Value] | None,
    target_slots: tuple[int, ...] | None,
) -> Gradients:
    """Record one instruction for each step back, and call hooks and custom functions between them."""
    grads: dict[int, Value] = {}
    enabled = trace.grad
    trace.grad = create
    try:

        def add(slot: int, x: Value) -> None:
            grads[slot] = record(ADD, (grads[slot], x)) if slot in grads else x

        for root, slot, given in zip(roots, slots, cotangents, strict=True):
            add(slot, record(ONES_LIKE, (root,)) if given is None else given)
        if not retain and not create:
            _free(trace, reach)
        for step in steps:
            node, held, custom = step.node, step.operands, step.custom
            for slot, leaf in enumerate(step.watched, node.first):
                if leaf is not None and slot in grads:
                    for hook in list(leaf.hooks.values()):
                        changed = hook(grads[slot])
                        grads[slot] = grads[slot] if changed is None else changed
                    if leaf.retain is not None:
                        leaf.retain(grads[slot])
            if node.op is INPUT:
                if node.first in links and node.first in grads:
                    add(links[node.first], grads[node.first])
                continue
            cots = [grads.get(slot) if need else None for slot, need in enumerate(node.needs, node.first)]
            if all(x is None for x in cots):
                continue
            if custom is not None:
                passing, results = custom.slots_of(node), custom.backward(cots)
            else:
                passing, results = _pulled(node, held, cots)
            for leaf in step.watched:
                for look in list(leaf.steps.values()) if leaf is not None else ():
                    changed = look(list(results), cots)
                    results = results if changed is None else changed
            if config.inspect is not None:
                config.inspect(node, list(results))
            for slot, x in zip(passing, results, strict=True):
                if x is not None and slot is not None:
                    add(slot, x)
    finally:
        trace.grad = enabled
    if wanted is None:
        leaves = {step.node.first: step.leaf for step in steps if step.leaf is not None}
        return Gradients([(leaves[slot], grads[slot]) for slot in reach.leaves if slot in grads])
    return Gradients([(value, grads.get(slot)) for value, slot in zip(wanted, target_slots or (), strict=True)])


def _pulled(node: Node, held: list[Any], cots: list[Value | None]) -> tuple[list[int], Sequence[Value | None]]:
    """The slots of the operands that a gradient passes to, and their gradients."""
    needs = tuple(value.need for value in flatten(held) if isinstance(value, Value))
    pull = pull_of(node.op, node.static, nesting(held), needs, tuple(x is not None for x in cots), node.needs)
    results = record(pull, (*flatten(held), *(x for x in cots if x is not None)))
    return [slot for slot, need in zip(node.slots(), needs, strict=True) if need], (
        (results,) if isinstance(results, Value) else results
    )


def _free(trace: Trace, reach: _Reach) -> None:
    """Record that these instructions were walked back through, and may not be again."""
    with trace.lock:
        slots = frozenset(slot for node in reach.order for slot in range(node.first, node.width))
        key = (FREE, slots)
        node = trace.node.children.get(key)
        if node is None:
            with program.growing:
                node = Node(trace.node, FREE)
                node.freed = slots
                trace.node.children[key] = node
        trace.node = node
