"""Fetching: the batch that belongs to what a sampler gave. The same in the user's process and in workers."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lamina.data.collate import Make, collate, convert
from lamina.data.dataset import Subset
from lamina.data.tensor_dataset import TensorDataset


@dataclass(frozen=True)
class Recipe:
    """How a loader makes batches of its dataset's items.

    Attributes:
        dataset: where items come from.
        stream: whether it is iterated over.
        batched: whether what the sampler gives is a list.
        collate_fn: the user's; None for the default.
        drop_last: whether a stream's last batch is left out if it is short.
    """

    dataset: Any
    stream: bool
    batched: bool
    collate_fn: Callable[[Any], Any] | None
    drop_last: bool

    def collate(self, items: Any, make: Make) -> Any:
        """A batch of a list of items; of one item where batches are not made."""
        if self.collate_fn is not None:
            return self.collate_fn(items)
        return collate(items, make) if self.batched else convert(items, make)

    def fetcher(self, make: Make) -> MapFetcher | StreamFetcher:
        """What fetches, from now on; `make` says what becomes of the arrays that default collation makes."""
        return StreamFetcher(self, make) if self.stream else MapFetcher(self, make)


class MapFetcher:
    """Batches by index."""

    ended = False

    def __init__(self, recipe: Recipe, make: Make) -> None:
        self.recipe = recipe
        self.make = make
        self.whole = recipe.batched and recipe.collate_fn is None

    def fetch(self, index: Any) -> Any:
        """The batch of these indices, or the item of this one."""
        dataset = self.recipe.dataset
        if self.whole:
            rows = _rows(dataset, index)
            if rows is not None:
                return [self.make(row) if isinstance(row, np.ndarray) else row for row in rows]
        if not self.recipe.batched:
            items = dataset[index]
        elif getattr(dataset, "__getitems__", None):
            items = dataset.__getitems__(index)
        else:
            items = [dataset[i] for i in index]
        return self.recipe.collate(items, self.make)

    def state(self) -> Any:
        """A dataset by index has no place of its own."""
        return None


def _rows(dataset: Any, indices: Any) -> list[Any] | None:
    """The rows of a TensorDataset, or of a subset of one, all at once; None for what has its own way to give items."""
    while isinstance(dataset, Subset) and type(dataset).__getitems__ is Subset.__getitems__:
        indices = [dataset.indices[index] for index in indices]
        dataset = dataset.dataset
    if not isinstance(dataset, TensorDataset) or type(dataset).__getitem__ is not TensorDataset.__getitem__:
        return None
    return None if hasattr(dataset, "__getitems__") else dataset.rows(indices)


class StreamFetcher:
    """Batches of a stream, in its order.

    Attributes:
        ended: whether the stream has.
    """

    def __init__(self, recipe: Recipe, make: Make) -> None:
        self.recipe = recipe
        self.make = make
        self.ended = False
        self.items: Any = None

    def resume(self, state: Any, batches: int, batch_size: int | None) -> None:
        """Go to where the dataset was: by the state it gave, else by reading what had been read."""
        if state is not None and hasattr(self.recipe.dataset, "load_state_dict"):
            self.recipe.dataset.load_state_dict(state)
            self.items = iter(self.recipe.dataset)
            return
        self.items = iter(self.recipe.dataset)
        for load in ("load_state_dict", "set_state"):
            if state is not None and hasattr(self.items, load):
                getattr(self.items, load)(state)
                return
        for _ in itertools.islice(self.items, batches * (batch_size or 1)):
            pass

    def fetch(self, index: Any) -> Any:
        """The next batch.

        Raises:
            StopIteration: if there is none.
        """
        if self.items is None:
            self.items = iter(self.recipe.dataset)
        if self.ended:
            raise StopIteration
        if not self.recipe.batched:
            return self.recipe.collate(next(self.items), self.make)
        items = list(itertools.islice(self.items, len(index)))
        self.ended = len(items) < len(index)
        if not items or (self.ended and self.recipe.drop_last):
            raise StopIteration
        return self.recipe.collate(items, self.make)

    def state(self) -> Any:
        """What the dataset, or its iterator, says of its place; None if neither says."""
        for holder, name in (
            (self.recipe.dataset, "state_dict"), (self.items, "state_dict"), (self.items, "get_state")
        ):  # fmt: skip
            if hasattr(holder, name):
                return getattr(holder, name)()
        return None
