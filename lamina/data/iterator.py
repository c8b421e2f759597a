"""Iterators of a loader: what all have in common, and the one that fetches in the user's own thread."""

from __future__ import annotations

import copy
import warnings
import weakref
from collections.abc import Iterator
from typing import Any

from lamina import creation
from lamina.data.fetch import StreamFetcher
from lamina.data.order import Order
from lamina.data.plan import Plan

VERSION = 1


class Batches(Iterator[Any]):
    """What a loop over a loader holds. Once the loop is left, nothing more is fetched; the loader knows the place."""

    def __init__(self, epoch: LoaderIterator) -> None:
        self._epoch = epoch
        self._leave = weakref.finalize(self, epoch.leave)

    def __iter__(self) -> Batches:
        return self

    def __next__(self) -> Any:
        return self._epoch.next()

    def __len__(self) -> int:
        return len(self._epoch.plan.chain.sampler)

    def __getstate__(self) -> Any:
        raise NotImplementedError("an iterator of a DataLoader cannot be pickled; save loader.state_dict() instead.")


class LoaderIterator:
    """One epoch of a loader.

    Attributes:
        order: what the sampler gives.
        position: the number of the first batch that the user does not have; those fetched ahead do not count.
        early: numbers after it that the user does have.
        received: how many batches were handed out.
        over: whether the epoch is.
        left: whether there is no way to get the rest from here.

    Args:
        plan: the loader's arguments.
        state: of a loader in the middle of an epoch, to take that up; None to begin one.
    """

    def __init__(self, plan: Plan, state: dict[str, Any] | None) -> None:
        self.plan = plan
        self.recipe = plan.recipe
        self.over = self.left = False
        self.position: int = 0 if state is None else state["batches"]
        self.early: set[int] = set() if state is None else set(state["early"])
        self.received = self.position + len(self.early)
        begin = None if state is None else state["begin"]
        start = 0 if self.recipe.stream else self.position
        self.order = Order(plan.chain, plan.generator, begin, start, frozenset(self.early))

    def next(self) -> Any:
        """The next batch, with the bookkeeping around it."""
        if self.over or self.left:
            raise StopIteration
        try:
            batch = self.fetch()
        except StopIteration:
            self.finish()
            raise
        self.received += 1
        known = self.plan.progress.told
        if known is not None and self.received > known:
            warnings.warn(self._too_many(known), stacklevel=3)
        return batch

    def fetch(self) -> Any:
        """The next batch.

        Raises:
            StopIteration: if there is none.
        """
        raise NotImplementedError

    def finish(self) -> None:
        """The epoch is over."""
        self.over = True
        self.plan.progress.epochs += 1
        self.leave()

    def leave(self) -> None:
        """Nobody asks for the rest."""
        self.left = True

    def place(self) -> dict[str, Any]:
        """What more than the order and the count is needed to go on from here."""
        return {}

    def after(self) -> dict[str, Any]:
        """What the next epoch takes over from this one."""
        return {}

    def state(self) -> dict[str, Any]:
        """What it takes to give the same remaining batches again."""
        common = {"begin": self.order.begin, "batches": self.position, "early": sorted(self.early)}
        return copy.deepcopy({**common, **self.place()})

    def _too_many(self, known: int) -> str:
        advice = (
            " For multiprocessing data-loading, this could be caused by not properly configuring the IterableDataset "
            "replica at each worker: see get_worker_info."
            if self.plan.num_workers
            else ""
        )
        return (
            f"Length of IterableDataset {self.recipe.dataset} was reported to be {known} (when accessing "
            f"len(dataloader)), but {self.received} samples have been fetched.{advice}"
        )


def needs_no_workers(state: dict[str, Any]) -> None:
    """Refuse the state of a stream that workers shared."""
    if "dataset" not in state:
        raise ValueError("DataLoader: the state is of a stream that workers shared; this loader has num_workers=0.")


class SingleIterator(LoaderIterator):
    """Batches are fetched when they are asked for."""

    def __init__(self, plan: Plan, state: dict[str, Any] | None) -> None:
        super().__init__(plan, state)
        self.fetcher = self.recipe.fetcher(creation.of_host)
        if state is not None and isinstance(self.fetcher, StreamFetcher):
            needs_no_workers(state)
            self.fetcher.resume(state["dataset"], self.position, plan.batch_size)

    def fetch(self) -> Any:
        number, index = next(self.order)
        # The next one is next even if this one cannot be had.
        self.position = self.position + 1 if self.recipe.stream else number + 1
        return self.fetcher.fetch(index)

    def place(self) -> dict[str, Any]:
        return {"dataset": self.fetcher.state()}
