"""Adaptive softmax: frequent classes have scores of their own, rare ones share the score of their cluster.

Source: Grave and others, Efficient softmax approximation for GPUs, 2017.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp
from jax import lax

from lamina.ops import check
from lamina.ops.activation import stable_log_softmax
from lamina.ops.op import Array, Arrays, op


@op("", grad_name="AddBackward0")
def adaptive_log_softmax(head: Array, target: Array, tails: Arrays) -> Array:
    """The log-probability of each target: that of its cluster, plus that of the target within it.

    Every row is given to every cluster, and what belongs to another one is left out: shapes do not depend on targets.
    A target that is no class gives NaN, since values can't be checked here.

    head (N, S + K), S frequent classes and K clusters, target (N,), tails K times (N, classes of the cluster) -> (N,)
    """
    check.shape("adaptive_log_softmax", "target", target, (head.shape[0],), head=head)
    shortlist = head.shape[1] - len(tails)
    place, output, low = target, jnp.zeros_like(head, shape=target.shape), shortlist
    for cluster, tail in enumerate(tails):
        high = low + tail.shape[1]
        here = (target >= low) & (target < high)
        output = jnp.where(here, _pick(stable_log_softmax(tail, 1), target - low), output)
        place = jnp.where(here, shortlist + cluster, place)
        low = high
    output = output + _pick(stable_log_softmax(head, 1), place)
    return jnp.where((target < 0) | (target >= low), jnp.nan, output)


@op("", grad_name="CopySlices")
def adaptive_log_prob(head: Array, tails: Arrays) -> Array:
    """The log-probabilities of all classes.

    head (N, S + K), tails K times (N, classes of the cluster) -> (N, classes)
    """
    return _log_prob(head, tails)


@op("", differentiable=False)
def adaptive_predict(head: Array, tails: Arrays) -> Array:
    """The most likely class: a frequent one if the head prefers it to all clusters, else the best of all.

    head (N, S + K), tails K times (N, classes of the cluster) -> (N,), int64
    """
    best = jnp.argmax(head, 1)
    return jnp.where(best < head.shape[1] - len(tails), best, jnp.argmax(_log_prob(head, tails), 1)).astype(jnp.int64)


def _log_prob(head: Array, tails: Sequence[Array]) -> Array:
    shortlist = head.shape[1] - len(tails)
    first = stable_log_softmax(head, 1)
    parts = [stable_log_softmax(tail, 1) + first[:, shortlist + cluster, None] for cluster, tail in enumerate(tails)]
    return jnp.concatenate([first[:, :shortlist], *parts], 1)


def _pick(x: Array, place: Array) -> Array:
    """x[n, place[n]], or 0: by a comparison with every place, whose gradient is a choice and no scatter."""
    hit = lax.broadcasted_iota(place.dtype, x.shape, 1) == place[:, None]
    return jnp.sum(jnp.where(hit, x, 0), 1)
