"""Where all random numbers stand: lamina's default generator, Python's `random`, NumPy's global generator."""

from __future__ import annotations

import random as python
from typing import Any

import numpy as np

from lamina import random
from lamina.data.order import go_to, place_of


def random_state() -> dict[str, Any]:
    """The states of the three, in numbers, lists and an array."""
    version, numbers, gauss = python.getstate()
    kind, keys, position, has_gauss, cached = np.random.get_state()  # noqa: NPY002 the state that others draw from
    return {
        "lamina": place_of(random.default_generator),
        "python": [version, list(numbers), gauss],
        "numpy": [str(kind), np.array(keys), int(position), int(has_gauss), float(cached)],
    }


def set_random_state(state: dict[str, Any]) -> None:
    """Put the three where `random_state` found them."""
    go_to(random.default_generator, state["lamina"])
    version, numbers, gauss = state["python"]
    python.setstate((version, tuple(numbers), gauss))
    kind, keys, position, has_gauss, cached = state["numpy"]
    np.random.set_state((kind, np.asarray(keys), position, has_gauss, cached))  # noqa: NPY002
