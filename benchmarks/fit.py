"""What `lamina.fit` adds to a loop written by hand: microseconds per step of a small network, and their ratio.

python -m benchmarks.fit

Both loops read the same batches in turns. The clock is in the batches: it is read when a loop asks for the next one. Of
many short blocks the quickest counts, since other processes can only make a block slower.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

BLOCK = 64
GOAL = 1.15


class Clocked:
    """The same batch again and again; notes when each was asked for."""

    def __init__(self, batch: Any, count: int) -> None:
        self.batch, self.count = batch, count
        self.times: list[float] = []

    def __iter__(self) -> Iterator[Any]:
        self.times = times = []
        for _ in range(self.count):
            times.append(time.perf_counter())
            yield self.batch

    def __len__(self) -> int:
        return self.count

    def quickest(self) -> float:
        """Seconds per step of the quickest block."""
        return min(b - a for a, b in zip(self.times, self.times[BLOCK:], strict=False)) / BLOCK


def contenders(count: int) -> dict[str, tuple[Callable[[], Any], Clocked]]:
    """By name, a function that trains for `count` steps, and its batches."""
    import lamina
    from lamina import nn

    lamina.manual_seed(0)
    batch = (lamina.randn(50, 10), lamina.randn(50, 1))

    def make() -> tuple[Any, Any, Clocked]:
        net = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 1))
        return net, lamina.optim.Adam(net.parameters()), Clocked(batch, count)

    net, optimizer, batches = make()

    def by_hand() -> float:
        for x, y in batches:
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(net(x), y)
            loss.backward()
            optimizer.step()
        return loss.item()

    found: dict[str, tuple[Callable[[], Any], Clocked]] = {"by hand": (by_hand, batches)}

    def add(name: str, **options: Any) -> None:
        net, optimizer, batches = make()

        def train() -> Any:
            return lamina.fit(net, batches, loss="mse", optimizer=optimizer, epochs=1, progress=False, **options)

        found[name] = (train, batches)

    add("fit")
    add("fit with a metric", metrics="mae")
    add("fit with clipping", clip_norm=1.0)
    return found


def measure(rounds: int = 15, count: int = 640) -> dict[str, float]:
    """Microseconds per step of each, the quickest block of all rounds."""
    made = contenders(count)
    best = dict.fromkeys(made, float("inf"))
    for turn in range(rounds + 1):
        for name, (train, batches) in made.items():
            train()
            if turn:  # the first compiles
                best[name] = min(best[name], batches.quickest() * 1e6)
    return best


if __name__ == "__main__":
    times = measure()
    for name, microseconds in times.items():
        print(f"{name:20} {microseconds:7.1f} us a step   {microseconds / times['by hand']:.3f} of by hand")
    print(f"goal: fit at most {GOAL} of by hand")
