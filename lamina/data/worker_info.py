"""`get_worker_info`: which of a loader's worker processes this is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class WorkerInfo:
    """What a worker knows of itself.

    Attributes:
        id: its number.
        num_workers: how many there are.
        seed: what its random numbers were seeded with.
        dataset: its own copy of the dataset.
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any


current: WorkerInfo | None = None
"""Set in a worker when it begins."""


def get_worker_info() -> WorkerInfo | None:
    """What the worker process that asks knows of itself; None in the user's process.

    Source: torch.utils.data.get_worker_info.
    """
    return current
