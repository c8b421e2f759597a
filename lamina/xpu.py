"""`torch.xpu`: GPUs of Intel's, which XLA here has no code for."""

from lamina.cuda import empty_cache, manual_seed, manual_seed_all, synchronize

__all__ = ["device_count", "empty_cache", "is_available", "manual_seed", "manual_seed_all", "synchronize"]


def is_available() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0
