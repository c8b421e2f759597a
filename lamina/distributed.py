"""`torch.distributed`: what programs ask before they train on several processes. Groups of processes are not here."""

from __future__ import annotations

from typing import Any, NoReturn

__all__ = [
    "barrier", "destroy_process_group", "get_rank", "get_world_size", "init_process_group", "is_available",
    "is_gloo_available", "is_initialized", "is_mpi_available", "is_nccl_available", "is_torchelastic_launched",
]  # fmt: skip


def is_available() -> bool:
    """False."""
    return False


def is_initialized() -> bool:
    """False."""
    return False


is_nccl_available = is_gloo_available = is_mpi_available = is_torchelastic_launched = is_initialized


def _no_group(*args: Any, **options: Any) -> NoReturn:
    """There is no group of processes to ask: raises ValueError, as PyTorch before `init_process_group`."""
    raise ValueError("Default process group has not been initialized, please make sure to call init_process_group.")


get_rank = get_world_size = barrier = destroy_process_group = _no_group


def init_process_group(*args: Any, **options: Any) -> None:
    """Not here: several devices of one process are JAX's to share, by shardings."""
    raise NotImplementedError("distributed.init_process_group: lamina has no groups of processes.")
