"""Lowering: from the nodes of a path to one JAX function.

Each instruction runs on JAX tracers in order. Those that a backward instruction will need run through `jax.vjp`, which
keeps their pullback; `backward` walks the pullbacks in reverse. No derivative is written here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from lamina.engine.infer import Place, random_key
from lamina.engine.overwrite import Readers
from lamina.engine.pieces import Pieces, piece_of
from lamina.engine.program import FREE, GRAD, INPUT, Node, NumberRef, resolve

MANY = 8
"""So many uses of a large operation in one program are calls of one function."""


def dependencies(node: Node) -> list[int]:
    """The slots that running this node reads."""
    if node.op is not GRAD:
        return list(node.slots())
    plan = node.static
    found = [*plan.roots, *(slot for slot in plan.cotangents if slot is not None)]
    for step in plan.order:
        found.extend(range(step.first, step.width))
        found.extend(step.slots())
    return found


def needed(path: Sequence[Node], outputs: Sequence[int]) -> list[Node]:
    """The nodes that the outputs depend on, in order."""
    wanted = set(outputs)
    found = []
    for node in reversed(path):
        if any(slot in wanted for slot in range(node.first, node.width)):
            wanted.update(dependencies(node))
            found.append(node)
    found.reverse()
    return found


def lower(
    steps: Sequence[Node],
    needs: dict[int, bool],
    inputs: Sequence[int],
    outputs: Sequence[int],
    numbers: Sequence[NumberRef],
    cut: bool = False,
    watch: Any = None,
    calls: bool = False,
    overwritten: frozenset[int] = frozenset(),
) -> Callable[..., list[Any]]:
    """A function of the input arrays, the run-time numbers and (if any) the random streams that gives the outputs.

    Args:
        steps: the nodes to run, in order.
        needs: for each slot, whether it takes part in gradients.
        inputs, outputs: slots.
        numbers: the run-time numbers, in the order in which they follow the arrays.
        cut: whether JAX will differentiate the function, so that it must see where no gradient passes.
        watch: a `Watch`, if the function shall give a flag for each result that is NaN as well.
        calls: whether large operations that are used many times may be calls of one function.
        overwritten: inputs that outputs may be written over.
    """
    differentiated = {step for node in steps if node.op is GRAD for step in node.static.order}
    uses = Counter(node.op for node in steps if calls)

    def run(*arguments: Any) -> list[Any]:
        env: dict[int, Any] = dict(zip(inputs, arguments, strict=False))
        if watch is not None:
            watch.begin()
        values = {(ref.kind, ref.index): x for ref, x in zip(numbers, arguments[len(inputs) :], strict=False)}
        streams = arguments[len(inputs) + len(numbers) :]

        def special(ref: Any) -> Any:
            if isinstance(ref, NumberRef):
                return values[ref.kind, ref.index]
            seed, base = streams[0][2 * ref.stream], streams[0][2 * ref.stream + 1]
            return random_key(seed, base + jnp.uint64(ref.offset))

        pullbacks: dict[Node, Any] = {}
        for node in steps:
            if node.op is INPUT or node.op is FREE:
                if watch is not None:
                    watch.see(node, [env[slot] for slot in range(node.first, node.width)])
                continue
            try:
                if node.op is GRAD:
                    readers = Readers(overwritten.intersection(node.static.targets), env)
                    results: Any = _backward(node.static, env, pullbacks, watch, readers)
                    readers.settle(env)
                elif node in differentiated:
                    results, pullbacks[node] = _differentiable(node, needs, env, special, _body(node.op, uses))
                else:
                    operands = resolve(node.operands, env.__getitem__, special)
                    results = node.op.call(operands, node.static, _body(node.op, uses))
            except Exception as error:
                error.add_note(f"in {node.op.name}, recorded at {node.line or 'an unknown line'}")
                raise
            if not isinstance(results, (tuple, list)):
                results = (results,)
            if cut and any(needs[slot] for slot in dependencies(node)):
                results = [x if need else jax.lax.stop_gradient(x) for x, need in zip(results, node.needs, strict=True)]
            if watch is not None and node.op is not GRAD:
                watch.see(node, results)
            env.update(enumerate(results, node.first))
        found = [env[slot] for slot in outputs]
        return found if watch is None else [*found, watch.flags()]

    return run


def _body(op: Any, uses: Counter[Any]) -> Callable[..., Any] | None:
    """The function that XLA calls for an operation, where it is large and used so often that inlining it takes long."""
    return op.called if uses[op] >= MANY and getattr(op, "large", False) else None


def _differentiable(
    node: Node, needs: dict[int, bool], env: dict[int, Any], special: Any, body: Callable[..., Any] | None
) -> tuple[Any, Any]:
    """The results of a node and a function from their cotangents to those of its operands."""
    slots = sorted({slot for slot in node.slots() if needs[slot]})
    constant = resolve(node.operands, lambda slot: Place(slot), special)

    def run(*arrays: Any) -> tuple[Any, Any]:
        local = dict(zip(slots, arrays, strict=True))
        operands = _substitute(constant, lambda slot: local.get(slot, env[slot]))
        results = node.op.call(operands, node.static, body)
        results = results if isinstance(results, (tuple, list)) else (results,)
        smooth = tuple(x for x, need in zip(results, node.needs, strict=True) if need)
        return smooth, tuple(None if need else x for x, need in zip(results, node.needs, strict=True))

    smooth, pull, rest = jax.vjp(run, *(env[slot] for slot in slots), has_aux=True)
    given = iter(smooth)
    results = tuple(next(given) if need else x for x, need in zip(rest, node.needs, strict=True))
    return results, (slots, pull)


def _substitute(template: Any, slot: Callable[[int], Any]) -> list[Any]:
    return [
        slot(x.index) if x.__class__ is Place else tuple(_substitute(x, slot)) if x.__class__ is tuple else x
        for x in template
    ]


def conjugated(pull: Callable[[Any], Any], cotangents: tuple[Any, ...]) -> list[Any]:
    """JAX's pullback in PyTorch's convention, in which the gradient of a complex number is the conjugate of JAX's."""
    return [_conjugate(x) for x in pull(tuple(map(_conjugate, cotangents)))]


def _conjugate(x: Any) -> Any:
    return jnp.conj(x) if jnp.issubdtype(x.dtype, jnp.complexfloating) else x


def _backward(plan: Any, env: dict[int, Any], pullbacks: dict[Node, Any], watch: Any, readers: Readers) -> list[Any]:
    """Walk the pullbacks in reverse; the gradients of the plan's targets."""
    cotangents: dict[int, Any] = {}
    pieces = Pieces()

    def add(slot: int, x: Any) -> None:
        cotangents[slot] = cotangents[slot] + x if slot in cotangents else x

    def settle(slots: Iterable[int]) -> None:
        for slot in slots:
            for whole in pieces.joined(slot, env[slot].shape):
                add(slot, whole)

    for root, given in zip(plan.roots, plan.cotangents, strict=True):
        add(root, jnp.ones_like(env[root]) if given is None else env[given])
    links = dict(plan.links)
    for node in plan.order:
        settle(range(node.first, node.width))
        if node.op is INPUT:
            if node.first in links and node.first in cotangents:
                add(links[node.first], cotangents[node.first])
            continue
        smooth = [slot for slot, need in enumerate(node.needs, node.first) if need]
        if not any(slot in cotangents for slot in smooth):
            continue
        slots, pull = pullbacks[node]
        # A watch is shown the gradient of each operation, so none is joined with others then.
        piece = None if watch is not None else piece_of(node, env.__getitem__)
        if piece is not None:
            pieces.add(slots[0], piece, cotangents[node.first])
            continue
        given = tuple(cotangents[s] if s in cotangents else jnp.zeros_like(env[s]) for s in smooth)
        found = conjugated(pull, given)
        readers.note(slots, found)
        if watch is not None:
            watch.see_gradients(node, found)
        for slot, x in zip(slots, found, strict=True):
            add(slot, x)
    targets = (*plan.packed, *plan.targets)
    settle(targets)
    grads = [cotangents[slot] if slot in cotangents else jnp.zeros_like(env[slot]) for slot in targets]
    if not plan.packed:
        return grads
    # Without the barriers XLA computes the flat array element by element, asking for each which part it comes from.
    parts = jax.lax.optimization_barrier([x.reshape(-1) for x in grads[: len(plan.packed)]])
    return [jax.lax.optimization_barrier(jax.lax.concatenate(parts, 0)), *grads[len(plan.packed) :]]
