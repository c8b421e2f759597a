"""DataLoader: batches of a dataset, in an order that can be saved and taken up again.

What threads and processes need is imported when a loader wants some: most programs that import lamina do not.
"""

from __future__ import annotations

import copy
import itertools
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from lamina import random
from lamina.data.collate import default_collate, default_convert
from lamina.data.dataset import is_stream
from lamina.data.fetch import Recipe
from lamina.data.iterator import VERSION, Batches, LoaderIterator, SingleIterator
from lamina.data.order import Chain
from lamina.data.plan import Plan, Progress
from lamina.data.sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext

T_co = TypeVar("T_co", covariant=True)

_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


class _Endless(Sampler[None]):
    """Stands for the sampler of a stream, whose end the dataset decides."""

    def __iter__(self) -> Iterator[None]:
        return itertools.repeat(None)


class DataLoader(Generic[T_co]):
    """Batches of a dataset.

    Args:
        dataset: has `__getitem__` and `__len__`; or is an `IterableDataset`. Datasets of grain and PyTorch serve too.
        batch_size: how many items a batch has; None to take items as they come, without a batch dimension.
        shuffle: whether each epoch has a new random order.
        sampler: gives the order, in place of `shuffle`.
        batch_sampler: gives lists of indices, in place of `batch_size`, `shuffle`, `sampler` and `drop_last`.
        num_workers: how many processes fetch. With 0, batches are fetched when they are asked for.
        collate_fn: makes a batch of a list of items; default: `default_collate`, or `default_convert` without batches.
        pin_memory: taken for PyTorch's sake. Tensors are put on the default device in any case.
        drop_last: whether a last batch that is shorter is left out.
        timeout: how many seconds to wait for a worker's batch; 0 for any.
        worker_init_fn: called with the worker's number in each worker, once it is seeded.
        multiprocessing_context: how workers are started: "forkserver" (the default where there is one), "spawn",
            "fork", or a context of `multiprocessing`.
        generator: where the order and the workers' seeds come from; default: the default generator.
        prefetch_factor: how many batches each worker fetches ahead; default: 2. Without workers, a thread fetches as
            many ahead if this is given.
        persistent_workers: whether workers live on when an epoch ends.
        pin_memory_device: taken for PyTorch's sake.
        in_order: whether batches come in the sampler's order; else as workers finish them.

    >>> import lamina
    >>> from lamina.data import TensorDataset
    >>> loader = DataLoader(TensorDataset(lamina.arange(5)), batch_size=2)
    >>> [x.tolist() for x, in loader]
    [[0, 1], [2, 3], [4]]

    Source: torch.utils.data.DataLoader, and torchdata's StatefulDataLoader for `state_dict`.
    """

    _fixed = False
    _epoch: LoaderIterator | None = None

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Sampler[Any] | Iterable[Any] | None = None,
        batch_sampler: Sampler[list[Any]] | Iterable[list[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: str | BaseContext | None = None,
        generator: random.Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        stream = is_stream(dataset)
        _check_order(stream, batch_size, shuffle, sampler, batch_sampler, drop_last)
        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.in_order = in_order
        self.generator = generator
        self.persistent_workers = persistent_workers
        if batch_sampler is not None:
            batch_size = None
        if sampler is None:
            if stream:
                sampler = _Endless()
            else:
                sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_size is not None:
            batch_sampler = BatchSampler(cast(Any, sampler), batch_size, drop_last)
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        batched = batch_sampler is not None
        default = default_collate if batched else default_convert
        self.collate_fn = default if collate_fn is None else collate_fn
        self._progress = Progress()
        self._state: dict[str, Any] | None = None
        self._fixed = True
        self._check_count()
        if num_workers and multiprocessing_context is None:
            from lamina.data.launch import warm_up

            warm_up()

    def _chain(self) -> Chain:
        return Chain(self.sampler if self.batch_sampler is None else self.batch_sampler, self.generator)

    def _plan(self) -> Plan:
        batched = self.batch_sampler is not None
        default = self.collate_fn is (default_collate if batched else default_convert)
        collate_fn = None if default else self.collate_fn
        return Plan(
            recipe=Recipe(self.dataset, is_stream(self.dataset), batched, collate_fn, self.drop_last),
            chain=self._chain(),
            generator=self.generator,
            batch_size=self.batch_size,
            num_workers=self.num_workers,
            ahead=max(1, self.prefetch_factor or 0) if self.num_workers else self.prefetch_factor or 0,
            timeout=self.timeout,
            in_order=self.in_order,
            persistent=self.persistent_workers,
            init=self.worker_init_fn,
            context=self.multiprocessing_context,
            progress=self._progress,
        )

    def __setattr__(self, name: str, value: Any) -> None:
        if self._fixed and name in _FIXED:
            raise ValueError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(name, value)

    @property
    def multiprocessing_context(self) -> BaseContext | None:
        """How workers are started; None for the default."""
        return self._context

    @multiprocessing_context.setter
    def multiprocessing_context(self, context: Any) -> None:
        if context is not None and not self.num_workers:
            raise ValueError(
                "multiprocessing_context can only be used with multi-process loading (num_workers > 0), but got "
                f"num_workers={self.num_workers}"
            )
        if context is None:
            self._context: BaseContext | None = None
            return
        import multiprocessing
        from multiprocessing.context import BaseContext

        if isinstance(context, str):
            known = multiprocessing.get_all_start_methods()
            if context not in known:
                raise ValueError(
                    f"multiprocessing_context option should specify a valid start method in {known!r}, but got "
                    f"multiprocessing_context={context!r}"
                )
            context = multiprocessing.get_context(context)
        if not isinstance(context, BaseContext):
            raise TypeError(
                "multiprocessing_context option should be a valid context object or a string specifying the start "
                f"method, but got multiprocessing_context={context}"
            )
        self._context = context

    def _check_count(self) -> None:
        """Warn of more workers than there are processors for this process."""
        here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        if self.num_workers > here:
            warnings.warn(
                f"This DataLoader will create {self.num_workers} worker processes in total. Our suggested max number "
                f"of worker in current system is {here}, which is smaller than what this DataLoader is going to "
                "create. More may be slower; lower the worker number if so.",
                stacklevel=3,
            )

    def __iter__(self) -> Iterator[Any]:
        state, self._state = self._state, None
        middle = state if state is not None and state["begin"] is not None else None
        before, self._epoch = self._epoch, None
        plan = self._plan()
        if self.num_workers:
            from lamina.data.worker_iterator import WorkerIterator

            self._check_count()
            usable = before if self.persistent_workers and isinstance(before, WorkerIterator) else None
            self._epoch = WorkerIterator(plan, middle, usable, (state or {}).get("randoms"))
        elif self.timeout:
            raise AssertionError(f"DataLoader: timeout is for workers, got timeout={self.timeout} without any.")
        elif plan.ahead:
            from lamina.data.thread_iterator import ThreadIterator

            self._epoch = ThreadIterator(plan, middle)
        else:
            self._epoch = SingleIterator(plan, middle)
        return Batches(self._epoch)

    def __len__(self) -> int:
        if not is_stream(self.dataset):
            return len(self._chain().sampler)
        count = self._progress.told = len(self.dataset)
        if self.batch_size is None:
            return count
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_epoch": None}  # a copy begins its own

    def state_dict(self) -> dict[str, Any]:
        """Where the loader stands: plain numbers and lists, and what samplers and datasets say of themselves.

        The place is that of the last batch received; batches fetched ahead do not count. The default generator is not
        part of it: where later epochs shuffle with it, save `lamina.get_rng_state()` as well, or give the loader a
        generator of its own.

        Keys: `version`; `epoch`, how many are over; `batches`, how many of the present one were received; what is
        needed to give the rest.

        >>> import lamina
        >>> from lamina.data import TensorDataset
        >>> loader = DataLoader(TensorDataset(lamina.arange(8)), batch_size=2, shuffle=True)
        >>> batches = iter(loader)
        >>> first = next(batches)
        >>> state = loader.state_dict()
        >>> rest = [x.tolist() for x, in batches]
        >>> loader.load_state_dict(state)
        >>> [x.tolist() for x, in loader] == rest
        True
        """
        if self._state is not None:
            return copy.deepcopy(self._state)
        common = {"version": VERSION, "epoch": self._progress.epochs}
        if self._epoch is None or self._epoch.over:
            between = {"batches": 0, "begin": None, "between": copy.deepcopy(self._chain().state())}
            return {**common, **between, **({} if self._epoch is None else self._epoch.after())}
        return {**common, **self._epoch.state()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go to a place that `state_dict` gave: the next iteration gives the batches that were left there."""
        if state_dict.get("version") != VERSION:
            raise ValueError(
                f"DataLoader: a state of version {VERSION} is expected, as state_dict() gives, got one with "
                f"version={state_dict.get('version')!r} and the keys {sorted(state_dict)}."
            )
        state = copy.deepcopy(state_dict)
        self._chain().load(state["begin"] or state["between"])
        self._progress.epochs = state["epoch"]
        self._state = state


def _check_workers(num_workers: int, timeout: float, prefetch_factor: int | None, persistent: bool) -> None:
    if num_workers < 0:
        raise ValueError(
            "num_workers option should be non-negative; use num_workers=0 to disable multiprocessing. "
            f"Got num_workers={num_workers}."
        )
    if timeout < 0:
        raise ValueError(f"timeout option should be non-negative, got timeout={timeout}")
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError(f"prefetch_factor option should be non-negative, got prefetch_factor={prefetch_factor}")
    if persistent and num_workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")


def _check_order(
    stream: bool, batch_size: int | None, shuffle: bool | None, sampler: Any, batch_sampler: Any, drop_last: bool
) -> None:
    if stream:
        for name, value in (("shuffle", shuffle or None), ("sampler", sampler), ("batch_sampler", batch_sampler)):
            if value is not None:
                raise ValueError(
                    f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}"
                )
    if sampler is not None and shuffle:
        raise ValueError("sampler option is mutually exclusive with shuffle")
    if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
        raise ValueError("batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last")
    if batch_sampler is None and batch_size is None and drop_last:
        raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
