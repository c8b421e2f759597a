"""How optimizers that follow the gradient itself change parameters: each rule is one operation over a whole group.

A rule gets the params, their gradients, what all params share (`step`), and for each of the `blocks` one array of each
state. It returns what they share, the params and the states, each new and in this order.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jax import lax

from lamina.ops.op import Array, ArrayLike, Arrays, Shape, op
from lamina.ops.optim_blocks import Blocks, each_block, float64, gradient, like, parts


@op("", differentiable=False)
def sgd_update(
    params: Arrays,
    grads: Arrays,
    buffers: Arrays | None,
    lr: ArrayLike,
    momentum: ArrayLike,
    dampening: ArrayLike,
    weight_decay: ArrayLike,
    blocks: Blocks,
    decay: bool = False,
    nesterov: bool = False,
    maximize: bool = False,
) -> tuple[jax.Array, ...]:
    """One step of gradient descent: (params, grads, buffers) -> the new params, then the new buffers.

    g is the gradient (negated to maximize), plus weight_decay p if `decay`. Without buffers p - lr g; with them
    b' = momentum b + (1 - dampening) g and p - lr b', or with `nesterov` p - lr (g + momentum b').
    """
    lr, momentum, weight_decay = float64(lr), float64(momentum), float64(weight_decay)
    taken = 1 - float64(dampening)

    def rule(g: jax.Array, p: jax.Array, *buffer: jax.Array) -> tuple[jax.Array, ...]:
        if not buffer:
            return (g * like(lr, g),)
        new = buffer[0] * like(momentum, g) + g * like(taken, g)
        g = g + new * like(momentum, g) if nesterov else new
        return g * like(lr, g), new

    states = () if buffers is None else (buffers,)
    return each_block(params, grads, states, blocks, rule, maximize, weight_decay if decay else None)


@op("", differentiable=False)
def asgd_update(
    params: Arrays,
    grads: Arrays,
    step: Array,
    eta: Array,
    mu: Array,
    axs: Arrays,
    lr: ArrayLike,
    lambd: ArrayLike,
    alpha: ArrayLike,
    t0: ArrayLike,
    weight_decay: ArrayLike,
    blocks: Blocks,
    decay: bool = False,
    maximize: bool = False,
) -> tuple[jax.Array, ...]:
    """One step of averaged gradient descent: the new step, eta, mu, params and axs, which are averages of the params.

    p' = (1 - lambd eta) p - eta g; ax' = ax + mu (p' - ax); at step t, eta' = lr / (1 + lambd lr t)^alpha and
    mu' = 1 / max(1, t - t0).
    """
    lr, lambd, alpha, t0, weight_decay = (float64(x) for x in (lr, lambd, alpha, t0, weight_decay))
    new_step = step + 1
    t, rate, weight = float64(new_step), float64(eta), float64(mu)
    shrink = 1 - lambd * rate

    def rule(g: jax.Array, p: jax.Array, ax: jax.Array) -> tuple[jax.Array, ...]:
        change = g * like(rate, g)
        new = p * like(shrink, p) - change
        return change, jnp.where(weight == 1, new, ax + (new - ax) * like(weight, ax))

    new_eta = lax.convert_element_type(lr / (1 + lambd * lr * t) ** alpha, eta.dtype)
    new_mu = lax.convert_element_type(1 / jnp.maximum(1, t - t0), mu.dtype)
    results = each_block(params, grads, (axs,), blocks, rule, maximize, weight_decay if decay else None, shrink)
    return (new_step, new_eta, new_mu, *results)


@op("", differentiable=False)
def rprop_update(
    params: Arrays,
    grads: Arrays,
    step: Array,
    prevs: Arrays,
    step_sizes: Arrays,
    etaminus: ArrayLike,
    etaplus: ArrayLike,
    step_size_min: ArrayLike,
    step_size_max: ArrayLike,
    blocks: Blocks,
    maximize: bool = False,
) -> tuple[jax.Array, ...]:
    """One step of resilient propagation: the new step, params, prevs (the last gradients) and step_sizes.

    Where the gradient kept its sign, the step size s grows by etaplus; where it changed it, s shrinks by etaminus and
    the gradient counts as 0. p' = p - s' sign(g).
    """
    etaminus, etaplus = float64(etaminus), float64(etaplus)
    low, high = float64(step_size_min), float64(step_size_max)

    def rule(g: jax.Array, p: jax.Array, prev: jax.Array, size: jax.Array) -> tuple[jax.Array, ...]:
        product = g * prev
        factor = jnp.where(product > 0, like(etaplus, g), jnp.where(product < 0, like(etaminus, g), like(1, g)))
        size = jnp.clip(size * factor, like(low, g), like(high, g))
        g = jnp.where(product < 0, like(0, g), g)
        return jnp.sign(g) * size, g, size

    return (step + 1, *each_block(params, grads, (prevs, step_sizes), blocks, rule, maximize))


@op("", differentiable=False)
def muon_update(
    params: Arrays,
    grads: Arrays,
    buffers: Arrays,
    lr: ArrayLike,
    weight_decay: ArrayLike,
    momentum: ArrayLike,
    eps: ArrayLike,
    blocks: Blocks,
    nesterov: bool = True,
    ns_coefficients: tuple[float, ...] = (3.4445, -4.775, 2.0315),
    ns_steps: int = 5,
    adjust_lr_fn: str | None = None,
) -> tuple[jax.Array, ...]:
    """One step of Muon: the new params (matrices), then the new buffers.

    b' = b + (1 - momentum) (g - b); u = b', or g + momentum (b' - g) with `nesterov`; p' = (1 - lr weight_decay) p -
    lr r orthogonal(u), where r goes by the shape: sqrt(max(1, rows / columns)), or 0.2 sqrt(max(rows, columns)) if
    adjust_lr_fn is "match_rms_adamw".
    """
    if ns_steps >= 100:
        raise ValueError("Number of steps must be less than 100 for computational efficiency")
    if len(ns_coefficients) != 3:
        raise ValueError("Coefficients must be a tuple of exactly 3 values")
    lr, weight_decay, momentum = float64(lr), float64(weight_decay), float64(momentum)
    shrink = 1 - lr * weight_decay
    new_params, new_buffers = list(params), []
    given = iter(grads)
    for k, block in enumerate(blocks.params):
        g = gradient(given, params, block, blocks.starts[k])
        buffer = buffers[k] + (g - buffers[k]) * like(1 - momentum, g)
        update = g + (buffer - g) * like(momentum, g) if nesterov else buffer
        new_buffers.append(buffer)
        for i, part in zip(block, parts(update, [params[i].shape for i in block]), strict=True):
            p = params[i]
            change = like(_orthogonal(part, ns_coefficients, ns_steps, eps), p)
            new_params[i] = p * like(shrink, p) - change * like(lr * _ratio(p.shape, adjust_lr_fn), p)
    return (*new_params, *new_buffers)


def _ratio(shape: Shape, adjust_lr_fn: str | None) -> float:
    rows, columns = shape
    if adjust_lr_fn == "match_rms_adamw":
        return 0.2 * math.sqrt(max(rows, columns))
    return math.sqrt(max(1, rows / columns))


def _orthogonal(matrix: jax.Array, coefficients: tuple[float, ...], steps: int, eps: ArrayLike) -> jax.Array:
    """A nearly orthogonal matrix with the singular vectors of this one, (n, m), in bfloat16.

    `steps` Newton-Schulz iterations of x' = a x + b (x x^T) x + c (x x^T)^2 x bring the singular values near 1.
    """
    a, b, c = (jnp.float32(x) for x in coefficients)
    x = _rounded(matrix)
    wide = matrix.shape[0] <= matrix.shape[1]
    x = x if wide else x.T
    size = _rounded(jnp.sqrt((x.astype(jnp.float32) ** 2).sum()))
    x = _rounded(x.astype(jnp.float32) / jnp.maximum(size, like(eps, size)).astype(jnp.float32))
    for _ in range(steps):
        gram = _rounded(_product(x, x.T))
        update = _rounded(b * gram.astype(jnp.float32) + c * _product(gram, gram))
        x = _rounded(a * x.astype(jnp.float32) + _product(update, x))
    return x if wide else x.T


def _product(a: jax.Array, b: jax.Array) -> jax.Array:
    return jnp.matmul(a, b, preferred_element_type=jnp.float32)


def _rounded(x: jax.Array) -> jax.Array:
    """In bfloat16. XLA leaves out a conversion to and fro, unless it is told that the rounding is meant."""
    return lax.reduce_precision(x, 8, 7).astype(jnp.bfloat16)
