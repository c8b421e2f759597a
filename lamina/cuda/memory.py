"""How much memory a GPU has and what of it is used, as XLA's allocator counts it."""

from __future__ import annotations

from typing import Any

from lamina import engine
from lamina.cuda.gpus import gpu, is_available


class OutOfMemoryError(RuntimeError):
    """PyTorch's name for the error of a full GPU, so that programs can write `except`. XLA raises its own."""


def memory_stats(device: Any = None) -> dict[str, Any]:
    """What XLA's allocator counts, by its own names; empty without a GPU.

    Args:
        device: a device, its name or its number; None stands for the current one.
    """
    if not is_available():
        return {}
    engine.synchronize()
    return dict(gpu(device).memory_stats() or {})


def memory_allocated(device: Any = None) -> int:
    """The bytes that arrays take up."""
    return int(memory_stats(device).get("bytes_in_use", 0))


def max_memory_allocated(device: Any = None) -> int:
    """The most bytes that arrays took up since the process began; XLA cannot begin to count anew."""
    return int(memory_stats(device).get("peak_bytes_in_use", 0))


def memory_reserved(device: Any = None) -> int:
    """The bytes that XLA has taken from the GPU."""
    stats = memory_stats(device)
    return int(stats.get("bytes_reserved") or stats.get("pool_bytes") or stats.get("bytes_in_use", 0))


def max_memory_reserved(device: Any = None) -> int:
    """The most bytes that XLA took from the GPU."""
    stats = memory_stats(device)
    return int(stats.get("peak_pool_bytes") or stats.get("peak_bytes_in_use", 0))


def mem_get_info(device: Any = None) -> tuple[int, int]:
    """The bytes that are free for arrays, and all that XLA may use."""
    gpu(device)
    stats = memory_stats(device)
    total = int(stats.get("bytes_limit", 0))
    return total - int(stats.get("bytes_in_use", 0)), total


def memory_summary(device: Any = None, abbreviated: bool = False) -> str:
    """What `memory_stats` gives, a line each."""
    return "\n".join(f"{name:30}{value:>20}" for name, value in memory_stats(device).items())


def reset_peak_memory_stats(device: Any = None) -> None:
    """Nothing: XLA counts its peak from the beginning of the process."""


reset_max_memory_allocated = reset_peak_memory_stats


def set_per_process_memory_fraction(fraction: float, device: Any = None) -> None:
    """Not possible once JAX runs: set XLA_PYTHON_CLIENT_MEM_FRACTION before it starts."""
    raise NotImplementedError(
        "set_per_process_memory_fraction: XLA takes its share when it starts; set the environment variable "
        f"XLA_PYTHON_CLIENT_MEM_FRACTION={fraction} before."
    )


def empty_cache() -> None:
    """Nothing: XLA keeps its own memory."""


def ipc_collect() -> None:
    """Nothing: memory of a GPU is not shared between processes."""
