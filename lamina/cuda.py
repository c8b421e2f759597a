"""`lamina.cuda`: what programs ask about GPUs."""

from __future__ import annotations

from typing import Any

import jax

from lamina import devices, engine, random


def device_count() -> int:
    """The number of GPUs JAX sees."""
    try:
        return len(jax.devices("gpu"))
    except RuntimeError:
        return 0


def is_available() -> bool:
    """Whether JAX sees a GPU."""
    return device_count() > 0


def current_device() -> int:
    """The number of the default GPU."""
    return devices.get_default_device().index or 0


def get_device_name(device: Any = None) -> str:
    """What the GPU calls itself."""
    return str(devices.jax_device("cuda" if device is None else device).device_kind)


def synchronize(device: Any = None) -> None:
    """Run what is pending and wait for it."""
    engine.synchronize()


def manual_seed(seed: int) -> None:
    """Seed the default generator, which all devices share."""
    random.manual_seed(seed)


manual_seed_all = manual_seed


def empty_cache() -> None:
    """Nothing: XLA keeps its own memory."""
