"""Functions recorded apart: a transform (vmap, jvp, checkpoint ...) needs a whole function, not its result.

The function is called with tensors that have a shape and a type but no value. What it does goes to a trace of its own,
whose walk down the trie is as cheap as any other's. What comes out is a `Program`; a transform of it is one instruction
of the trace outside, whose operands are the arguments, and whatever else the function turned out to use.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax

from lamina.engine import transform
from lamina.engine.lower import lower, needed
from lamina.engine.program import INPUT, LEAF, NO_GRAD, Node, NumberRef, RandomRef, Spec
from lamina.engine.record import Escaped, Handle, LeafHome, Lost, RandomAt, Trace, Value, record, root_of, state
from lamina.engine.run import plan_of, read

ESCAPED = (
    "This tensor was computed inside a function that was being transformed, and the transform is over. Return it from "
    "the function instead."
)


class Unreadable(RuntimeError):
    """A value was read inside a transform that does not have it."""


class Inner(Trace):
    """What a function does to tensors whose values are not there.

    Attributes:
        outer: the trace that goes on afterwards.
        name: the transform, for messages.
        sources: for each argument, the Value outside that it stands for; None if there is none (an element of a batch).
        randomness: of a vmap: "error", "same" or "different"; None for other transforms.
        written: handles that were written to, by id: a weak reference, since those made inside are gone at the end; and
            the value each had before.
    """

    __slots__ = ("name", "outer", "randomness", "sources", "written")

    inner = True

    def __init__(self, outer: Trace, name: str, randomness: str | None = None) -> None:
        self.outer, self.name, self.randomness = outer, name, randomness
        self.sources: list[Value | None] = []
        self.written: dict[int, tuple[Any, Value]] = {}
        super().__init__()
        self.casting = outer.casting
        self.grad = outer.grad
        self.device = outer.device
        self.node = root_of("inner", self.casting)

    def argument(self, spec: Spec, need: bool, source: Value | None) -> Value:
        """A value of this trace that stands for an argument."""
        node = self._input_node(spec, need)
        value = Value(spec, self, len(self.values), node, need)
        self.values.append(value)
        self.sources.append(source)
        return value

    def new_input(self, value: Value) -> int:
        """An instruction that reads a value from outside; it may be pending there."""
        if isinstance(value.home, LeafHome) and value.home.trace is self:
            raise RuntimeError(
                "You are attempting to call Tensor.requires_grad_() inside of a function being transformed by a "
                "function transform. This is unsupported, please attempt to use the transform itself instead."
            )
        if isinstance(value.home, Lost):
            read(value)
        self._input_node(value.spec, value.need)
        slot = self.inputs[value] = len(self.values)
        self.values.append(value)
        return slot

    def _input_node(self, spec: Spec, need: bool) -> Node:
        key = spec.input_keys[LEAF if need else NO_GRAD]
        node = self.node.children.get(key)
        self.node = node if node is not None else self._add_input(key)
        return self.node

    def peek(self, value: Value) -> Any:
        """The array of a value, if it follows from what has a value outside: a function may look while it runs."""
        plan = plan_of(self.node)
        steps = needed(plan.path, [value.slot])
        slots = [node.first for node in steps if node.op is INPUT]
        arrays = [self._outside(slot) for slot in slots]
        refs, streams = operands_of(steps)
        keys = [x for stream, base in self.streams.items() for x in (stream.seed, base)]
        numbers = [number_of(self, ref) for ref in refs]
        with jax.enable_x64(True):
            return lower(steps, plan.needs, slots, [value.slot], refs)(*arrays, *numbers, *([keys] if streams else []))[
                0
            ]

    def _outside(self, slot: int) -> Any:
        source = self.sources[slot] if slot < len(self.sources) else self.values[slot]
        if source is None:
            raise Unreadable(
                f"{self.name}: the values of a tensor cannot be read inside the function: it looks like .item(), "
                "printing or data-dependent control flow on a tensor. See lamina.where and lamina.cond instead."
            )
        return read(source)


def operands_of(steps: Sequence[Node]) -> tuple[list[NumberRef], list[int]]:
    """The run-time numbers and the random streams that instructions read."""
    refs: dict[NumberRef, None] = {}
    streams: list[int] = []

    def collect(operands: Any) -> None:
        for x in operands:
            if isinstance(x, NumberRef):
                refs[x] = None
            elif isinstance(x, RandomRef):
                streams.append(x.stream)
            elif isinstance(x, tuple):
                collect(x)

    for step in steps:
        collect(step.operands)
    return list(refs), streams


def number_of(trace: Trace, ref: NumberRef) -> Any:
    """A run-time number of a trace."""
    store: list[Any] = trace.floats if ref.kind is float else trace.complexes if ref.kind is complex else trace.ints
    return ref.kind(store[ref.index])


@dataclass(frozen=True, eq=False)
class Program:
    """A recorded function, to be called on arrays.

    Attributes:
        node: its last instruction.
        inputs: the slots of the arguments, then of what it uses from outside.
        outputs: the slots of the results.
        needs: for each result, whether a gradient passes to it.
        specs: of the results.
    """

    node: Node
    inputs: tuple[int, ...]
    arguments: int
    outputs: tuple[int, ...]
    needs: tuple[bool, ...]
    specs: tuple[Spec, ...]
    numbers: tuple[NumberRef, ...]
    run: Callable[..., list[Any]]

    def __call__(self, arguments: Sequence[Any], captured: Sequence[Any], numbers: Any, keys: Any) -> tuple[Any, ...]:
        """The results, given what the transform's instruction has as operands."""
        flat = [x for key in keys for x in (key.seed, key.offset)]
        return tuple(self.run(*arguments, *captured, *numbers, *([flat] if flat else [])))


class Recorded:
    """A function that was recorded: its program, and the operands for one run of it."""

    def __init__(self, trace: Inner, arguments: Sequence[Value | None], outputs: Sequence[Value]) -> None:
        slots = tuple([value.slot if value.home is trace else trace.slot(value) for value in outputs])
        node, count = trace.node, len(trace.sources)
        self.arguments = list(arguments)
        self.captured = list(trace.inputs)
        self.trace = trace
        self.cache = node.reaches = {} if node.reaches is None else node.reaches
        self.key = ("program", count, slots)
        found: Program | None = self.cache.get(self.key)
        if found is None:
            found = self.cache[self.key] = self._program(slots, count)
        self.program = found
        self.numbers = [number_of(trace, ref) for ref in found.numbers]
        self.keys = [RandomAt(stream, base) for stream, base in trace.streams.items()]

    def _program(self, slots: tuple[int, ...], count: int) -> Program:
        node = self.trace.node
        plan = plan_of(node)
        steps = needed(plan.path, slots)
        inputs = (*range(count), *self.trace.inputs.values())
        refs, _ = operands_of(plan.path)
        run = lower(steps, plan.needs, inputs, slots, refs, cut=True)
        needs = tuple(plan.needs[slot] for slot in slots)
        specs = tuple(plan.specs[slot] for slot in slots)
        return Program(node, inputs, count, slots, needs, specs, tuple(refs), run)

    def record(self, kind: Any, static: tuple[Any, ...], extra: Sequence[Any] = ()) -> list[Value]:
        """Record a transform of the program as one instruction; `extra` are further operands (tangents, cotangents)."""
        op = self.cache.get((self.key, kind, static))
        if op is None:
            op = self.cache[self.key, kind, static] = Transform(kind, static, (self.program,))
        operands = (self.arguments, self.captured, self.numbers, self.keys, list(extra))
        return list(record(op, tuple([tuple(part) for part in operands])))


def transform_of(kind: Any, programs: tuple[Program, ...], differentiable: bool = True) -> Transform:
    """The one Transform of several programs."""
    cache = programs[0].node.reaches
    assert cache is not None
    op: Transform | None = cache.get((kind, programs))
    if op is None:
        op = cache[kind, programs] = Transform(kind, (), programs)
        op.differentiable = differentiable
    return op


class Transform:
    """A transform of programs as an operation.

    The operands are tuples: arguments, what the program uses from outside, run-time numbers, random places, extra.
    """

    random = False
    saves = True
    stable_name = None

    def __init__(self, kind: Any, static: tuple[Any, ...], programs: tuple[Program, ...]) -> None:
        self.kind, self.static, self.programs = kind, static, programs
        self.differentiable = True
        self.name = kind.__name__
        self.grad_name = f"{self.name.title().replace('_', '')}Backward0"

    def call(self, operands: Any, static: Any, function: Any = None) -> Any:
        """The results, as a tuple of arrays."""
        return tuple((function or self.kind)(*self.programs, *operands, *self.static))


def record_custom(
    forward: Recorded, backward: Recorded, count: int, smooth: tuple[int, ...], given: tuple[bool, ...]
) -> list[Value]:
    """Record a function with a derivative of its own: see `transform.custom`."""
    key = (transform.custom, forward.program, backward.program, count, smooth, given)
    op = forward.cache.get(key)
    if op is None:
        kind = functools.partial(transform.custom, count=count, smooth=smooth, given=given)
        kind.__name__ = "custom"  # type: ignore[attr-defined]
        op = forward.cache[key] = Transform(kind, (), (forward.program, backward.program))
    parts = (forward.captured, forward.numbers, forward.keys, backward.captured, backward.numbers, backward.keys)
    operands = (forward.arguments, *parts)
    return list(record(op, tuple([tuple(part) for part in operands])))


def inside() -> Inner | None:
    """The function being recorded in this thread, if any."""
    trace = state.trace
    return trace if isinstance(trace, Inner) else None


class outside:
    """Within it, the trace is the one outside all functions being recorded that do not hold a value."""

    def __init__(self, value: Value) -> None:
        self.value = value

    def __enter__(self) -> None:
        self.before = trace = state.trace
        while isinstance(trace, Inner) and self.value.home is not trace:
            trace = trace.outer
        state.trace = trace

    def __exit__(self, *exc: Any) -> None:
        state.trace = self.before


def capture(
    function: Callable[..., Sequence[Value]],
    arguments: Sequence[tuple[Spec, bool, Value | None]],
    name: str,
    *,
    grad: bool | None = None,
    randomness: str | None = None,
    writes: bool = False,
) -> tuple[Inner, list[Value], list[tuple[Handle, Value, Value]]]:
    """Call a function of Values in a trace of its own.

    Args:
        function: gets a Value for each argument, and gives the Values of its results.
        arguments: shape and type of each argument, whether it needs a gradient, and the Value it stands for, if any.
        name: the transform, for messages.
        grad: whether gradients are recorded inside; default: as outside.
        randomness: what random operations are told by vmap.
        writes: whether the function may write to tensors from outside.

    Returns:
        the trace, the results, and of each tensor from outside that was written to: itself, its old and its new value.

    Raises:
        RuntimeError: if it wrote to a tensor from outside and may not.
    """
    outer = state.trace
    trace = Inner(outer, name, randomness)
    if grad is not None:
        trace.grad = grad
    values = [trace.argument(*argument) for argument in arguments]
    state.trace = trace
    try:
        results = list(function(*values))
    finally:
        state.trace = outer
        held = [(ref(), old) for ref, old in trace.written.values() if old.home is not trace]
        written = [(handle, old, handle._value) for handle, old in held if handle is not None]
        written = [entry for entry in written if entry[2].home is trace]
        for handle, old, _ in written:
            handle.restore(old)
        trace.written.clear()
    if written and not writes:
        raise RuntimeError(
            f"{name}: the function writes in place to a tensor that it was not given. Pass that tensor as an argument, "
            "or compute a new one."
        )
    return trace, results, written


def close(trace: Inner) -> None:
    """Say of what the function computed that it cannot be read any more."""
    lost = Lost(Escaped(ESCAPED))
    for value in trace.values:
        if value.home is trace:
            value.home = lost
