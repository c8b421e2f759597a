"""`torch.backends.cudnn`: flags that programs set. They change nothing: XLA chooses its algorithms itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

__all__ = ["flags", "is_acceptable", "is_available", "set_flags", "version"]

enabled = True
benchmark = False
benchmark_limit: int | None = 10
deterministic = False
allow_tf32 = True
fp32_precision = "none"

_FLAGS = ("enabled", "benchmark", "benchmark_limit", "deterministic", "allow_tf32", "fp32_precision")


def is_available() -> bool:
    """Whether JAX sees a GPU."""
    from lamina import cuda

    return cuda.is_available()


def is_acceptable(tensor: Any) -> bool:
    """Whether the tensor is on a GPU."""
    return bool(enabled and tensor.is_cuda)


def version() -> int | None:
    """The version of cuDNN as a number, which XLA does not tell: None."""
    return None


def set_flags(**values: Any) -> tuple[Any, ...]:
    """Set flags by name; returns what all of them were."""
    unknown = [name for name in values if name.lstrip("_") not in _FLAGS]
    if unknown:
        raise TypeError(f"cudnn.set_flags has no {', '.join(unknown)}; it has {', '.join(_FLAGS)}.")
    before = tuple(globals()[name] for name in _FLAGS)
    globals().update({name.lstrip("_"): x for name, x in values.items() if x is not None})
    return before


@contextlib.contextmanager
def flags(
    enabled: bool = False,
    benchmark: bool = False,
    benchmark_limit: int | None = 10,
    deterministic: bool = False,
    allow_tf32: bool = True,
    fp32_precision: str = "none",
) -> Iterator[None]:
    """Flags for the time of a block."""
    before = set_flags(
        enabled=enabled,
        benchmark=benchmark,
        benchmark_limit=benchmark_limit,
        deterministic=deterministic,
        allow_tf32=allow_tf32,
        fp32_precision=fp32_precision,
    )
    try:
        yield
    finally:
        globals().update(zip(_FLAGS, before))
