"""From the host to a device: what `jax.device_put` does to a NumPy array, without most of what that takes.

Data sets make a tensor of each of their items, and every loop one of its batch. JAX's own function looks at its
arguments for five times as long as the transfer of a small array takes, so the one beneath it is called where it is.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from lamina.engine.program import Spec, spec_of
from lamina.engine.record import Value

__all__ = ["put"]

try:
    from jaxlib import xla_client

    _transfer: Any = xla_client.batched_device_put
except (ImportError, AttributeError):  # pragma: no cover - no public name, so it may go
    _transfer = None

_targets: dict[Spec, tuple[Any, Any, list[jax.Device]]] = {}
"""For each Spec how JAX describes the array and where it goes."""


def put(array: np.ndarray, device: jax.Device) -> Value:
    """An array on a device, as a value; nobody may write to the NumPy array any more.

    Args:
        array: of one of lamina's types.
    """
    spec = spec_of(array.shape, array.dtype, device)
    value = Value(spec, None, 0, None, False)
    with jax.enable_x64(True):  # without it, both ways make 32 bits of 64
        if _transfer is None:
            value.array = jax.device_put(array, device)
            return value
        target = _targets.get(spec)
        if target is None:
            aval = jax.core.ShapedArray(spec.shape, spec.dtype)
            target = _targets[spec] = (aval, jax.sharding.SingleDeviceSharding(device), [device])
        aval, sharding, devices = target
        value.array = _transfer(aval, sharding, [array], devices)
    return value
