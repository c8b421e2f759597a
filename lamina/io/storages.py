"""Tensors from the numbers in a file: where they are, how they are cut, and which of them share memory."""

from __future__ import annotations

import math
import reprlib
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from lamina.autograd import no_grad
from lamina.dtypes import DType
from lamina.io.errors import FileError
from lamina.io.sharing import extent
from lamina.io.source import Source, Span
from lamina.io.tensors import owned
from lamina.tensor import Tensor

_NATIVE = "<>"[sys.byteorder == "big"]


class Storage(NamedTuple):
    """What tensors are cut from: a name, the type of elements, and how many; a part of another begins at `start`.

    `place` is the device that it was saved from, as the file names it.
    """

    key: str
    dtype: DType
    numel: int
    start: int = 0
    place: str = "cpu"


class Cut(NamedTuple):
    """A tensor in a storage: its type, and as in PyTorch its offset, size and stride in elements.

    `conj` and `neg` say that the numbers in the storage are conjugates or negatives of those of the tensor.
    """

    storage: Storage
    dtype: DType
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]
    conj: bool = False
    neg: bool = False

    @property
    def extent(self) -> int:
        """How many elements lie between the first and the last, both included."""
        return extent(self.size, self.stride)

    @property
    def span(self) -> Span:
        """Where it is in the storage, in bytes."""
        start = self.storage.start * self.storage.dtype.itemsize
        return Span(start + self.offset * self.dtype.itemsize, self.extent * self.dtype.itemsize)


def cut_of(
    who: str,
    storage: Any,
    dtype: DType | None,
    offset: Any,
    size: Any,
    stride: Any,
    conj: bool = False,
    neg: bool = False,
) -> Cut:
    """A cut, after a look at its numbers: they come from the file, and must stay inside the storage.

    Raises:
        FileError: if they do not.
    """
    if not isinstance(storage, Storage):
        raise TypeError(f"a tensor needs a storage, got {type(storage).__name__}")
    cut = Cut(storage, dtype or storage.dtype, offset, tuple(size), tuple(stride), conj, neg)
    numbers = (offset, *cut.size, *cut.stride)
    whole = len(cut.size) == len(cut.stride) and all(type(x) is int and x >= 0 for x in numbers)
    room = storage.numel * storage.dtype.itemsize // cut.dtype.itemsize
    if not whole or (cut.extent and offset + cut.extent > room):
        raise FileError(
            f"{who}: a tensor of size {reprlib.repr(cut.size)}, stride {reprlib.repr(cut.stride)} and offset "
            f"{reprlib.repr(offset)} does not fit into its storage {storage.key} of {room} elements."
        )
    return cut


class Storages:
    """Makes the tensors of a file, each once. What overlaps shares memory, as it did when it was saved.

    Args:
        source: the file.
        where: gives the place of a storage in it, after a look at whether it is as it was written.
        cuts: all tensors of the file, each as often as it occurs.
        device: says on which device tensors shall live that were saved from a place.
        order: `<` or `>`: the byte order of the numbers.

    Raises:
        FileError: if the tensors would be far larger than the file.
    """

    def __init__(
        self,
        source: Source,
        where: Callable[[str], Span],
        cuts: Sequence[Cut],
        device: Callable[[str], Any],
        order: str = "<",
    ) -> None:
        self.source, self.where, self.order = source, where, order
        self.devices = {place: device(place) for place in dict.fromkeys(cut.storage.place for cut in cuts)}
        self.overlapping = _overlapping(cuts)
        self.places: dict[str, Span] = {}
        self.made: dict[Cut, Tensor] = {}
        self.wholes: dict[str, Tensor] = {}
        needed = sum(math.prod(cut.size) * cut.dtype.itemsize for cut in set(cuts))
        if needed > source.room():
            raise FileError(
                f"{source.who}: its tensors would take {needed} bytes, the file has {len(source.buffer)}: it repeats "
                "elements to fill the memory. Save what was expanded before it was."
            )

    def tensor(self, cut: Cut) -> Tensor:
        """The tensor of a cut."""
        if cut in self.made:
            return self.made[cut].detach()
        view = None
        if cut.storage.key in self.overlapping:
            with no_grad():
                view = self._view(cut)
        made = self.made[cut] = self._alone(cut) if view is None else view
        return made

    def _alone(self, cut: Cut) -> Tensor:
        """The tensor with memory of its own."""
        start = self._place(cut.storage).start + cut.span.start
        made = owned(self._array(cut), self.devices[cut.storage.place], self.source.releaser(start))
        self.source.release(self._place(cut.storage))
        return made

    def _view(self, cut: Cut) -> Tensor | None:
        """The tensor as a view of its whole storage; None if it has gaps, or means something else than is stored."""
        whole = self._whole(cut.storage)
        order = sorted((dim for dim, size in enumerate(cut.size) if size != 1), key=lambda dim: -cut.stride[dim])
        sizes = [cut.size[dim] for dim in order]
        dense = all(cut.stride[dim] == math.prod(sizes[i + 1 :]) for i, dim in enumerate(order))
        if not dense or cut.dtype is not whole.dtype or cut.conj or cut.neg or not cut.extent:
            return None
        start = cut.span.start // cut.dtype.itemsize
        view = whole[start : start + cut.extent].view(tuple(sizes)).permute([order.index(dim) for dim in sorted(order)])
        for dim, size in enumerate(cut.size):
            view = view.unsqueeze(dim) if size == 1 else view
        return view

    def _whole(self, storage: Storage) -> Tensor:
        """The storage that this one is, or is a part of, as a flat tensor."""
        if storage.key not in self.wholes:
            _, size = self._place(storage)
            flat = self._numbers(storage, Span(0, size - size % storage.dtype.itemsize), storage.dtype)
            release = self.source.releaser(self._place(storage).start)
            self.wholes[storage.key] = owned(flat, self.devices[storage.place], release)
        return self.wholes[storage.key]

    def _array(self, cut: Cut) -> np.ndarray:
        """The numbers of a tensor: the file's own bytes, where nothing has to be converted."""
        flat = self._numbers(cut.storage, cut.span, cut.dtype)
        if not cut.extent:
            return np.empty(cut.size, flat.dtype)
        steps = [stride * flat.itemsize for stride in cut.stride]
        array = np.lib.stride_tricks.as_strided(flat, cut.size, steps, writeable=False)
        array = np.conj(array) if cut.conj else array
        return np.negative(array) if cut.neg else array

    def _numbers(self, storage: Storage, span: Span, dtype: DType) -> np.ndarray:
        """Some bytes of a storage as numbers of a type."""
        raw = self.source.numbers(Span(self._place(storage).start + span.start, span.size))
        if dtype.name == "bool":
            return raw != 0  # whatever else the byte is, XLA must see 0 or 1
        unit = dtype.itemsize // 2 if dtype.is_complex else dtype.itemsize
        if unit > 1 and self.order != _NATIVE:
            raw = raw.view(f"{self.order}u{unit}").astype(f"=u{unit}")
        return raw.view(dtype.numpy)

    def _place(self, storage: Storage) -> Span:
        """Where the storage is in the file; it must be there in full."""
        if storage.key not in self.places:
            self.places[storage.key] = self.where(storage.key)
        place = self.places[storage.key]
        needed = (storage.start + storage.numel) * storage.dtype.itemsize
        there = max(min(place.size, len(self.source.buffer) - place.start), 0)
        if there < needed:
            raise FileError(
                f"{self.source.who}: the file is incomplete: it has {there} of {needed} bytes of storage {storage.key}."
                " Get the file anew."
            )
        return place


def _overlapping(cuts: Sequence[Cut]) -> set[str]:
    """The keys of storages in which different tensors have bytes in common."""
    found: set[str] = set()
    ends: dict[str, int] = {}
    for cut in sorted({cut for cut in cuts if cut.extent}, key=lambda cut: cut.span):
        key, (start, size) = cut.storage.key, cut.span
        if start < ends.get(key, 0):
            found.add(key)
        ends[key] = max(ends.get(key, 0), start + size)
    return found
