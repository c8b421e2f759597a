"""From the host to a device: what `jax.device_put` does to a NumPy array, without most of what that takes, or later.

Data sets make a tensor of each of their items, and every loop one of its batch. JAX's own function looks at its
arguments for five times as long as the transfer of a small array takes, so the one beneath it is called where it is.
Most small arrays are read, or joined with others, and never get into a program: they stay on the host until one
needs them.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from lamina.engine.program import Spec, spec_of
from lamina.engine.record import Value

__all__ = ["OnHost", "put", "sent"]

LATER = 1 << 16
"""Bytes: up to so many stay on the host, if that is the device, until a program needs them."""

try:
    from jaxlib import xla_client

    _transfer: Any = xla_client.batched_device_put
except (ImportError, AttributeError):  # pragma: no cover - no public name, so it may go
    _transfer = None

_targets: dict[Spec, tuple[Any, Any, list[jax.Device]]] = {}
"""For each Spec how JAX describes the array and where it goes."""


class OnHost:
    """Stands in a `Value` for an array that no program has needed yet.

    Attributes:
        numbers: of the array; nobody writes to them.
        array: the array, for all values that this stands in, once one was needed.
    """

    __slots__ = ("__weakref__", "array", "numbers")

    def __init__(self, numbers: np.ndarray) -> None:
        self.numbers = numbers
        self.array: Any = None

    def needed(self, spec: Spec) -> Any:
        """The array, sent to the device the first time."""
        if self.array is None:
            self.array = sent(self.numbers, spec)
        return self.array


def put(array: np.ndarray, device: jax.Device) -> Value:
    """An array on a device, as a value; nobody may write to the NumPy array any more.

    Args:
        array: of one of lamina's types.
    """
    spec = spec_of(array.shape, array.dtype, device)
    value = Value(spec, None, 0, None, False)
    if array.nbytes <= LATER and device.platform == "cpu":
        value.array = OnHost(array)
    else:
        value.array = sent(array, spec)
    return value


def sent(array: np.ndarray, spec: Spec) -> Any:
    """A NumPy array as one of JAX's, on the device of the spec."""
    with jax.enable_x64(True):  # without it, both ways make 32 bits of 64
        if _transfer is None:
            with jax.ensure_compile_time_eval():  # also where JAX traces a function
                return jax.device_put(array, spec.device)
        target = _targets.get(spec)
        if target is None:
            aval = jax.core.ShapedArray(spec.shape, spec.dtype)
            target = _targets[spec] = (aval, jax.sharding.SingleDeviceSharding(spec.device), [spec.device])
        aval, sharding, devices = target
        return _transfer(aval, sharding, [array], devices)
