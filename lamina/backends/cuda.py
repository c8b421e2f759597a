"""`torch.backends.cuda`: how exactly matrices are multiplied; other flags are remembered, XLA decides."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

__all__ = [
    "SDPBackend",
    "cudnn_sdp_enabled",
    "enable_cudnn_sdp",
    "enable_flash_sdp",
    "enable_math_sdp",
    "enable_mem_efficient_sdp",
    "flash_sdp_enabled",
    "is_built",
    "is_flash_attention_available",
    "math_sdp_enabled",
    "matmul",
    "mem_efficient_sdp_enabled",
    "preferred_blas_library",
    "preferred_linalg_library",
    "sdp_kernel",
]

from lamina.backends.attention import SDPBackend, allowed
from lamina.backends.fp32 import Products

matmul = Products()
"""Flags of matrix products."""

_preferred = {"linalg": "default", "blas": "default"}


def is_built() -> bool:
    """Whether JAX sees a GPU: its CUDA code is a package of its own."""
    from lamina import cuda

    return cuda.is_available()


def flash_sdp_enabled() -> bool:
    """Whether `enable_flash_sdp` was last called with True; at first True."""
    return SDPBackend.FLASH_ATTENTION in allowed


def enable_flash_sdp(enabled: bool) -> None:
    """Remember whether attention may use a flash kernel."""
    _allow(SDPBackend.FLASH_ATTENTION, enabled)


def mem_efficient_sdp_enabled() -> bool:
    """Whether `enable_mem_efficient_sdp` was last called with True; at first True."""
    return SDPBackend.EFFICIENT_ATTENTION in allowed


def enable_mem_efficient_sdp(enabled: bool) -> None:
    """Remember whether attention may use a kernel that saves memory."""
    _allow(SDPBackend.EFFICIENT_ATTENTION, enabled)


def math_sdp_enabled() -> bool:
    """Whether `enable_math_sdp` was last called with True; at first True."""
    return SDPBackend.MATH in allowed


def enable_math_sdp(enabled: bool) -> None:
    """Remember whether attention may be computed from its formula."""
    _allow(SDPBackend.MATH, enabled)


def cudnn_sdp_enabled() -> bool:
    """Whether `enable_cudnn_sdp` was last called with True; at first True."""
    return SDPBackend.CUDNN_ATTENTION in allowed


def enable_cudnn_sdp(enabled: bool) -> None:
    """Remember whether attention may use cuDNN."""
    _allow(SDPBackend.CUDNN_ATTENTION, enabled)


def is_flash_attention_available() -> bool:
    """False: XLA has no kernel of that name."""
    return False


def preferred_linalg_library(backend: str | None = None) -> str:
    """Remember a name if one is given; returns the last."""
    _preferred["linalg"] = backend or _preferred["linalg"]
    return _preferred["linalg"]


def preferred_blas_library(backend: str | None = None) -> str:
    """Remember a name if one is given; returns the last."""
    _preferred["blas"] = backend or _preferred["blas"]
    return _preferred["blas"]


@contextlib.contextmanager
def sdp_kernel(
    enable_flash: bool = True, enable_math: bool = True, enable_mem_efficient: bool = True, enable_cudnn: bool = True
) -> Iterator[None]:
    """The four flags of attention for the time of a block."""
    before = set(allowed)
    enable_flash_sdp(enable_flash)
    enable_math_sdp(enable_math)
    enable_mem_efficient_sdp(enable_mem_efficient)
    enable_cudnn_sdp(enable_cudnn)
    try:
        yield
    finally:
        allowed.clear()
        allowed.update(before)


def _allow(backend: SDPBackend, enabled: bool) -> None:
    if enabled:
        allowed.add(backend)
    else:
        allowed.discard(backend)
