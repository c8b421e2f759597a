"""DistributedSampler: each process of a training run takes its own share of a dataset."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import jax

from lamina import random
from lamina.data.sampler import Sampler


class DistributedSampler(Sampler[int]):
    """One process's share of a dataset: every `num_replicas`-th item of an order that all processes agree on.

    Call `set_epoch(epoch)` before each epoch, or every epoch has the same order.

    Args:
        dataset: has a length.
        num_replicas: how many processes share it; default: JAX's count.
        rank: which one this is; default: JAX's number.
        shuffle: whether the order is random.
        seed: of that order; must be the same in all processes.
        drop_last: whether items that are too few to go round are left out; else some come twice.

    Source: torch.utils.data.distributed.DistributedSampler.
    """

    def __init__(
        self,
        dataset: Any,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        num_replicas = jax.process_count() if num_replicas is None else num_replicas
        rank = jax.process_index() if rank is None else rank
        if rank >= num_replicas or rank < 0:
            raise ValueError(f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]")
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.epoch = 0
        self.drop_last = drop_last
        count = len(dataset)
        self.num_samples = count // num_replicas if drop_last else math.ceil(count / num_replicas)
        self.total_size = self.num_samples * num_replicas
        self.shuffle = shuffle
        self.seed = seed

    def __iter__(self) -> Iterator[int]:
        count = len(self.dataset)
        if self.shuffle:
            order = random.host(random.Generator().manual_seed(self.seed + self.epoch)).permutation(count).tolist()
        else:
            order = list(range(count))
        whole = itertools.islice(itertools.cycle(order), self.total_size)
        return itertools.islice(whole, self.rank, None, self.num_replicas)

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes, so that each has an order of its own."""
        self.epoch = epoch

    def state_dict(self) -> dict[str, Any]:
        """The epoch: a loader keeps it in its own state."""
        return {"epoch": self.epoch}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go to a place that `state_dict` gave."""
        self.epoch = state_dict["epoch"]
