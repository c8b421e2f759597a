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
from typing import Any

import numpy as np

from lamina import creation, functions
from lamina.autograd import is_grad_enabled
from lamina.bounds import at_hand
from lamina.nn.utils.packed_sequence import PackedSequence, Padded, invert_permutation, numbers, unpacked
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
    return PackedSequence.of_padded(Padded(held, batch_first, grad), packing, indices)


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
    padded = sequence.held
    if padded is None:
        return unpacked(sequence.data, packing, steps, batch_first, padding_value), lengths
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
    arrays = [at_hand(x) for x in sequences]
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
    return [row[:length].clone() for row, length in zip(padded_sequences, numbers(lengths), strict=True)]


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


def _more_steps(input: Tensor, dim: int, steps: int) -> Tensor:
    """The input with so many steps, if its numbers are at hand and nothing of it is to be differentiated."""
    known = at_hand(input) if steps != input.shape[dim] and not input.requires_grad else None
    if known is None:
        return input
    widths = [(0, steps - size if axis == dim else 0) for axis, size in enumerate(known.shape)]
    return creation.tensor(np.pad(known, widths), dtype=input.dtype, device=input.device)


def _counts(lengths: Any) -> np.ndarray:
    counts = numbers(lengths)
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
