"""What operations are compiled for: the kind of device, and how exactly float32 is multiplied there.

Processors multiply float32 as it is. GPUs have units that are several times as fast for TF32, which keeps 10 of the 23
bits of each factor, and TPUs for bfloat16, which keeps 7. PyTorch's switches are told here, and its defaults are the
defaults: products of matrices are exact, convolutions and recurrent networks on GPUs are not.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

__all__ = ["convolutions", "platform", "products", "recurrent", "set_told", "times", "told"]

_PRECISIONS = {
    "none": lax.Precision.HIGHEST, "highest": lax.Precision.HIGHEST, "high": lax.Precision.HIGH,
    "medium": lax.Precision.DEFAULT,
}  # fmt: skip
_told = {"products": "none", "convolutions": "high", "recurrent": "high"}


def platform() -> str:
    """The kind of device that is compiled for: "cpu", "gpu", "tpu"."""
    config: Any = jax.config
    device = config.jax_default_device
    if device is None:
        return jax.default_backend()
    return device if isinstance(device, str) else str(device.platform)


def told(kind: str) -> str:
    """What `set_told` was last told of a kind of operations; at first "none" of products, and "high" of the others."""
    return _told[kind]


def set_told(kind: str, precision: str) -> None:
    """Compute a kind of operations so: "highest" (exact), "high" (by TF32 on GPUs), "medium" (as fast as can be).

    Args:
        kind: "products", "convolutions" or "recurrent". The latter two are exact but on GPUs.
        precision: see above; "none" is "highest".
    """
    _told[kind] = precision


def products() -> lax.Precision:
    """How exactly products of matrices are computed."""
    return _PRECISIONS[_told["products"]]


def convolutions() -> lax.Precision:
    """How exactly convolutions are computed."""
    return _PRECISIONS[_told["convolutions"] if platform() == "gpu" else "highest"]


def recurrent() -> lax.Precision:
    """How exactly products in recurrent networks are computed."""
    return _PRECISIONS[_told["recurrent"] if platform() == "gpu" else "highest"]


def times(a: jax.Array, b: jax.Array) -> jax.Array:
    """a @ b in a recurrent network."""
    return jnp.matmul(a, b, precision=recurrent())
