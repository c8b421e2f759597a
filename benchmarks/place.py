"""Where contenders compute, and how exactly they multiply there."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A device and a precision.

    Attributes:
        device: "cpu" or "cuda".
        precision: of products of float32 matrices, as `set_float32_matmul_precision` calls it. Left alone, JAX would
            multiply by TF32 on a GPU where PyTorch and lamina do not.
    """

    device: str = "cpu"
    precision: str = "highest"

    def environment(self) -> dict[str, str]:
        """What processes must find when they start."""
        if self.device == "cpu":
            return {"JAX_PLATFORMS": os.environ.get("JAX_PLATFORMS", "cpu")}
        # Contenders take turns on one card: none may take most of its memory.
        return {"JAX_PLATFORMS": "cuda,cpu", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}

    def enter(self, contender: str) -> None:
        """Let a contender compute here from now on; all that it makes is made here."""
        if contender in ("lamina", "torch"):
            library = importlib.import_module(contender)
            library.set_float32_matmul_precision(self.precision)
            if self.device != "cpu":
                library.set_default_device(self.device)
        elif self.device != "cpu":  # JAX's arrays are made on the first of its platforms
            import jax

            jax.config.update("jax_default_matmul_precision", self.precision)

    def name(self) -> str:
        """What the device calls itself; "" for the processor."""
        if self.device == "cpu":
            return ""
        import jax

        return str(jax.devices("gpu")[0].device_kind)
