"""The order of one epoch: what a loader's sampler gives, numbered, and how to take it up again in the middle.

An epoch is remembered by how it began: the states of the generators and samplers just before the first index was drawn.
Drawing the indices again is cheap, and no item is touched for it.
"""

from __future__ import annotations

import collections
import itertools
from collections.abc import Container, Iterator
from typing import Any

from lamina import random
from lamina.data.chance import go_to, place_of


class Chain:
    """A loader's sampler, the samplers inside it, and the generators they draw from."""

    def __init__(self, sampler: Any, generator: random.Generator | None) -> None:
        self.sampler = sampler
        self.samplers: list[Any] = []
        self.generators: list[random.Generator] = []
        found = [generator]
        while sampler is not None and not any(sampler is other for other in self.samplers):
            self.samplers.append(sampler)
            found.append(getattr(sampler, "generator", None))
            sampler = getattr(sampler, "sampler", None)
        for other in found:
            if isinstance(other, random.Generator) and not any(other is known for known in self.generators):
                self.generators.append(other)

    def state(self) -> dict[str, Any]:
        """Where all of them stand."""
        return {
            "default_generator": place_of(random.default_generator),
            "generators": [place_of(generator) for generator in self.generators],
            "samplers": [x.state_dict() if hasattr(x, "state_dict") else None for x in self.samplers],
        }

    def load(self, state: dict[str, Any]) -> None:
        """Put all but the default generator, which others draw from too, where they stood."""
        if len(state["generators"]) != len(self.generators) or len(state["samplers"]) != len(self.samplers):
            raise ValueError(
                f"DataLoader: the state is of a loader with {len(state['samplers'])} samplers inside each other and "
                f"{len(state['generators'])} generators, this one has {len(self.samplers)} and {len(self.generators)}."
            )
        for generator, place in zip(self.generators, state["generators"], strict=True):
            go_to(generator, place)
        for sampler, known in zip(self.samplers, state["samplers"], strict=True):
            if known is not None:
                sampler.load_state_dict(known)


class Order:
    """What the sampler gives in one epoch, with its number.

    Args:
        chain: the sampler.
        generator: gives the seed.
        begin: where the generators stood when the epoch began; None to begin now.
        position, early: numbers before the first of these, and these, are left out.

    Attributes:
        begin: where the generators stood when the epoch began.
        seed: a number that workers' random numbers start from.
    """

    def __init__(
        self,
        chain: Chain,
        generator: random.Generator | None,
        begin: dict[str, Any] | None,
        position: int = 0,
        early: Container[int] = (),
    ) -> None:
        now = None if begin is None else place_of(random.default_generator)
        if begin is not None:
            chain.load(begin)
            go_to(random.default_generator, begin["default_generator"])
        self.begin = begin or chain.state()
        try:
            self.seed = int(random.host(generator).integers(1 << 63))
            indices = iter(chain.sampler)
            # Samplers draw when the first index is asked for. It is asked for here, where the state is known.
            collections.deque(itertools.islice(indices, position), maxlen=0)
            first = list(itertools.islice(indices, 1))
        finally:
            if now is not None:
                go_to(random.default_generator, now)
        numbered = enumerate(itertools.chain(first, indices), start=position)
        self._numbered = (found for found in numbered if found[0] not in early)

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        return self._numbered

    def __next__(self) -> tuple[int, Any]:
        return next(self._numbered)
