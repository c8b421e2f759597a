"""L-BFGS: the directions it takes, and what its line search asks of a point."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from lamina.ops.op import Array, ArrayLike, Arrays, Number, op
from lamina.ops.optim_blocks import as_real, as_stored, float64, like
from lamina.ops.promote import category


@op("", differentiable=False)
def lbfgs_move(params: Arrays, direction: Array, step_size: Number) -> tuple[jax.Array, ...]:
    """The params plus step_size times direction (n,), which holds all of them one after another."""
    change = direction * like(step_size, direction)
    moved, offset = [], 0
    for p in params:
        size = p.size * (1 + (category(p.dtype) == 3))
        part = as_stored(change[offset : offset + size].reshape(as_real(p).shape), p)
        moved.append(p + part.astype(p.dtype))
        offset += size
    return tuple(moved)


@op("", differentiable=False)
def lbfgs_probe(loss: ArrayLike, grads: Arrays, direction: Array | None = None) -> tuple[jax.Array, jax.Array]:
    """What a line search asks of a point: all gradients as one vector (n,), and four numbers in one float64 vector.

    The numbers: the loss, gradient . direction (0 without one), the largest and the summed magnitude of the gradient.
    """
    flat = jnp.concatenate([as_real(g).reshape(-1) for g in grads])
    slope = jnp.zeros((), flat.dtype) if direction is None else flat @ direction
    size = jnp.abs(flat)
    numbers = (jnp.asarray(loss).reshape(()), slope, size.max(), size.sum())
    return flat, jnp.stack([float64(x) for x in numbers])


@op("", differentiable=False)
def lbfgs_start(grad: Array) -> tuple[jax.Array, jax.Array]:
    """The first direction, downhill, and two numbers: gradient . direction, the direction's largest magnitude."""
    return -grad, _slope_and_size(grad, -grad)


@op("", differentiable=False)
def lbfgs_direction(
    grad: Array,
    prev_grad: Array,
    direction: Array,
    old_dirs: Array,
    old_stps: Array,
    ro: Array,
    h_diag: Array,
    count: Array,
    step_size: Number,
) -> tuple[jax.Array, ...]:
    """Take the last step into the history, then multiply the gradient by the inverse Hessian it implies, negated.

    The history holds the last m changes y of the gradient and s of the point, with ro = 1 / (y . s); row k % m holds
    the k-th of the `count` ever taken, so a longer history is the same program. A step with y . s <= 1e-10 is left out.

    grad, prev_grad, direction (n,), old_dirs (y), old_stps (s) (m, n), ro (m,), h_diag, count ()
    -> direction, old_dirs, old_stps, ro, h_diag, count, numbers (2,) as of `lbfgs_start`
    """
    m = ro.shape[0]
    y = grad - prev_grad
    s = direction * like(step_size, direction)
    ys = y @ s
    taken = ys > 1e-10
    row = jnp.where(taken, count % m, m)
    old_dirs = old_dirs.at[row].set(y, mode="drop")
    old_stps = old_stps.at[row].set(s, mode="drop")
    ro = ro.at[row].set(1 / ys, mode="drop")
    h_diag = jnp.where(taken, ys / (y @ y), h_diag)
    count = count + taken
    length = jnp.minimum(count, m)

    def newest_to_oldest(i: jax.Array, state: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        q, al = state
        row = (count - 1 - i) % m
        a = (old_stps[row] @ q) * ro[row]
        return q - old_dirs[row] * a, al.at[row].set(a)

    def oldest_to_newest(i: jax.Array, r: jax.Array) -> jax.Array:
        row = (count - length + i) % m
        return r + old_stps[row] * (al[row] - (old_dirs[row] @ r) * ro[row])

    q, al = lax.fori_loop(0, length, newest_to_oldest, (-grad, jnp.zeros_like(ro)))
    direction = lax.fori_loop(0, length, oldest_to_newest, q * h_diag)
    return direction, old_dirs, old_stps, ro, h_diag, count, _slope_and_size(grad, direction)


def _slope_and_size(grad: jax.Array, direction: jax.Array) -> jax.Array:
    return jnp.stack([float64(grad @ direction), float64(jnp.abs(direction).max())])
