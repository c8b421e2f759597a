"""`torch.backends.mps`: GPUs of Apple's, which XLA has no code for."""

__all__ = ["is_available", "is_built"]


def is_available() -> bool:
    """False."""
    return False


def is_built() -> bool:
    """False."""
    return False
