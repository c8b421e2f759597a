"""Norms of many arrays together, and limits on them: each is one operation over all arrays."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from lamina.ops.linalg import vector_norm
from lamina.ops.op import Array, Arrays, Number, op


@op("", differentiable=False)
def norm_of_all(arrays: Arrays, ord: float) -> jax.Array:
    """The norm of the norms of the arrays: that of all elements, as one vector. arrays of any shapes -> ()."""
    norms = [vector_norm(x, ord, None, False, dtype=None) for x in arrays]
    kind: Any = jnp.result_type(*norms)
    return vector_norm(jnp.stack([norm.astype(kind) for norm in norms]), ord, None, False, dtype=None)


@op("", differentiable=False)
def scale_to_norm(arrays: Arrays, total: Array, limit: Number) -> tuple[jax.Array, ...]:
    """Each array times min(limit / (total + 1e-6), 1)."""
    factor = jnp.minimum(jnp.asarray(limit, total.dtype) / (total + jnp.asarray(1e-6, total.dtype)), 1)
    return tuple(x * factor.astype(x.dtype) for x in arrays)


@op("", differentiable=False)
def clamp_all(arrays: Arrays, limit: Number) -> tuple[jax.Array, ...]:
    """Each element cut to [-limit, limit]."""
    return tuple(jnp.clip(x, jnp.asarray(-limit, x.dtype), jnp.asarray(limit, x.dtype)) for x in arrays)
