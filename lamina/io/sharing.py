"""Which of the tensors that are saved share memory, so that it is written once and shared again when it is read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from lamina.rebinding import memory_of, whole_of
from lamina.tensor import Tensor


class Lying(NamedTuple):
    """How a tensor lies in one of the wholes that are written: its number, and offset, size and stride in elements."""

    whole: int
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


def extent(size: Sequence[int], stride: Sequence[int]) -> int:
    """How many elements lie between the first and the last, both included."""
    if 0 in size:
        return 0
    return 1 + sum((count - 1) * step for count, step in zip(size, stride, strict=True))


def row_major(size: Sequence[int]) -> tuple[int, ...]:
    """The strides of a tensor that lies in row-major order without gaps, as a new one does."""
    return tuple(math.prod(max(count, 1) for count in size[dim + 1 :]) for dim in range(len(size)))


def plan(tensors: Sequence[Tensor]) -> tuple[list[Tensor], list[Lying]]:
    """What to write, each in row-major order, and how each tensor lies in it.

    The same numbers under several names are written once. Views that overlap are written as the whole they were cut
    from; a view that overlaps no other is written by itself, without the rest of its whole.
    """
    wholes: list[Tensor] = []
    lying: list[Lying | None] = [None] * len(tensors)
    groups: dict[int, list[int]] = {}
    memories = []  # kept, so that no two have the same id
    for number, tensor in enumerate(tensors):
        memories.append(memory_of(tensor))
        groups.setdefault(id(memories[-1]), []).append(number)
    for numbers in groups.values():
        cuts = {number: _cut(tensors[number]) for number in numbers}
        whole = whole_of(tensors[numbers[0]])
        if whole is not None and all(cut is not None for cut in cuts.values()) and _overlap(cuts.values()):
            wholes.append(whole)
            for number, (offset, size, stride) in cuts.items():
                lying[number] = Lying(len(wholes) - 1, offset, size, stride)
            continue
        alone: dict[Any, int] = {}
        for number, cut in cuts.items():
            key = number if cut is None else cut
            if key not in alone:
                wholes.append(tensors[number])
                alone[key] = len(wholes) - 1
            size = tuple(tensors[number].shape)
            lying[number] = Lying(alone[key], 0, size, row_major(size))
    return wholes, [place for place in lying if place is not None]


def _cut(tensor: Tensor) -> Any:
    """Offset, size and stride in its whole; None if it is computed from what it shares, or that is gone."""
    if whole_of(tensor) is None:
        return None
    return tensor.storage_offset(), tuple(tensor.shape), tuple(tensor.stride())


def _overlap(cuts: Any) -> bool:
    """Whether two different cuts have elements in common, as far as their ends tell."""
    end = -1
    for offset, size, stride in sorted(set(cuts)):
        count = extent(size, stride)
        if count:
            if offset < end:
                return True
            end = max(end, offset + count)
    return False
