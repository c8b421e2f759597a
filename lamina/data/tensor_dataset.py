"""TensorDataset: tensors whose first dimension counts the items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lamina import creation
from lamina.data.dataset import Dataset
from lamina.tensor import Tensor, host_numbers


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Items are the tuples of the tensors' rows.

    A loader that collates by default takes a batch's rows all at once. In a worker it does so without starting JAX.

    Args:
        tensors: of one length.

    >>> import lamina
    >>> TensorDataset(lamina.arange(6).reshape(3, 2), lamina.tensor([0, 1, 0]))[1]
    (tensor([2, 3]), tensor(1))

    Source: torch.utils.data.TensorDataset.
    """

    def __init__(self, *tensors: Tensor) -> None:
        tensors = tuple(x if isinstance(x, Tensor) else creation.as_tensor(x) for x in tensors)
        if any(len(tensor) != len(tensors[0]) for tensor in tensors):
            raise AssertionError(f"Size mismatch between tensors: {[tuple(tensor.shape) for tensor in tensors]}")
        self._tensors: tuple[Tensor, ...] | None = tensors
        self._sent: tuple[np.ndarray, ...] = ()

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """The tensors."""
        if self._tensors is None:
            self._tensors = tuple(creation.of_host(array) for array in self._sent)
            self._sent = ()
        return self._tensors

    @tensors.setter
    def tensors(self, tensors: tuple[Tensor, ...]) -> None:
        self._tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        if isinstance(index, int) and self.on_host:
            return tuple(creation.of_host(np.array(array[index])) for array in self._arrays())
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return len(self._sent[0]) if self._tensors is None else len(self._tensors[0])

    @property
    def on_host(self) -> bool:
        """Whether the numbers can be read in place: they are the CPU's, and no gradient passes through."""
        return self._tensors is None or all(x.is_cpu and not x.requires_grad for x in self._tensors)

    def _arrays(self) -> Sequence[np.ndarray]:
        """The tensors' own memory."""
        return self._sent if self._tensors is None else [host_numbers(tensor) for tensor in self._tensors]

    def rows(self, indices: Sequence[int]) -> list[Any]:
        """The rows of several indices, of each tensor: NumPy arrays where the numbers are on the host."""
        if self.on_host:
            places = np.asarray(indices, np.int64)
            return [array.take(places, axis=0) for array in self._arrays()]
        places_there = creation.tensor(np.asarray(indices, np.int64), device=self.tensors[0].device)
        return [tensor[places_there] for tensor in self.tensors]

    def __getstate__(self) -> dict[str, Any]:
        # Workers get arrays: unpickling Tensors would start JAX there.
        state = dict(self.__dict__)
        if self.on_host:
            state["_sent"], state["_tensors"] = tuple(self._arrays()), None
        return state
