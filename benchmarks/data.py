"""Loading data, beside PyTorch: how long a training step waits for its batch, and what a batch of tensors costs.

    python -m benchmarks.data

Waiting: two workers fetch batches of 8 items, each of which takes about a millisecond; the step takes 5 milliseconds.
Cost: batches of 64 rows of a TensorDataset, shuffled. The contenders take turns; shown are medians.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch

import lamina
from lamina import data

STEP = 0.005
ITEM = 0.001
ROUNDS = 5
LOADERS: dict[str, Callable[..., Any]] = {"lamina": data.DataLoader, "PyTorch": torch.utils.data.DataLoader}


class Items:
    """Items that take their time, as reading and decoding a file does."""

    def __len__(self) -> int:
        return 8 * 100

    def __getitem__(self, index: int) -> np.ndarray:
        time.sleep(ITEM)
        return np.full((3, 32, 32), index, np.float32)


def waiting(loader: Iterable[Any]) -> list[float]:
    """Seconds that each step waited, but for those while workers start."""
    waited = []
    batches = iter(loader)
    while True:
        begin = time.perf_counter()
        if next(batches, None) is None:
            return waited[10:]
        waited.append(time.perf_counter() - begin)
        time.sleep(STEP)


def per_batch(loader: Iterable[Any]) -> float:
    """Seconds a batch of one epoch, workers' start included."""
    begin = time.perf_counter()
    count = sum(1 for _ in loader)
    return (time.perf_counter() - begin) / count


def tensors(t: Any, rows: int = 64 * 500) -> Any:
    """A TensorDataset of one of the libraries."""
    library = data if t is lamina else torch.utils.data
    return library.TensorDataset(t.rand(rows, 64), t.arange(rows))


def main() -> None:
    """Print both tables."""
    # PyTorch forks by default, which JAX's threads in this process do not allow.
    start = {"lamina": {}, "PyTorch": {"multiprocessing_context": "forkserver"}}
    workers = {"num_workers": 2, "persistent_workers": True}
    print(f"waiting for a batch, two workers, {ITEM * 1e3:.0f} ms an item, 8 items, a step of {STEP * 1e3:.0f} ms")
    for name, make in LOADERS.items():
        waited = waiting(make(Items(), batch_size=8, **workers, **start[name]))
        late = sum(x > 0.001 for x in waited) / len(waited)
        print(f"  {name:8} median {statistics.median(waited) * 1e6:7.0f} us, over 1 ms: {late:.0%} of steps")
    print("a batch of 64 rows of a TensorDataset, us")
    sets = {"lamina": tensors(lamina), "PyTorch": tensors(torch)}
    for options in ({}, workers):
        made = {
            name: make(sets[name], batch_size=64, shuffle=True, **options, **(start[name] if options else {}))
            for name, make in LOADERS.items()
        }
        for loader in made.values():
            per_batch(loader)
        times = {name: [] for name in made}
        for _ in range(ROUNDS):
            for name, loader in made.items():
                times[name].append(per_batch(loader))
        shown = "  ".join(f"{name} {statistics.median(found) * 1e6:6.0f}" for name, found in times.items())
        print(f"  num_workers={options.get('num_workers', 0)}: {shown}")


if __name__ == "__main__":
    main()
