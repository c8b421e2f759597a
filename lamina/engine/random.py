"""Random streams: a seed and how far it was read. The pair alone decides the numbers."""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np

from lamina.engine.record import RandomAt, state


class Stream:
    """One seed. A new object after each seeding, so that a trace can tell them apart."""

    __slots__ = ("seed",)

    def __init__(self, seed: int) -> None:
        self.seed = seed


class Source:
    """A random stream and the place where the next operation reads."""

    def __init__(self, seed: int) -> None:
        self._lock = threading.Lock()
        self.seed(seed)

    def seed(self, seed: int) -> None:
        """Start again from this seed."""
        self.stream = Stream(seed % 2**64)
        self.offset = 0

    def fresh(self) -> int:
        """Start again from a seed of the operating system's; returns it."""
        seed = int.from_bytes(os.urandom(8), "little") >> 1
        self.seed(seed)
        return seed

    def draw(self) -> RandomAt:
        """The next place, as an operand of a random operation."""
        with self._lock:
            place = RandomAt(self.stream, self.offset)
            self.offset += 1
        return place

    def host(self) -> np.random.Generator:
        """The next place, as a NumPy generator: for numbers that are drawn at once."""
        if state.trace.inner:
            _refuse_in_vmap(state.trace)
        place = self.draw()
        bits: Any = np.random.Philox(key=place.stream.seed, counter=[0, 0, 1, place.offset])
        return np.random.Generator(bits)

    def state(self) -> np.ndarray:
        """Seed and offset as 16 bytes."""
        return np.array([self.stream.seed, self.offset], np.uint64).view(np.uint8)

    def set_state(self, state: np.ndarray) -> None:
        """Go to a place that `state` gave."""
        seed, offset = np.ascontiguousarray(state, np.uint8).view(np.uint64).tolist()
        self.seed(seed)
        self.offset = offset


def _refuse_in_vmap(trace: Any) -> None:
    """Numbers drawn on the host are the same for all elements of a batch."""
    while trace.inner:
        if trace.randomness == "error":
            raise RuntimeError(
                "vmap: called random operation while in randomness error mode. Please either use the 'same' or "
                "'different' randomness flags on vmap or perform the randomness operation out of vmap"
            )
        if trace.randomness == "different":
            raise NotImplementedError(
                "vmap(randomness='different'): this function draws its numbers on the host, once for the whole batch. "
                "Use one that depends on a tensor, such as lamina.bernoulli or dropout, or draw outside and pass them."
            )
        trace = trace.outer
