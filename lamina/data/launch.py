"""Starting worker processes: from where they are forked, what they get to know, and how modest they are."""

from __future__ import annotations

import collections
import contextlib
import importlib
import multiprocessing
import os
import pickle
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import connection, forkserver, reduction
from multiprocessing.context import BaseContext
from typing import Any

from lamina.data.shared import Segment
from lamina.data.worker import work

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_HAS_SERVER = "forkserver" in multiprocessing.get_all_start_methods()


@dataclass
class Started:
    """A worker process.

    Attributes:
        process: of `multiprocessing`.
        line: what is said to it and by it.
        segments: memory that both see; free: the numbers of those that nothing lies in.
        random: where its random numbers stood when it last said so.
    """

    process: Any
    line: connection.Connection
    segments: list[Segment]
    free: collections.deque[int]
    random: bytes | None = None


def start(context: Any, recipe: Any, number: int, count: int, ahead: int, seed: int, init: Any) -> Started:
    """Start a worker.

    Args:
        context: of `multiprocessing`.
        recipe: how batches are made.
        number, count: of this worker, of all.
        ahead: how many batches it may have under way.
        seed: what workers' seeds start from.
        init: the user's `worker_init_fn`.
    """
    here, there = multiprocessing.Pipe()
    segments = [Segment() for _ in range(ahead)] if os.name == "posix" else []
    method = context.get_start_method()
    told = (recipe, init) if method == "fork" else Parcel((recipe, init))
    process = context.Process(
        target=_work, args=(told, there, segments, number, count, seed), name=f"lamina-data-{number}", daemon=True
    )
    try:
        if method == "forkserver":
            warm_up()
        with contextlib.nullcontext() if method == "fork" else _modest(), _no_file():
            process.start()
    except BaseException:
        here.close()
        for segment in segments:
            segment.close()
        raise
    finally:
        there.close()
    return Started(process, here, segments, collections.deque(range(len(segments))))


def _work(told: Any, line: connection.Connection, segments: list[Segment], number: int, count: int, seed: int) -> None:
    """A worker's first function: what it was told has been unpickled on the way here."""
    recipe, init = told
    work(recipe, line, segments, number, count, seed, init)


def default_context() -> BaseContext:
    """The way to start processes. JAX has threads, which a forked process would lack: a fresh process is to fork."""
    if not _HAS_SERVER:
        return multiprocessing.get_context("spawn")
    return multiprocessing.get_context("forkserver")


def warm_up() -> None:
    """Start the process that workers are forked from. It imports lamina once for all of them; nobody waits for it."""
    server = getattr(forkserver, "_forkserver", None)
    inside = multiprocessing.parent_process() is not None
    if inside or not _HAS_SERVER or getattr(server, "_forkserver_pid", 1) is not None:
        return
    # Not the script itself: what it makes when imported might start JAX in the server.
    modules = {*getattr(server, "_preload_modules", []), "lamina.data.worker"} - {"__main__"}
    forkserver.set_forkserver_preload(sorted(modules))
    with _modest():
        forkserver.ensure_running()


@contextlib.contextmanager
def _modest() -> Iterator[None]:
    """Processes that are started here have JAX on the CPU, even if they make Tensors before they know what they are;
    and, unless the user says otherwise, NumPy in one thread, since there are several of them.
    """
    before = dict(os.environ)
    os.environ.update({"JAX_PLATFORMS": "cpu", **{name: before.get(name, "1") for name in _THREADS}})
    try:
        yield
    finally:
        for name in ("JAX_PLATFORMS", *_THREADS):
            if name in before:
                os.environ[name] = before[name]
            else:
                del os.environ[name]


class Parcel:
    """What a worker gets to know, pickled on its way; by cloudpickle where pickle cannot and cloudpickle is there."""

    def __init__(self, content: Any) -> None:
        self.content = content

    def __reduce__(self) -> Any:
        try:
            cloudpickle: Any = importlib.import_module("cloudpickle")
        except ImportError:
            cloudpickle = None
        interactive = _is_interactive()
        problem: Exception = RuntimeError(
            "DataLoader: workers cannot import what was defined in a notebook or at a prompt. Put it into a file, or "
            "install cloudpickle."
        )
        if cloudpickle is None or not interactive:
            try:
                plain = bytes(reduction.ForkingPickler.dumps(self.content))
                if not interactive or b"__main__" not in plain:
                    return pickle.loads, (plain,)
            except (pickle.PicklingError, AttributeError, TypeError) as error:
                problem = error
        if cloudpickle is None:
            problem.add_note(
                "Workers are processes of their own: dataset, collate_fn and worker_init_fn are pickled for them. "
                "Define them at the top level of a module, install cloudpickle, or use num_workers=0 or "
                'multiprocessing_context="fork".'
            )
            raise problem
        return pickle.loads, (cloudpickle.dumps(self.content),)


def _is_interactive() -> bool:
    """Whether `__main__` is a notebook or a prompt, which workers cannot import."""
    main = sys.modules.get("__main__")
    return getattr(main, "__spec__", None) is None and not os.path.exists(getattr(main, "__file__", ""))


@contextlib.contextmanager
def _no_file() -> Iterator[None]:
    """A program read from standard input claims a file that workers would look for."""
    main = sys.modules.get("__main__")
    claimed = getattr(main, "__file__", None) if _is_interactive() else None
    if claimed is not None:
        del main.__file__  # type: ignore[union-attr]
    try:
        yield
    finally:
        if claimed is not None:
            main.__file__ = claimed  # type: ignore[union-attr]
