"""What the epochs of a loader need to know of it. They do not hold the loader, which holds the present one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lamina import random
from lamina.data.fetch import Recipe
from lamina.data.order import Chain

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext


@dataclass
class Progress:
    """What a loader and its epochs both write.

    Attributes:
        epochs: how many are over.
        told: the number of batches of a stream that `len(loader)` gave; None if nobody asked.
    """

    epochs: int = 0
    told: int | None = None


@dataclass(frozen=True)
class Plan:
    """A loader's arguments, as they are when an epoch begins.

    Attributes:
        recipe: how batches are made.
        chain: the sampler that is asked.
        ahead: how many batches are fetched ahead, by each worker or by a thread; 0 for none.
        init: the user's `worker_init_fn`.
    The others are the loader's own.
    """

    recipe: Recipe
    chain: Chain
    generator: random.Generator | None
    batch_size: int | None
    num_workers: int
    ahead: int
    timeout: float
    in_order: bool
    persistent: bool
    init: Callable[[int], None] | None
    context: BaseContext | None
    progress: Progress
