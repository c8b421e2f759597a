"""What a worker process does: it fetches what it is told to, until it is told to stop."""

from __future__ import annotations

import contextlib
import os
import pickle
import random as python_random
import signal
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import connection, parent_process
from typing import Any

import jax
import numpy as np

from lamina import random
from lamina.data import worker_info
from lamina.data.chance import Standing
from lamina.data.fetch import MapFetcher, Recipe, StreamFetcher
from lamina.data.shared import Marked, Segment, pack
from lamina.data.worker_info import WorkerInfo

BATCH, END, ERROR = "batch", "end", "error"


@dataclass(frozen=True)
class Task:
    """A message to a worker: fetch this.

    Attributes:
        epoch: a number that grows with each epoch that the worker lives through.
        number: of the batch in its epoch.
        index: what the sampler gave.
        slot: which segment the batch should lie in; None if none is free.
    """

    epoch: int
    number: int
    index: Any
    slot: int | None


@dataclass(frozen=True)
class Resume:
    """A message to a worker: an epoch begins.

    Attributes:
        dataset: what the dataset, if it is a stream, said of its place; None to begin, or if it says nothing.
        batches: how many batches it had given.
        batch_size: items in each.
        random: where the worker's random numbers stood; None to leave them.
    """

    dataset: Any = None
    batches: int = 0
    batch_size: int | None = None
    random: Any = None


@dataclass(frozen=True)
class Reply:
    """A message from a worker.

    Attributes:
        epoch, number, slot: of the task.
        kind: BATCH; END of the stream; or ERROR.
        content: the pickled batch, or the `Failure`.
        buffers: where in the segment its arrays lie; without a segment, the arrays.
        dataset: what the dataset says of its place now.
        random: where the worker's random numbers stand now, pickled; None if where they stood before.
    """

    epoch: int
    number: int
    slot: int | None
    kind: str
    content: Any = None
    buffers: Any = ()
    dataset: Any = None
    random: bytes | None = None


class _Message(str):
    """A message that KeyError shows as it is, on several lines."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Failure:
    """An exception of a worker's, with its traceback as text."""

    def __init__(self, error: BaseException, worker: int) -> None:
        self.kind: bytes | None = None  # the class, pickled by itself: the other process may not know it
        with contextlib.suppress(Exception):
            self.kind = pickle.dumps(type(error))
        text = "".join(traceback.format_exception(error))
        self.message = f"Caught {type(error).__name__} in DataLoader worker process {worker}.\nOriginal {text}"

    def error(self) -> BaseException:
        """An exception of the same class; a RuntimeError if the class wants more than a message."""
        if self.kind is None:
            return RuntimeError(self.message)
        try:
            make: Any = pickle.loads(self.kind)
            if getattr(make, "message", None):
                return make(message=self.message)
            return make(_Message(self.message) if make is KeyError else self.message)
        except Exception:
            return RuntimeError(self.message)


def work(
    recipe: Recipe,
    line: connection.Connection,
    segments: list[Segment],
    number: int,
    count: int,
    base_seed: int,
    init: Callable[[int], None] | None,
) -> None:
    """The life of a worker.

    Args:
        recipe: how batches are made.
        line: to the user's process.
        segments: memory that both see.
        number, count: of this worker, of all.
        base_seed: the worker's seed is this plus its number.
        init: the user's `worker_init_fn`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the user's process's to answer
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(RuntimeError):
        jax.config.update("jax_platforms", "cpu")  # a dataset that uses Tensors must not take the training's devices
    _seed(base_seed, number)
    worker_info.current = WorkerInfo(number, count, base_seed + number, recipe.dataset)
    worker = _Worker(recipe, segments, number)
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        worker.start(init)
        while (message := line.recv()) is not None:
            if isinstance(message, Resume):
                worker.begin(message)
            else:
                line.send_bytes(pickle.dumps(worker.reply(message), protocol=5))


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _seed(base_seed: int, number: int) -> None:
    python_random.seed(base_seed + number)
    np.random.seed(np.random.SeedSequence([number, base_seed]).generate_state(4))  # noqa: NPY002
    random.manual_seed(base_seed + number)


class _Worker:
    """Fetches, and turns whatever comes of it into a message."""

    def __init__(self, recipe: Recipe, segments: list[Segment], number: int) -> None:
        self.recipe = recipe
        self.segments = segments
        self.number = number
        self.fetcher: MapFetcher | StreamFetcher | None = None
        self.failed: Failure | None = None
        self.random: Standing | None = None

    def start(self, init: Callable[[int], None] | None) -> None:
        """Let the user set the worker up. What goes wrong is reported in place of the first batch."""
        try:
            if init is not None:
                init(self.number)
        except Exception as error:
            self.failed = Failure(error, self.number)

    def begin(self, resume: Resume) -> None:
        """Begin an epoch."""
        try:
            self.fetcher = self.recipe.fetcher(Marked)
            if resume.random is not None:
                place = resume.random
                Standing(*(pickle.loads(place) if isinstance(place, bytes) else place)).put_back()
            if isinstance(self.fetcher, StreamFetcher):
                self.fetcher.resume(resume.dataset, resume.batches, resume.batch_size)
            self.random = None
        except Exception as error:
            self.failed = self.failed or Failure(error, self.number)

    def reply(self, task: Task) -> Reply:
        """The batch that a task asks for."""
        failed, self.failed = self.failed, None
        if failed is not None:
            return self._failure(task, failed)
        assert self.fetcher is not None
        try:
            content, buffers = pack(self.fetcher.fetch(task.index))
            dataset = self.fetcher.state()
        except StopIteration as error:
            if self.recipe.stream:
                self.fetcher.ended = True
                return Reply(task.epoch, task.number, task.slot, END)
            return self._failure(task, Failure(error, self.number))
        except Exception as error:
            return self._failure(task, Failure(error, self.number))
        if task.slot is None:
            places: Any = [bytes(buffer.raw()) for buffer in buffers]
        else:
            places = self.segments[task.slot].write(buffers)
        return Reply(task.epoch, task.number, task.slot, BATCH, content, places, dataset, self._moved())

    def _failure(self, task: Task, failure: Failure) -> Reply:
        return Reply(task.epoch, task.number, task.slot, ERROR, failure)

    def _moved(self) -> bytes | None:
        """Where the random numbers stand, if that is elsewhere than when it was last said."""
        place = Standing.now()
        if self.random is not None and place.same(self.random):
            return None
        self.random = place
        return pickle.dumps(place, protocol=5)
