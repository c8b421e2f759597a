"""How the optimizers change parameters: each rule is one operation over all parameters of a group.

Coefficients are worked out in float64, as Python floats are, and rounded to a parameter's type where they meet it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from lamina.ops.op import Array, ArrayLike, Arrays, Number, Shape, op
from lamina.ops.promote import category


def _put_part(base: Array, value: Array, start: int, shape: Shape) -> Array:
    return lax.dynamic_update_slice(base, value.reshape(-1), (start,))


@op("", view=True, put=_put_part)
def flat_part(input: Array, start: int, shape: Shape) -> Array:
    """What lies in a flat tensor from `start` on, as a tensor of this shape. input (n,) -> shape."""
    return lax.slice(input, (start,), (start + math.prod(shape),)).reshape(shape)


class Blocks:
    """How an optimizer's operation gets its states and gradients: hashed once, since it comes with every step.

    Attributes:
        params: for each block, the places of its parameters; a state of a block is flat and has them one after another,
            or, if it is only one, has its shape.
        starts: for each block, where its gradients begin in one flat array, or None if each is an array of its own.
    """

    __slots__ = ("_hash", "params", "starts")

    def __init__(self, params: tuple[tuple[int, ...], ...], starts: tuple[tuple[int, ...] | None, ...]) -> None:
        self.params, self.starts = params, starts
        self._hash = hash((params, starts))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Blocks) and (self.params, self.starts) == (other.params, other.starts)

    def __repr__(self) -> str:
        return f"Blocks({self.params}, {self.starts})"


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
    b' = momentum b + (1 - dampening) g and p - lr b', or with `nesterov` p - lr (g + momentum b'). There is one buffer
    for each of the `blocks`.
    """
    new_params, new_buffers = list(params), []
    lr, momentum, weight_decay = _float64(lr), _float64(momentum), _float64(weight_decay)
    taken = 1 - _float64(dampening)
    given = iter(grads)
    for k, block in enumerate(blocks.params):
        g = _gradient(given, params, block, blocks.starts[k])
        g = -g if maximize else g
        if decay:
            p = _joined(params, block)
            g = g + p * _like(weight_decay, p)
        if buffers is not None:
            buffer = buffers[k] * _like(momentum, g) + g * _like(taken, g)
            new_buffers.append(buffer)
            g = g + buffer * _like(momentum, g) if nesterov else buffer
        for i, change in zip(block, _parts(g * _like(lr, g), params, block), strict=True):
            new_params[i] = params[i] - change
    return (*new_params, *new_buffers)


@op("", differentiable=False)
def adam_update(
    params: Arrays,
    grads: Arrays,
    exp_avgs: Arrays,
    exp_avg_sqs: Arrays,
    max_exp_avg_sqs: Arrays | None,
    step: Array,
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
    Weight decay adds weight_decay p to g, or, `decoupled`, first multiplies p by 1 - lr weight_decay. There is one m
    and one v for each of the `blocks`.
    """
    step = step + 1
    t, lr, beta1, beta2, weight_decay = (_float64(x) for x in (step, lr, beta1, beta2, weight_decay))
    step_size = lr / (1 - beta1**t)
    root = jnp.sqrt(1 - beta2**t)
    new_params = list(params)
    new: tuple[list[Any], ...] = ([], [], [])
    given = iter(grads)
    for k, block in enumerate(blocks.params):
        g = _gradient(given, params, block, blocks.starts[k])
        g, m, v = (_as_real(x) for x in (g, exp_avgs[k], exp_avg_sqs[k]))
        g = -g if maximize else g
        if decay and not decoupled:
            p = _as_real(_joined(params, block))
            g = g + p * _like(weight_decay, p)
        m = m + (g - m) * _like(1 - beta1, g)
        v = v * _like(beta2, g) + g * g * _like(1 - beta2, g)
        largest = v
        if max_exp_avg_sqs is not None:
            largest = jnp.maximum(_as_real(max_exp_avg_sqs[k]), v)
        change = m * _like(step_size, g) / (jnp.sqrt(largest) / _like(root, g) + _like(eps, g))
        for results, result in zip(new, (m, v, largest), strict=True):
            results.append(_as(result, exp_avgs[k]))
        for i, part in zip(block, _parts(_as(change, exp_avgs[k]), params, block), strict=True):
            p = params[i]
            if decay and decoupled:
                p = _as(_as_real(p) * _like(1 - lr * weight_decay, _as_real(p)), p)
            new_params[i] = p - part
    return (step, *new_params, *new[0], *new[1], *(new[2] if max_exp_avg_sqs is not None else ()))


def _gradient(given: Iterator[Any], params: Arrays, block: tuple[int, ...], starts: tuple[int, ...] | None) -> Any:
    """The gradient of a block: from the next array, its parts beginning at `starts`, or from one for each param."""
    if starts is None:
        return _joined([next(given) for _ in block], tuple(range(len(block))))
    flat = next(given)
    sizes = [params[i].size for i in block]
    if len(block) > 1 and starts == tuple(itertools.accumulate(sizes[:-1], initial=0)) and sum(sizes) == flat.size:
        return flat
    parts = [lax.slice(flat, (start,), (start + size,)) for start, size in zip(starts, sizes, strict=True)]
    return parts[0].reshape(params[block[0]].shape) if len(block) == 1 else _joined(parts, tuple(range(len(block))))


def _joined(arrays: Arrays, block: tuple[int, ...]) -> Any:
    """The arrays of a block as one flat array; a block of one as it is."""
    if len(block) == 1:
        return arrays[block[0]]
    # Without the barrier XLA computes the flat array element by element, asking for each which array it comes from.
    return lax.optimization_barrier(lax.concatenate([arrays[i].reshape(-1) for i in block], 0))


def _parts(flat: Any, params: Arrays, block: tuple[int, ...]) -> list[Any]:
    """What `_joined` put together, apart again, in the shapes of the params."""
    if len(block) == 1:
        return [flat]
    parts, start = [], 0
    for i in block:
        parts.append(lax.slice(flat, (start,), (start + params[i].size,)).reshape(params[i].shape))
        start += params[i].size
    return parts


@op("", differentiable=False)
def lbfgs_move(params: Arrays, direction: Array, step_size: Number) -> tuple[jax.Array, ...]:
    """The params plus step_size times direction (n,), which holds all of them one after another."""
    change = direction * _like(step_size, direction)
    moved, offset = [], 0
    for p in params:
        size = p.size * (1 + (category(p.dtype) == 3))
        part = _as(change[offset : offset + size].reshape(_as_real(p).shape), p)
        moved.append(p + part.astype(p.dtype))
        offset += size
    return tuple(moved)


@op("", differentiable=False)
def lbfgs_probe(loss: ArrayLike, grads: Arrays, direction: Array | None = None) -> tuple[jax.Array, jax.Array]:
    """What a line search asks of a point: all gradients as one vector (n,), and four numbers in one float64 vector.

    The numbers: the loss, gradient . direction (0 without one), the largest and the summed magnitude of the gradient.
    """
    flat = jnp.concatenate([_as_real(g).reshape(-1) for g in grads])
    slope = jnp.zeros((), flat.dtype) if direction is None else flat @ direction
    size = jnp.abs(flat)
    numbers = (jnp.asarray(loss).reshape(()), slope, size.max(), size.sum())
    return flat, jnp.stack([_float64(x) for x in numbers])


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
    s = direction * _like(step_size, direction)
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
    return jnp.stack([_float64(grad @ direction), _float64(jnp.abs(direction).max())])


def _float64(x: ArrayLike) -> jax.Array:
    return lax.convert_element_type(x, jnp.float64)


def _like(x: ArrayLike, p: jax.Array) -> jax.Array:
    return lax.convert_element_type(x, p.dtype)


def _as_real(x: jax.Array) -> jax.Array:
    """A complex array as pairs of real numbers, (*) -> (*, 2); others as they are."""
    return jnp.stack([x.real, x.imag], -1) if category(x.dtype) == 3 else x


def _as(x: jax.Array, like: jax.Array) -> jax.Array:
    """The inverse of `_as_real`."""
    return lax.complex(x[..., 0], x[..., 1]) if category(like.dtype) == 3 else x
