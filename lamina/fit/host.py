"""Copies of tensors in the host's memory, made without recording anything."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamina import creation
from lamina.io.tensors import numbers_of
from lamina.rebinding import whole_of
from lamina.tensor import Tensor


def on_host(x: Any) -> Any:
    """A copy of a tensor that later steps do not write over; of what is no tensor, the thing itself."""
    return creation.of_host(np.array(numbers_of(x)), "cpu") if isinstance(x, Tensor) else x


class Hosted:
    """Copies nested data with all its tensors to the host.

    Optimizers keep the states of small parameters in one flat tensor; what their `state_dict` shows are views of it.
    These are cut here, by NumPy: cutting them on the device would compile a program as long as the model for the first
    checkpoint.
    """

    def __init__(self) -> None:
        self._wholes: dict[int, tuple[Tensor, np.ndarray]] = {}
        self._made: dict[int, tuple[Tensor, Tensor]] = {}  # with the original, so that no other gets its id

    def __call__(self, x: Any) -> Any:
        """The copy of some data."""
        if isinstance(x, Tensor):
            if id(x) not in self._made:  # what several parameters share stays shared
                self._made[id(x)] = x, self._tensor(x)
            return self._made[id(x)][1]
        if isinstance(x, dict):
            return {name: self(part) for name, part in x.items()}
        if isinstance(x, (list, tuple)):
            return type(x)(self(part) for part in x)
        return x

    def _tensor(self, x: Tensor) -> Tensor:
        whole = whole_of(x)
        if whole is None or whole is x:
            return on_host(x)
        if id(whole) not in self._wholes:
            self._wholes[id(whole)] = whole, numbers_of(whole).reshape(-1)
        flat = self._wholes[id(whole)][1][x.storage_offset() :]
        strides = [step * flat.itemsize for step in x.stride()]
        return creation.of_host(np.array(np.lib.stride_tricks.as_strided(flat, x.shape, strides)), "cpu")
