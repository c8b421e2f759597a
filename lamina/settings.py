"""Switches that programs written for PyTorch set. XLA decides these things itself, so most are only remembered."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable
from typing import Any

from lamina import engine
from lamina.ops import target

ALL = (
    "set_num_threads", "get_num_threads", "set_num_interop_threads", "get_num_interop_threads", "init_num_threads",
    "set_float32_matmul_precision", "get_float32_matmul_precision", "use_deterministic_algorithms",
    "are_deterministic_algorithms_enabled", "is_deterministic_algorithms_warn_only_enabled",
    "set_deterministic_debug_mode", "get_deterministic_debug_mode", "set_warn_always", "is_warn_always_enabled",
    "set_flush_denormal", "compile", "compiled_with_cxx11_abi", "is_vulkan_available", "e", "pi", "inf", "nan",
    "newaxis", "has_lapack", "has_mkl", "has_openmp", "has_spectral", "contiguous_format",
    "preserve_format", "channels_last", "channels_last_3d", "memory_format",
    "legacy_contiguous_format",
)  # fmt: skip
"""What `lamina` shows of this."""

e, pi, inf, nan, newaxis = math.e, math.pi, math.inf, math.nan, None
has_lapack = has_mkl = has_openmp = has_spectral = True


class memory_format:
    """An order of dimensions in memory. Functions take it as an argument; lamina has row-major order only."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"lamina.{self.name}"


contiguous_format, preserve_format, channels_last, channels_last_3d = map(
    memory_format, ("contiguous_format", "preserve_format", "channels_last", "channels_last_3d")
)

legacy_contiguous_format = contiguous_format

_set: dict[str, Any] = {
    "threads": os.cpu_count() or 1,
    "interop threads": os.cpu_count() or 1,
    "deterministic": 0,
    "warn always": False,
}


def _positive(name: str, count: int) -> int:
    if isinstance(count, bool) or not isinstance(count, int):
        raise RuntimeError(f"{name} expects an int, but got {type(count).__name__}")
    if count <= 0:
        raise RuntimeError(f"{name} expects a positive integer")
    return count


def set_num_threads(num: int) -> None:
    """Remember a number of threads. XLA chooses its own when the process starts."""
    _set["threads"] = _positive("set_num_threads", num)


def get_num_threads() -> int:
    """The number that `set_num_threads` was given; at first, of processors."""
    return int(_set["threads"])


def set_num_interop_threads(num: int) -> None:
    """Remember a number of threads. XLA chooses its own when the process starts."""
    _set["interop threads"] = _positive("set_num_interop_threads", num)


def get_num_interop_threads() -> int:
    """The number that `set_num_interop_threads` was given; at first, of processors."""
    return int(_set["interop threads"])


def init_num_threads() -> None:
    """Nothing to do."""


def set_float32_matmul_precision(precision: str) -> None:
    """Compute products of float32 matrices exactly ("highest"), or "high" and "medium": by TF32 on GPUs.

    "medium" on TPUs is bfloat16, "high" is three products of them. On the CPU, all are exact.
    """
    if precision not in ("highest", "high", "medium"):
        warnings.warn(f"{precision} is not one of 'highest', 'high', or 'medium'; it has no effect.", stacklevel=2)
        return
    set_precision("products", precision)


def set_precision(kind: str, precision: str | None) -> None:
    """Say how exactly a kind of operations is computed; see `lamina.ops.target.set_told`."""
    engine.set_mode(kind, precision, lambda: target.set_told(kind, precision))


def get_float32_matmul_precision() -> str:
    """What `set_float32_matmul_precision` was given; at first "highest"."""
    return target.told("products") or "highest"


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Remember whether only deterministic algorithms are wanted. On the CPU all are, bit for bit."""
    _set["deterministic"] = 0 if not mode else 1 if warn_only else 2


def are_deterministic_algorithms_enabled() -> bool:
    """Whether `use_deterministic_algorithms(True)` was called last."""
    return bool(_set["deterministic"])


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Whether it was called with `warn_only`."""
    return bool(_set["deterministic"] == 1)


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """`use_deterministic_algorithms` as a number or word: 0 "default", 1 "warn", 2 "error"."""
    if not isinstance(debug_mode, (int, str)):
        raise TypeError(f"debug_mode must be str or int, but got {type(debug_mode)}")
    words = ("default", "warn", "error")
    found = words.index(debug_mode) if debug_mode in words else debug_mode
    if found not in (0, 1, 2):
        raise RuntimeError(f"invalid value of debug_mode, expected 0, 1, 2 or one of {', '.join(words)}, got {found}")
    _set["deterministic"] = found


def get_deterministic_debug_mode() -> int:
    """0, 1 or 2: see `set_deterministic_debug_mode`."""
    return int(_set["deterministic"])


def set_warn_always(b: bool, /) -> None:
    """Remember whether warnings should be repeated."""
    if not isinstance(b, bool):
        raise RuntimeError(f"setWarnOnlyOnce expects a bool, but got {type(b).__name__}")
    _set["warn always"] = b


def is_warn_always_enabled() -> bool:
    """What `set_warn_always` was given; at first False."""
    return bool(_set["warn always"])


def set_flush_denormal(mode: bool) -> bool:
    """Whether the mode could be set: XLA's CPU code takes denormal numbers for 0, so only True is possible."""
    return bool(mode)


def compile(
    model: Callable[..., Any] | None = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: Any = None,
    mode: str | None = None,
    options: Any = None,
    name: str | None = None,
    disable: bool = False,
    recompile_limit: int | None = None,
    isolate_recompiles: bool = False,
    shapes_spec: Any = None,
) -> Any:
    """The function or module itself: lamina compiles everything. Without one, a decorator. Options change nothing.

    >>> import lamina
    >>> @lamina.compile(fullgraph=True)
    ... def double(x):
    ...     return x * 2
    >>> double(lamina.ones(2))
    tensor([2., 2.])
    """
    return (lambda function: function) if model is None else model


def compiled_with_cxx11_abi() -> bool:
    """True."""
    return True


def is_vulkan_available() -> bool:
    """False."""
    return False
