"""Constraints on parts of a tensor: one for each piece along a dimension."""

from __future__ import annotations

from collections.abc import Sequence

import lamina
from lamina.distributions.constraint import Constraint
from lamina.tensor import Tensor


class _Joint(Constraint):
    """A constraint for each piece along `dim`."""

    def __init__(self, cseq: Sequence[Constraint], dim: int = 0) -> None:
        if not all(isinstance(constraint, Constraint) for constraint in cseq):
            raise AssertionError("All elements of cseq must be Constraint instances")
        self.cseq = list(cseq)
        self.dim = dim

    @property
    def is_discrete(self) -> bool:
        """Whether any of them is discrete."""
        return any(constraint.is_discrete for constraint in self.cseq)

    @property
    def event_dim(self) -> int:
        """The largest of theirs."""
        return max(int(constraint.event_dim) for constraint in self.cseq)

    def _require_dim(self, value: Tensor) -> None:
        if not -value.ndim <= self.dim < value.ndim:
            raise AssertionError(f"dim {self.dim} out of range for value with {value.ndim} dimensions")


class Cat(_Joint):
    """Constraints for pieces of `lengths` along `dim`, as `lamina.cat` puts them together."""

    def __init__(self, cseq: Sequence[Constraint], dim: int = 0, lengths: Sequence[int] | None = None) -> None:
        super().__init__(cseq, dim)
        self.lengths = [1] * len(self.cseq) if lengths is None else list(lengths)
        if len(self.lengths) != len(self.cseq):
            raise AssertionError(f"lengths ({len(self.lengths)}) must match cseq ({len(self.cseq)})")

    def check(self, value: Tensor) -> Tensor:
        self._require_dim(value)
        return lamina.cat(self._pieces(value), self.dim)

    def _pieces(self, value: Tensor) -> list[Tensor]:
        pieces, start = [], 0
        for constraint, length in zip(self.cseq, self.lengths, strict=True):
            pieces.append(constraint.check(value.narrow(self.dim, start, length)))
            start += length
        return pieces


class Stack(_Joint):
    """Constraints for the slices along `dim`, as `lamina.stack` puts them together."""

    @property
    def event_dim(self) -> int:
        """The largest of theirs, and `dim` itself if it lies among those."""
        largest = max(int(constraint.event_dim) for constraint in self.cseq)
        return largest + 1 if self.dim + largest < 0 else largest

    def check(self, value: Tensor) -> Tensor:
        self._require_dim(value)
        slices = value.unbind(self.dim)
        return lamina.stack([c.check(piece) for c, piece in zip(self.cseq, slices, strict=False)], self.dim)
