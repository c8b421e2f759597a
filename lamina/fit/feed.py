"""Where batches come from: loaders, iterables, arrays; and how to go on in the middle of an epoch."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from lamina import creation, dtypes
from lamina.data import DataLoader, Dataset, Subset, TensorDataset
from lamina.data.chance import random_state, set_random_state
from lamina.tensor import Tensor


class Feed:
    """Batches, epoch after epoch.

    A loader with `state_dict` and `load_state_dict` says itself where it stands. Of any other iterable the random
    states at the beginning of the epoch and the number of batches are remembered: it is begun again and read up to
    there, which gives the same batches if these follow from the random states.

    Args:
        batches: an iterable that can be iterated once for each epoch.
    """

    def __init__(self, batches: Any) -> None:
        self.batches = batches
        self._own_state = hasattr(batches, "state_dict") and hasattr(batches, "load_state_dict")
        self._skip = 0
        self._begin: dict[str, Any] | None = None

    def __iter__(self) -> Iterator[Any]:
        if self._own_state:
            return iter(self.batches)
        if not self._skip:
            self._begin = random_state()
            return self._fresh()
        now = random_state()
        assert self._begin is not None
        set_random_state(self._begin)
        iterator = self._fresh()
        passed = sum(1 for _ in itertools.islice(iterator, self._skip))
        if passed < self._skip:
            raise ValueError(f"fit: the data has only {passed} batches, the checkpoint is {self._skip} batches in.")
        self._skip = 0
        set_random_state(now)
        return iterator

    def _fresh(self) -> Iterator[Any]:
        iterator = iter(self.batches)
        if iterator is self.batches:
            raise TypeError(
                f"fit: data must be iterable once for each epoch, got {type(self.batches).__name__}, which can be read "
                "only once. Give a list, a DataLoader, or an object whose __iter__ begins anew."
            )
        return iterator

    def count(self) -> int | None:
        """The number of batches of an epoch, if it is known."""
        try:
            return len(self.batches)
        except (TypeError, NotImplementedError):
            return None

    def state_dict(self, batch: int) -> dict[str, Any]:
        """Where the epoch stands; `batch` is how many have been used, 0 between epochs."""
        if self._own_state:
            return {"loader": self.batches.state_dict()}
        return {"begin": self._begin if batch else None, "batch": batch}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave: the next iteration goes on there."""
        if ("loader" in state) is not self._own_state:
            raise ValueError(
                "fit: the checkpoint was written with another kind of data: "
                f"{'one with' if 'loader' in state else 'one without'} a state_dict."
            )
        if self._own_state:
            self.batches.load_state_dict(state["loader"])
        else:
            self._begin, self._skip = state["begin"], state["batch"]


def feed_of(data: Any, batch_size: int, shuffle: bool, name: str = "data") -> Feed:
    """A Feed of what a user gives.

    Args:
        data: batches; or a Dataset, or a tuple of tensors and NumPy arrays, to be cut into batches.
        batch_size, shuffle: of a Dataset and of a tuple.
        name: the argument, for errors.
    """
    if isinstance(data, Feed):
        return data
    if isinstance(data, tuple):
        data = _dataset(data, name)
    if isinstance(data, Dataset):
        stream = not hasattr(data, "__getitem__") or not hasattr(data, "__len__")
        return Feed(DataLoader(data, batch_size=batch_size, shuffle=None if stream else shuffle))
    if isinstance(data, (Tensor, np.ndarray)):
        raise TypeError(
            f"fit: {name} must be batches, a Dataset or a tuple of tensors, got {type(data).__name__} of shape "
            f"{tuple(data.shape)}. Give ({name}, targets), or ({name},) with step=."
        )
    if not hasattr(data, "__iter__") or isinstance(data, (str, bytes, Mapping)):
        raise TypeError(f"fit: {name} must be batches, a Dataset or a tuple of tensors, got {type(data).__name__}.")
    return Feed(data)


def split(data: Any, fraction: float) -> tuple[Any, Any]:
    """Two datasets: the second has this part of the items.

    Which ones depends on their number alone, so it is the same when training goes on from a checkpoint.
    """
    if not 0 < fraction < 1:
        raise ValueError(f"fit: valid, if a number, must be a part between 0 and 1, got {fraction}.")
    if isinstance(data, tuple):
        data = _dataset(data, "data")
    if not isinstance(data, Dataset) or not hasattr(data, "__len__") or not hasattr(data, "__getitem__"):
        raise TypeError(
            f"fit: valid={fraction} can split a tuple of tensors or a Dataset, got {type(data).__name__}. "
            "Give valid= batches of its own."
        )
    count = len(data)
    kept = count - round(count * fraction)
    if kept in (0, count):
        raise ValueError(f"fit: valid={fraction} of {count} samples leaves nothing to train or to validate with.")
    order = np.random.Generator(np.random.Philox(count)).permutation(count)
    parts = np.sort(order[:kept]), np.sort(order[kept:])
    if isinstance(data, TensorDataset):
        one, other = (TensorDataset(*(tensor[creation.tensor(part)] for tensor in data.tensors)) for part in parts)
        return one, other
    return Subset(data, parts[0].tolist()), Subset(data, parts[1].tolist())


def _dataset(data: tuple[Any, ...], name: str) -> TensorDataset:
    flat: list[Any] = []
    for x in data:
        flat += x if isinstance(x, (tuple, list)) and x and hasattr(x[0], "shape") else [x]
    return TensorDataset(*(tensor_of(x, name) for x in flat))


def tensor_of(x: Any, name: str = "data") -> Tensor:
    """A tensor of an array; NumPy's float64 becomes the default type, as models have it."""
    if isinstance(x, Tensor):
        return x
    array = np.asarray(x)
    if array.dtype == np.float64:
        array = array.astype(dtypes.get_default_dtype().numpy)
    if array.dtype.kind not in "biufcV":
        raise TypeError(f"fit: {name} must hold tensors or arrays of numbers, got an array of {array.dtype}.")
    return creation.tensor(array)
