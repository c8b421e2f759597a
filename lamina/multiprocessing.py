"""`torch.multiprocessing`: Python's own, and `spawn`. Tensors travel between processes as copies."""

from __future__ import annotations

import multiprocessing
import warnings
from collections.abc import Callable
from typing import Any

__all__ = [
    *multiprocessing.__all__, "ProcessException", "ProcessExitedException", "ProcessRaisedException",
    "get_all_sharing_strategies", "get_sharing_strategy", "set_sharing_strategy", "spawn", "start_processes",
]  # fmt: skip

globals().update({name: getattr(multiprocessing, name) for name in multiprocessing.__all__})


class ProcessException(Exception):
    """A process of `spawn` failed.

    Args:
        msg: what happened.
        error_index: which of the processes it was.
        pid: its number in the operating system.
    """

    def __init__(self, msg: str, error_index: int, pid: int) -> None:
        super().__init__(msg)
        self.msg, self.error_index, self.pid = msg, error_index, pid


class ProcessRaisedException(ProcessException):
    """It raised an exception, whose traceback is in the message."""


class ProcessExitedException(ProcessException):
    """It ended with another exit code than 0."""


def _call(fn: Callable[..., Any], number: int, args: tuple[Any, ...], errors: Any) -> None:
    import sys
    import traceback

    try:
        fn(number, *args)
    except KeyboardInterrupt:
        pass
    except Exception:
        errors.put((number, traceback.format_exc()))
        errors.close()
        errors.join_thread()
        sys.exit(1)


class ProcessContext:
    """Processes that run one function: `join` waits for them.

    Args:
        processes: the processes.
        errors: the queue into which they put tracebacks.
    """

    def __init__(self, processes: list[Any], errors: Any) -> None:
        self.processes, self._errors = processes, errors

    def pids(self) -> list[int]:
        """The numbers of the processes in the operating system."""
        return [int(process.pid) for process in self.processes]

    def join(self, timeout: float | None = None) -> bool:
        """Wait until a process ends; the first that failed ends the others.

        Returns whether all have ended well.

        Raises:
            ProcessRaisedException, ProcessExitedException: if one failed.
        """
        from multiprocessing.connection import wait

        running = {process.sentinel: process for process in self.processes if process.is_alive()}
        if running:
            wait(list(running), timeout=timeout)
        failed = [(i, process) for i, process in enumerate(self.processes) if process.exitcode]
        if not failed:
            return all(process.exitcode == 0 for process in self.processes)
        for process in self.processes:
            if process.is_alive():
                process.terminate()
            process.join()
        number, process = failed[0]
        raised = [text for index, text in _all(self._errors) if index == number]
        if raised:
            raise ProcessRaisedException(f"\n\n-- Process {number} raised:\n{raised[0]}", number, process.pid)
        raise ProcessExitedException(
            f"process {number} terminated with exit code {process.exitcode}", number, process.pid
        )


def _all(queue: Any) -> list[tuple[int, str]]:
    import queue as queues

    found = []
    while True:
        try:
            found.append(queue.get(timeout=0.5))
        except queues.Empty:
            return found


def start_processes(
    fn: Callable[..., Any],
    args: tuple[Any, ...] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:
    """Call `fn(i, *args)` in each of `nprocs` processes.

    Args:
        fn, args: a function at the top level of a module, and what follows the number of the process.
        nprocs: how many.
        join: whether to wait for them; else the context is returned.
        daemon: whether they end with this one.
        start_method: "spawn" or "forkserver"; a fork of a process that has run JAX may hang.
    """
    context: Any = multiprocessing.get_context(start_method)
    errors = context.Queue()
    processes = [context.Process(target=_call, args=(fn, i, args, errors), daemon=daemon) for i in range(nprocs)]
    for process in processes:
        process.start()
    started = ProcessContext(processes, errors)
    if not join:
        return started
    while not started.join():
        pass
    return None


def spawn(
    fn: Callable[..., Any],
    args: tuple[Any, ...] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:
    """`start_processes` by the start method "spawn"; another one is warned of and not used, as in PyTorch."""
    if start_method != "spawn":
        warnings.warn(
            f"This method only supports start_method=spawn (got: {start_method}).\n"
            "To use a different start_method use:\n\t\t lamina.multiprocessing.start_processes(...)",
            FutureWarning,
            stacklevel=2,
        )
    return start_processes(fn, args, nprocs, join, daemon, "spawn")


def get_all_sharing_strategies() -> set[str]:
    """The ways in which tensors travel: {"file_system"}, by name only."""
    return {"file_system"}


def get_sharing_strategy() -> str:
    """The string "file_system"."""
    return "file_system"


def set_sharing_strategy(new_strategy: str) -> None:
    """Nothing: tensors travel as copies."""
