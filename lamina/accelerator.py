"""`torch.accelerator`: the GPU, whatever its maker, if there is one."""

from __future__ import annotations

from typing import Any

from lamina import cuda
from lamina.cuda import (
    current_stream,
    empty_cache,
    get_device_capability,
    max_memory_allocated,
    max_memory_reserved,
    memory_allocated,
    memory_reserved,
    memory_stats,
    reset_peak_memory_stats,
    set_stream,
    synchronize,
)
from lamina.devices import device

__all__ = [
    "current_accelerator",
    "current_device_idx",
    "current_device_index",
    "current_stream",
    "device_count",
    "device_index",
    "empty_cache",
    "get_device_capability",
    "get_memory_info",
    "is_available",
    "max_memory_allocated",
    "max_memory_reserved",
    "memory_allocated",
    "memory_reserved",
    "memory_stats",
    "reset_peak_memory_stats",
    "set_device_idx",
    "set_device_index",
    "set_stream",
    "synchronize",
]

is_available, device_count, get_memory_info = cuda.is_available, cuda.device_count, cuda.mem_get_info
current_device_index = current_device_idx = cuda.current_device
set_device_index = set_device_idx = cuda.set_device
device_index = cuda.device


def current_accelerator(check_available: bool = False) -> Any:
    """The device of the GPU without a number, or None where JAX sees none."""
    return device("cuda") if is_available() else None
