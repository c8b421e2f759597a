"""The iterator of a loader with workers: it says who fetches what, and hands batches out in order."""

from __future__ import annotations

import itertools
import pickle
from typing import Any

from lamina.data.iterator import LoaderIterator
from lamina.data.plan import Plan
from lamina.data.pool import Arrival, Pool
from lamina.data.worker import END, Failure, Resume, Task

_epochs = itertools.count(1)


class WorkerIterator(LoaderIterator):
    """Batches are fetched ahead by workers, in turn; with `in_order=False`, by whoever is free.

    Attributes:
        pending: the worker of each batch that was asked for and not handed out.
        active: whether each worker has more; the end of a stream is each worker's own.
        turn: whose turn it is.
        counts: how many batches the user has from each worker.
        datasets, randoms: what each worker said of its place with the last of them.

    Args:
        plan, state: as for every epoch.
        before: the last epoch, whose workers are to be used again.
        randoms: where workers' random numbers stood at the end of an epoch before this one, if a state says so.
    """

    def __init__(
        self,
        plan: Plan,
        state: dict[str, Any] | None,
        before: WorkerIterator | None = None,
        randoms: list[Any] | None = None,
    ) -> None:
        super().__init__(plan, state)
        count = plan.num_workers
        if randoms is None or len(randoms) != count:
            randoms = [None] * count if before is None else before.randoms
        place = _place(state, count, self.recipe.stream) or {
            "turn": self.position % count,
            "ended": [False] * count,
            "batches": [0] * count,
            "datasets": [None] * count,
            "randoms": randoms,
        }
        self.pending: dict[int, int] = {}
        self.active = [not ended for ended in place["ended"]]
        self.turn: int = place["turn"]
        self.counts: list[int] = list(place["batches"])
        self.datasets: list[Any] = list(place["datasets"])
        self.randoms: list[Any] = list(place["randoms"])
        self.epoch = next(_epochs)
        found = None if before is None else before.give_pool()
        self.pool = found or Pool(self.recipe, count, plan.ahead, self.order.seed, plan.init, plan.context)
        self.pool.begin(self.epoch)
        for worker in range(count):
            resume = Resume(self.datasets[worker], self.counts[worker], plan.batch_size, self.randoms[worker])
            self.pool.send(worker, resume)
        for _ in range(plan.ahead * count):
            self._ask()

    def give_pool(self) -> Pool | None:
        """The workers, for another epoch; None if they have ended."""
        self.left = True
        return self.pool if self.pool.alive else None

    def fetch(self) -> Any:
        while self.pending:
            number = next(iter(self.pending)) if self.plan.in_order else None
            try:
                arrival = self.pool.receive(number, self.plan.timeout)
            except RuntimeError:
                self.left = not self.pool.alive
                raise
            del self.pending[arrival.reply.number]
            if arrival.reply.kind == END:
                self.active[arrival.worker] = False
                self._ask()
                continue
            self._note(arrival)
            self._ask()
            if isinstance(arrival.batch, Failure):
                raise arrival.batch.error()
            return arrival.batch
        raise StopIteration

    def leave(self) -> None:
        super().leave()
        if not self.plan.persistent:
            self.pool.close()

    def _ask(self) -> None:
        """Let a worker fetch the next batch, if there is one and a worker for it."""
        worker = self._whose_turn()
        found = None if worker is None else next(self.order, None)
        if worker is None or found is None:
            return
        number, index = found
        self.turn = (worker + 1) % len(self.active)
        self.pending[number] = worker
        self.pool.send(worker, Task(self.epoch, number, index, self.pool.slot(worker)))

    def _whose_turn(self) -> int | None:
        count = len(self.active)
        turns = [(self.turn + step) % count for step in range(count)]
        able = [worker for worker in turns if self.active[worker]]
        if not able or self.plan.in_order:
            return able[0] if able else None
        busy = list(self.pending.values())
        return min(able, key=busy.count)  # the first in turn of those with least to do

    def _note(self, arrival: Arrival) -> None:
        """The user has this batch now."""
        worker, number = arrival.worker, arrival.reply.number
        self.counts[worker] += 1
        self.datasets[worker] = arrival.reply.dataset
        self.randoms[worker] = arrival.random
        if not self.recipe.stream:
            self.early.add(number)
            while self.position in self.early:
                self.early.remove(self.position)
                self.position += 1
        else:
            self.position += 1

    def after(self) -> dict[str, Any]:
        return {"randoms": self.place()["workers"]["randoms"]} if self.plan.persistent else {}

    def place(self) -> dict[str, Any]:
        workers = {
            "turn": self.pending[min(self.pending)] if self.pending else self.turn,
            "ended": [not active for active in self.active],
            "batches": list(self.counts),
            "datasets": list(self.datasets),
            "randoms": [_plain(random) for random in self.randoms],
        }
        return {"workers": workers}


def _place(state: dict[str, Any] | None, count: int, stream: bool) -> dict[str, Any] | None:
    """What a state says of this many workers.

    Raises:
        ValueError: if the state is of another number of workers, which have other shares of a stream.
    """
    known = None if state is None else state.get("workers")
    saved = 0 if known is None else len(known["ended"])
    if stream and state is not None and saved != count:
        raise ValueError(
            f"DataLoader: the state is of a stream that {saved} workers shared; this loader has num_workers={count}."
        )
    return known if saved == count else None


def _plain(random: Any) -> Any:
    """Where a worker's random numbers stand, as numbers and lists."""
    return pickle.loads(random).plain() if isinstance(random, bytes) else random
