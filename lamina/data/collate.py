"""Batches from items: `default_collate`, `default_convert`.

Items are put together on the host, in NumPy arrays; `make` says what becomes of each array. In the user's process that
is a Tensor; a worker only marks the array, so that it need not start JAX.
"""

from __future__ import annotations

import copy
import dataclasses
import sys
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from lamina import creation, dtypes
from lamina.functions import stack
from lamina.tensor import Tensor, host_numbers

Make = Callable[[np.ndarray], Any]


def default_collate(batch: Any) -> Any:
    """Put the items of a batch together: a new first dimension for tensors, arrays and numbers.

    Args:
        batch: the items, all built alike. Tuples, lists, dicts, named tuples and dataclasses are gone into; strings and
            bytes are left as they are. Python's floats become float64, its integers int64, as in PyTorch.

    >>> default_collate([(0, 1.0, "a"), (2, 3.0, "b")])
    [tensor([0, 2]), tensor([1., 3.], dtype=lamina.float64), ('a', 'b')]
    >>> default_collate([{"x": 1}, {"x": 2}])
    {'x': tensor([1, 2])}

    Source: torch.utils.data.default_collate.
    """
    return collate(batch, creation.of_host)


def default_convert(data: Any) -> Any:
    """Turn the NumPy arrays inside an item into Tensors; all else stays as it is.

    >>> import numpy as np
    >>> default_convert({"x": np.arange(3), "name": "a"})
    {'x': tensor([0, 1, 2]), 'name': 'a'}

    Source: torch.utils.data.default_convert.
    """
    return convert(data, lambda array: creation.of_host(array, lent=True))


def collate(batch: Any, make: Make) -> Any:
    """`default_collate`, with `make` for every array."""
    first = batch[0]
    if isinstance(first, Tensor):
        return _of_tensors(batch, make)
    if isinstance(first, np.ndarray):
        return make(_stacked(batch))
    if _is_foreign_tensor(first):
        return make(_stacked([item.detach().cpu().numpy() for item in batch]))
    if isinstance(first, (np.bool_, np.number)):
        return make(np.array(batch))
    if isinstance(first, float):
        return make(np.array(batch, np.float64))
    if isinstance(first, int):
        return make(_whole_numbers(batch))
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        return _like_mapping(first, {name: collate([item[name] for item in batch], make) for name in first})
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(collate(column, make) for column in zip(*batch, strict=True)))
    if dataclasses.is_dataclass(first) and not isinstance(first, type):
        names = [field.name for field in dataclasses.fields(first) if field.init]
        columns = {name: collate([getattr(item, name) for item in batch], make) for name in names}
        return dataclasses.replace(first, **columns)
    if isinstance(first, Sequence):
        for place, item in enumerate(batch):
            if len(item) != len(first):
                raise RuntimeError(
                    "each element in list of batch should be of equal size: "
                    f"entry 0 has {len(first)}, entry {place} has {len(item)}"
                )
        columns_of_batch = [collate(column, make) for column in zip(*batch, strict=True)]
        return columns_of_batch if isinstance(first, tuple) else _like_sequence(first, columns_of_batch)
    raise _unknown(type(first))


def convert(data: Any, make: Make) -> Any:
    """`default_convert`, with `make` for every array."""
    if isinstance(data, Tensor):
        return data
    if isinstance(data, np.ndarray):
        return data if data.dtype.kind in "SUO" else make(np.asarray(data, order="C"))
    if isinstance(data, (np.bool_, np.number)):
        return make(np.asarray(data))
    if _is_foreign_tensor(data):
        return make(np.ascontiguousarray(data.detach().cpu().numpy()))
    if isinstance(data, Mapping):
        return _like_mapping(data, {name: convert(value, make) for name, value in data.items()})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*(convert(value, make) for value in data))
    if isinstance(data, tuple):
        return [convert(value, make) for value in data]
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _like_sequence(data, [convert(value, make) for value in data])
    return data


def _of_tensors(batch: Sequence[Tensor], make: Make) -> Any:
    """Tensors on the CPU without gradients are put together on the host: nothing is compiled for it."""
    if any(item.requires_grad or not item.is_cpu for item in batch):
        return stack(list(batch))
    return make(_stacked([host_numbers(item) for item in batch]))


def _stacked(batch: Sequence[np.ndarray]) -> np.ndarray:
    first = batch[0]
    if first.dtype.kind in "SUO":
        raise _unknown(first.dtype)
    for place, item in enumerate(batch):
        if item.shape != first.shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(first.shape)} at entry 0 and "
                f"{list(item.shape)} at entry {place}"
            )
    return np.stack([np.asarray(item) for item in batch])


def _whole_numbers(batch: Sequence[Any]) -> np.ndarray:
    """Integers and bools; a float among them makes them floats of the default type."""
    found = np.array(batch)
    if found.dtype.kind == "f":
        return found.astype(dtypes.get_default_dtype().numpy)
    return found if found.dtype.kind == "b" else found.astype(np.int64)


def _is_foreign_tensor(x: Any) -> bool:
    """Whether it is PyTorch's tensor, as datasets that were written for PyTorch give."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(x, torch.Tensor)


def _like_mapping(data: Mapping[Any, Any], found: dict[Any, Any]) -> Any:
    """A mapping of the same kind; a dict where that kind cannot be made so."""
    try:
        if isinstance(data, MutableMapping):
            clone = copy.copy(data)  # keeps what else the kind holds, such as a default
            clone.update(found)
            return clone
        return type(data)(found)  # type: ignore[call-arg]
    except TypeError:
        return found


def _like_sequence(data: Sequence[Any], found: list[Any]) -> Any:
    """A sequence of the same kind; a list where that kind cannot be made so."""
    try:
        if isinstance(data, MutableSequence):
            clone = copy.copy(data)
            for place, value in enumerate(found):
                clone[place] = value
            return clone
        return type(data)(found)  # type: ignore[call-arg]
    except TypeError:
        return found


def _unknown(kind: Any) -> TypeError:
    return TypeError(
        f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {kind}"
    )
