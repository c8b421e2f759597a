"""Running means of many tensors at once."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from lamina.ops.op import ArrayLike, Arrays, op


@op("", differentiable=False)
def mean_each(means: Arrays, values: Arrays, count: ArrayLike) -> tuple[jax.Array, ...]:
    """The means of count values as means of count + 1: mean + (value - mean) / (count + 1), each. Shapes are equal."""
    number = lax.convert_element_type(count, jnp.float64) + 1
    return tuple(
        mean + (value - mean) / lax.convert_element_type(number, mean.dtype)
        for mean, value in zip(means, values, strict=True)
    )


@op("", differentiable=False)
def lerp_each(starts: Arrays, ends: Arrays, weight: ArrayLike) -> tuple[jax.Array, ...]:
    """start + weight (end - start), each. Shapes are equal."""
    return tuple(
        start + lax.convert_element_type(weight, start.dtype) * (end - start)
        for start, end in zip(starts, ends, strict=True)
    )
