"""Ctrl-C ends training after the step at hand; a second one at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

from lamina.fit.run import Run


class Interrupts:
    """Within it, the first Ctrl-C asks the run to stop, and the second raises KeyboardInterrupt.

    In other threads than the main one, and where a program has a handler of its own, nothing is changed.

    Args:
        run: is told.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self._before: Any = None

    def __enter__(self) -> Interrupts:
        mine = threading.current_thread() is threading.main_thread()
        if mine and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._before = signal.signal(signal.SIGINT, self._first)
        return self

    def __exit__(self, *exc: Any) -> None:
        self._restore()

    def _restore(self) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None

    def _first(self, number: int, frame: FrameType | None) -> None:
        self._restore()
        self.run.interrupted = True
        self.run.stop_because("interrupted")
