"""Losses that stop at a margin: of scores, of labels, of distances."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from lamina.ops import check, promote
from lamina.ops.loss import MEAN, NONE, reduce, reduced_name
from lamina.ops.op import Array, Number, op
from lamina.ops.reduce import vector_norm


@op("lamina", grad_name=lambda *args: reduced_name(args[-1], "ClampMinBackward0"))
def margin_ranking_loss(
    input1: Array, input2: Array, target: Array, margin: Number = 0.0, reduction: int = NONE
) -> Array:
    """max(0, -target * (input1 - input2) + margin): target 1 wants input1 larger, -1 wants it smaller.

    input1, input2 and target broadcast to (*) -> (*) for no reduction, else ()
    """
    x1, x2, y = promote.promote(input1, input2, target)
    check.broadcast(x1, x2, y)
    return reduce(_positive_part(_plus(margin + 0.0, -y * (x1 - x2))), reduction)


@op("lamina", grad_name=lambda *args: reduced_name(args[-1], "AddBackward0"))
def hinge_embedding_loss(input: Array, target: Array, margin: Number = 1.0, reduction: int = NONE) -> Array:
    """input where target is 1, max(0, margin - input) where it is -1, and the sum of both elsewhere.

    input and target broadcast to (*) -> (*) for no reduction, else ()
    """
    check.broadcast(input, target)
    far = _positive_part(promote.cast(margin, input.dtype) - input)
    zero = jnp.zeros((), input.dtype)
    return reduce(jnp.where(target != 1, far, zero) + jnp.where(target != -1, input, zero), reduction)


@op("")
def soft_margin_loss(input: Array, target: Array, reduction: int = MEAN) -> Array:
    """log(1 + exp(-target * input)), without overflow.

    input and target (1 or -1) broadcast to (*) -> (*) for no reduction, else ()
    """
    if promote.category(input.dtype) < 2:
        raise RuntimeError(f"result type Float can't be cast to the desired output type {check.type_name(input.dtype)}")
    x, y = promote.promote(input, target)
    check.broadcast(x, y)
    return reduce(jnp.logaddexp(-y * x, jnp.zeros((), x.dtype)), reduction)


@op("lamina", grad_name=lambda *args: reduced_name(args[-1], "AddBackward0"))
def cosine_embedding_loss(
    input1: Array, input2: Array, target: Array, margin: Number = 0.0, reduction: int = NONE
) -> Array:
    """1 - cos(input1, input2) where target is 1, max(0, cos - margin) where it is -1.

    input1 and input2 (N, E) or (E,), target (N,) or () -> shape of target for no reduction, else ()
    """
    if target.ndim > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if input1.ndim != target.ndim + 1 or input2.ndim != target.ndim + 1:
        raise RuntimeError(
            f"{target.ndim}D target tensor expects {target.ndim + 1}D input tensors, "
            f"but found inputs with sizes {list(input1.shape)} and {list(input2.shape)}."
        )
    x1, x2 = promote.promote_float(input1, input2)
    check.broadcast(x1, x2)
    product, square1, square2 = (jnp.sum(v, -1) for v in (x1 * x2, x1 * x1, x2 * x2))
    check.broadcast(product, target)
    cosine = product / jnp.sqrt((square1 + 1e-12) * (square2 + 1e-12))
    near, far = 1 - cosine, _positive_part(_plus(-margin, cosine))
    return reduce(jnp.where(target == 1, near, 0) + jnp.where(target == -1, far, 0), reduction)


@op("lamina", grad_name=lambda *args: reduced_name(args[-1], "ClampMinBackward0"))
def triplet_margin_loss(
    anchor: Array,
    positive: Array,
    negative: Array,
    margin: Number = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: int = NONE,
) -> Array:
    """max(0, margin + |anchor - positive| - |anchor - negative|) in the p-norm.

    With `swap`, |positive - negative| counts in place of the last distance if it is smaller.
    anchor, positive and negative broadcast to (*, E) -> (*) for no reduction, else ()
    """
    ranks = anchor.ndim, positive.ndim, negative.ndim
    if len(set(ranks)) > 1:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, "
            f"but got: anchor {ranks[0]}D, positive {ranks[1]}D, and negative {ranks[2]}D inputs"
        )

    def distance(x1: Array, x2: Array) -> Array:
        x, y = promote.promote(x1, x2)
        check.broadcast(x, y)
        (difference,) = promote.promote_float(x - y)
        return vector_norm(difference + eps, float(p), (difference.ndim - 1,) if difference.ndim else (), False)

    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = jnp.minimum(far, distance(positive, negative))
    return reduce(_positive_part(_plus(margin, near - far)), reduction)


@op("", grad_name=lambda *args: reduced_name(args[-1], "DivBackward0"))
def multilabel_soft_margin_loss(
    input: Array, target: Array, weight: Array | None = None, reduction: int = MEAN
) -> Array:
    """-(target * log(sigmoid(input)) + (1 - target) * log(sigmoid(-input))), of each class weight times; their mean.

    input and target (*, C), weight broadcast to it or None -> (*) for no reduction, else ()
    """
    if input.ndim == 0:
        raise IndexError("multilabel_soft_margin_loss: input must be (*, C), got ().")
    x, y = promote.promote(input, target)
    check.broadcast(x, y)
    loss = jnp.logaddexp(-x, jnp.zeros((), x.dtype)) + (1 - y) * x
    if weight is not None:
        check.broadcast(loss, weight)
        loss = jnp.multiply(*promote.promote(loss, weight))
    return reduce(jnp.sum(loss, -1) / input.shape[-1], reduction)


@op("")
def multi_margin_loss(
    input: Array,
    target: Array,
    p: int = 1,
    margin: Number = 1.0,
    weight: Array | None = None,
    reduction: int = MEAN,
) -> Array:
    """The mean over classes i other than the target of weight[target] * max(0, margin - input[target] + input[i])^p.

    input (N, C) or (C,), target (N,) or (), int64, weight (C,) or None -> shape of target for no reduction, else ()
    """
    x, y = _scores("multi_margin_loss", input), target.reshape(-1)
    if target.ndim > 1 or target.size != x.shape[0]:
        raise RuntimeError(
            f"multi_margin_loss: target must be ({x.shape[0]},) to go with input {tuple(input.shape)}, "
            f"got {tuple(target.shape)}."
        )
    check_long("multi_margin_loss", target)
    hit = lax.broadcasted_iota(y.dtype, x.shape, 1) == y[:, None]
    excess = _plus(margin, x - _chosen(x, hit))
    loss = jnp.where(~hit & ~(excess <= 0), excess, 0) ** p
    if weight is not None:
        check.shape("multi_margin_loss", "weight", weight, (x.shape[1],), input=input)
        if weight.dtype != input.dtype:
            raise RuntimeError(
                f"expected scalar type {check.type_name(input.dtype)} but found {check.type_name(weight.dtype)}"
            )
        loss = loss * jnp.sum(jnp.where(hit, weight, 0), 1, keepdims=True)
    return reduce((jnp.sum(loss, 1) / x.shape[1]).reshape(target.shape), reduction)


@op("")
def multilabel_margin_loss(input: Array, target: Array, reduction: int = MEAN) -> Array:
    """The sum over labels j and other classes i of max(0, 1 - input[j] + input[i]), divided by C.

    A sample's labels are its targets before the first -1.
    input (N, C) or (C,), target the same shape, int64 -> (N,) or () for no reduction, else ()
    """
    x = _scores("multilabel_margin_loss", input)
    if target.shape != input.shape:
        raise RuntimeError(
            f"multilabel_margin_loss: target must be {tuple(input.shape)} to go with input {tuple(input.shape)}, "
            f"got {tuple(target.shape)}."
        )
    check_long("multilabel_margin_loss", target)
    loss = _label_margins(x, target.reshape(x.shape))
    return reduce(loss.reshape(input.shape[:-1]), reduction)


def check_long(name: str, target: Array) -> None:
    """RuntimeError unless the target is int64."""
    if target.dtype.name != "int64":
        raise RuntimeError(f"{name}: target must be Long, got {check.type_name(target.dtype)}.")


def _plus(number: Any, x: Array) -> Array:
    """number + x, of PyTorch's type."""
    a, b = promote.promote(number, x)
    return a + b


def _positive_part(x: Array) -> Array:
    """max(0, x), with slope 1 at 0, as `clamp_min` has it."""
    return jnp.where(x < 0, jnp.zeros((), x.dtype), x)


def _scores(name: str, input: Array) -> Array:
    """The input as (N, C)."""
    if promote.category(input.dtype) != 2:
        raise NotImplementedError(f"\"{name}\" not implemented for '{check.type_name(input.dtype)}'")
    if input.ndim > 2 or (input.ndim and not input.shape[-1]):
        raise RuntimeError(f"{name}: input must be (C,) or (N, C), C positive, got {tuple(input.shape)}.")
    return input.reshape(-1 if input.ndim == 2 else 1, input.shape[-1] if input.ndim else 1)


def _chosen(x: Array, hit: Array) -> Array:
    """The one score of each row that is hit, as a column; NaN if there is none, since values can't be checked here."""
    chosen = jnp.sum(jnp.where(hit, x, 0), 1, keepdims=True)
    return jnp.where(jnp.any(hit, 1, keepdims=True), chosen, jnp.nan)


def _label_terms(x: Array, target: Array, sloped: bool) -> tuple[Array, Array]:
    """The loss of each row and its slope, label by label: there are as many steps as the longest row has labels."""
    classes = lax.broadcasted_iota(target.dtype, x.shape, 1)
    counts = jnp.sum(jnp.cumprod((target >= 0).astype(jnp.int32), 1), 1)
    steps = jnp.max(counts, initial=0)

    def hits(j: Any) -> tuple[Array, Array]:
        label = lax.dynamic_index_in_dim(target, j, 1)
        here = (j < counts)[:, None]
        return (classes == label) & here, here

    def mark(j: Any, labels: Array) -> Array:
        return labels | hits(j)[0]

    labels = lax.fori_loop(0, steps, mark, jnp.zeros(x.shape, bool))

    def add(j: Any, state: tuple[Array, Array]) -> tuple[Array, Array]:
        loss, slope = state
        hit, here = hits(j)
        excess = 1 - _chosen(x, hit) + x
        counted = here & ~labels & ~(excess <= 0)
        loss = loss + jnp.sum(jnp.where(counted, excess, 0), 1)
        if sloped:
            ones = counted.astype(x.dtype)
            slope = slope + ones - jnp.where(hit, jnp.sum(ones, 1, keepdims=True), 0)
        return loss, slope

    return lax.fori_loop(0, steps, add, (jnp.zeros_like(x, shape=x.shape[:1]), jnp.zeros_like(x)))


@jax.custom_jvp
def _label_margins(x: Array, target: Array) -> Array:
    return _label_terms(x, target, False)[0] / x.shape[1]


@_label_margins.defjvp
def _label_margins_jvp(primals: tuple[Array, ...], tangents: tuple[Array, ...]) -> tuple[Array, Array]:
    """The loss is linear between its bends, and a loop of unknown length has no derivative of JAX's."""
    x, target = primals
    loss, slope = _label_terms(x, target, True)
    return loss / x.shape[1], jnp.sum(slope * tangents[0], 1) / x.shape[1]
