"""The iterator that fetches ahead in a thread: for loaders without workers that were given a `prefetch_factor`."""

from __future__ import annotations

import contextlib
import copy
import queue
import threading
from dataclasses import dataclass, field
from typing import Any

from lamina import trees
from lamina.data.fetch import MapFetcher, StreamFetcher
from lamina.data.iterator import SingleIterator
from lamina.data.order import Order
from lamina.data.plan import Plan
from lamina.tensor import Tensor


@dataclass
class _Fetched:
    """A batch, or what went wrong, or the end."""

    number: int = -1
    batch: Any = None
    dataset: Any = None
    error: BaseException | None = None


@dataclass
class _Feed:
    """What the two threads share."""

    order: Order
    fetcher: MapFetcher | StreamFetcher
    fetched: queue.Queue[_Fetched]
    stop: threading.Event = field(default_factory=threading.Event)


class ThreadIterator(SingleIterator):
    """A thread fetches batches ahead, so that they are on the device when they are asked for."""

    def __init__(self, plan: Plan, state: dict[str, Any] | None) -> None:
        super().__init__(plan, state)
        self.dataset = None if state is None else state.get("dataset")
        self.feed = _Feed(self.order, self.fetcher, queue.Queue(plan.ahead))
        self.thread = threading.Thread(target=_run, args=(self.feed,), name="lamina-data", daemon=True)
        self.thread.start()

    def fetch(self) -> Any:
        found = self.feed.fetched.get()
        if found.number < 0:
            raise found.error or StopIteration
        self.position = self.position + 1 if self.recipe.stream else found.number + 1
        self.dataset = found.dataset
        if found.error is not None:
            raise found.error
        return found.batch

    def leave(self) -> None:
        """End the thread, which may be waiting for room."""
        super().leave()
        self.feed.stop.set()
        with contextlib.suppress(queue.Empty):
            while True:
                self.feed.fetched.get_nowait()
        if self.thread is not threading.current_thread():
            self.thread.join(5.0)

    def place(self) -> dict[str, Any]:
        return {"dataset": self.dataset}


def _run(feed: _Feed) -> None:
    """Fetch until the end, or until nobody wants more."""
    while not feed.stop.is_set():
        found = _Fetched()
        try:
            number, index = next(feed.order)
        except StopIteration:
            feed.fetched.put(found)
            return
        except Exception as error:
            found.error = error
            feed.fetched.put(found)
            return
        try:
            found.batch = feed.fetcher.fetch(index)
            found.dataset = copy.deepcopy(feed.fetcher.state())
            for leaf in trees.leaves(found.batch):
                if isinstance(leaf, Tensor):
                    leaf.array()  # what a collate_fn computes is computed here
            found.number = number
        except StopIteration:
            feed.fetched.put(found)
            return
        except Exception as error:
            found.number, found.error = number, error
        feed.fetched.put(found)
