"""GPUs: how many there are, what they are called, and which one is used."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import SimpleNamespace
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


def init() -> None:
    """Nothing to do: JAX finds its devices when it is first asked."""


def is_initialized() -> bool:
    """Whether there is a GPU: JAX has found it by the time this answers."""
    return is_available()


def gpu(device: Any = None) -> jax.Device:
    """JAX's device of a GPU: a device, its name or its number; None stands for the current one.

    Raises:
        RuntimeError: if there is none.
    """
    if device is None:
        device = current_device()
    where = devices.device(device)
    if where.type != "cuda":
        raise ValueError(f"Expected a cuda device, but got: {where}")
    return devices.jax_device(where)


def current_device() -> int:
    """The number of the default GPU."""
    return devices.get_default_device().index or 0


def set_device(device: Any) -> None:
    """Make a GPU the one that is used where none is named; a negative number changes nothing."""
    if isinstance(device, int) and device < 0:
        return
    gpu(device)
    devices.set_default_device(devices.device(device))


class device:
    """A GPU as the default one, for the time of a block; None or a negative number changes nothing.

    Args:
        device: a device, its name or its number.
    """

    def __init__(self, device: Any) -> None:
        changes = device is not None and not (isinstance(device, int) and device < 0)
        self.chosen = devices.device(device) if changes else None

    def __enter__(self) -> None:
        self._before = devices.get_default_device()
        if self.chosen is not None:
            set_device(self.chosen)

    def __exit__(self, *error: Any) -> None:
        if self.chosen is not None:
            devices.set_default_device(self._before)


@contextlib.contextmanager
def device_of(obj: Any) -> Iterator[None]:
    """The GPU of a tensor as the default one, for the time of a block; for a tensor elsewhere nothing changes."""
    with device(obj.device.index or 0 if obj.is_cuda else None):
        yield


def get_device_name(device: Any = None) -> str:
    """What the GPU calls itself."""
    return str(gpu(device).device_kind)


def get_device_capability(device: Any = None) -> tuple[int, int]:
    """The compute capability of the GPU, such as (9, 0)."""
    major, _, minor = str(getattr(gpu(device), "compute_capability", "0.0")).partition(".")
    return int(major), int(minor or 0)


def get_device_properties(device: Any = None) -> SimpleNamespace:
    """Name, compute capability, memory and number of multiprocessors of the GPU, as far as JAX tells."""
    where = gpu(device)
    major, minor = get_device_capability(device)
    return SimpleNamespace(
        name=str(where.device_kind),
        major=major,
        minor=minor,
        total_memory=(where.memory_stats() or {}).get("bytes_limit", 0),
        multi_processor_count=getattr(where, "core_count", 0),
    )


def get_arch_list() -> list[str]:
    """The capabilities that code is there for: XLA compiles for the GPU at hand."""
    return ["sm_{}{}".format(*get_device_capability(number)) for number in range(device_count())]


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Whether the GPU computes in bfloat16: all do, those before Ampere by way of float32."""
    return is_available() and (including_emulation or get_device_capability()[0] >= 8)


def synchronize(device: Any = None) -> None:
    """Run what is pending and wait for it."""
    engine.synchronize()


def manual_seed(seed: int) -> None:
    """Seed the default generator, which all devices share."""
    random.manual_seed(seed)


manual_seed_all = manual_seed


def seed() -> None:
    """Seed the default generator from the operating system."""
    random.seed()


seed_all = seed


def initial_seed() -> int:
    """The seed of the default generator."""
    return random.initial_seed()


def get_rng_state(device: Any = "cuda") -> Any:
    """Where the default generator stands; all devices share it."""
    return random.get_rng_state()


def set_rng_state(new_state: Any, device: Any = "cuda") -> None:
    """Set the default generator to a place that `get_rng_state` gave."""
    random.set_rng_state(new_state)


def get_rng_state_all() -> list[Any]:
    """`get_rng_state` for each GPU."""
    return [get_rng_state() for _ in range(device_count())]


def set_rng_state_all(new_states: Any) -> None:
    """Set the default generator to the first of the states that `get_rng_state_all` gave."""
    for state in list(new_states)[:1]:
        set_rng_state(state)
