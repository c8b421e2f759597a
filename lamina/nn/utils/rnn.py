"""Batches of sequences of different lengths: padded to one length, or packed without padding.

Lengths decide shapes, so they are read on the host, as in PyTorch; give them as ints, or as a tensor that comes from
the data. What is compiled depends on shapes only, never on the lengths themselves:

- From `pack_padded_sequence` through RNN, LSTM and GRU to `pad_packed_sequence` the batch stays padded inside, and the
  lengths are an operand. Other lengths in a padded batch of the same shape are the same program.
- `pad_packed_sequence` cuts the result to the longest sequence: a new program for each such number, unless
  `total_length` gives it.
- `pack_sequence`, and `pack_padded_sequence` of data that nobody has computed with, round the number of steps up by at
  most an eighth: some eight programs for each doubling of the length.
- Whoever asks for `packed.data` asks for an array with as many rows as there are steps in all: what is computed with it
  is a new program for each such number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Self

import numpy as np

from lamina import creation, functions
from lamina.autograd import is_grad_enabled
from lamina.bounds import few_whole_at_hand
from lamina.nn.utils.packing import Packing, invert, rounded
from lamina.tensor import Tensor, alias_value, grad_mode, wrap

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpad_sequence",
    "pack_sequence",
    "unpack_sequence",
]


class _Fields(NamedTuple):
    data: Any
    batch_sizes: Any
    sorted_indices: Any
    unsorted_indices: Any


class _Padded(NamedTuple):
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

    `data` is computed when it is first asked for; see the head of this module for what that compiles.
    Source: torch.nn.utils.rnn.PackedSequence.
    """

    _data: Tensor | None
    _padded: _Padded | None
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
    def _of(cls, padded: _Padded, packing: Packing, indices: tuple[Any, Any, Any]) -> Self:
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
            order = invert(_numbers(self.unsorted_indices)) if order is None else _numbers(order)
            self._packing = Packing(np.asarray(_numbers(self.batch_sizes)), order)
        return self._packing

    def padded(self) -> _Padded:
        """The batch in its padded form, for the layers."""
        if self._padded is not None:
            return self._padded
        steps = rounded(self.packing.steps)
        return _Padded(_unpacked(self.data, self.packing, steps, False, 0), False, is_grad_enabled())

    def with_padded(self, tensor: Tensor) -> PackedSequence:
        """The same packing of another padded batch, of the layout of `padded()`: what a layer returns."""
        batch_first = self._padded is not None and self._padded.batch_first
        return PackedSequence._of(_Padded(tensor, batch_first, is_grad_enabled()), self.packing, self._indices())

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
            return PackedSequence._of(padded, self.packing, (batch_sizes, *moved))
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
    known = few_whole_at_hand(permutation)
    if known is not None:
        return creation.tensor(invert(known), device=permutation.device)
    places = creation.arange(permutation.numel(), device=permutation.device, dtype=permutation.dtype)
    return creation.empty_like(permutation).scatter(0, permutation, places)


def pack_padded_sequence(
    input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack a padded batch; `pad_packed_sequence` undoes it.

    Args:
        input: the batch, (T, N, *), or (N, T, *) if batch_first.
        lengths: how many steps of each sequence count: ints, or a tensor on the CPU.
        enforce_sorted: whether the longest sequence must come first, and so on; else they are sorted while packing.

    >>> import lamina
    >>> from lamina.nn.utils.rnn import pack_padded_sequence
    >>> batch = lamina.tensor([[1, 2, 0], [3, 0, 0], [4, 5, 6]])
    >>> packed = pack_padded_sequence(batch, [2, 1, 3], batch_first=True, enforce_sorted=False)
    >>> packed.data, packed.batch_sizes
    (tensor([4, 1, 3, 5, 2, 6]), tensor([3, 2, 1]))

    Source: torch.nn.utils.rnn.pack_padded_sequence.
    """
    counts = _counts(lengths)
    count, steps = _sizes(input, batch_first)
    if len(counts) != count:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(counts)} (batch_size={count})"
        )
    order = None if enforce_sorted else np.argsort(-counts, kind="stable")
    if enforce_sorted and (counts[1:] > counts[:-1]).any():
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
            "`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement if you "
            "do not need ONNX exportability."
        )
    if counts.min() <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0"
        )
    if counts.max() > steps:
        raise RuntimeError(
            f"pack_padded_sequence: no length may be larger than the {steps} steps of input "
            f"{tuple(input.shape)}, got {counts.max()}."
        )
    grad = is_grad_enabled()
    packing = Packing.of_lengths(counts, order)
    unsorted = invert(order)
    indices = (
        creation.tensor(packing.batch_sizes, device="cpu"),
        None if order is None else creation.tensor(order, device=input.device),
        None if unsorted is None else creation.tensor(unsorted, device=input.device),
    )
    held = _more_steps(input, int(batch_first), rounded(steps))
    # A name of its own for the value: later writes to the input do not reach what was packed.
    held = wrap(held.current() if grad else alias_value(held.current()))
    return PackedSequence._of(_Padded(held, batch_first, grad), packing, indices)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """The padded batch of a packed one, in the order it had before packing, and the lengths.

    Args:
        sequence: the packed batch.
        batch_first: whether the result is (N, T, *) instead of (T, N, *).
        padding_value: what stands after the end of each sequence.
        total_length: T; default: the length of the longest sequence. Given, it keeps T, and so the program, the same.

    Source: torch.nn.utils.rnn.pad_packed_sequence.
    """
    packing = sequence.packing
    steps = packing.steps
    if total_length is not None:
        if total_length < steps:
            raise ValueError(
                "Expected total_length to be at least the length of the longest sequence in input, but got "
                f"total_length={total_length} and max sequence length being {steps}"
            )
        steps = total_length
    lengths = creation.tensor(packing.lengths, device="cpu")
    padded = sequence._padded
    if padded is None:
        return _unpacked(sequence.data, packing, steps, batch_first, padding_value), lengths
    with grad_mode(padded.grad and is_grad_enabled()):
        on = packing.lengths_on(padded.tensor.device)
        return (
            functions.pad_steps(padded.tensor, on, padding_value, steps, padded.batch_first, batch_first),
            lengths,
        )


def pad_sequence(
    sequences: Any, batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Sequences (L_n, *) as one batch (T, N, *), T the longest L_n, padded with one number.

    Sequences that come from the data, and need no gradient, are put together at once; else the operation is recorded,
    and compiled anew for each list of lengths.

    Args:
        sequences: the sequences, or a tensor of them.
        batch_first: whether the result is (N, T, *).
        padding_value: the number to pad with.
        padding_side: "right" or "left".

    >>> import lamina
    >>> from lamina.nn.utils.rnn import pad_sequence
    >>> pad_sequence([lamina.tensor([1, 2, 3]), lamina.tensor([4])], batch_first=True)
    tensor([[1, 2, 3],
            [4, 0, 0]])

    Source: torch.nn.utils.rnn.pad_sequence.
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}"
        )
    sequences = list(sequences)
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    if not sequences:
        raise RuntimeError("received an empty list of sequences")
    _check_sequences(sequences)
    steps, left = max(len(x) for x in sequences), padding_side == "left"
    arrays = [few_whole_at_hand(x) for x in sequences]
    if any(x is None for x in arrays) or (is_grad_enabled() and any(x.requires_grad for x in sequences)):
        return functions.pad_stack(sequences, padding_value, steps, batch_first, left)
    kind = sequences[0].dtype
    batch = np.full((len(arrays), steps, *sequences[0].shape[1:]), padding_value, kind.numpy)
    for row, array in zip(batch, arrays, strict=True):
        assert array is not None
        row[steps - len(array) if left else 0 : steps if left else len(array)] = array
    return creation.tensor(batch if batch_first else batch.swapaxes(0, 1), dtype=kind, device=sequences[0].device)


def unpad_sequence(padded_sequences: Tensor, lengths: Any, batch_first: bool = False) -> list[Tensor]:
    """The sequences (L_n, *) of a padded batch: `pad_sequence` undone.

    A batch (T, N, *) stays as it is; PyTorch transposes it in place on the way.

    Args:
        padded_sequences: the batch, (T, N, *), or (N, T, *) if batch_first.
        lengths: how long each sequence is.

    Source: torch.nn.utils.rnn.unpad_sequence.
    """
    if not batch_first:
        padded_sequences = padded_sequences.transpose(0, 1)
    return [row[:length].clone() for row, length in zip(padded_sequences, _numbers(lengths), strict=True)]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences (L_n, *): `pad_sequence`, then `pack_padded_sequence`.

    Args:
        sequences: the sequences, the longest first unless not enforce_sorted.
        enforce_sorted: whether they must be sorted; else they are sorted while packing.

    >>> import lamina
    >>> from lamina.nn.utils.rnn import pack_sequence
    >>> pack_sequence([lamina.tensor([1, 2, 3]), lamina.tensor([4, 5]), lamina.tensor([6])]).data
    tensor([1, 4, 6, 2, 5, 3])

    Source: torch.nn.utils.rnn.pack_sequence.
    """
    lengths = [len(x) for x in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences (L_n, *) of a packed batch: `pack_sequence` undone.

    Source: torch.nn.utils.rnn.unpack_sequence.
    """
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)


def _unpacked(data: Tensor, packing: Packing, steps: int, batch_first: bool, fill: float) -> Tensor:
    """Packed rows as a padded batch of so many steps."""
    total, count = packing.total, len(packing.lengths)
    if data.ndim == 0 or len(data) < total:
        raise RuntimeError(f"PackedSequence: data must have {total} rows for its batch_sizes, got {tuple(data.shape)}.")
    index, back = packing.rows(steps, batch_first, data.device)
    rows = functions.take_rows(data if len(data) == total else data[:total], back, index, fill)
    return rows.reshape(*((count, steps) if batch_first else (steps, count)), *data.shape[1:])


def _more_steps(input: Tensor, dim: int, steps: int) -> Tensor:
    """The input with so many steps, if its numbers are at hand and nothing of it is to be differentiated."""
    known = few_whole_at_hand(input) if steps != input.shape[dim] and not input.requires_grad else None
    if known is None:
        return input
    widths = [(0, steps - size if axis == dim else 0) for axis, size in enumerate(known.shape)]
    return creation.tensor(np.pad(known, widths), dtype=input.dtype, device=input.device)


def _numbers(x: Any) -> Any:
    """The whole numbers of a tensor or a sequence, as an array; None for None."""
    if x is None:
        return None
    return np.array(x.tolist() if isinstance(x, Tensor) else x, np.int64)


def _counts(lengths: Any) -> np.ndarray:
    counts = _numbers(lengths)
    if counts.ndim != 1:
        raise RuntimeError(
            f"'lengths' argument should be a 1D CPU int64 tensor, but got {counts.ndim}D cpu Long tensor"
        )
    return counts


def _sizes(input: Tensor, batch_first: bool) -> tuple[int, int]:
    """The number of sequences and of steps of a padded batch."""
    if input.ndim < 2:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-max(input.ndim, 1)}, {max(input.ndim, 1) - 1}], "
            f"but got {1})"
        )
    if input.numel() == 0:
        raise RuntimeError("Cannot pack empty tensors.")
    first, second = input.shape[:2]
    return (first, second) if batch_first else (second, first)


def _check_sequences(sequences: list[Tensor]) -> None:
    first = sequences[0]
    for x in sequences:
        if x.ndim == 0:
            raise RuntimeError("pad_sequence: a sequence must have at least one dimension, got a single number.")
        rest, wanted = x.shape[1:], first.shape[1:]
        if len(rest) != len(wanted) or not all(a in (1, b) for a, b in zip(rest, wanted, strict=True)):
            raise RuntimeError(
                f"pad_sequence: all sequences must be (*, {', '.join(map(str, first.shape[1:]))}), as the first is, "
                f"got {tuple(x.shape)}."
            )
