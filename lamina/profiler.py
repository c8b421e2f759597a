"""`torch.profiler`: names for stretches of a program. What took how long is shown by JAX's profiler."""

from __future__ import annotations

from typing import Any

from lamina.autograd.profiler import record_function

__all__ = ["profile", "record_function"]


class profile:
    """Not here: operations run as one compiled program, so their times are XLA's to tell."""

    def __init__(self, *args: Any, **options: Any) -> None:
        raise NotImplementedError(
            "profiler.profile: operations of a step run as one program. jax.profiler.trace(folder) shows what is in it."
        )
