"""`torch.cpu`: the processor as a device like others."""

from __future__ import annotations

from typing import Any

import jax

from lamina.cuda import Stream, current_stream, stream, synchronize

__all__ = [
    "Stream", "current_device", "current_stream", "device_count", "is_available", "is_initialized", "set_device",
    "stream", "synchronize",
]  # fmt: skip


def is_available() -> bool:
    """True."""
    return True


def is_initialized() -> bool:
    """True."""
    return True


def device_count() -> int:
    """The number of CPU devices that JAX has: 1, if no flag of XLA says otherwise."""
    return len(jax.devices("cpu"))


def current_device() -> str:
    """The string "cpu"."""
    return "cpu"


def set_device(device: Any) -> None:
    """Nothing."""
