"""Devices: `lamina.device("cpu")`, `lamina.device("cuda:1")`, and which JAX device each one is."""

from __future__ import annotations

import functools
from typing import Any

import jax

from lamina import engine

_PLATFORMS = {"cpu": "cpu", "cuda": "gpu", "gpu": "gpu", "tpu": "tpu"}


class device:
    """Where a tensor lives: a type (`cpu`, `cuda`, `tpu`) and a number.

    >>> import lamina
    >>> lamina.device("cpu")
    device(type='cpu')
    >>> lamina.device("cuda:1").index
    1
    """

    __slots__ = ("index", "type")

    def __init__(self, type: Any, index: int | None = None) -> None:
        if isinstance(type, device):
            type, index = type.type, type.index if index is None else index
        elif isinstance(type, int):
            type, index = "cuda", type
        elif ":" in type:
            if index is not None:
                raise RuntimeError(
                    f"type (string) must not include an index because index was passed explicitly: {type}"
                )
            type, number = type.split(":", 1)
            if not number.isdigit():
                raise RuntimeError(f"Invalid device string: '{type}:{number}'")
            index = int(number)
        if type not in _PLATFORMS:
            raise RuntimeError(f"Expected one of {', '.join(_PLATFORMS)} device type at start of device string: {type}")
        self.type: str = "cuda" if type == "gpu" else type
        self.index = index

    def __repr__(self) -> str:
        number = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{number})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> tuple[Any, ...]:
        return (device, (self.type, self.index))

    def __enter__(self) -> device:
        """Make it the default device for the time of a block."""
        _before.append(get_default_device())
        set_default_device(self)
        return self

    def __exit__(self, *error: Any) -> None:
        set_default_device(_before.pop())


_before: list[device] = []
"""What the default device was before each `with` that is open."""


@functools.cache
def _platform_devices(type: str) -> tuple[jax.Device, ...]:
    try:
        return tuple(jax.devices(_PLATFORMS[type]))
    except RuntimeError:
        return ()


def jax_device(where: Any) -> jax.Device:
    """The JAX device of a device, its name, or None for the default one.

    Raises:
        RuntimeError: if this machine has none of that kind.
    """
    if where is None or where is engine.TRACED:  # what JAX traces has no device
        return engine.config.device()
    if isinstance(where, jax.Device):
        return where
    return _jax_device(where if isinstance(where, device) else device(where))


@functools.cache
def _jax_device(where: device) -> jax.Device:
    found = _platform_devices(where.type)
    if (where.index or 0) >= len(found):
        here = ", ".join(f"{kind} ({len(_platform_devices(kind))})" for kind in ("cpu", "cuda", "tpu"))
        raise RuntimeError(f"There is no device {where} for JAX on this machine; it has {here}.")
    return found[where.index or 0]


@functools.cache
def of_jax(where: Any) -> device:
    """The device of a JAX device."""
    if where is engine.TRACED:
        return device("cpu")
    kind = "cuda" if where.platform in ("gpu", "cuda", "rocm") else where.platform
    number = _platform_devices(kind).index(where) if where in _platform_devices(kind) else where.id
    return device(kind, None if kind == "cpu" and number == 0 else number)


def set_default_device(where: Any) -> None:
    """Make `where` the device of tensors that are made without saying where."""
    engine.flush()
    engine.config.default_device = jax_device(where)
    engine.state.trace.reset()


def get_default_device() -> device:
    """The device of tensors that are made without saying where."""
    return of_jax(engine.config.device())
