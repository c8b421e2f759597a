"""Where all random numbers stand: lamina's default generator, Python's `random`, NumPy's global generator."""

from __future__ import annotations

import random as python
from typing import Any, NamedTuple

import numpy as np

from lamina import random


def place_of(generator: random.Generator) -> list[int]:
    """Seed and offset of a generator: plain numbers, so that a state can be written anywhere."""
    return [int(x) for x in generator.source.state().view(np.uint64)]


def go_to(generator: random.Generator, place: list[int]) -> None:
    """Put a generator where `place_of` found it."""
    generator.source.set_state(np.array(place, np.uint64).view(np.uint8))


class Standing(NamedTuple):
    """Where the three stand, each as it says itself, or as `plain` wrote it: cheap to ask for and to compare."""

    python: Any
    numpy: Any
    lamina: list[int]

    @classmethod
    def now(cls) -> Standing:
        """Where they stand at present."""
        numpy: Any = np.random.get_state()  # noqa: NPY002 the state that others draw from
        return cls(python.getstate(), numpy, place_of(random.default_generator))

    def same(self, other: Standing) -> bool:
        """Whether the other is the same place."""
        mine, its = self.numpy, other.numpy
        alike = (self.python, mine[2:], self.lamina) == (other.python, its[2:], other.lamina)
        return bool(alike and np.array_equal(mine[1], its[1]))

    def put_back(self) -> None:
        """Put the three here."""
        version, numbers, gauss = self.python
        python.setstate((version, tuple(numbers), gauss))
        kind, keys, *rest = self.numpy
        np.random.set_state((kind, np.asarray(keys, np.uint32), *rest))  # noqa: NPY002
        go_to(random.default_generator, self.lamina)

    def plain(self) -> list[Any]:
        """The same in numbers and lists, to be written anywhere."""
        version, numbers, gauss = self.python
        kind, keys, *rest = self.numpy
        return [[version, list(numbers), gauss], [kind, keys.tolist(), *rest], self.lamina]


def random_state() -> dict[str, Any]:
    """The states of the three, in numbers, lists and an array."""
    python, (kind, keys, *rest), lamina = Standing.now().plain()
    return {"lamina": lamina, "python": python, "numpy": [kind, np.array(keys, np.uint32), *rest]}


def set_random_state(state: dict[str, Any]) -> None:
    """Put the three where `random_state` found them."""
    Standing(**state).put_back()
