"""A contender in a process of its own, so that no library's threads, memory or settings change how another runs.

PyTorch's threads go on spinning for a while after an operation, and lamina changes how the C library keeps freed
memory: within one process, both would be measured in all.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from benchmarks import timing


class Contender:
    """A training step that waits in another process for its turns."""

    def __init__(self, make: Callable[..., Callable[[], Any]], *arguments: Any) -> None:
        """Start the process; `make`, a function of a module's, is called there, and the step that it gives once."""
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, make, arguments), daemon=True)
        self._process.start()
        theirs.close()

    def answer(self) -> float:
        """What the process says next; its first word is the number that the first step gave."""
        worked, said = self._pipe.recv()
        if not worked:
            raise RuntimeError(f"The process of a contender ended with:\n{said}")
        return float(said)

    def steps_per_block(self, seconds: float) -> int:
        """How many steps take about so many seconds."""
        return int(self._ask("steps_per_block", seconds))

    def run_block(self, count: int) -> float:
        """Seconds that so many steps take."""
        return self._ask("run_block", count)

    def processor_seconds(self) -> float:
        """For how long the process has computed."""
        return self._ask("processor_seconds")

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join()

    def _ask(self, *question: Any) -> float:
        self._pipe.send(question)
        return self.answer()


def _serve(pipe: Connection, make: Callable[..., Callable[[], Any]], arguments: tuple[Any, ...]) -> None:
    try:
        step = make(*arguments)
        pipe.send((True, timing.read(step())))
        while True:
            question, *details = pipe.recv()
            if question == "processor_seconds":
                pipe.send((True, sum(os.times()[:4])))
                continue
            gc.collect()
            pipe.send((True, getattr(timing, question)(step, *details)))
    except (EOFError, KeyboardInterrupt):
        return  # there are no more questions
    except BaseException:
        pipe.send((False, traceback.format_exc()))
