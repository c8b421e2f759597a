"""Losses of a ROC curve: of how scores order positives and negatives."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, op


@op("functional", grad_name="SumBackward1")
def area_under_min_fpr_fnr(input: Array, target: Array) -> Array:
    """The area under min(false positive rate, false negative rate) as the threshold runs over all scores.

    It is 0 if a threshold separates the classes, and steps in the rates of a ROC curve do not hide its slope. Targets
    equal to the largest one are positive. With a single class the loss is 0. Of equal scores, the last gets the
    gradient of all.

    input and target (*) -> ()

    >>> import lamina
    >>> scores = lamina.tensor([3.0, 1.0, 2.0])
    >>> lamina.nn.functional.area_under_min_fpr_fnr(scores, lamina.tensor([1, 1, 0]))
    tensor(0.5000)
    """
    check.shape("area_under_min_fpr_fnr", "target", target, tuple(input.shape), input=input)
    (x,) = promote.promote_float(input)
    if not x.size:
        return jnp.sum(x)
    wide = x.astype(jnp.float32) if x.dtype.itemsize == 2 else x
    return _area(wide.reshape(-1), (target == jnp.max(target)).reshape(-1)).astype(x.dtype)


def _steps(x: Array, positive: Array) -> tuple[Array, Array, Array, Array]:
    """Thresholds from low to high, the error rate between each and the next, where each came from and whether the
    next differs.
    """
    place = jnp.arange(x.size, dtype=jnp.int32)
    thresholds, place, ones = lax.sort((-x, place, positive.astype(jnp.int32)), num_keys=1, is_stable=True)
    positives = jnp.cumsum(ones, dtype=jnp.int32)
    total, negatives = positives[-1], place.size - positives[-1]
    # Beyond the k-th threshold, the k scores before it are taken for positive.
    false_positive = (jnp.arange(1, x.size + 1) - positives) / jnp.maximum(negatives, 1).astype(x.dtype)
    false_negative = (total - positives) / jnp.maximum(total, 1).astype(x.dtype)
    error = jnp.minimum(false_positive, false_negative).astype(x.dtype)
    ends = jnp.append(thresholds[1:] != thresholds[:-1], True)
    return thresholds, error, place, ends


@jax.custom_jvp
def _area(x: Array, positive: Array) -> Array:
    thresholds, error, _, _ = _steps(x, positive)
    return jnp.sum(error[:-1] * jnp.diff(thresholds))


@_area.defjvp
def _area_jvp(primals: tuple[Array, ...], tangents: tuple[Array, ...]) -> tuple[Array, Array]:
    """A threshold is the end of one interval and the start of the next: its slope is the difference of their errors."""
    thresholds, error, place, ends = _steps(*primals)
    previous = lax.cummax(jnp.where(ends, jnp.arange(ends.size), -1))
    previous = jnp.concatenate([jnp.full((1,), -1), previous[:-1]])
    before = jnp.where(previous < 0, 0, error.at[previous].get(mode="clip"))
    slope = jnp.where(ends, error - before, 0)  # of the scores, which are minus the thresholds
    # The last error rate is 0: nothing is negative there.
    _, slope = lax.sort((place, slope), num_keys=1)
    return jnp.sum(error[:-1] * jnp.diff(thresholds)), jnp.sum(slope * tangents[0])
