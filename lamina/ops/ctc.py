"""Connectionist Temporal Classification: the likelihood of a sequence of labels, over all its alignments in time.

A path through time visits, in turn, the places before, between and after the labels, where it emits blanks, and the
labels themselves. So there are S + 1 states of blanks and S states of labels, held in two arrays. From a state one
stays or goes on to the next; from a label one may skip the blank if the next label is another one.

Source: Graves and others, Connectionist Temporal Classification, 2006.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from lamina.ops import check, promote
from lamina.ops.loss import MEAN, reduce
from lamina.ops.op import Array, op

_States = tuple[Array, Array]
"""Logarithms for the states of blanks (N, S + 1) and of labels (N, S)."""


@op("", grad_name=lambda *args: "MeanBackward0" if args[5] == MEAN else "CtcLossBackward0")
def ctc_loss(
    log_probs: Array,
    targets: Array,
    input_lengths: Array,
    target_lengths: Array,
    blank: int = 0,
    reduction: int = MEAN,
    zero_infinity: bool = False,
    longest: int = 0,
) -> Array:
    """-log of the sum, over all alignments of a target with its input, of the product of their probabilities.

    The mean first divides each loss by the length of its target. The gradient is PyTorch's: it takes the input for
    what log_softmax gives. `longest` bounds the lengths of targets that are concatenated.

    log_probs (T, N, C) or (T, C), targets (N, S) or all N one after the other, input_lengths and target_lengths (N,)
    -> (N,) or () for no reduction, else ()
    """
    x = log_probs if log_probs.ndim == 3 else log_probs[:, None]
    _check(x, targets, input_lengths, target_lengths, blank)
    times, lengths = input_lengths.reshape(-1), target_lengths.reshape(-1)
    labels = targets if targets.ndim == 2 else _padded(targets, lengths, longest)
    # What stands behind a target is never looked at; a label that is none reads NaN.
    labels = jnp.where((labels < 0) | (labels > x.shape[2]), x.shape[2], labels).astype(jnp.int32)
    labels = jnp.where(jnp.arange(labels.shape[1]) < lengths[:, None], labels, blank)
    wide = x.astype(jnp.float32) if x.dtype.itemsize == 2 else x
    loss = _negative_log_likelihood(wide, labels, times, lengths, blank)
    if zero_infinity:
        loss = jnp.where(loss == jnp.inf, 0, loss)
    if reduction == MEAN:
        loss = loss / jnp.maximum(lengths, 1).astype(loss.dtype)
    elif log_probs.ndim == 2:
        loss = loss.reshape(())
    return reduce(loss, reduction).astype(log_probs.dtype)


def _check(x: Array, targets: Array, input_lengths: Array, target_lengths: Array, blank: int) -> None:
    for name, lengths in (("input_lengths", input_lengths), ("target_lengths", target_lengths)):
        if promote.category(lengths.dtype) != 1:
            raise RuntimeError(f"{name} must be integral")
    if x.ndim != 3:
        raise RuntimeError(f"ctc_loss: log_probs must be (T, N, C) or (T, C), got {tuple(x.shape)}.")
    if promote.category(x.dtype) != 2:
        raise NotImplementedError(f"\"ctc_loss_cpu\" not implemented for '{check.type_name(x.dtype)}'")
    if not x.size:
        raise RuntimeError("log_probs tensor must not be empty")
    batch, classes = x.shape[1:]
    if not 0 <= blank < classes:
        raise RuntimeError("blank must be in label range")
    for name, lengths in (("input_lengths", input_lengths), ("target_lengths", target_lengths)):
        if lengths.size != batch:
            raise RuntimeError(f"{name} must be of size batch_size")
    if targets.ndim not in (1, 2) or (targets.ndim == 2 and targets.shape[0] != batch):
        raise RuntimeError(
            f"ctc_loss: targets must be ({batch}, S) or (sum of target_lengths,) to go with log_probs "
            f"{tuple(x.shape)}, got {tuple(targets.shape)}."
        )


def _padded(targets: Array, lengths: Array, longest: int) -> Array:
    """Concatenated targets as (N, S), each with whatever follows it."""
    start = jnp.cumsum(lengths) - lengths
    place = start[:, None] + jnp.arange(longest, dtype=lengths.dtype)
    return targets.at[place].get(mode="fill", fill_value=0) if targets.size else jnp.zeros(place.shape, targets.dtype)


@functools.partial(jax.custom_vjp, nondiff_argnums=(4,))
def _negative_log_likelihood(x: Array, labels: Array, times: Array, lengths: Array, blank: int) -> Array:
    """(T, N, C), (N, S), (N,), (N,) -> (N,)"""
    return _forward(x, labels, times, lengths, blank)[0]


def _forward(x: Array, labels: Array, times: Array, lengths: Array, blank: int) -> tuple[Array, Any]:
    emitted = _emissions(x, labels, blank)
    other = _differs(labels)
    before = jnp.full_like(x, -jnp.inf, shape=(x.shape[1], 1))

    def step(alpha: _States, now: Any) -> tuple[_States, _States]:
        t, (blanks, letters) = now
        a, b = alpha
        earlier = jnp.concatenate([before, b], 1)  # the label to the left of each blank
        skipped = jnp.where(other, earlier[:, :-1], -jnp.inf)
        new = blanks + _log_sum(a, earlier), letters + _log_sum(b, a[:, :-1], skipped)
        alive = (t < times)[:, None]
        alpha = jnp.where(alive, new[0], a), jnp.where(alive, new[1], b)
        return alpha, alpha

    start = jnp.full_like(x, -jnp.inf, shape=(x.shape[1], labels.shape[1] + 1)).at[:, 0].set(0)
    first = start, jnp.full_like(x, -jnp.inf, shape=labels.shape)
    last, alphas = lax.scan(step, first, (jnp.arange(x.shape[0]), emitted))
    ends = _ends(last, lengths)
    loss = -_log_sum(*(jnp.max(end, 1, initial=-jnp.inf) for end in ends))
    return loss, (x, labels, times, lengths, alphas, loss)


def _backward(blank: int, saved: Any, gradient: Array) -> tuple[Any, ...]:
    """exp(log_probs) minus how likely each class is at each time, given the target."""
    x, labels, times, lengths, alphas, loss = saved
    emitted = _emissions(x, labels, blank)
    other = _differs(labels)
    behind = jnp.full_like(x, -jnp.inf, shape=(x.shape[1], 1))

    def step(beta: _States, now: Any) -> tuple[_States, _States]:
        t, (blanks, letters) = now
        alive = (t < times)[:, None]
        a, b = blanks + beta[0], letters + beta[1]
        later = jnp.concatenate([b, behind], 1)
        skipped = jnp.where(other, b, -jnp.inf)
        skipped = jnp.concatenate([skipped[:, 1:], behind], 1)[:, : labels.shape[1]]
        new = _log_sum(a, later), _log_sum(b, a[:, 1:], skipped)
        return (jnp.where(alive, new[0], beta[0]), jnp.where(alive, new[1], beta[1])), beta

    zeros = jnp.zeros_like(alphas[0][0]), jnp.zeros_like(alphas[1][0])
    steps = jnp.arange(x.shape[0])
    _, betas = lax.scan(step, _ends(zeros, lengths), (steps, emitted), reverse=True)
    # beta leaves out what is emitted now, so alpha + beta counts it once.
    blanks, letters = (jnp.exp(alpha + beta + loss[:, None]) for alpha, beta in zip(alphas, betas, strict=True))
    classes = jnp.arange(x.shape[2])
    # A product with ones and zeros adds up the states of each class: a scatter would be slower.
    which = (labels[..., None] == classes).astype(x.dtype)
    expected = jnp.einsum("tns,nsc->tnc", letters, which) + jnp.sum(blanks, 2, keepdims=True) * (classes == blank)
    slope = jnp.exp(x) - expected
    slope = jnp.where((x == -jnp.inf) | (loss == jnp.inf)[:, None], jnp.nan, slope)
    alive = steps[:, None] < times
    # A loss of infinity that was made zero has no gradient: what arrives is 0 there.
    slope = jnp.where((alive & ((gradient != 0) | (loss != jnp.inf)))[..., None], slope * gradient[:, None], 0)
    return slope, None, None, None


_negative_log_likelihood.defvjp(_forward, _backward)


def _emissions(x: Array, labels: Array, blank: int) -> _States:
    """What each state emits at each time: (T, N, 1) for blanks, (T, N, S) for labels."""
    place = jnp.broadcast_to(labels, (x.shape[0], *labels.shape))
    letters = jnp.take_along_axis(x, place, 2, mode="fill")
    return x[:, :, blank, None], letters


def _differs(labels: Array) -> Array:
    """Whether each label is another one than the label before it."""
    return jnp.pad(labels[:, 1:] != labels[:, :-1], ((0, 0), (1, 0)))[:, : labels.shape[1]]


def _ends(states: _States, lengths: Array) -> _States:
    """The states where an alignment may end, the last label and the blank behind it; the others made impossible."""

    def only(state: Array, last: Array) -> Array:
        return jnp.where(jnp.arange(state.shape[1]) == last[:, None], state, -jnp.inf)

    return only(states[0], lengths), only(states[1], lengths - 1)


def _log_sum(*terms: Array) -> Array:
    """log of the sum of exponentials; -inf for a sum of nothing."""
    largest = functools.reduce(jnp.maximum, terms)
    shift = jnp.where(largest == -jnp.inf, 0, largest)
    return shift + jnp.log(sum(jnp.exp(term - shift) for term in terms))
