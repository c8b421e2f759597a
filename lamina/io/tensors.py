"""Tensors out of bytes, and bytes out of tensors, without holding the numbers twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from lamina import devices, dtypes
from lamina.creation import of_host
from lamina.io.source import PART
from lamina.storage import UntypedStorage
from lamina.tensor import Tensor

_ALIGNED = 64
"""XLA takes over memory that begins at such a multiple; any other it copies."""

KINDS = {
    "bool": "BOOL", "uint8": "U8", "int8": "I8", "int16": "I16", "int32": "I32", "int64": "I64", "float16": "F16",
    "bfloat16": "BF16", "float32": "F32", "float64": "F64", "complex64": "C64",
}  # fmt: skip
"""What safetensors calls the types of tensors; there is none for complex128."""
TYPES = {kind: dtypes.of(name) for name, kind in KINDS.items()}


def owned(array: np.ndarray, device: Any, release: Callable[[int, int], None] | None = None) -> Tensor:
    """A tensor with a copy of the numbers, made once: the device takes the copy over where it can.

    Args:
        array: the numbers.
        device: where the tensor shall live.
        release: is told of bytes that are not needed again, by where in the array they begin and how many they are.
    """
    raw = np.empty(array.nbytes + _ALIGNED, np.uint8)
    start = -raw.ctypes.data % _ALIGNED
    copy = raw[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    if release is None or not array.flags.c_contiguous:
        np.copyto(copy, array)
    else:
        target, source, step = copy.reshape(-1), array.reshape(-1), max(PART // max(array.itemsize, 1), 1)
        for first in range(0, array.size, step):
            part = source[first : first + step]
            target[first : first + step] = part
            release(first * array.itemsize, part.nbytes)
    return of_host(copy, device)


def numbers_of(tensor: Tensor) -> np.ndarray:
    """The numbers of a tensor, to be read only: on the CPU no copy is made.

    JAX keeps what it fetched from another device with the array; here it is asked for by a second name of the array,
    which goes away.
    """
    array = tensor.detach().array()
    if len(array.sharding.device_set) == 1:
        array = array.addressable_data(0)
    return np.asarray(array)


MapLocation = Callable[[Any, str], Any] | Mapping[Any, Any] | devices.device | str | None


def device_for(who: str, map_location: MapLocation) -> Callable[[str], Any]:
    """The function that says, for a place that a file names, such as `cuda:0`, on which device its tensors shall live.

    Args:
        who: begins messages.
        map_location: a device; or a dict of devices by place; or a function of a storage and a place that gives a
            storage or a device. For None, and what they leave out, it is the default device.
    """
    if map_location is None or isinstance(map_location, (str, devices.device)):
        return lambda place: map_location
    if isinstance(map_location, Mapping):
        table = {str(place): where for place, where in map_location.items()}
        return lambda place: table.get(place)
    if callable(map_location):

        def ask(place: str) -> Any:
            found = map_location(UntypedStorage(of_host(np.empty(0, np.uint8), "cpu")), place)
            return found.device if isinstance(found, UntypedStorage) else found

        return ask
    raise TypeError(
        f"{who}: map_location must be a device, a dict of devices by place, a function or None, "
        f"got {type(map_location).__name__}."
    )
