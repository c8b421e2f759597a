"""`torch.mps`: GPUs of Apple's, which XLA has no code for."""

from lamina.cuda import Event, empty_cache, manual_seed, seed, synchronize

__all__ = ["Event", "device_count", "empty_cache", "is_available", "manual_seed", "seed", "synchronize"]


def is_available() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0
