"""Which ways to compute attention a program allows: `torch.nn.attention`. They are remembered; XLA decides."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Iterator, Sequence


class SDPBackend(enum.IntEnum):
    """Ways to compute attention, with PyTorch's numbers."""

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4


allowed = {backend for backend in SDPBackend if backend >= 0}
"""Those that are allowed now."""


@contextlib.contextmanager
def sdpa_kernel(backends: SDPBackend | Sequence[SDPBackend], set_priority: bool = False) -> Iterator[None]:
    """Allow these ways only, for the time of a block. Attention is computed as XLA sees fit in any case."""
    chosen = [backends] if isinstance(backends, SDPBackend) else list(backends)
    if not chosen or not all(isinstance(backend, SDPBackend) for backend in chosen):
        raise AssertionError(f"sdpa_kernel: backends must be SDPBackend members, one or several, got {backends!r}")
    before = set(allowed)
    allowed.clear()
    allowed.update(chosen)
    try:
        yield
    finally:
        allowed.clear()
        allowed.update(before)
