"""Backward: one instruction for a whole gradient, or one for each operation where Python has a say in between.

`backward` appends a single GRAD instruction whose plan says which instructions to walk back through. Hooks, custom
functions and `create_graph` need Python, or gradients that have gradients: then each step is recorded on its own, as
`Pull`, the vector-Jacobian product of one operation, which is an operation like any other.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lamina.engine import foresight, program
from lamina.engine.basic import ADD, ONES_LIKE, flatten, nesting, pull_of
from lamina.engine.leaf import PACKED_SIZE, Gradients, Leaf, Packed
from lamina.engine.program import FREE, GRAD, INPUT, Node, spec_of
from lamina.engine.reach import Reach, Wanted, reach, slots_of
from lamina.engine.record import TRACED, History, Restart, Trace, Traced, Value, config, record, state
from lamina.engine.replay import past, replay
from lamina.engine.run import flush, numbers_of, read


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


def _locate(trace: Trace, value: Value, wanted: Wanted | None) -> int:
    """The slot of a value in this trace; a value of an earlier program that needs a gradient is recorded again."""
    return replay(trace, value, wanted) if isinstance(value.home, History) else _locate_plain(trace, value)


def _ready(trace: Trace, values: Sequence[Value]) -> None:
    """Run what must be run before these values can be used here."""
    for value in values:
        if value.array is None and value.home is not trace and not isinstance(value.home, History):
            flush(value.home.trace if hasattr(value.home, "trace") else value.home)


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
    if wanted is None and not create and len(roots) == 1 and cotangents[0] is None:
        foresight.learn(roots[0])
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
    asked = None if wanted is None else Wanted(wanted)
    trace.hold()  # slots are numbers of this trace: it must not be run before they have been used
    try:
        while True:
            try:
                slots = tuple(_locate(trace, root, asked) for root in roots)
                given_slots = tuple(None if x is None else _locate_plain(trace, x) for x in cotangents)
                break
            except Restart as restart:
                flush(restart.trace)
            except Traced:
                raise RuntimeError("backward() cannot mix JAX tracers with recorded tensors.") from None
        links: dict[int, int] = {}
        found = reach(trace, slots, links, asked)
        while found.histories:
            for slot in found.histories:
                links[slot] = replay(trace, trace.values[slot], asked)
            found = reach(trace, slots, links, asked)
        targets = None if asked is None else asked.slots(trace, links)
        freed = slots_of(found.through)
        histories = [
            (history, [slot for slot, here in known.items() if here in freed])
            for history, known in trace.replays.items()
        ]
        at_once = not create and not _python_needed(trace, found)
        if at_once:
            result = _at_once(trace, slots, given_slots, found, links, retain, targets)
        else:
            steps = _held_steps(trace, found)
    finally:
        trace.holding = False
    if not at_once:
        result = _step_by_step(trace, roots, cotangents, slots, found, steps, links, retain, create, targets)
    if wanted is not None:
        result = _of_wanted(result, wanted, targets or [], create)
    if at_once and trace.node.depth >= config.limit:
        flush(trace)
    if not retain:
        for history, walked in histories:
            history.freed.update(walked)
        for root in roots:
            if isinstance(root.home, History) and root.slot in root.home.freed:
                root.home = None
    return result


def _of_wanted(
    found: dict[int, Value], wanted: Sequence[Value], targets: Sequence[tuple[int, ...]], create: bool
) -> Gradients:
    """The gradient of each wanted value: the sum of those of its slots; None if none of them is reached."""
    pairs: list[tuple[Value, Value | None]] = []
    trace = state.trace
    enabled, trace.grad = trace.grad, create
    try:
        for value, slots in zip(wanted, targets, strict=True):
            parts = [found[slot] for slot in slots if slot in found]
            pairs.append((value, functools.reduce(lambda x, y: record(ADD, (x, y)), parts) if parts else None))
    finally:
        trace.grad = enabled
    return Gradients(pairs)


def backward_again(root: Value, retain: bool) -> Gradients | None:
    """`backward` from one number to all leaves, as recorded after the same instructions before; None if it wasn't."""
    trace = state.trace
    if root.home.__class__ is History:
        return foresight.take(root, retain)
    if root.home is not trace or trace.customs or trace.watched:
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


def ahead(trace: Trace, slot: int) -> Gradients | None:
    """Record `backward` from one number to all leaves in a trace that is about to be run; None if Python is needed."""
    node = trace.node.children.get((GRAD, slot, True))
    if node is None:
        found = reach(trace, (slot,), {}, None)
        if found.histories:
            return None
        node = _grad_node(trace, (slot,), (None,), found, {}, found.leaves, True, True)
    return _append(trace, node)


def _locate_plain(trace: Trace, value: Value) -> int:
    if value.home is trace:
        return value.slot
    with trace.lock:
        return trace.slot(value)


def _python_needed(trace: Trace, found: Reach) -> bool:
    if not trace.customs and not trace.watched:
        return False
    if any(slot in found.passed for slot in trace.customs):
        return True
    return any(leaf.hooks or leaf.retain or leaf.steps for slot, leaf in trace.watched.items() if slot in found.passed)


def _at_once(
    trace: Trace,
    slots: tuple[int, ...],
    cotangents: tuple[int | None, ...],
    found: Reach,
    links: dict[int, int],
    retain: bool,
    wanted: Sequence[tuple[int, ...]] | None,
) -> Any:
    """Record one GRAD instruction: the gradients it gives to leaves, or, if some are wanted, by slot."""
    targets = found.leaves
    if wanted is not None:
        targets = tuple(dict.fromkeys(slot for several in wanted for slot in several if slot in found.passed))
    with trace.lock:
        result = _append(trace, _grad_node(trace, slots, cotangents, found, links, targets, retain, wanted is None))
    if wanted is None:
        return result
    return dict(zip(targets, (grad for _, grad in result.pairs), strict=True))


def _grad_node(
    trace: Trace,
    slots: tuple[int, ...],
    cotangents: tuple[int | None, ...],
    found: Reach,
    links: dict[int, int],
    targets: tuple[int, ...],
    retain: bool,
    to_leaves: bool,
) -> Node:
    """The node of a GRAD instruction after those of the trace, made if there is none."""
    key = (GRAD, slots, cotangents, retain, targets, tuple(links.items()), to_leaves)
    node = trace.node.children.get(key)
    if node is not None:
        return node
    specs = {slot: trace.values[slot].spec for slot in targets}
    packed: tuple[int, ...] = ()
    if to_leaves:
        small = [s for s in targets if math.prod(specs[s].shape) <= PACKED_SIZE and specs[s].dtype.kind in "fV"]
        packed = tuple(slot for slot in small if specs[slot].dtype == specs[small[0]].dtype)
    if len(packed) < 2:
        packed = ()
    sizes = [math.prod(specs[slot].shape) for slot in packed]
    starts = itertools.accumulate(sizes, initial=0)
    layout = tuple((start, specs[slot].shape) for start, slot in zip(starts, packed, strict=False))
    rest = tuple(slot for slot in targets if slot not in packed)
    order = tuple(step for step in found.order if step.op is INPUT or step in found.through)
    results = [specs[slot] for slot in rest]
    if packed:
        first = specs[packed[0]]
        results.insert(0, spec_of((sum(sizes),), first.dtype, first.device))
    with program.growing:
        node = Node(trace.node, GRAD)
        node.static = GradPlan(slots, cotangents, order, rest, tuple(links.items()), packed, layout)
        node.results(tuple(results), (False,) * len(results), len(results) == 1, False)
        node.line = program.user_line()
        if not retain:
            node.freed = slots_of(found.through)
        trace.node.children[key] = node
        if to_leaves and len(slots) == 1 and cotangents[0] is None and not links:
            trace.node.children[GRAD, slots[0], retain] = node
    return node


@dataclass(frozen=True)
class _HeldStep:
    """A step back with everything it needs held as Values: a hook may run the trace, and then slots mean nothing."""

    node: Node
    operands: list[Any]
    watched: list[Leaf | None]
    custom: Any
    leaf: Leaf | None


def _held_steps(trace: Trace, found: Reach) -> list[_HeldStep]:
    return [
        _HeldStep(
            node,
            program.resolve(node.operands, trace.values.__getitem__, lambda ref: past(trace, ref)),
            [trace.watched.get(slot) for slot in range(node.first, node.width)],
            trace.customs.get(node.first),
            trace.values[node.first].leaf,
        )
        for node in found.order
    ]


def _step_by_step(
    trace: Trace,
    roots: Sequence[Value],
    cotangents: Sequence[Value | None],
    slots: tuple[int, ...],
    found: Reach,
    steps: list[_HeldStep],
    links: dict[int, int],
    retain: bool,
    create: bool,
    wanted: Any,
) -> Any:
    """Record one instruction for each step back, and call hooks and custom functions between them.

    Returns what `_at_once` does.
    """
    grads: dict[int, Value] = {}
    enabled = trace.grad
    trace.grad = create
    try:

        def add(slot: int, x: Value) -> None:
            grads[slot] = record(ADD, (grads[slot], x)) if slot in grads else x

        for root, slot, given in zip(roots, slots, cotangents, strict=True):
            add(slot, record(ONES_LIKE, (root,)) if given is None else given)
        if not retain and not create:
            _free(trace, slots_of(found.through))
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
            if node not in found.through:
                continue
            cots = [grads.get(slot) if need else None for slot, need in enumerate(node.needs, node.first)]
            if all(x is None for x in cots):
                continue
            if custom is not None:
                passing, results = custom.slots_of(node), custom.backward(cots)
                if config.watch is not None:
                    _look(node, results)
            else:
                passing, results = _pulled(node, held, cots)
            for leaf in step.watched:
                for look in list(leaf.steps.values()) if leaf is not None else ():
                    changed = look(list(results), cots)
                    results = results if changed is None else changed
            for slot, x in zip(passing, results, strict=True):
                if x is not None and slot is not None:
                    add(slot, x)
    finally:
        trace.grad = enabled
    if wanted is None:
        leaves = {step.node.first: step.leaf for step in steps if step.leaf is not None}
        return Gradients([(leaves[slot], grads[slot]) for slot in found.leaves if slot in grads])
    return grads


def _look(node: Node, gradients: Sequence[Value | None]) -> None:
    """Raise if a gradient that a custom function gave has a NaN; those of operations are looked at by their program."""
    for i, value in enumerate(gradients):
        if value is not None and np.isnan(numbers_of(read(value))).any():
            line = node.line or "an unknown line"
            raise RuntimeError(
                f"Function '{node.grad_name()}' returned nan values in its {i}th output. It was called at {line}."
            )


def _pulled(node: Node, held: list[Any], cots: list[Value | None]) -> tuple[list[int], Sequence[Value | None]]:
    """The slots of the operands that a gradient passes to, and their gradients."""
    needs = tuple(value.need for value in flatten(held) if isinstance(value, Value))
    pull = pull_of(node.op, node.static, nesting(held), needs, tuple(x is not None for x in cots), node.needs)
    results = record(pull, (*flatten(held), *(x for x in cots if x is not None)))
    return [slot for slot, need in zip(node.slots(), needs, strict=True) if need], (
        (results,) if isinstance(results, Value) else results
    )


def _free(trace: Trace, slots: frozenset[int]) -> None:
    """Record that the instructions of these results were walked back through, and may not be again."""
    with trace.lock:
        key = (FREE, slots)
        node = trace.node.children.get(key)
        if node is None:
            with program.growing:
                node = Node(trace.node, FREE)
                node.freed = slots
                trace.node.children[key] = node
        trace.node = node
