"""What operations are compiled for: the kind of device, and how exactly float32 is multiplied there.

Processors multiply float32 as it is. GPUs have units that are several times as fast for TF32, which keeps 10 of the 23
bits of each factor, and TPUs for bfloat16, which keeps 7. PyTorch's switches are told here, and its defaults are the
defaults: products of matrices are exact, convolutions and recurrent networks on GPUs are not.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

__all__ = ["convolutions", "platform", "products", "recurrent", "rows", "set_told", "times", "told"]

_PRECISIONS = {"highest": lax.Precision.HIGHEST, "high": lax.Precision.HIGH, "medium": lax.Precision.DEFAULT}
_DEFAULTS = {"products": "highest", "convolutions": "high", "recurrent": "high"}
_ABOVE = {**dict.fromkeys(_DEFAULTS, "cudnn"), "cudnn": "all"}
"""Where a kind of operations looks for what it was not told itself: as in PyTorch, under cuDNN's name for all three."""

_told: dict[str, str] = {}


def platform() -> str:
    """The kind of device that is compiled for: "cpu", "gpu", "tpu"."""
    config: Any = jax.config
    device = config.jax_default_device
    if device is None:
        return jax.default_backend()
    return device if isinstance(device, str) else str(device.platform)


def told(kind: str | None) -> str | None:
    """What `set_told` was last told of a kind of operations, or of what it is one of; None: nothing."""
    while kind is not None and kind not in _told:
        kind = _ABOVE.get(kind)
    return None if kind is None else _told[kind]


def set_told(kind: str, precision: str | None) -> None:
    """Compute a kind of operations so: "highest" (exact), "high" (by TF32 on GPUs), "medium" (as fast as can be).

    Args:
        kind: "products", "convolutions", "recurrent", or "cudnn" or "all" for those of them that are not told
            themselves. Convolutions and recurrent networks are exact but on GPUs.
        precision: see above; None takes back what was told.
    """
    if precision is None:
        _told.pop(kind, None)
    else:
        _told[kind] = precision


def _precision(kind: str) -> lax.Precision:
    return _PRECISIONS[told(kind) or _DEFAULTS[kind]]


def products() -> lax.Precision:
    """How exactly products of matrices are computed."""
    return _precision("products")


def convolutions() -> lax.Precision:
    """How exactly convolutions are computed."""
    return _precision("convolutions") if platform() == "gpu" else lax.Precision.HIGHEST


def recurrent() -> lax.Precision:
    """How exactly products in recurrent networks are computed."""
    return _precision("recurrent") if platform() == "gpu" else lax.Precision.HIGHEST


def rows(a: jax.Array) -> jax.Array:
    """(..., K) as a matrix: of more dimensions, XLA would transpose the operands of a product's gradients in memory."""
    return lax.reshape(a, (math.prod(a.shape[:-1]), a.shape[-1]))


def times(a: jax.Array, b: jax.Array) -> jax.Array:
    """a @ b in a recurrent network: (..., K), (K, M) -> (..., M)."""
    out = jnp.matmul(rows(a), b, precision=recurrent())
    return lax.reshape(out, (*a.shape[:-1], b.shape[1]))
