"""How Adam and its kin change parameters: each rule is one operation over a whole group, as in `ops/optim.py`."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from lamina.ops.op import Array, ArrayLike, Arrays, op
from lamina.ops.optim_blocks import Blocks, each_block, float64, like


@op("", differentiable=False)
def adam_update(
    params: Arrays,
    grads: Arrays,
    step: Array,
    exp_avgs: Arrays,
    exp_avg_sqs: Arrays,
    max_exp_avg_sqs: Arrays | None,
    lr: ArrayLike,
    beta1: ArrayLike,
    beta2: ArrayLike,
    eps: ArrayLike,
    weight_decay: ArrayLike,
    blocks: Blocks,
    decay: bool = False,
    decoupled: bool = False,
    maximize: bool = False,
) -> tuple[jax.Array, ...]:
    """One step of Adam: the new step, params, exp_avgs, exp_avg_sqs and, if given, max_exp_avg_sqs, one after another.

    m' = beta1 m + (1 - beta1) g; v' = beta2 v + (1 - beta2) g^2; t the number of steps with this one;
    p' = p - lr (m' / (1 - beta1^t)) / (sqrt(v' / (1 - beta2^t)) + eps), with the largest v' so far if maxima are given.
    Weight decay adds weight_decay p to g, or, `decoupled`, first multiplies p by 1 - lr weight_decay.
    """
    step = step + 1
    t, lr, beta1, beta2, weight_decay = (float64(x) for x in (step, lr, beta1, beta2, weight_decay))
    step_size = lr / (1 - beta1**t)
    root = jnp.sqrt(1 - beta2**t)

    def rule(g: jax.Array, p: jax.Array, m: jax.Array, v: jax.Array, *top: jax.Array) -> tuple[jax.Array, ...]:
        m, v = _moments(g, m, v, beta1, beta2)
        largest = [jnp.maximum(x, v) for x in top]
        change = m * like(step_size, g) / (jnp.sqrt(largest[0] if top else v) / like(root, g) + like(eps, g))
        return change, m, v, *largest

    states = (exp_avgs, exp_avg_sqs) if max_exp_avg_sqs is None else (exp_avgs, exp_avg_sqs, max_exp_avg_sqs)
    added, shrink = _decays(decay, decoupled, lr, weight_decay)
    return (step, *each_block(params, grads, states, blocks, rule, maximize, added, shrink))


@op("", differentiable=False)
def adamax_update(
    params: Arrays,
    grads: Arrays,
    step: Array,
    exp_avgs: Arrays,
    exp_infs: Arrays,
    lr: ArrayLike,
    beta1: ArrayLike,
    beta2: ArrayLike,
    eps: ArrayLike,
    weight_decay: ArrayLike,
    blocks: Blocks,
    decay: bool = False,
    maximize: bool = False,
) -> tuple[jax.Array, ...]:
    """One step of Adamax: the new step, params, exp_avgs and exp_infs.

    m' = beta1 m + (1 - beta1) g; u' = max(beta2 u, |g| + eps); p' = p - lr / (1 - beta1^t) m' / u'.
    """
    step = step + 1
    t, lr, beta1, beta2, weight_decay = (float64(x) for x in (step, lr, beta1, beta2, weight_decay))
    step_size = lr / (1 - beta1**t)

    def rule(g: jax.Array, p: jax.Array, m: jax.Array, u: jax.Array) -> tuple[jax.Array, ...]:
        m = m + (g - m) * like(1 - beta1, g)
        u = jnp.maximum(u * like(beta2, g), jnp.abs(g) + like(eps, g))
        return m * like(step_size, g) / u, m, u

    added = weight_decay if decay else None
    return (step, *each_block(params, grads, (exp_avgs, exp_infs), blocks, rule, maximize, added))


@op("", differentiable=False)
def nadam_update(
    params: Arrays,
    grads: Arrays,
    step: Array,
    mu_product: Array,
    exp_avgs: Arrays,
    exp_avg_sqs: Arrays,
    lr: ArrayLike,
    beta1: ArrayLike,
    beta2: ArrayLike,
    eps: ArrayLike,
    weight_decay: ArrayLike,
    momentum_decay: ArrayLike,
    blocks: Blocks,
    decay: bool = False,
    decoupled: bool = False,
    maximize: bool = False,
) -> tuple[jax.Array, ...]:
    """One step of NAdam: the new step, mu_product, params, exp_avgs and exp_avg_sqs.

    m' and v' as in Adam; mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2), M the product of all of them so far;
    p' = p - lr ((1 - mu_t) / (1 - M) g + mu_(t+1) / (1 - M mu_(t+1)) m') / (sqrt(v' / (1 - beta2^t)) + eps).
    """
    step = step + 1
    t, lr, beta1, beta2, weight_decay = (float64(x) for x in (step, lr, beta1, beta2, weight_decay))
    momentum_decay = float64(momentum_decay)
    mu, mu_next = (beta1 * (1 - 0.5 * 0.96 ** (when * momentum_decay)) for when in (t, t + 1))
    mu_product = mu_product * like(mu, mu_product)
    product = float64(mu_product)
    of_gradient = lr * (1 - mu) / (1 - product)
    of_moment = lr * mu_next / (1 - product * mu_next)
    correction = 1 - beta2**t

    def rule(g: jax.Array, p: jax.Array, m: jax.Array, v: jax.Array) -> tuple[jax.Array, ...]:
        m, v = _moments(g, m, v, beta1, beta2)
        size = jnp.sqrt(v / like(correction, g)) + like(eps, g)
        return (g * like(of_gradient, g) + m * like(of_moment, g)) / size, m, v

    added, shrink = _decays(decay, decoupled, lr, weight_decay)
    results = each_block(params, grads, (exp_avgs, exp_avg_sqs), blocks, rule, maximize, added, shrink)
    return (step, mu_product, *results)


@op("", differentiable=False)
def radam_update(
    params: Arrays,
    grads: Arrays,
    step: Array,
    exp_avgs: Arrays,
    exp_avg_sqs: Arrays,
    lr: ArrayLike,
    beta1: ArrayLike,
    beta2: ArrayLike,
    eps: ArrayLike,
    weight_decay: ArrayLike,
    blocks: Blocks,
    decay: bool = False,
    decoupled: bool = False,
    maximize: bool = False,
) -> tuple[jax.Array, ...]:
    """One step of RAdam: the new step, params, exp_avgs and exp_avg_sqs.

    m' and v' as in Adam. With rho = 2 / (1 - beta2) - 1 and rho_t = rho - 2 t beta2^t / (1 - beta2^t), a step is
    lr m' / (1 - beta1^t), and if rho_t > 5 it is multiplied by r sqrt(1 - beta2^t) / (sqrt(v') + eps), where
    r^2 = (rho_t - 4) (rho_t - 2) rho / ((rho - 4) (rho - 2) rho_t).
    """
    step = step + 1
    t, lr, beta1, beta2, weight_decay = (float64(x) for x in (step, lr, beta1, beta2, weight_decay))
    step_size = lr / (1 - beta1**t)
    correction = 1 - beta2**t
    rho = 2 / (1 - beta2) - 1
    rho_t = rho - 2 * t * beta2**t / correction
    adapts = rho_t > 5
    square = (rho_t - 4) * (rho_t - 2) * rho / ((rho - 4) * (rho - 2) * rho_t)
    rectified = step_size * jnp.sqrt(correction * jnp.where(adapts, square, 1))

    def rule(g: jax.Array, p: jax.Array, m: jax.Array, v: jax.Array) -> tuple[jax.Array, ...]:
        m, v = _moments(g, m, v, beta1, beta2)
        adapted = m * like(rectified, g) / (jnp.sqrt(v) + like(eps, g))
        return jnp.where(adapts, adapted, m * like(step_size, g)), m, v

    added, shrink = _decays(decay, decoupled, lr, weight_decay)
    return (step, *each_block(params, grads, (exp_avgs, exp_avg_sqs), blocks, rule, maximize, added, shrink))


def _moments(
    g: jax.Array, m: jax.Array, v: jax.Array, beta1: jax.Array, beta2: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """The running means of the gradient and of its square."""
    return m + (g - m) * like(1 - beta1, g), v * like(beta2, g) + g * g * like(1 - beta2, g)


def _decays(
    decay: bool, decoupled: bool, lr: jax.Array, weight_decay: jax.Array
) -> tuple[jax.Array | None, jax.Array | None]:
    """What weight decay adds to the gradient for each unit of the param, and by what it multiplies the param."""
    if not decay:
        return None, None
    return (None, 1 - lr * weight_decay) if decoupled else (weight_decay, None)
