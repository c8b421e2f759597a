"""`torch.backends.cpu`: what the processor can do."""

from pathlib import Path

__all__ = ["get_cpu_capability"]


def get_cpu_capability() -> str:
    """The widest vectors of the processor in PyTorch's words: "AVX512", "AVX2" or "DEFAULT"."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return "DEFAULT"
    return "AVX512" if "avx512f" in flags else "AVX2" if "avx2" in flags else "DEFAULT"
