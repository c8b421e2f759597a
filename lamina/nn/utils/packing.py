"""What the host knows of a packed batch: the lengths, the order of the sequences, and where each row of it lies."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamina.creation import tensor
from lamina.tensor import Tensor


class Packing:
    """How the sequences of one batch are packed: all first steps, longest sequence first, then all second steps, ...

    Attributes:
        batch_sizes: how many sequences have a first step, a second, ...: int64 on the host.
        order: which sequence of the batch comes first, second, ...; None if they come as they are.
        lengths: how long each sequence is, in the order of the batch.
    """

    def __init__(self, batch_sizes: np.ndarray, order: np.ndarray | None) -> None:
        self.batch_sizes, self.order = batch_sizes, order
        count = int(batch_sizes[0])
        descending = (batch_sizes[:, None] > np.arange(count)).sum(0)
        self.lengths = descending
        if order is not None:
            self.lengths = np.empty_like(descending)
            self.lengths[order] = descending
        self._lengths: Tensor | None = None

    @classmethod
    def of_lengths(cls, lengths: np.ndarray, order: np.ndarray | None) -> Packing:
        """The packing of sequences of these lengths, packed in an order that makes them descend."""
        return cls((lengths[:, None] > np.arange(lengths.max())).sum(0), order)

    @property
    def steps(self) -> int:
        """How long the longest sequence is."""
        return len(self.batch_sizes)

    @property
    def total(self) -> int:
        """The number of packed rows."""
        return int(self.lengths.sum())

    def lengths_on(self, device: Any) -> Tensor:
        """The lengths as an operand of a program."""
        if self._lengths is None or self._lengths.device != device:
            self._lengths = tensor(self.lengths, dtype="int32", device=device)
        return self._lengths

    def rows(self, steps: int, batch_first: bool, device: Any) -> tuple[Tensor, Tensor]:
        """Where each packed row lies in the rows of a padded batch, and the other way round (-1: nowhere)."""
        starts = np.cumsum(self.batch_sizes) - self.batch_sizes
        step = np.repeat(np.arange(self.steps), self.batch_sizes)
        sequence = np.arange(self.total) - np.repeat(starts, self.batch_sizes)
        if self.order is not None:
            sequence = self.order[sequence]
        count = len(self.lengths)
        index = sequence * steps + step if batch_first else step * count + sequence
        back = np.full(count * steps, -1)
        back[index] = np.arange(self.total)
        return tensor(index, dtype="int32", device=device), tensor(back, dtype="int32", device=device)


def invert(order: np.ndarray | None) -> np.ndarray | None:
    """The inverse of a permutation."""
    if order is None:
        return None
    inverse = np.empty_like(order)
    inverse[order] = np.arange(len(order))
    return inverse


def rounded(steps: int) -> int:
    """A number of steps that serves this many: at most an eighth more, so that few numbers, and programs, occur."""
    quantum = 1 << max(0, steps.bit_length() - 4)
    return -(-steps // quantum) * quantum
