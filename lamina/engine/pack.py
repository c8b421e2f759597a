"""Small parameters that one program replaces go in and come out as one flat array.

Each array that goes into a program, and each that comes out, costs a microsecond, which is more than the arithmetic of
a small layer. What a parameter's value holds between two steps is a `Part`, cut out of the flat array when somebody
asks for it. A step that finds the parts where the one before left them takes the flat array as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lamina.engine.host import OnHost, sent
from lamina.engine.leaf import PACKED_SIZE
from lamina.engine.program import Spec, spec_of
from lamina.engine.record import Value

__all__ = ["STAND_INS", "Pack", "Part", "array_of", "is_ready", "pack_of", "with_pack"]

Places = tuple[tuple[int, tuple[int, ...]], ...]
"""Where each part begins, and its shape."""

MISS, CUT = 70e-6, 7e-6
"""Seconds that it takes, about, to make the flat array on the host, which waits for the program before, and a part."""


class Whole:
    """A flat array. It is replaced by each step; the parts stay.

    Attributes:
        array: what the last step gave.
        places: of its parts.
        cuts: how many of them were cut out since.
    """

    __slots__ = ("array", "cuts", "places")

    def __init__(self, array: Any, places: Places) -> None:
        self.array, self.places, self.cuts = array, places, 0


class Part:
    """Stands in a `Value` for an array that lies in a flat one; `array` is that one once somebody has asked for it."""

    __slots__ = ("array", "index", "whole")

    def __init__(self, whole: Whole, index: int) -> None:
        self.whole, self.index = whole, index
        self.array: Any = None

    def cut(self, spec: Spec) -> Any:
        """The array, made on the host the first time."""
        if self.array is None:
            whole = self.whole
            start, shape = whole.places[self.index]
            cut = np.asarray(whole.array)[start : start + math.prod(shape)].reshape(shape)
            self.array = sent(cut.copy(), spec)
            whole.cuts += 1
        return self.array


_wholes, _indices = attrgetter("whole"), attrgetter("index")


class Pack:
    """Which inputs of a program are parts of one flat array, and the outputs that replace them.

    Attributes:
        inputs, outputs: their slots, in pairs.
        spec: of the flat array.
        places: where each part lies in it.
        missed: how often the parts were not there and the flat array had to be made.
        lost: seconds that were lost by that, and by cutting parts out.
    """

    def __init__(self, inputs: Sequence[int], outputs: Sequence[int], specs: Sequence[Spec]) -> None:
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)
        sizes = [math.prod(spec.shape) for spec in specs]
        starts = np.cumsum([0, *sizes]).tolist()
        self.places: Places = tuple(zip(starts, [spec.shape for spec in specs], strict=False))
        self.spec: Spec = spec_of((starts[-1],), specs[0].dtype, specs[0].device)
        self.missed, self.lost = 0, 0.0
        self._indices = list(range(len(self.inputs)))

    def whole(self, values: Sequence[Value]) -> Whole:
        """The flat array that these values lie in; a new one, if they don't."""
        parts: list[Any] = [values[slot].array for slot in self.inputs]
        if set(map(type, parts)) == {Part} and list(map(_indices, parts)) == self._indices:
            (whole, *others) = set(map(_wholes, parts))
            if not others and whole.places == self.places:
                return whole
        self.missed += 1
        self.lost += MISS
        flat = np.concatenate([np.asarray(array_of(values[slot])).reshape(-1) for slot in self.inputs])
        whole = Whole(sent(flat, self.spec), self.places)
        for index, slot in enumerate(self.inputs):
            values[slot].array = Part(whole, index)
        return whole

    def replace(self, whole: Whole, array: Any, values: Sequence[Value]) -> None:
        """Let the outputs be the parts of what the program gave for the flat array; nobody holds the inputs."""
        whole.array = array
        cuts, whole.cuts = whole.cuts, 0
        for before, after in zip(self.inputs, self.outputs, strict=True):
            value = values[after]
            value.array = part = values[before].array
            value.home = None
            if cuts:
                part.array = None
        self.lost += cuts * CUT


STAND_INS = frozenset((Part, OnHost))
"""What may stand in a `Value` for an array."""


def array_of(value: Value) -> Any:
    """The array of a value that is known; a part is cut out of its whole, what is on the host is sent."""
    found = value.array
    if found.__class__ is OnHost:
        found = value.array = found.needed(value.spec)
    return found.cut(value.spec) if found.__class__ is Part else found


def own_array_of(value: Value) -> Any:
    """`array_of` for an input that the program may write over, since no other value holds what stands in this one.

    One that did, once, may have got the array that was sent for both: this gets one of its own.
    """
    found = value.array
    if found.__class__ is OnHost and found.array is not None:
        value.array = sent(found.numbers, value.spec)
    return array_of(value)


def is_ready(value: Value) -> bool:
    """Whether the array of a value that is known can be read without waiting."""
    found = value.array
    if found.__class__ is OnHost:
        return True
    return bool((found.whole.array if found.__class__ is Part else found).is_ready())


def pack_of(
    values: Sequence[Value], donated: Iterable[int], outputs: Sequence[int], specs: dict[int, Spec]
) -> Pack | None:
    """The pack of a program that replaces parameters, if all of these are small and on the CPU.

    Args:
        values: of all slots, when the program is compiled.
        donated: the inputs that it may write over.
        outputs: the results that are alive.
        specs: of all slots.
    """
    by_leaf = {values[slot].leaf: slot for slot in donated if values[slot].leaf is not None}
    pairs = [(by_leaf[leaf], slot) for slot in outputs if (leaf := values[slot].leaf) in by_leaf]
    first = {specs[before] for before, _ in pairs}
    kinds = {(spec.dtype, spec.device) for spec in first}
    small = all(spec.device.platform == "cpu" and math.prod(spec.shape) <= PACKED_SIZE for spec in first)
    matched = all(specs[before] is specs[after] for before, after in pairs)
    if len(pairs) < 2 or len(kinds) > 1 or not (small and matched):
        return None
    return Pack([before for before, _ in pairs], [after for _, after in pairs], [specs[i] for i, _ in pairs])


def with_pack(function: Callable[..., list[Any]], pack: Pack, inputs: Sequence[int], outputs: Sequence[int]) -> Any:
    """The function of all inputs that gives all outputs, with the flat array first, in place of those of the pack."""
    loose = [slot for slot in inputs if slot not in pack.inputs]

    def packed(flat: Any, *arguments: Any) -> list[Any]:
        found = dict(zip(loose, arguments, strict=False))
        for slot, (start, shape) in zip(pack.inputs, pack.places, strict=True):
            found[slot] = jax.lax.slice(flat, (start,), (start + math.prod(shape),)).reshape(shape)
        results = function(*[found[slot] for slot in inputs], *arguments[len(loose) :])
        by_slot = dict(zip(outputs, results, strict=True))
        whole = jnp.concatenate([by_slot[slot].reshape(-1) for slot in pack.outputs])
        return [whole, *[by_slot[slot] for slot in outputs if slot not in pack.outputs]]

    return packed
