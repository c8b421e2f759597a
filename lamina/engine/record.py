"""Recording: calling an operation appends one instruction to the thread's trace.

The warm path is `record`: a key is made of the operation and its operands' slots, and one dictionary look-up moves the
trace to the next node. Everything else here runs the first time only.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import jax
import numpy as np

from lamina.engine import explain, program
from lamina.engine.infer import infer, random_key
from lamina.engine.numbers import NUMBERS, generalise, number_key, operand_of
from lamina.engine.program import FREED, HISTORY, INPUT, LEAF, NO_GRAD, InputKey, Node, Spec, spec_of

TRACED: Any = "traced"
"""Stands in a Spec for the device of a JAX tracer."""


class Restart(Exception):
    """Another trace, or this one, must be run before the instruction can be recorded."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace


class Traced(Exception):
    """An operand is a JAX tracer: the operation runs at once."""


class Value:
    """What a Tensor names: an array, or a slot of a trace that will give one.

    Attributes:
        array: the jax.Array, a `Part` of one or what is `OnHost` (see `pack.py`; `read` gives the array), or None
            while pending.
        spec: shape, dtype, device.
        home: where it comes from: the Trace it is pending in, a LeafHome, the History that backward needs, or None.
        slot: its number there.
        node: the instruction that made it, if any.
        need: whether it takes part in gradients.
        leaf: where its gradient is collected, if it is a leaf that requires one.
    """

    __slots__ = ("array", "home", "leaf", "need", "node", "slot", "spec")

    def __init__(self, spec: Spec, home: Any, slot: int, node: Any, need: bool) -> None:
        self.array: Any = None
        self.spec = spec
        self.home = home
        self.slot = slot
        self.node = node
        self.need = need
        self.leaf: Any = None


class Handle:
    """A name for a value; Tensor is one. `_alias` says what it shares its memory with, and whether it is outdated."""

    __slots__ = ("_alias", "_value")

    _value: Value
    _alias: Any

    def current(self) -> Value:
        """The value; a view of something that was written to is cut again first."""
        raise NotImplementedError

    def restore(self, value: Value) -> None:
        """Name a value again that it named before it was written to."""
        raise NotImplementedError


class Unknown(Exception):
    """An operand is of a kind that the engine does not take."""


class Outdated(Exception):
    """An operand is a view of something that was written to: it must be cut again first."""


class RandomAt:
    """An operand: the place `offset` in a random stream."""

    __slots__ = ("offset", "stream")

    def __init__(self, stream: Any, offset: int) -> None:
        self.stream = stream
        self.offset = offset


class LeafHome:
    """The home of a leaf whose value is pending: a new forward pass that uses it runs its trace first."""

    __slots__ = ("trace",)

    def __init__(self, trace: Trace) -> None:
        self.trace = trace


class Escaped(RuntimeError):
    """A tensor computed inside a function that was transformed is used outside."""


class Lost:
    """The home of a value whose program raised an error."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error


class History:
    """What backward needs of a program that has run: its path, and the inputs of the results that may need it.

    `foreseen` is the `Foresight` of the program if it has computed gradients already, see `foresight.py`.
    """

    __slots__ = ("customs", "foreseen", "freed", "node", "numbers", "streams", "values", "watched")

    def __init__(self, trace: Trace, slots: list[int]) -> None:
        self.node = trace.node
        self.values = {slot: trace.values[slot] for slot in slots}
        self.numbers = (list(trace.floats), list(trace.ints), list(trace.complexes))
        self.streams = list(trace.streams.items())
        self.customs = dict(trace.customs)
        self.watched = dict(trace.watched)
        self.freed: set[int] = set()
        self.foreseen: Any = None


class Trace:
    """What one thread has recorded and not yet run. The object stays; `reset` begins the next trace.

    Attributes:
        node: the last instruction.
        values: the values of all slots, in order; inputs: the slots of those that were not computed here.
        floats, ints, complexes: the run-time numbers.
        streams: the random streams in use, and where each stood at its first use.
        customs, watched: by slot, custom functions, and the tensors whose gradients someone wants to meet.
        replays: by History, the slots here of what was recorded again.
        grad: whether gradients are recorded.
        lock: held while the trace is run.
        busy: whether its thread is recording; wanted: whether another thread is about to run it. Each side says what it
            does before it looks at the other, so that recording, which is the hot path, takes no lock.
        runs: how often it has begun anew.
        retrying: whether an operation is recorded again after another trace, or this one, was run for it.
        holding: whether a trace that grows long must wait to be run.
        casting: what `autocast` does to operands, None if nothing: part of where the program begins.
        expected: a number that is taken for one that varies where it is met for the first time.
    """

    inner = False
    """Whether it records a function that is being transformed, see `Inner`."""

    __slots__ = (
        "busy",
        "casting",
        "complexes",
        "customs",
        "device",
        "expected",
        "floats",
        "grad",
        "holding",
        "inputs",
        "ints",
        "leaf_home",
        "lock",
        "node",
        "replays",
        "retrying",
        "runs",
        "streams",
        "values",
        "wanted",
        "watched",
    )

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.busy = False
        self.wanted = False
        self.grad = True
        self.casting: Any = None
        self.holding = False
        self.retrying = False
        self.expected: float | None = None
        self.leaf_home = LeafHome(self)
        self.runs = 0
        self._reset_seldom()
        self.reset()

    def reset(self) -> None:
        """Forget what was recorded."""
        self.device = config.default_device  # not yet known: importing lamina must not start JAX's backends
        self.node = root_of(self.device, self.casting)
        self.values: list[Value] = []
        self.inputs: dict[Value, int] = {}
        self.runs += 1
        if self.seldom():
            self._reset_seldom()

    def recast(self, casting: Any) -> None:
        """Let `casting` say from here on what is recorded in place of an operation; None: the operation itself."""
        if casting is self.casting:
            return
        self.casting = casting
        if not self.values and not self.inner:
            self.node = root_of(self.device, casting)
            return
        with program.growing:
            key = (program.CAST, casting)
            node = self.node.children.get(key)
            if node is None:
                node = self.node.children[key] = Node(self.node, program.CAST)
        self.node = node

    def seldom(self) -> bool:
        """Whether the trace has anything that most traces do not have."""
        return bool(
            self.floats or self.ints or self.complexes or self.streams or self.customs or self.watched or self.replays
        )

    def _reset_seldom(self) -> None:
        self.floats: list[float] = []
        self.ints: list[int] = []
        self.complexes: list[complex] = []
        self.streams: dict[Any, int] = {}
        self.customs: dict[int, Any] = {}
        self.watched: dict[int, Any] = {}
        self.replays: dict[Any, dict[int, int]] = {}

    def give_way(self) -> None:
        """Wait until the thread that wants to run this trace has done so."""
        while self.wanted and not self.holding:
            self.busy = False
            with self.lock:
                pass
            self.busy = True

    def hold(self) -> None:
        """Keep other threads from running this trace until `holding` is False again."""
        self.holding = True
        while self.wanted:
            self.holding = False
            with self.lock:
                pass
            self.holding = True

    def slot(self, value: Value) -> int:
        """The slot of a value that this trace did not compute; the first time, an instruction that reads it."""
        found = self.inputs.get(value)
        return self.new_input(value) if found is None else found

    def new_input(self, value: Value) -> int:
        """An instruction that reads a value; its slot."""
        spec = value.spec
        if value.array is None or spec.device is not self.device:
            found = self._unusual(value)
            if found is not None:
                return found
        if value.leaf is not None:
            key = spec.input_keys[LEAF]
        elif not value.need:
            key = spec.input_keys[NO_GRAD]
        else:
            key = spec.input_keys[HISTORY if value.home.__class__ is History else FREED]
        node = self.node.children.get(key)
        if node is None:
            node = self._add_input(key)
        self.node = node
        slot = self.inputs[value] = len(self.values)
        self.values.append(value)
        return slot

    def _unusual(self, value: Value) -> int | None:
        """What to do with a value that is pending, or on another device than this trace: its slot if it has one."""
        home = value.home
        if value.array is None:
            if home.__class__ is LeafHome:
                if home.trace is self and not self.grad:
                    return value.slot
                raise Restart(home.trace)
            if home.__class__ is Trace:
                raise Restart(home)
            if isinstance(home.error, Escaped):
                raise RuntimeError(str(home.error))
            raise RuntimeError(
                "The value of this tensor was lost: the program that computes it failed."
            ) from home.error
        device = value.spec.device
        if device is not self.device:
            if device is TRACED:
                raise Traced
            if self.retrying and self.values:
                return self._from_elsewhere(value)
            if self.values:
                raise Restart(self)
            self.device = device
            self.node = root_of(device, self.casting)
        return None

    def _from_elsewhere(self, value: Value) -> int:
        """An operand on another device than the others: a single number is copied, anything else is an error."""
        if value.spec.shape:
            raise RuntimeError(
                "Expected all tensors to be on the same device, but found at least two devices, "
                f"{self.device} and {value.spec.device}! Move one of them with `.to(device)`."
            )
        from lamina.engine import run

        with jax.enable_x64(True):
            moved = of_array(jax.device_put(run.read(value), self.device, may_alias=False), self.device)
        slot = self.inputs[value] = self.slot(moved)
        return slot

    def _add_input(self, key: InputKey) -> Node:
        with program.growing:
            node = self.node.children.get(key)
            if node is None:
                node = Node(self.node, INPUT, (), (key.spec, key.kind))
                node.results((key.spec,), (key.kind != NO_GRAD,), True, False)
                node.line = program.user_line()
                self.node.children[key] = node
            return node

    def extend(self, key: tuple[Any, ...]) -> Node:
        """The node for an instruction that has no node yet, or whose numbers vary."""
        with program.growing:
            parent = self.node
            key, numbers = generalise(parent, key, self.expected)
            node = parent.children.get(key)
            if node is None:
                node = self._make(parent, key)
                parent.children[key] = node
        for kind, number in numbers:
            (self.floats if kind is float else self.complexes if kind is complex else self.ints).append(number)
        return node

    def extend_from(self, before: Node, key: tuple[Any, ...]) -> Node:
        """`extend`; if the operation raises an error, the inputs that were read since `before` are taken back."""
        try:
            return self.extend(key)
        except Exception:
            for value in self.values[before.width :]:
                del self.inputs[value]
            del self.values[before.width :]
            self.node = before
            raise

    def _cast(self, op: Any, operands: tuple[Any, ...], static: Any) -> Any:
        """What `autocast` lets an operation be here."""
        slot = next(program.slots_in(operands), None)
        device = self.device or config.device() if slot is None else self.values[slot].spec.device
        return self.casting.of(op, TRACED if device is TRACED else device.platform, static)

    def _make(self, parent: Node, key: tuple[Any, ...]) -> Node:
        op, grad, static = key[:3]
        counts = dict(parent.numbers)
        operands = tuple(operand_of(item, counts) for item in key[3:])
        if self.casting is not None:
            op = self._cast(op, operands, static)
        node = Node(parent, op, operands, static)
        node.grad_enabled = grad
        node.numbers = counts
        node.line = program.user_line()
        values = self.values
        specs = [values[slot].spec for slot in node.slots()]
        shapes, single = infer(op, static, operands, specs, config.mode)
        device = specs[0].device if specs else self.device or config.device()
        need = grad and op.differentiable and any(values[slot].need for slot in node.slots())
        results = tuple(spec_of(shape, dtype, device) for shape, dtype in shapes)
        needs = tuple(need and dtype.kind in "fcV" for _, dtype in shapes)
        node.tracked = node.tracked or any(needs)
        node.ends = node.depth % config.limit == 0 or (not node.tracked and node.line in explain.restless)
        node.results(results, needs, single, single and not node.ends)
        node.verify()
        return node


class _Config:
    """Settings of the engine that recording reads.

    Attributes:
        limit: a trace of so many instructions is run; 1 (`LAMINA_EAGER=1`) runs each operation at its line.
        mode: what operations depend on beside their arguments, such as the default dtype: see `set_mode`.
        default_device: where tensors are made, once that is known.
        watch: whether programs tell what becomes NaN: "all", "backward" for gradients alone, None for nothing.
    """

    def __init__(self) -> None:
        self.limit = 1 if os.environ.get("LAMINA_EAGER", "") not in ("", "0") else 4096
        self.mode: tuple[tuple[str, Any], ...] = ()
        self.default_device: jax.Device | None = None
        self.watch: str | None = None

    def device(self) -> jax.Device:
        """The device of tensors made without saying where."""
        if self.default_device is None:
            self.default_device = jax.devices("cpu")[0]
        return self.default_device


config = _Config()


def root_of(device: Any, casting: Any) -> Node:
    """Where programs begin, under the global modes and what `autocast` does."""
    return program.root(device, config.mode if casting is None else (config.mode, casting))


class _State(threading.local):
    def __init__(self) -> None:
        self.trace = Trace()


state = _State()


def record(op: Any, operands: tuple[Any, ...] | list[Any], static: tuple[Any, ...] = ()) -> Any:
    """Append `op(*operands, *static)` to this thread's trace.

    Args:
        op: the operation (its identity is the key).
        operands: Handles, Values, Python numbers, None, or sequences of them.
        static: hashable constants of the program.

    Returns:
        a Value, or a tuple of Values, with shape and dtype known and the array pending.

    Raises:
        Unknown: if an operand is of no such kind.
    """
    trace = state.trace
    trace.busy = True
    try:
        if trace.wanted:
            trace.give_way()
        key = [op, trace.grad, static]
        append = key.append
        inputs = trace.inputs
        before = trace.node
        for x in operands:
            if isinstance(x, Handle):
                alias = x._alias
                if alias is not None and alias.seen != alias.storage.version:
                    raise Outdated
                value = x._value
                if value.home is trace:
                    append(value.slot)
                else:
                    slot = inputs.get(value)
                    append(trace.new_input(value) if slot is None else slot)
            elif x is None:
                append(None)
            elif x.__class__ is Value:
                append(x.slot if x.home is trace else trace.slot(x))
            else:
                append(_key_of(trace, x))
        entry = tuple(key)
        node = trace.node.children.get(entry)
        if node is None:
            node = trace.extend_from(before, entry)
        trace.node = node
        values = trace.values
        if node.plain:
            value = Value(node.spec, trace, len(values), node, node.need)
            values.append(value)
            return value
        results = [
            Value(spec, trace, slot, node, need)
            for slot, (spec, need) in enumerate(zip(node.specs, node.needs, strict=True), node.first)
        ]
        values.extend(results)
        full = node.ends and not trace.holding
    except Restart as restart:
        trace.busy = False
        _flush(restart.trace)
        if restart.trace is not trace:
            return record(op, operands, static)
        trace.retrying = True
        try:
            return record(op, operands, static)
        finally:
            trace.retrying = False
    except Outdated:
        trace.busy = False
        return record(op, _current(operands), static)
    except Traced:
        trace.busy = False
        return run_now(op, operands, static)
    finally:
        trace.busy = False
    if full:
        _flush(trace)
    return results[0] if node.single else tuple(results)


def _current(operands: Any) -> list[Any]:
    """The operands with Handles replaced by their values, views being cut again."""
    return [
        x.current() if isinstance(x, Handle) else _current(x) if x.__class__ is tuple or x.__class__ is list else x
        for x in operands
    ]


def _flush(trace: Trace) -> None:
    from lamina.engine import run

    run.flush(trace)


def _key_of(trace: Trace, x: Any) -> Any:
    """The key of an operand that is no single value: a number, a sequence, or a place in a random stream."""
    kind = x.__class__
    if kind in NUMBERS:
        return number_key(x)
    if kind is RandomAt:
        base = trace.streams.setdefault(x.stream, x.offset)
        return ("random", list(trace.streams).index(x.stream), x.offset - base)
    if kind is not tuple and kind is not list:
        raise Unknown
    items: list[Any] = []
    for item in x:
        if isinstance(item, Handle):
            alias = item._alias
            if alias is not None and alias.seen != alias.storage.version:
                raise Outdated
            value = item._value
            items.append(value.slot if value.home is trace else trace.slot(value))
        elif item.__class__ is Value:
            items.append(item.slot if item.home is trace else trace.slot(item))
        else:
            items.append(None if item is None else _key_of(trace, item))
    return tuple(items)


def run_now(op: Any, operands: Any, static: Any) -> Any:
    """Run an operation at once, because an operand is a JAX tracer; results are never part of a trace."""
    if state.trace.casting is not None:
        op = state.trace.casting.of(op, TRACED, static)
    arguments = _concrete(operands)
    with jax.enable_x64(True):
        result = op.call(arguments, static)
    if isinstance(result, (tuple, list)):
        return tuple(of_array(x) for x in result)
    return of_array(result)


def _concrete(operands: Any) -> list[Any]:
    from lamina.engine import run

    found: list[Any] = []
    for x in operands:
        if isinstance(x, Handle):
            found.append(run.read(x.current()))
        elif x.__class__ is Value:
            found.append(run.read(x))
        elif isinstance(x, RandomAt):
            found.append(random_key(np.uint64(x.stream.seed), np.uint64(x.offset)))
        elif isinstance(x, (tuple, list)):
            found.append(tuple(_concrete(x)))
        else:
            found.append(x)
    return found


def of_array(array: Any, device: jax.Device | None = None) -> Value:
    """A Value that holds a jax.Array or a tracer."""
    if isinstance(array, jax.core.Tracer):
        where: Any = TRACED
    else:
        where = device if device is not None else next(iter(array.devices()))
    value = Value(spec_of(tuple(array.shape), np.dtype(array.dtype), where), None, 0, None, False)
    value.array = array
    return value
