"""The worker processes of a loader, seen from the user's process: they are told, heard, and ended.

Each worker has a line of its own, and a thread listens to all of them. So no lock is shared that a worker could die
with, a worker's end is noticed at once, and batches are on the device before they are asked for.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
import time
import weakref
from dataclasses import dataclass, field
from multiprocessing import connection
from multiprocessing.context import BaseContext
from typing import Any

from lamina.data.launch import Started, default_context, start
from lamina.data.shared import unpack
from lamina.data.worker import BATCH, ERROR, Failure, Reply

GRACE = 5.0
"""Seconds that workers have to end by themselves."""


@dataclass
class Arrival:
    """A reply, with what it brought: a batch, or a `Failure`."""

    worker: int
    reply: Reply
    batch: Any
    random: bytes | None


@dataclass
class _Mailbox:
    """What the listening thread and the user's thread share."""

    workers: list[Started]
    changed: threading.Condition = field(default_factory=threading.Condition)
    arrived: dict[int, Arrival] = field(default_factory=dict)
    dead: list[int] = field(default_factory=list)
    epoch: int = 0
    closing: bool = False
    grace: float = GRACE
    broken: BaseException | None = None
    owner: int = field(default_factory=os.getpid)


class Pool:
    """The workers of a loader.

    Args:
        recipe: how batches are made.
        count: how many workers.
        ahead: how many batches each may have under way.
        seed: what workers' seeds start from.
        init: the user's `worker_init_fn`.
        context: how processes are started; None for the default.
    """

    def __init__(self, recipe: Any, count: int, ahead: int, seed: int, init: Any, context: BaseContext | None) -> None:
        context = context or default_context()
        workers: list[Started] = []
        try:
            for number in range(count):
                workers.append(start(context, recipe, number, count, ahead, seed, init))
        except BaseException:
            _close(_Mailbox(workers), None, None)
            raise
        self.mailbox = _Mailbox(workers)
        listening, self._waker = multiprocessing.Pipe(duplex=False)
        self._thread = threading.Thread(target=_listen, args=(self.mailbox, listening), name="lamina-data", daemon=True)
        self._thread.start()
        self._finalizer = weakref.finalize(self, _close, self.mailbox, self._waker, self._thread)

    def begin(self, epoch: int) -> None:
        """Forget what is under way: from now on, only this epoch's batches count."""
        with self.mailbox.changed:
            self.mailbox.epoch = epoch
            self.mailbox.arrived.clear()

    def send(self, worker: int, message: Any) -> None:
        """Tell a worker something. One that has died is noticed by who waits for it."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.mailbox.workers[worker].line.send(message)

    def slot(self, worker: int) -> int | None:
        """A segment of the worker's that is free, if any."""
        free = self.mailbox.workers[worker].free
        return free.popleft() if free else None

    def receive(self, number: int | None, timeout: float) -> Arrival:
        """The batch of this number, or any if None; waits for it.

        Raises:
            RuntimeError: if a worker has died, or nothing came in time.
        """
        box = self.mailbox
        deadline = time.monotonic() + timeout if timeout > 0 else None
        with box.changed:
            while not box.dead and box.broken is None:
                if number is None and box.arrived:
                    number = next(iter(box.arrived))
                if number in box.arrived:
                    return box.arrived.pop(number)
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    raise RuntimeError(f"DataLoader timed out after {timeout} seconds")
                box.changed.wait(left)
        processes = [box.workers[worker].process for worker in box.dead]
        box.grace = 0.0  # the others may be busy for long, and are not needed
        self.close()
        if box.broken is not None:
            raise box.broken
        raise RuntimeError(_obituary(processes))

    @property
    def alive(self) -> bool:
        """Whether it has not been closed."""
        return self._finalizer.alive

    def close(self) -> None:
        """End the workers."""
        self._finalizer()


def _listen(box: _Mailbox, waker: connection.Connection) -> None:
    """Hear all workers until the pool closes. Knows the mailbox only, so that a pool nobody holds can go."""
    try:
        _hear(box, waker)
    except BaseException as error:
        with box.changed:
            box.broken = error
            box.changed.notify_all()
    finally:
        waker.close()


def _hear(box: _Mailbox, waker: connection.Connection) -> None:
    sources: dict[Any, int] = {}
    for number, worker in enumerate(box.workers):
        sources[worker.line] = sources[worker.process.sentinel] = number
    while not box.closing:
        ready = connection.wait([waker, *sources])
        for number in sorted({sources[source] for source in ready if source in sources}):
            worker = box.workers[number]
            try:
                # What a worker said before it died still counts.
                while worker.line.poll():
                    _deliver(box, number, worker.line.recv_bytes())
                gone = worker.process.sentinel in ready
            except (EOFError, OSError):
                gone = True
            if gone:
                sources = {source: other for source, other in sources.items() if other != number}
                with box.changed:
                    box.dead.append(number)
                    box.changed.notify_all()


def _deliver(box: _Mailbox, number: int, content: bytes) -> None:
    """Take a reply, put its batch on the device, and free the memory it came in."""
    worker = box.workers[number]
    reply: Reply = pickle.loads(content)
    worker.random = reply.random or worker.random
    batch = None
    if reply.kind == ERROR:
        batch = reply.content
    elif reply.kind == BATCH and reply.epoch == box.epoch:
        try:
            lent = reply.buffers if reply.slot is None else worker.segments[reply.slot].read(reply.buffers)
            batch = unpack(reply.content, lent)
        except Exception as error:
            batch = Failure(error, number)
    if reply.slot is not None:
        worker.free.append(reply.slot)
    with box.changed:
        if reply.epoch == box.epoch:
            box.arrived[reply.number] = Arrival(number, reply, batch, worker.random)
            box.changed.notify_all()


def _obituary(processes: list[Any]) -> str:
    found = []
    for process in processes:
        process.join(GRACE)
        code = process.exitcode
        name = f" ({signal.Signals(-code).name})" if code is not None and code < 0 else ""
        found.append(f"pid {process.pid}, exit code {code}{name}")
    return (
        f"DataLoader worker ({'; '.join(found)}) exited unexpectedly. What it wrote to its error output is above. If "
        'it ended while it was starting: a script that uses workers must do so under `if __name__ == "__main__":`, '
        "since they import it."
    )


def _close(box: _Mailbox, waker: connection.Connection | None, thread: threading.Thread | None) -> None:
    """End the thread and the processes: first asked, then made to."""
    if box.owner != os.getpid():
        return  # a copy, in a process that was forked from the user's
    box.closing = True
    if waker is not None:
        waker.close()
    if thread is not None and thread is not threading.current_thread():
        thread.join(max(box.grace, 1.0))
    for worker in box.workers:
        worker.line.close()
    deadline = time.monotonic() + box.grace
    for worker in box.workers:
        worker.process.join(max(0.0, deadline - time.monotonic()))
    for end in ("terminate", "kill"):
        for worker in box.workers:
            if worker.process.is_alive():
                getattr(worker.process, end)()
                worker.process.join(GRACE)
    for worker in box.workers:
        for segment in worker.segments:
            segment.close()
