"""Programs: what has been recorded, as a path through a trie.

A node is one instruction appended to the path that leads to it. It stores what follows from that path: shapes, dtypes,
which results need a gradient, and how to run it. The second time through, all of it is one dictionary look-up.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import jax
import numpy as np

PACKAGE = str(Path(__file__).resolve().parent.parent)


class Operation(Protocol):
    """What the engine asks of an operation; `lamina.ops.op.Op` and `lamina.engine.autograd.Pull` have it."""

    name: str
    stable_name: str | None
    random: bool
    saves: bool
    differentiable: bool
    grad_name: str | Callable[..., str]

    def call(self, operands: Any, static: Any, function: Callable[..., Any] | None = None) -> Any:
        """The results, as one array or a tuple of arrays."""


class Spec:
    """Shape, dtype and device of an array. There is one object for each combination, so `is` compares."""

    __slots__ = ("device", "dtype", "input_keys", "shape", "struct")

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype, device: jax.Device) -> None:
        self.shape = shape
        self.dtype = dtype
        self.device = device
        self.struct = jax.ShapeDtypeStruct(shape, dtype)
        self.input_keys = tuple(InputKey(self, kind) for kind in range(4))

    def __repr__(self) -> str:
        return f"{self.dtype.name}{list(self.shape)}"


class InputKey:
    """The instruction that reads an input of a Spec, which takes part in gradients in one of the four ways below."""

    __slots__ = ("kind", "spec")

    def __init__(self, spec: Spec, kind: int) -> None:
        self.spec = spec
        self.kind = kind


_specs: dict[Any, Spec] = {}


def spec_of(shape: tuple[int, ...], dtype: np.dtype, device: jax.Device) -> Spec:
    """The one Spec of this shape, dtype and device."""
    key = (shape, dtype, device)
    found = _specs.get(key)
    return found if found is not None else _specs.setdefault(key, Spec(shape, dtype, device))


class _Marker:
    """An instruction that is no operation on arrays."""

    stable_name = None

    def __init__(self, name: str) -> None:
        self.name = name
        self.random = False
        self.saves = False
        self.differentiable = False
        self.grad_name = ""

    def __repr__(self) -> str:
        return f"<{self.name}>"


INPUT = _Marker("input")
GRAD = _Marker("backward")
FREE = _Marker("free")
ROOT = _Marker("root")
CAST = _Marker("cast")

NO_GRAD, LEAF, HISTORY, FREED = range(4)
"""How an input takes part in gradients: not; as a leaf; as a result of an earlier program; as one without history."""


@dataclass(frozen=True)
class Const:
    """A Python number that is part of the program."""

    value: Any


@dataclass(frozen=True)
class NumberRef:
    """A Python number that varies: the index-th run-time number of its kind."""

    kind: type
    index: int


@dataclass(frozen=True)
class RandomRef:
    """A place in a random stream: `offset` after where the stream stood when the program first used it."""

    stream: int
    offset: int


class Node:
    """One instruction after all that lead to it."""

    __slots__ = (
        "children",
        "depth",
        "ends",
        "first",
        "freed",
        "grad_enabled",
        "line",
        "need",
        "needs",
        "numbers",
        "op",
        "operands",
        "parent",
        "patterns",
        "plain",
        "plan",
        "reaches",
        "single",
        "spec",
        "specs",
        "static",
        "tracked",
        "width",
    )

    def __init__(self, parent: Node | None, op: Any, operands: tuple[Any, ...] = (), static: Any = ()) -> None:
        self.parent = parent
        self.op = op
        self.operands = operands
        self.static = static
        self.children: dict[Any, Any] = {}
        self.patterns: dict[Any, Any] | None = None
        self.grad_enabled = True
        self.first: int = 0 if parent is None else parent.width
        self.width: int = self.first
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.numbers: dict[type, int] = {} if parent is None else parent.numbers
        self.specs: tuple[Spec, ...] = ()
        self.needs: tuple[bool, ...] = ()
        self.spec: Any = None
        self.need = False
        self.single = False
        self.plain = False
        self.ends = False
        self.tracked: bool = False if parent is None else parent.tracked
        self.freed: frozenset[int] = frozenset()
        self.line = ""
        self.plan: Any = None
        self.reaches: dict[Any, Any] | None = None

    def results(self, specs: tuple[Spec, ...], needs: tuple[bool, ...], single: bool, plain: bool) -> None:
        """Say what the instruction gives: one Spec and whether it needs a gradient, for each result."""
        self.specs, self.needs, self.single, self.plain = specs, needs, single, plain
        self.width = self.first + len(specs)
        if single:
            self.spec, self.need = specs[0], needs[0]

    def path(self) -> list[Node]:
        """The nodes from the first instruction to this one, in order."""
        found: list[Node] = []
        node: Node | None = self
        while node is not None and node.parent is not None:
            found.append(node)
            node = node.parent
        found.reverse()
        return found

    def slots(self) -> Iterator[int]:
        """The slots of the operands that are arrays."""
        return slots_in(self.operands)

    def grad_name(self) -> str:
        """What PyTorch calls the gradient of this instruction, such as `MulBackward0`."""
        name = self.op.grad_name
        if callable(name):
            specs = {slot: spec for node in self.path() for slot, spec in enumerate(node.specs, node.first)}
            operands = resolve(
                self.operands,
                lambda slot: specs[slot].struct,
                lambda other: other.kind(0) if isinstance(other, NumberRef) else other,  # whatever it is now
            )
            return str(self.op.call(operands, self.static, name))
        return str(name)

    def verify(self) -> None:
        """Raise AssertionError if the node breaks a rule of its kind."""
        assert self.width == self.first + len(self.specs) == self.first + len(self.needs)
        assert all(slot < self.first for slot in self.slots()), "an operand comes before its instruction"
        assert not self.single or len(self.specs) == 1
        assert self.parent is None or self.depth == self.parent.depth + 1


def slots_in(operands: tuple[Any, ...]) -> Iterator[int]:
    """The slots in nested operands."""
    for x in operands:
        if x.__class__ is int:
            yield x
        elif x.__class__ is tuple:
            yield from slots_in(x)


def resolve(
    operands: tuple[Any, ...], slot: Callable[[int], Any], other: Callable[[Any], Any] | None = None
) -> list[Any]:
    """The operands with slots replaced by `slot(index)`, constants by their values, the rest by `other(operand)`."""
    found: list[Any] = []
    for x in operands:
        kind = x.__class__
        if kind is int:
            found.append(slot(x))
        elif x is None:
            found.append(None)
        elif kind is Const:
            found.append(x.value)
        elif kind is tuple:
            found.append(tuple(resolve(x, slot, other)))
        else:
            found.append(x if other is None else other(x))
    return found


_roots: dict[Any, Node] = {}
growing = threading.RLock()
"""Held while the trie changes: recording threads share it."""


def root(device: jax.Device | None, mode: Any) -> Node:
    """Where programs for this device and these global modes (such as the default dtype) begin."""
    key = (device, mode)
    found = _roots.get(key)
    return found if found is not None else _roots.setdefault(key, Node(None, ROOT))


def roots() -> list[Node]:
    """All roots, for counting and forgetting."""
    return list(_roots.values())


def user_line() -> str:
    """`file:line` of the innermost caller outside lamina, or '' if there is none."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith((PACKAGE, "<lamina")):
            return f"{name}:{frame.f_lineno}"
        frame = frame.f_back
    return ""
