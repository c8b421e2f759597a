"""The batch without padding that RNN, LSTM and GRU take: it stays padded inside until somebody asks for its rows."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np

from lamina import creation, functions
from lamina.autograd import is_grad_enabled
from lamina.bounds import at_hand
from lamina.nn.utils.packing import Packing, invert, rounded
from lamina.tensor import Tensor, grad_mode


class _Fields(NamedTuple):
    data: Any
    batch_sizes: Any
    sorted_indices: Any
    unsorted_indices: Any


class Padded(NamedTuple):
    """A batch in its padded form, with the sequences in the order of the batch, and whether gradients pass to it."""

    tensor: Tensor
    batch_first: bool
    grad: bool


class PackedSequence(_Fields):
    """Sequences of different lengths without padding, which RNN, LSTM and GRU take and return.

    Made by `pack_padded_sequence` and `pack_sequence`. `abc` and `x` pack to `axbc` with the batch sizes 2, 1, 1.

    Attributes:
        data (total of all lengths, *): all first steps, longest sequence first, then all second steps, and so on.
        batch_sizes: how many sequences have a first step, a second, ...: int64, on the CPU.
        sorted_indices: which sequence of the batch comes first, second, ...; None if they were sorted.
        unsorted_indices: the inverse of that.

    `data` is computed when it is first asked for; `lamina.nn.utils.rnn` says what that compiles.
    Source: torch.nn.utils.rnn.PackedSequence.
    """

    _data: Tensor | None
    _padded: Padded | None
    _packing: Packing | None

    def __new__(
        cls, data: Any, batch_sizes: Any = None, sorted_indices: Any = None, unsorted_indices: Any = None
    ) -> Self:
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        if batch_sizes is None:
            if not (isinstance(data, (list, tuple)) and len(data) == 2):
                raise AssertionError("Expected data to be a list or tuple of length 2")
            data, batch_sizes = data
        elif batch_sizes.device.type != "cpu":
            raise ValueError(
                "batch_sizes should always be on CPU. Instances of PackedSequence should never be created manually. "
                "They should be instantiated by functions like pack_sequence and pack_padded_sequences in nn.utils.rnn."
            )
        self = super().__new__(cls, None, batch_sizes, sorted_indices, unsorted_indices)
        self._data, self._padded, self._packing = data, None, None
        return self

    @classmethod
    def of_padded(cls, padded: Padded, packing: Packing, indices: tuple[Any, Any, Any]) -> Self:
        """A packed batch whose rows are not computed yet. indices: batch_sizes, sorted_indices, unsorted_indices."""
        self = _Fields.__new__(cls, None, *indices)
        self._data, self._padded, self._packing = None, padded, packing
        return self

    @property
    def data(self) -> Tensor:
        """The packed rows."""
        if self._data is None:
            assert self._padded is not None
            x, batch_first, grad = self._padded
            first, second, *rest = x.shape
            index, back = self.packing.rows(second if batch_first else first, batch_first, x.device)
            with grad_mode(grad):
                self._data = functions.take_rows(x.reshape(first * second, *rest), index, back)
            # From here on the rows are the truth: they may be written to, and gradients be asked of them.
            self._padded = None
        return self._data

    @property
    def packing(self) -> Packing:
        """What the host knows of the batch."""
        if self._packing is None:
            order = self.sorted_indices
            order = invert(numbers(self.unsorted_indices)) if order is None else numbers(order)
            self._packing = Packing(np.asarray(numbers(self.batch_sizes)), order)
        return self._packing

    @property
    def held(self) -> Padded | None:
        """The padded batch inside, while nobody has asked for the rows."""
        return self._padded

    def padded(self) -> Padded:
        """The batch in its padded form, for the layers."""
        if self._padded is not None:
            return self._padded
        steps = rounded(self.packing.steps)
        return Padded(unpacked(self.data, self.packing, steps, False, 0), False, is_grad_enabled())

    def with_padded(self, tensor: Tensor) -> PackedSequence:
        """The same packing of another padded batch, of the layout of `padded()`: what a layer returns."""
        batch_first = self._padded is not None and self._padded.batch_first
        return PackedSequence.of_padded(Padded(tensor, batch_first, is_grad_enabled()), self.packing, self._indices())

    def _indices(self) -> tuple[Any, Any, Any]:
        return self.batch_sizes, self.sorted_indices, self.unsorted_indices

    def __iter__(self) -> Any:
        return iter((self.data, *self._indices()))

    def __getitem__(self, index: Any) -> Any:
        return (self.data, *self._indices())[index]

    def __repr__(self) -> str:
        fields = zip(self._fields, self, strict=True)
        return f"PackedSequence({', '.join(f'{name}={value!r}' for name, value in fields)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(self)

    def _either(self) -> Tensor:
        """A tensor of the type and on the device of the data."""
        return self._padded.tensor if self._padded is not None else self.data

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The sequence with its data of another type or on another device; itself if nothing changes."""
        old = self._either()
        new = old.to(*args, **kwargs)
        if new is old:
            return self
        batch_sizes, *indices = self._indices()
        moved = [None if x is None else x.to(new.device) for x in indices]
        if self._padded is not None:
            padded = self._padded._replace(tensor=new)
            return PackedSequence.of_padded(padded, self.packing, (batch_sizes, *moved))
        return type(self)(new, batch_sizes, *moved)

    def cuda(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The sequence on a GPU."""
        example = creation.empty(0, dtype=self._either().dtype, device=self._either().device).to(*args, **kwargs)
        return self.to(*args, **kwargs) if example.is_cuda else self.to(*args, **{**kwargs, "device": "cuda"})

    def cpu(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The sequence on the CPU."""
        return self.to(*args, **{**kwargs, "device": "cpu"})

    def double(self) -> PackedSequence:
        """The sequence as float64."""
        return self.to(dtype="float64")

    def float(self) -> PackedSequence:
        """The sequence as float32."""
        return self.to(dtype="float32")

    def half(self) -> PackedSequence:
        """The sequence as float16."""
        return self.to(dtype="float16")

    def long(self) -> PackedSequence:
        """The sequence as int64."""
        return self.to(dtype="int64")

    def int(self) -> PackedSequence:
        """The sequence as int32."""
        return self.to(dtype="int32")

    def short(self) -> PackedSequence:
        """The sequence as int16."""
        return self.to(dtype="int16")

    def char(self) -> PackedSequence:
        """The sequence as int8."""
        return self.to(dtype="int8")

    def byte(self) -> PackedSequence:
        """The sequence as uint8."""
        return self.to(dtype="uint8")

    @property
    def is_cuda(self) -> bool:
        """Whether the data is on a GPU."""
        return self._either().is_cuda

    def is_pinned(self) -> bool:
        """Whether the data is in pinned memory."""
        return self._either().is_pinned()

    def pin_memory(self) -> PackedSequence:
        """The sequence: memory is pinned by JAX where it helps."""
        return self


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes this one: inverse[permutation[i]] = i. None for None."""
    if permutation is None:
        return None
    known = at_hand(permutation)
    if known is not None:
        return creation.tensor(invert(known), device=permutation.device)
    places = creation.arange(permutation.numel(), device=permutation.device, dtype=permutation.dtype)
    return creation.empty_like(permutation).scatter(0, permutation, places)


def unpacked(data: Tensor, packing: Packing, steps: int, batch_first: bool, fill: float) -> Tensor:
    """Packed rows as a padded batch of so many steps."""
    total, count = packing.total, len(packing.lengths)
    if data.ndim == 0 or len(data) < total:
        raise RuntimeError(f"PackedSequence: data must have {total} rows for its batch_sizes, got {tuple(data.shape)}.")
    index, back = packing.rows(steps, batch_first, data.device)
    rows = functions.take_rows(data if len(data) == total else data[:total], back, index, fill)
    return rows.reshape(*((count, steps) if batch_first else (steps, count)), *data.shape[1:])


def numbers(x: Any) -> Any:
    """The whole numbers of a tensor or a sequence, as an array; None for None."""
    if x is None:
        return None
    return np.array(x.tolist() if isinstance(x, Tensor) else x, np.int64)
