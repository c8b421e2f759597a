"""`torch.backends.openmp`: XLA has threads of its own."""

__all__ = ["is_available"]


def is_available() -> bool:
    """False."""
    return False
