"""Random numbers of continuous distributions that no formula gives from uniform ones: gamma, Dirichlet, von Mises.

Gradients pass through gamma and Dirichlet samples: JAX differentiates the distribution function implicitly.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, Key, op
from lamina.ops.random import jax_key, wide


def _require_floating(name: str, x: Array) -> None:
    if promote.category(x.dtype) != 2:
        raise NotImplementedError(f"\"{name}\" not implemented for '{check.type_name(x.dtype)}'")


@op("")
def standard_gamma(key: Key, concentration: Array) -> Array:
    """Gamma numbers with rate 1: concentration (*) -> (*), in its type."""
    _require_floating("standard_gamma", concentration)
    shape = wide(concentration)
    return jax.random.gamma(jax_key(key), shape, dtype=shape.dtype).astype(concentration.dtype)


@op("")
def standard_dirichlet(key: Key, concentration: Array) -> Array:
    """Vectors of probabilities, each a gamma number divided by their sum: concentration (*, K) -> (*, K).

    In logarithms, as gamma numbers of a small concentration may all be rounded to 0.
    """
    _require_floating("standard_dirichlet", concentration)
    shape = wide(concentration)
    drawn = jax.nn.softmax(jax.random.loggamma(jax_key(key), shape, dtype=shape.dtype), axis=-1)
    # What was rounded to 0 is lifted, for its logarithm; its gradient stays what it is.
    tiny = jnp.finfo(shape.dtype).tiny
    lifted = drawn + lax.stop_gradient(jnp.maximum(drawn, tiny) - drawn)
    return lifted.astype(concentration.dtype)


@op("", differentiable=False)
def von_mises(key: Key, loc: Array, concentration: Array) -> Array:
    """Angles in [-pi, pi) from von Mises distributions: loc (*), concentration (*) -> (*).

    Rejection sampling from a wrapped Cauchy distribution (Best and Fisher 1979), in float64: each element is drawn
    until it is accepted, which takes at most 1.52 times on average.
    """
    _require_floating("von_mises", loc)
    kappa = concentration.astype(np.float64)
    tau = 1 + jnp.sqrt(1 + 4 * kappa**2)
    rho = (tau - jnp.sqrt(2 * tau)) / (2 * kappa)
    # For a small kappa the difference above is all rounding: the first terms of the series.
    r = jnp.where(kappa < 1e-5, 1 / kappa + kappa, (1 + rho**2) / (2 * rho))

    def again(state: tuple[jax.Array, jax.Array, jax.Array]) -> jax.Array:
        return ~state[2].all()

    def draw(state: tuple[jax.Array, jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array, jax.Array]:
        stream, angle, done = state
        stream, here = jax.random.split(stream)
        u1, u2, u3 = jax.random.uniform(here, (3, *kappa.shape), np.float64)
        z = jnp.cos(math.pi * u1)
        f = (1 + r * z) / (r + z)
        c = kappa * (r - f)
        accepted = (c * (2 - c) > u2) | (jnp.log(c / u2) + 1 - c >= 0)
        found = jnp.sign(u3 - 0.5) * jnp.arccos(jnp.clip(f, -1, 1))
        return stream, jnp.where(accepted & ~done, found, angle), done | accepted

    start = jax_key(key), jnp.zeros(kappa.shape), jnp.zeros(kappa.shape, bool)
    angle = lax.while_loop(again, draw, start)[1]
    turned = (angle + math.pi + loc.astype(np.float64)) % (2 * math.pi) - math.pi
    return turned.astype(loc.dtype)
