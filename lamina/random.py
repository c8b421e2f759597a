"""Seeds and generators: `manual_seed`, `Generator`, `get_rng_state`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from lamina.engine import Source


class Generator:
    """A stream of random numbers of its own, for the `generator=` argument of random functions.

    >>> import lamina
    >>> g = lamina.Generator().manual_seed(3)
    >>> a = lamina.rand(2, generator=g)
    >>> bool((a == lamina.rand(2, generator=g.manual_seed(3))).all())
    True
    """

    def __init__(self, device: Any = "cpu") -> None:
        from lamina import devices

        self.device = devices.device(device)
        self.source = Source(67280421310721)

    def manual_seed(self, seed: int) -> Generator:
        """Start again from this seed; returns the generator."""
        self.source.seed(int(seed))
        return self

    def seed(self) -> int:
        """Start again from a seed of the operating system's; returns the seed."""
        return self.source.fresh()

    def initial_seed(self) -> int:
        """The seed it was started from."""
        return self.source.stream.seed

    def get_state(self) -> Any:
        """Where it stands, as a uint8 tensor."""
        from lamina import creation

        return creation.tensor(self.source.state())

    def set_state(self, new_state: Any) -> Generator:
        """Go to a place that `get_state` gave."""
        state = np.asarray(new_state)
        if state.dtype != np.uint8 or state.shape != (16,):
            raise RuntimeError(
                f"RNG state must be a uint8 tensor of 16 bytes as get_state gives, got {state.dtype}{list(state.shape)}"
            )
        self.source.set_state(state)
        return self


default_generator = Generator()
default_generator.seed()


def host(generator: Generator | None) -> np.random.Generator:
    """NumPy's generator for the next numbers drawn on the host, from this stream or the default one."""
    if generator is None:
        return default_generator.source.host()
    if not isinstance(generator, Generator):
        raise TypeError(f"generator must be a lamina.Generator, got {type(generator).__name__}.")
    return generator.source.host()


def manual_seed(seed: int) -> Generator:
    """Seed the default generator: the same program then draws the same numbers, bit for bit."""
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Seed the default generator from the operating system; returns the seed."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed of the default generator."""
    return default_generator.initial_seed()


def get_rng_state() -> Any:
    """Where the default generator stands, as a uint8 tensor."""
    return default_generator.get_state()


def set_rng_state(new_state: Any) -> None:
    """Set the default generator to a place that `get_rng_state` gave."""
    default_generator.set_state(new_state)


@contextlib.contextmanager
def fork_rng(devices: Any = None, enabled: bool = True, device_type: Any = None) -> Iterator[None]:
    """A block after which the default generator stands where it stood before.

    Args:
        devices, device_type: accepted; all devices share the generator.
        enabled: whether it does anything.
    """
    state = default_generator.get_state() if enabled else None
    try:
        yield
    finally:
        if state is not None:
            default_generator.set_state(state)
