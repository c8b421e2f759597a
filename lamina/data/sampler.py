"""Samplers: in which order a dataset's items are taken, and how they are put into batches."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar

import numpy as np

from lamina import creation, dtypes, random

T_co = TypeVar("T_co", covariant=True)


class Sampler(Generic[T_co]):
    """The order of a dataset's items: a subclass has `__iter__`, and most often `__len__`.

    A sampler that keeps something between epochs may have `state_dict()` and `load_state_dict(state)`: what it says
    when an epoch begins is part of the loader's state.

    Source: torch.utils.data.Sampler.
    """

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError("Subclasses of Sampler should implement __iter__.")


class SequentialSampler(Sampler[int]):
    """From the first item to the last.

    Args:
        data_source: the dataset; only its length is asked for.

    Source: torch.utils.data.SequentialSampler.
    """

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """In random order: each item once, or drawn with replacement.

    Args:
        data_source: the dataset; only its length is asked for.
        replacement: whether an item can come again before all have come.
        num_samples: how many to draw; default: as many as there are.
        generator: where the order comes from; default: the default generator, which gives one seed an epoch.

    Source: torch.utils.data.RandomSampler.
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: random.Generator | None = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if not isinstance(replacement, bool):
            raise TypeError(f"replacement should be a boolean value, but got replacement={replacement}")
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ValueError(f"num_samples should be a positive integer value, but got num_samples={self.num_samples}")

    @property
    def num_samples(self) -> int:
        """How many are drawn in an epoch."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        draw = random.host(self.generator)
        count, left = len(self.data_source), self.num_samples
        while left > 0:
            part = draw.integers(count, size=min(left, 4096)) if self.replacement else draw.permutation(count)[:left]
            yield from part.tolist()
            left -= len(part)

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """Given indices in random order, each once.

    Args:
        indices: which.
        generator: where the order comes from.

    Source: torch.utils.data.SubsetRandomSampler.
    """

    def __init__(self, indices: Sequence[int], generator: random.Generator | None = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        for place in random.host(self.generator).permutation(len(self.indices)).tolist():
            yield self.indices[place]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Indices drawn with given weights.

    Args:
        weights: one for each item; they need not add up to one.
        num_samples: how many to draw.
        replacement: whether an item can come more than once.
        generator: where they come from.

    Source: torch.utils.data.WeightedRandomSampler.
    """

    def __init__(
        self,
        weights: Any,
        num_samples: int,
        replacement: bool = True,
        generator: random.Generator | None = None,
    ) -> None:
        if not isinstance(num_samples, int) or isinstance(num_samples, bool) or num_samples <= 0:
            raise ValueError(f"num_samples should be a positive integer value, but got num_samples={num_samples}")
        if not isinstance(replacement, bool):
            raise ValueError(f"replacement should be a boolean value, but got replacement={replacement}")
        self.weights = creation.as_tensor(weights, dtype=dtypes.float64)
        if self.weights.ndim != 1:
            raise ValueError(
                f"weights should be a 1d sequence but given weights have shape {tuple(self.weights.shape)}"
            )
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        weights = np.asarray(self.weights)
        if not np.isfinite(weights).all() or (weights < 0).any():
            raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
        if not (weights > 0).any():
            raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
        if not self.replacement and self.num_samples > len(weights):
            raise RuntimeError(f"cannot sample {self.num_samples} of {len(weights)} items without replacement")
        draw = random.host(self.generator)
        if self.replacement:
            ends = weights.cumsum()
            yield from np.searchsorted(ends, draw.random(self.num_samples) * ends[-1], side="right").tolist()
        else:
            # Each item arrives at a random time, the sooner the greater its weight; the first to arrive are drawn.
            # Those of weight zero never arrive: they come last.
            with np.errstate(divide="ignore"):
                times = draw.standard_exponential(len(weights)) / weights
            yield from np.argsort(times, kind="stable")[: self.num_samples].tolist()

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """What another sampler gives, in lists.

    Args:
        sampler: any iterable of indices.
        batch_size: the length of a list.
        drop_last: whether a last list that is shorter is left out.

    >>> list(BatchSampler(range(7), batch_size=3, drop_last=False))
    [[0, 1, 2], [3, 4, 5], [6]]

    Source: torch.utils.data.BatchSampler.
    """

    def __init__(self, sampler: Sampler[int] | Iterable[int], batch_size: int, drop_last: bool) -> None:
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise ValueError(f"batch_size should be a positive integer value, but got batch_size={batch_size}")
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if self.drop_last and len(batch) < self.batch_size:
                return
            yield batch

    def __len__(self) -> int:
        count = len(self.sampler)  # type: ignore[arg-type]
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)
