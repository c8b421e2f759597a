"""The iterator that fetches ahead in a thread: for loaders without workers that were given a `prefetch_factor`."""

from __future__ import annotations

import contextlib
import copy
import queue
import threading
import weakref
from dataclasses import dataclass, field
from typing import Any

from lamina import trees
from lamina.data.fetch import MapFetcher, StreamFetcher
from lamina.data.iterator import SingleIterator
from lamina.data.order import Order
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

    def begin(self, state: dict[str, Any] | None) -> None:
        super().begin(state)
        self.dataset = None if state is None else state.get("dataset")
        self.feed = _Feed(self.order, self.fetcher, queue.Queue(max(1, self.loader.prefetch_factor or 1)))
        self.thread = threading.Thread(target=_run, args=(self.feed,), name="lamina-data", daemon=True)
        self.thread.start()
        self.close = weakref.finalize(self, _close, self.feed, self.thread)

    def fetch(self) -> Any:
        found = self.feed.fetched.get()
        if found.number < 0:
            raise found.error or StopIteration
        self.position = self.position + 1 if self.recipe.stream else found.number + 1
        self.dataset = found.dataset
        if found.error is not None:
            raise found.error
        return found.batch

    def finish(self) -> None:
        super().finish()
        self.close()

    def place(self) -> dict[str, Any]:
        return {"dataset": self.dataset}


def _run(feed: _Feed) -> None:
    """Fetch until the end, or until nobody wants more. Knows the feed only, so that an iterator nobody holds can go."""
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


def _close(feed: _Feed, thread: threading.Thread) -> None:
    """End the thread, which may be waiting for room."""
    feed.stop.set()
    with contextlib.suppress(queue.Empty):
        while True:
            feed.fetched.get_nowait()
    if thread is not threading.current_thread():
        thread.join(5.0)
