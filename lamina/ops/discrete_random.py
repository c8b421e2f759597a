"""Random whole numbers by other distributions than the uniform one."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, Key, op
from lamina.ops.operands import match
from lamina.ops.random import jax_key, uniform, wide

_FLOATING = (np.float16, jnp.bfloat16, np.float32, np.float64)


@op("lamina Tensor", differentiable=False)
def multinomial(key: Key, input: Array, num_samples: int, replacement: bool = False) -> Array:
    """Places drawn with probabilities in proportion to the input: (C,) -> (S,), or (N, C) -> (N, S), in int64.

    Without replacement no place is drawn twice. Rows need not add up to 1.

    >>> import lamina
    >>> lamina.multinomial(lamina.tensor([0.0, 1.0, 0.0]), 2, replacement=True)
    tensor([1, 1])
    """
    if input.ndim not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if promote.category(input.dtype) != 2:
        raise RuntimeError(
            f"multinomial only supports floating-point dtypes for input, got: {check.type_name(input.dtype)}"
        )
    if num_samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    count = input.shape[-1]
    if not replacement and num_samples > count:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    weight = wide(input)
    if not replacement:
        # The order of exponential waiting times is that of drawing one after another.
        drawn = 1 - uniform(key, input.shape, weight.dtype)
        waits = jnp.where(weight > 0, -jnp.log(drawn) / weight, jnp.inf)
        return lax.top_k(-waits, num_samples)[1].astype(np.int64)
    running = jnp.cumsum(weight, -1)
    drawn = uniform(key, (*input.shape[:-1], num_samples), weight.dtype) * running[..., -1:]
    find = lambda edges, x: jnp.searchsorted(edges, x, side="right")  # noqa: E731
    places = find(running, drawn) if input.ndim == 1 else jax.vmap(find)(running, drawn)
    # Rounding may lead past the last place that has a weight.
    last = count - 1 - jnp.argmax(jnp.flip(weight > 0, -1), -1, keepdims=True)
    return jnp.minimum(places.astype(np.int64), last)


@op("lamina", differentiable=False)
def poisson(key: Key, input: Array) -> Array:
    """Poisson numbers with the input's elements as rates, in its type.

    >>> import lamina
    >>> lamina.poisson(lamina.zeros(2))
    tensor([0., 0.])
    """
    if input.dtype not in _FLOATING:
        raise NotImplementedError(f"\"poisson_cpu\" not implemented for '{check.type_name(input.dtype)}'")
    return jax.random.poisson(jax_key(key), wide(input), dtype=np.int64).astype(input.dtype)


@op("lamina", differentiable=False)
def binomial(key: Key, count: Array, prob: Array) -> Array:
    """How many of `count` trials succeed, each with probability `prob`. Shapes broadcast.

    >>> import lamina
    >>> lamina.binomial(lamina.tensor([3.0, 4.0]), lamina.tensor([0.0, 1.0]))
    tensor([0., 4.])
    """
    for name, x in (("count", count), ("prob", prob)):
        if promote.category(x.dtype) != 2:
            raise ValueError(
                f"binomial only supports floating-point dtypes for {name}, got: {check.type_name(x.dtype)}"
            )
    n, p = match(count, prob)
    found = jax.random.binomial(jax_key(key), wide(n), wide(p), shape=n.shape, dtype=wide(n).dtype)
    return found.astype(count.dtype)
