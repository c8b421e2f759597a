"""Running: a flush finds the executable for what has been recorded and fills in the values that are alive."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from sys import getrefcount
from typing import Any

import jax
import numpy as np

from lamina.engine import cache, compile_options, explain, lower, memory, program
from lamina.engine.host import OnHost
from lamina.engine.infer import shorten
from lamina.engine.pack import STAND_INS, array_of, own_array_of, pack_of, with_pack
from lamina.engine.program import FREED, GRAD, INPUT, Node, NumberRef, spec_of
from lamina.engine.record import Escaped, History, Lost, Trace, Value, config, state
from lamina.engine.watch import Watch

__all__ = ["flush", "numbers", "numbers_of", "read", "set_mode", "synchronize"]

AWAKE = 100e-6
"""Seconds that a reader waits without sleeping: being woken takes longer than a small program."""

MAX_PLANS = 1024
"""Programs kept in memory; the least recently used goes first."""


class Plan:
    """What is known of the program that ends at a node: built at its first flush."""

    packs = True
    """Whether small parameters may go in and come out as one flat array."""

    root: int | None = None
    """The result that `backward` has followed from, after this program had run: see `foresight.py`."""

    followed = in_vain = 0
    """How often it has, and how often its gradients were computed in vain since somebody asked for them."""

    foresees = False
    """Whether the gradients are computed before they are asked for."""

    def __init__(self, node: Node) -> None:
        self.path = node.path()
        self.nodes = {slot: step for step in self.path for slot in range(step.first, step.width)}
        self.specs = {slot: spec for step in self.path for slot, spec in enumerate(step.specs, step.first)}
        self.needs = {slot: need for step in self.path for slot, need in enumerate(step.needs, step.first)}
        self.inputs = frozenset(step.first for step in self.path if step.op is INPUT)
        self.results = [slot for slot in range(node.width) if slot not in self.inputs]
        self.freed = frozenset().union(*(step.freed for step in self.path))
        self.executables: dict[Any, Executable] = {}

    def stop_packing(self) -> None:
        """Compile without packs from now on: something else keeps reading or changing the parameters in between."""
        self.packs = False
        self.executables = {key: found for key, found in self.executables.items() if found.pack is None}

    def ancestors(self, slot: int) -> set[Node]:
        """The nodes that a gradient from this slot passes."""
        found: set[Node] = set()
        pending = [slot]
        while pending:
            node = self.nodes[pending.pop()]
            if node not in found:
                found.add(node)
                pending.extend(s for s in node.slots() if self.needs[s])
        return found

    def history_inputs(self, slot: int) -> list[int] | None:
        """The inputs to keep so that backward from this slot works later; None if it can't, or needs no gradient."""
        if not self.needs[slot]:
            return None
        nodes = self.ancestors(slot)
        for node in nodes:
            if node.op is INPUT and node.static[1] == FREED:
                return None
            if node.op.saves and not self.freed.isdisjoint(range(node.first, node.width)):
                return None
        wanted = [s for node in nodes for s in node.slots()]
        steps = lower.needed(self.path, [slot, *wanted])
        return [node.first for node in steps if node.op is INPUT]


class Executable:
    """A compiled program: which slots go in and come out, and which inputs it may write over."""

    __slots__ = (
        "__weakref__",
        "call",
        "donated",
        "heavy",
        "history",
        "inputs",
        "kept",
        "live",
        "loose_inputs",
        "loose_outputs",
        "numbers",
        "outputs",
        "pace",
        "pack",
        "runs",
        "seconds",
        "stood_in",
        "streams",
        "uses",
        "watch",
    )

    def __init__(self, plan: Plan, live: tuple[int, ...], donatable: frozenset[int], trace: Trace) -> None:
        steps = lower.needed(plan.path, live)
        self.live = frozenset(live)
        self.inputs = [node.first for node in steps if node.op is INPUT]
        # A donated buffer goes to the first result that fits: let it be the new parameter, not its gradient.
        self.outputs = sorted(live, key=lambda slot: plan.nodes[slot].op is GRAD)
        refs: dict[NumberRef, None] = {}
        streams: list[int] = []
        for step in steps:
            _collect(step.operands, refs, streams)
        self.numbers = list(refs)
        self.streams = bool(streams)
        self.uses = self.runs = 0
        self.stood_in = 0
        kept = {slot: plan.history_inputs(slot) for slot in live}
        self.kept = frozenset(slot for slot, inputs in kept.items() if inputs is not None)
        self.history = sorted({s for inputs in kept.values() if inputs is not None for s in inputs})
        self.donated = _donations(plan, self.inputs, live, donatable.difference(self.history))
        results, reused = ([plan.specs[slot] for slot in slots] for slots in (self.outputs, self.donated))
        surplus = memory.surplus(results, reused)
        self.heavy = memory.is_heavy(surplus)
        self.watch = None if config.watch is None else Watch(config.watch)
        self.pack = pack = None
        if plan.packs and self.watch is None:
            self.pack = pack = pack_of(trace.values, self.donated, self.outputs, plan.specs)
        self.loose_inputs = [slot for slot in self.inputs if pack is None or slot not in pack.inputs]
        self.loose_outputs = [slot for slot in self.outputs if pack is None or slot not in pack.outputs]
        self.pace = memory.Pace.of(surplus) if self.watch is None else None
        self.call = self._compile(plan, steps, trace)

    @property
    def plain(self) -> bool:
        """Whether calling it takes arrays and gives arrays, and nothing else is to be done."""
        return not (self.numbers or self.streams or self.donated or self.kept) and self.uses > 0

    def warm(self) -> None:
        """From the second call on, call what the first one has made: JAX's fast path without its Python wrapper."""
        self.uses += 1  # up to 2, which says that it was of use again
        self.call = getattr(self.call, "_call", None) or self.call

    def _compile(self, plan: Plan, steps: list[Node], trace: Trace) -> Any:
        start = time.perf_counter()
        device = trace.device or config.device()
        pack = self.pack
        arguments: list[Any] = [] if pack is None else [pack.spec.struct]
        arguments += [plan.specs[slot].struct for slot in self.loose_inputs]
        # A processor has one way to multiply float32; elsewhere what an operation does not say shall be exact too.
        exact = jax.default_matmul_precision(None if device.platform == "cpu" else "highest")
        with jax.enable_x64(True), jax.default_device(device), exact:
            sharding = jax.sharding.SingleDeviceSharding(device)
            arguments = [jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=sharding) for x in arguments]
            arguments += [ref.kind(0) for ref in self.numbers]
            if self.streams:
                arguments.append(jax.ShapeDtypeStruct((2 * len(trace.streams),), np.uint64))
            tried = device.platform == "cpu"  # XLA's other compilers were not asked
            function = lower.lower(
                steps, plan.needs, self.inputs, self.outputs, self.numbers, watch=self.watch, calls=tried,
                overwritten=self.donated if tried and self.watch is None else frozenset(),
            )  # fmt: skip
            donated = [i for i, slot in enumerate(self.loose_inputs, pack is not None) if slot in self.donated]
            results = len(self.loose_outputs)
            if pack is not None:
                function = with_pack(function, pack, self.inputs, self.outputs)
                donated.insert(0, 0)
                results += 1
            if self.pace is not None:
                function = self.pace.with_sign(function)
                results += 1
            jitted = jax.jit(function, donate_argnums=donated, keep_unused=True, out_shardings=sharding)
            key = cache.key(steps, self, device) if self.watch is None else None
            call = cache.load(key, len(arguments), results, device)
            hit = call is not None
            if call is None:
                traced = jitted.trace(*arguments)
                call = compile_options.compiled(traced, device)
                if self.watch is None:
                    call = cache.store(key, call, len(arguments), results, device)
        self.seconds = time.perf_counter() - start
        if not hit:
            memory.give_back(self.seconds)
        explain.compiled(plan.path, steps, self.seconds, hit, self)
        return call


def _collect(operands: Any, refs: dict[NumberRef, None], streams: list[int]) -> None:
    for x in operands:
        if isinstance(x, NumberRef):
            refs[x] = None
        elif isinstance(x, program.RandomRef):
            streams.append(x.stream)
        elif isinstance(x, tuple):
            _collect(x, refs, streams)


def _donations(plan: Plan, inputs: list[int], live: tuple[int, ...], donatable: frozenset[int]) -> frozenset[int]:
    """The donatable inputs that some output of the same shape and dtype can be written over."""
    room: dict[Any, int] = {}
    for slot in live:
        room[plan.specs[slot]] = room.get(plan.specs[slot], 0) + 1
    found = []
    for slot in inputs:
        spec = plan.specs[slot]
        if slot in donatable and room.get(spec, 0):
            room[spec] -= 1
            found.append(slot)
    return frozenset(found)


def _held_once() -> tuple[int, int, int]:
    """Reference counts, as `_run` sees them, of a value held by a trace alone, likewise an input, and of its array."""
    device = config.device()
    value = Value(spec_of((), np.dtype(np.float32), device), None, 0, None, False)
    value.array = object()
    values = [value]
    del value
    result = next(iter(list(map(getrefcount, values))))
    inputs = {values[0]: 0}
    held = next(iter(list(map(getrefcount, values))))
    array = getrefcount(values[0].array)
    del inputs
    return result, held, array


_baseline: list[int] = []
_recent: OrderedDict[Plan, None] = OrderedDict()


def plan_of(node: Node) -> Plan:
    """What is known of the program that ends at a node, worked out if it is not."""
    plan: Plan | None = node.plan
    if plan is None:
        plan = node.plan = _remember(Plan(node))
    return plan


def _remember(plan: Plan) -> Plan:
    """Keep a plan, and forget the least recently used ones with the nodes that only they needed."""
    _recent[plan] = None
    while len(_recent) > MAX_PLANS:
        old, _ = _recent.popitem(last=False)
        with program.growing:
            node: Node | None = old.path[-1]
            assert node is not None
            node.plan = None
            while node is not None and node.parent is not None and not node.children and node.plan is None:
                siblings = node.parent.children
                for key in [key for key, child in siblings.items() if child is node]:
                    del siblings[key]
                node = node.parent
    return plan


def flush(trace: Trace | None = None) -> None:
    """Run what a trace (default: this thread's) has recorded, and fill in the values that are alive."""
    own = state.trace
    if trace is None or trace is own:
        if own.inner:
            return  # what a function being transformed does is run by the transform
        with own.lock:
            if own.values:
                _run_and_reset(own)
        return
    while True:
        with trace.lock:
            trace.wanted = True
            try:
                if not trace.busy and not trace.holding:
                    if trace.values:
                        _run_and_reset(trace)
                    return
            finally:
                trace.wanted = False
        time.sleep(0)  # its thread is in the middle of an instruction


def _run_and_reset(trace: Trace) -> None:
    try:
        _run(trace)
    except BaseException as error:
        shorten(error)
        _lose(trace, error)
        raise
    finally:
        trace.reset()


def _lose(trace: Trace, error: BaseException) -> None:
    """Say of every value that is still pending that it never will be: reading it raises, and names the error."""
    for value in trace.values:
        if value.array is None:
            value.home = Lost(error)


def _run(trace: Trace) -> None:
    if not _baseline:
        _baseline[:] = _held_once()  # another thread may do the same
    result_count, input_count, array_count = _baseline
    node = trace.node
    plan = node.plan
    if plan is None:
        plan = plan_of(node)
    values = trace.values
    counts = list(map(getrefcount, values))
    foreseen = None
    if plan.foresees and counts[plan.root] > result_count and config.watch is None:
        from lamina.engine import foresight

        foreseen = foresight.begin(trace, plan)
        if foreseen is not None:
            plan = plan_of(trace.node)
            counts = list(map(getrefcount, values))
    live = tuple([slot for slot in plan.results if counts[slot] > result_count and values[slot].array is None])
    if not live:
        return
    executable = plan.executables.get(live if config.watch is None else (config.watch, live))
    if len(_recent) > MAX_PLANS // 2:
        _recent[plan] = None  # another thread may have forgotten it meanwhile
        _recent.move_to_end(plan)
    if executable is None or (
        executable.donated
        and [
            slot
            for slot in executable.donated
            if counts[slot] != input_count or getrefcount(values[slot].array) != array_count
        ]
    ):
        donatable = frozenset(
            slot
            for slot in plan.inputs
            if counts[slot] == input_count and getrefcount(values[slot].array) == array_count
        )
        executable = _find(plan, live, donatable, trace)
    pack = executable.pack
    arguments: list[Any] = [values[slot].array for slot in executable.loose_inputs]
    if not STAND_INS.isdisjoint(map(type, arguments)):
        donated = executable.donated
        arguments = [(own_array_of if i in donated else array_of)(values[i]) for i in executable.loose_inputs]
    if pack is not None:
        whole = pack.whole(values)
        arguments.insert(0, whole.array)
    if executable.heavy:
        jax.block_until_ready(arguments)  # one step at a time: each that waits for its turn would hold its results
        executable.runs += 1
        memory.tidy(executable.runs)
    elif executable.pace is not None:
        executable.pace.wait()
    if executable.numbers or executable.streams:
        arguments += [_number(trace, ref) for ref in executable.numbers]
        if executable.streams:
            arguments.append(_streams(trace))
        with jax.enable_x64(True):
            results = executable.call(*arguments)
    else:
        results = executable.call(*arguments)
    if executable.uses < 2:
        executable.warm()
    del arguments
    if pack is not None:
        pack.replace(whole, results.pop(0), values)
        if pack.lost > executable.seconds:
            plan.stop_packing()
    if executable.pace is not None:
        executable.pace.note(results.pop())
    watch = executable.watch
    flags = None if watch is None else results.pop()
    kept = executable.kept
    if not kept:
        for slot, array in zip(executable.loose_outputs, results, strict=True):
            value = values[slot]
            value.array = array
            value.home = None
        if watch is not None:
            watch.check(flags)
        return
    history = History(trace, executable.history)
    history.foreseen = foreseen
    for slot, array in zip(executable.loose_outputs, results, strict=True):
        value = values[slot]
        value.array = array
        value.home = history if slot in kept and value.leaf is None else None
    if watch is not None:
        watch.check(flags)


def _number(trace: Trace, ref: NumberRef) -> Any:
    store: list[Any] = trace.floats if ref.kind is float else trace.complexes if ref.kind is complex else trace.ints
    return ref.kind(store[ref.index])


def _streams(trace: Trace) -> np.ndarray:
    return np.array([x for stream, base in trace.streams.items() for x in (stream.seed, base)], np.uint64)


def _find(plan: Plan, live: tuple[int, ...], donatable: frozenset[int], trace: Trace) -> Executable:
    """An executable that computes at least what is alive and overwrites nothing held, compiled if there is none."""
    wanted = frozenset(live)
    mode = config.watch
    for found in plan.executables.values():
        if (None if found.watch is None else found.watch.mode) != mode:
            continue
        # Which tensors are alive may vary with the garbage collector; a few results too many cost less than compiling.
        if wanted <= found.live and found.donated <= donatable and len(found.live) <= len(wanted) + 4:
            found.stood_in += 1
            if found.stood_in < 3 or found.live == wanted:
                return found
    executable = Executable(plan, live, donatable, trace)
    key: Any = live if mode is None else (mode, live)
    if key in plan.executables:
        key = (key, executable.donated)
    plan.executables[key] = executable
    return executable


def read(value: Value) -> Any:
    """The array of a value, after running the program it is pending in."""
    if value.array is None:
        home = value.home
        if isinstance(home, Lost):
            if isinstance(home.error, Escaped):
                raise RuntimeError(str(home.error))
            raise RuntimeError(
                "The value of this tensor was lost: the program that computes it failed."
            ) from home.error
        trace: Any = home if isinstance(home, Trace) else home.trace
        if trace.inner:
            return trace.peek(value)
        flush(trace)
        if value.array is None:
            raise RuntimeError("The value of this tensor was lost: the program that computes it failed.")
    return array_of(value)


def numbers(value: Value) -> np.ndarray:
    """The numbers of a value, on the host, not to be written to; runs the program that it is pending in, if it is."""
    found = value.array
    return found.numbers if found.__class__ is OnHost else numbers_of(read(value))


def numbers_of(array: Any) -> np.ndarray:
    """The numbers of an array, on the host, once they are there."""
    is_ready = getattr(array, "is_ready", None)  # a tracer has none, and says in its own words why it has no numbers
    if is_ready is not None and not is_ready():
        until = time.perf_counter() + AWAKE
        while not is_ready() and time.perf_counter() < until:
            pass
    return np.asarray(array)


def set_mode(name: str, value: Any, apply: Callable[[], None]) -> None:
    """Set what operations depend on beside their arguments: programs that begin from now on are others.

    Args:
        name, value: what is set, for telling programs apart.
        apply: sets it, once what this thread has recorded has been run.
    """
    flush()
    apply()
    config.mode = tuple(sorted({**dict(config.mode), name: value}.items()))
    trace = state.trace
    if not trace.inner:
        trace.reset()


def synchronize() -> None:
    """Run what is pending on this thread and wait until the devices have finished."""
    flush(state.trace)
    jax.block_until_ready(jax.live_arrays())
