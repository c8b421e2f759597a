"""`torch.backends.opt_einsum`: the order of products of `einsum`, which JAX chooses by opt_einsum."""

__all__ = ["is_available"]

enabled = True
strategy = "auto"


def is_available() -> bool:
    """True: JAX depends on it."""
    return True
