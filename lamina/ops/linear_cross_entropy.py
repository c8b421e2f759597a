"""Cross entropy of a linear map, a few rows at a time: the scores of all rows never exist together."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check
from lamina.ops.loss import MEAN, NONE
from lamina.ops.op import Array, op
from lamina.ops.target import products

_Gradients = tuple[Array, Array, Array | None]


@op("", grad_name="_linear_cross_entropy_batch_chunkedBackward0")
def linear_cross_entropy_chunked(
    input: Array,
    linear_weight: Array,
    target: Array,
    linear_bias: Array | None = None,
    weight: Array | None = None,
    reduction: int = MEAN,
    ignore_index: int = -100,
    rows: int = 1,
    dtype: np.dtype | None = None,
    narrow: bool = False,
) -> Array:
    """`cross_entropy` of input linear_weight^T + linear_bias, with `rows` rows of scores at a time.

    Scores and sums over rows have the type `dtype`; the slopes of scores are rounded to the input's first if `narrow`.
    input (N, E), linear_weight (C, E), target (N,), int64, linear_bias and weight (C,) or None -> (N,) or ()
    """
    check.shape("linear_cross_entropy", "target", target, tuple(input.shape[:1]), input=input)
    classes = linear_weight.shape[0]
    if weight is not None:
        check.shape("linear_cross_entropy", "weight", weight, (classes,), linear_weight=linear_weight)
    kind = np.dtype(dtype or input.dtype)
    kept = target != ignore_index
    counts = kept.astype(kind)
    if weight is not None:
        chosen = weight.at[jnp.where(kept, target, 0)].get(mode="fill", fill_value=jnp.nan)
        counts = jnp.where(kept, chosen, 0).astype(kind)
    plan = (rows, kind, narrow)
    arrays = input, linear_weight, linear_bias, jnp.where(kept, target, 0)
    if reduction == NONE:
        return (_losses(*arrays, plan) * counts).astype(input.dtype)
    total = _weighted_total(*arrays, counts, plan)
    if reduction == MEAN:
        # Without rows the mean is NaN, and the gradient is not.
        total = total / jnp.sum(counts) if input.shape[0] else total + jnp.nan
    return total.astype(input.dtype)


def _walk(
    x: Array, weight: Array, bias: Array | None, target: Array, counts: Array | None, plan: tuple[int, np.dtype, bool]
) -> tuple[Array, _Gradients | None]:
    """The loss of each row and, if it is known how much each counts, the gradients of their sum."""
    rows, kind, narrow = plan
    exact = products()
    count, (classes, _) = x.shape[0], weight.shape
    chunks = -(-count // rows)

    def cut(array: Array) -> Array:
        padded = jnp.pad(array, ((0, chunks * rows - count), *((0, 0),) * (array.ndim - 1)))
        return padded.reshape(chunks, rows, *array.shape[1:])

    def step(sums: Any, chunk: Any) -> tuple[Any, Any]:
        x, target, counts = chunk
        scores = jnp.matmul(x, weight.T, precision=exact, preferred_element_type=kind)
        scores = scores if bias is None else scores + bias.astype(kind)
        scores = scores - lax.stop_gradient(jnp.max(scores, 1, keepdims=True))
        hit = lax.broadcasted_iota(target.dtype, scores.shape, 1) == target[:, None]
        chosen = jnp.sum(jnp.where(hit, scores, 0), 1)
        chosen = jnp.where((target < 0) | (target >= classes), jnp.nan, chosen)
        powers = jnp.exp(scores)
        total = jnp.sum(powers, 1)
        losses = jnp.log(total) - chosen
        if counts is None:
            return sums, (losses, None)
        slope = (powers / total[:, None] - hit) * counts[:, None]
        slope = slope.astype(x.dtype) if narrow else slope
        of_input = jnp.matmul(slope, weight, precision=exact, preferred_element_type=kind).astype(x.dtype)
        of_weight = sums[0] + jnp.matmul(slope.T, x, precision=exact, preferred_element_type=kind)
        of_bias = None if bias is None else sums[1] + jnp.sum(slope.astype(kind), 0)
        return (of_weight, of_bias), (losses, of_input)

    zeros = jnp.zeros(weight.shape, kind), None if bias is None else jnp.zeros(bias.shape, kind)
    chunked = cut(x), cut(target), None if counts is None else cut(counts)
    sums: Any
    sums, (losses, of_input) = lax.scan(step, zeros, chunked)
    losses = losses.reshape(-1)[:count]
    if counts is None:
        return losses, None
    of_weight, of_bias = sums[0].astype(weight.dtype), None if bias is None else sums[1].astype(bias.dtype)
    return losses, (of_input.reshape(-1, x.shape[1])[:count], of_weight, of_bias)


@functools.partial(jax.custom_vjp, nondiff_argnums=(4,))
def _losses(x: Array, weight: Array, bias: Array | None, target: Array, plan: Any) -> Array:
    return _walk(x, weight, bias, target, None, plan)[0]


def _losses_forward(x: Array, weight: Array, bias: Array | None, target: Array, plan: Any) -> tuple[Array, Any]:
    return _losses(x, weight, bias, target, plan), (x, weight, bias, target)


def _losses_backward(plan: Any, saved: Any, gradient: Array) -> tuple[Any, ...]:
    """The scores are computed again."""
    x, weight, bias, target = saved
    _, gradients = _walk(x, weight, bias, target, gradient, plan)
    assert gradients is not None
    return *gradients, None


_losses.defvjp(_losses_forward, _losses_backward)


@functools.partial(jax.custom_vjp, nondiff_argnums=(5,))
def _weighted_total(x: Array, weight: Array, bias: Array | None, target: Array, counts: Array, plan: Any) -> Array:
    return _sum(_walk(x, weight, bias, target, None, plan)[0], counts)


def _weighted_total_forward(*arguments: Any) -> tuple[Array, Any]:
    """The gradients too, but for a factor: so the scores are computed once."""
    *_, counts, _ = arguments
    losses, gradients = _walk(*arguments)
    return _sum(losses, counts), (gradients, losses)


def _weighted_total_backward(plan: Any, saved: Any, gradient: Array) -> tuple[Any, ...]:
    gradients, losses = saved
    scaled = [None if x is None else (x * gradient).astype(x.dtype) for x in gradients]
    return *scaled, None, losses * gradient


_weighted_total.defvjp(_weighted_total_forward, _weighted_total_backward)


def _sum(losses: Array, counts: Array) -> Array:
    """What counts 0 times adds nothing, whatever it is."""
    return jnp.sum(jnp.where(counts == 0, 0, losses * counts))
