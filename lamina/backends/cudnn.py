"""`torch.backends.cudnn`: whether convolutions are computed by TF32; other flags change nothing, XLA has its own."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

from lamina.backends.fp32 import CONVOLUTIONS, RECURRENT, CudnnModule

__all__ = ["flags", "is_acceptable", "is_available", "set_flags", "version"]

enabled = True
benchmark = False
benchmark_limit: int | None = 10
deterministic = False
conv, rnn = CONVOLUTIONS, RECURRENT
"""`fp32_precision` of convolutions and of recurrent networks; `allow_tf32` of here sets both."""

_PLAIN = ("enabled", "benchmark", "benchmark_limit", "deterministic")
_FLAGS = (*_PLAIN, "allow_tf32", "fp32_precision")
_module: Any = sys.modules[__name__]
_module.__class__ = CudnnModule


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
    before = tuple(getattr(_module, name) for name in _FLAGS)
    for name, x in values.items():
        if x is not None and x != "none":
            setattr(_module, name.lstrip("_"), x)
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
    kinds = [(kind, kind.fp32_precision) for kind in (conv, rnn)]
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
        globals().update(zip(_PLAIN, before, strict=False))
        for kind, precision in kinds:
            kind.fp32_precision = precision
