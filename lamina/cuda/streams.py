"""Streams and events, for programs that name them. XLA orders its work itself, so there is one stream."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from lamina import engine


class Event:
    """A moment: when all that was recorded before it is done.

    Args:
        enable_timing, blocking, interprocess: accepted; an event always takes the time.

    >>> import lamina
    >>> start, end = lamina.cuda.Event(enable_timing=True), lamina.cuda.Event(enable_timing=True)
    >>> start.record(); end.record()
    >>> start.elapsed_time(end) >= 0
    True
    """

    def __init__(self, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False) -> None:
        self._time: float | None = None

    def record(self, stream: Any = None) -> None:
        """Wait until what is pending has been computed, and take the time."""
        engine.synchronize()
        self._time = time.perf_counter()

    def elapsed_time(self, end_event: Event) -> float:
        """Milliseconds from this event to another."""
        if self._time is None or end_event._time is None:
            raise RuntimeError("Both events must be recorded before calculating elapsed time.")
        return (end_event._time - self._time) * 1000

    def query(self) -> bool:
        """Whether the moment has come: `record` waits for it."""
        return True

    def synchronize(self) -> None:
        """Nothing: `record` waits."""

    def wait(self, stream: Any = None) -> None:
        """Nothing: `record` waits."""


class Stream:
    """The one order of work there is. Waiting for it computes what is pending.

    Args:
        device, priority: accepted.
    """

    def __init__(self, device: Any = None, priority: int = 0, **options: Any) -> None:
        self.device = device
        self.priority = priority

    def synchronize(self) -> None:
        """Run what is pending and wait for it."""
        engine.synchronize()

    def query(self) -> bool:
        """Whether nothing is pending; it is run."""
        engine.synchronize()
        return True

    def record_event(self, event: Event | None = None) -> Event:
        """Record an event, a new one if none is given."""
        event = Event() if event is None else event
        event.record()
        return event

    def wait_event(self, event: Event) -> None:
        """Nothing: work is done in the order in which it is recorded."""

    def wait_stream(self, stream: Any) -> None:
        """Nothing: work is done in the order in which it is recorded."""


_default = Stream()


def current_stream(device: Any = None) -> Stream:
    """The one stream."""
    return _default


default_stream = current_stream


def set_stream(stream: Stream) -> None:
    """Nothing: there is one order of work."""


@contextlib.contextmanager
def stream(stream: Stream | None) -> Iterator[None]:
    """A block of work, in the one order there is."""
    yield
