"""How optimizers that scale the gradient by its size so far change parameters, by rules as in `ops/optim.py`."""

from __future__ import annotations

import itertools
from typing import Any

import jax
import jax.numpy as jnp

from lamina.ops.op import Array, ArrayLike, Arrays, op
from lamina.ops.optim_blocks import Blocks, each_block, float64, gradient, joined, like, parts


@op("", differentiable=False)
def rmsprop_update(
    params: Arrays,
    grads: Arrays,
    step: Array,
    square_avgs: Arrays,
    buffers: Arrays | None,
    grad_avgs: Arrays | None,
    lr: ArrayLike,
    alpha: ArrayLike,
    eps: ArrayLike,
    weight_decay: ArrayLike,
    momentum: ArrayLike,
    blocks: Blocks,
    decay: bool = False,
    maximize: bool = False,
) -> tuple[jax.Array, ...]:
    """One step of RMSprop: the new step, params, square_avgs and, if given, buffers and grad_avgs.

    v' = alpha v + (1 - alpha) g^2; u = g / (sqrt(v') + eps), where with grad_avgs a' = alpha a + (1 - alpha) g the
    root is that of v' - a'^2; p' = p - lr u, or with buffers b' = momentum b + u and p' = p - lr b'.
    """
    lr, alpha, momentum = float64(lr), float64(alpha), float64(momentum)

    def rule(g: jax.Array, p: jax.Array, v: jax.Array, *more: jax.Array) -> tuple[jax.Array, ...]:
        rest = iter(more)
        buffer = None if buffers is None else next(rest)
        v = v * like(alpha, g) + g * g * like(1 - alpha, g)
        new = [v]
        square = v
        mean = None
        if grad_avgs is not None:
            mean = next(rest)
            mean = mean + (g - mean) * like(1 - alpha, g)
            square = v - mean * mean
        u = g / (jnp.sqrt(square) + like(eps, g))
        if buffer is not None:
            u = buffer * like(momentum, g) + u
            new.append(u)
        if mean is not None:
            new.append(mean)
        return u * like(lr, g), *new

    states = [state for state in (square_avgs, buffers, grad_avgs) if state is not None]
    return (step + 1, *each_block(params, grads, states, blocks, rule, maximize, weight_decay if decay else None))


@op("", differentiable=False)
def adagrad_update(
    params: Arrays,
    grads: Arrays,
    step: Array,
    sums: Arrays,
    lr: ArrayLike,
    lr_decay: ArrayLike,
    weight_decay: ArrayLike,
    eps: ArrayLike,
    blocks: Blocks,
    decay: bool = False,
    maximize: bool = False,
) -> tuple[jax.Array, ...]:
    """One step of Adagrad: the new step, params and sums.

    s' = s + g^2; p' = p - lr / (1 + (t - 1) lr_decay) g / (sqrt(s') + eps) at step t.
    """
    step_size = float64(lr) / (1 + float64(step) * float64(lr_decay))

    def rule(g: jax.Array, p: jax.Array, s: jax.Array) -> tuple[jax.Array, ...]:
        s = s + g * g
        return g * like(step_size, g) / (jnp.sqrt(s) + like(eps, g)), s

    return (step + 1, *each_block(params, grads, (sums,), blocks, rule, maximize, weight_decay if decay else None))


@op("", differentiable=False)
def adadelta_update(
    params: Arrays,
    grads: Arrays,
    step: Array,
    square_avgs: Arrays,
    acc_deltas: Arrays,
    lr: ArrayLike,
    rho: ArrayLike,
    eps: ArrayLike,
    weight_decay: ArrayLike,
    blocks: Blocks,
    decay: bool = False,
    maximize: bool = False,
) -> tuple[jax.Array, ...]:
    """One step of Adadelta: the new step, params, square_avgs and acc_deltas.

    v' = rho v + (1 - rho) g^2; d = sqrt(a + eps) / sqrt(v' + eps) g; a' = rho a + (1 - rho) d^2; p' = p - lr d.
    """
    lr, rho = float64(lr), float64(rho)

    def rule(g: jax.Array, p: jax.Array, v: jax.Array, a: jax.Array) -> tuple[jax.Array, ...]:
        v = v * like(rho, g) + g * g * like(1 - rho, g)
        d = jnp.sqrt(a + like(eps, g)) / jnp.sqrt(v + like(eps, g)) * g
        return d * like(lr, g), v, a * like(rho, g) + d * d * like(1 - rho, g)

    added = weight_decay if decay else None
    return (step + 1, *each_block(params, grads, (square_avgs, acc_deltas), blocks, rule, maximize, added))


@op("", differentiable=False)
def adafactor_update(
    params: Arrays,
    grads: Arrays,
    step: Array,
    row_vars: Arrays | None,
    col_vars: Arrays | None,
    variances: Arrays | None,
    lr: ArrayLike,
    beta2_decay: ArrayLike,
    eps1: ArrayLike,
    eps2: ArrayLike,
    d: ArrayLike,
    weight_decay: ArrayLike,
    blocks: Blocks,
    decay: bool = False,
    maximize: bool = False,
) -> tuple[jax.Array, ...]:
    """One step of Adafactor: the new step, params, and the states given: row_vars and col_vars, or variances.

    v' = v + t^beta2_decay (g^2 - v) at step t; of params with rows and columns only the means R over rows and C over
    columns are kept, and v' is R C / mean(R). u = g / sqrt(max(v', eps1^2)), divided by max(1, RMS(u) / d);
    p' = (1 - lr weight_decay) p - max(eps2, RMS(p)) min(lr, 1 / sqrt(t)) u.
    """
    step = step + 1
    t, lr, eps1, eps2, d = (float64(x) for x in (step, lr, eps1, eps2, d))
    weight = t ** float64(beta2_decay)
    rate = jnp.minimum(lr, 1 / jnp.sqrt(t))
    shrink = 1 - lr * float64(weight_decay)
    new_params = list(params)
    new: tuple[list[Any], ...] = ([], []) if variances is None else ([],)
    given = iter(grads)
    for k, block in enumerate(blocks.params):
        shapes = [params[i].shape for i in block]
        gs = parts(gradient(given, params, block, blocks.starts[k]), shapes)
        if variances is None:
            assert row_vars is not None
            assert col_vars is not None
            states = [
                parts(row_vars[k], [(*shape[:-1], 1) for shape in shapes]),
                parts(col_vars[k], [(*shape[:-2], 1, shape[-1]) for shape in shapes]),
            ]
        else:
            states = [parts(variances[k], shapes)]
        results: tuple[list[Any], ...] = tuple([] for _ in states)
        for i, g, *state in zip(block, gs, *states, strict=True):
            p, g = params[i], -g if maximize else g
            v, *kept = _variance(g, state, like(weight, g), like(eps1, g))
            for result, x in zip(results, kept, strict=True):
                result.append(x)
            u = g / jnp.sqrt(jnp.maximum(v, like(eps1 * eps1, g)))
            size = jnp.maximum(eps2, float64(_rms(p))) * rate / jnp.maximum(1, float64(_rms(u)) / d)
            new_params[i] = (p * like(shrink, p) if decay else p) - u * like(size, g)
        for found, result in zip(new, results, strict=True):
            found.append(joined(result))
    return (step, *new_params, *itertools.chain(*new))


def _variance(g: jax.Array, state: list[jax.Array], weight: jax.Array, eps: jax.Array) -> tuple[jax.Array, ...]:
    """What estimates g^2, and the new state: of rows and columns, or of every element."""
    square = g * g
    if len(state) == 1:
        v = state[0] + (square - state[0]) * weight
        return v, v
    row, col = (
        old + (square.mean(axis, keepdims=True) - old) * weight for old, axis in zip(state, (-1, -2), strict=True)
    )
    return row * col / jnp.maximum(row.mean(-2, keepdims=True), eps), row, col


def _rms(x: jax.Array) -> jax.Array:
    return jnp.sqrt((x * x).mean())
