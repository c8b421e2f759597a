"""How XLA compiles programs for the processor: where its defaults are not the fastest."""

from __future__ import annotations

from typing import Any

import jax

from lamina.engine import memory

__all__ = ["FOR_CPU", "compiled"]

_LIBRARY = "LIBRARY_FUSION_TYPE"

FOR_CPU: dict[str, Any] = {
    # 10 to 25% faster steps than with the scheduler that runs what it can at once.
    "xla_cpu_scheduler_type": "CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED",
    # What the processor has; by default XLA takes half of it.
    "xla_cpu_prefer_vector_width": 512,
    # What YNNPACK computes. By default it has convolutions too, which mostly take 1.2 to 2.5 times as long as by Eigen.
    "xla_cpu_experimental_ynn_fusion_type": f"{_LIBRARY}_DOT,{_LIBRARY}_INDIVIDUAL_DOT,{_LIBRARY}_REDUCE",
}
"""Options that make programs faster, each measured; another version of XLA may not have them."""

_unknown: set[str] = set()


def compiled(traced: Any, device: jax.Device) -> Any:
    """A program that JAX has traced, compiled for a device."""
    lowered = traced.lower()
    if device.platform != "cpu":
        return lowered.compile({})
    blocks = memory.in_blocks(traced.jaxpr.jaxpr)
    while True:
        options = {name: value for name, value in FOR_CPU.items() if name not in _unknown}
        try:
            return lowered.compile({**options, **blocks})
        except Exception as error:
            named = next((name for name in options if name in str(error)), None)
            if named is None:
                raise
            _unknown.add(named)
