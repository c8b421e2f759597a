"""How an optimizer's operation gets the states and gradients of many parameters, and gives them back.

Coefficients are worked out in float64, as Python floats are, and rounded to a parameter's type where they meet it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from lamina.ops.op import Array, ArrayLike, Arrays, Shape, op
from lamina.ops.promote import category


def _put_part(base: Array, value: Array, start: int, shape: Shape) -> Array:
    return lax.dynamic_update_slice(base, value.reshape(-1), (start,))


@op("", view=True, put=_put_part)
def flat_part(input: Array, start: int, shape: Shape) -> Array:
    """What lies in a flat tensor from `start` on, as a tensor of this shape. input (n,) -> shape."""
    return lax.slice(input, (start,), (start + math.prod(shape),)).reshape(shape)


class Blocks:
    """How the states and gradients of many parameters lie: hashed once, since it comes with every step.

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


def each_block(
    params: Arrays,
    grads: Arrays,
    states: Sequence[Arrays],
    blocks: Blocks,
    rule: Callable[..., tuple[Any, ...]],
    maximize: bool,
    decay: ArrayLike | None = None,
    shrink: ArrayLike | None = None,
) -> tuple[jax.Array, ...]:
    """Apply a rule to each block: the new params, then the new states, one kind after another.

    Args:
        states: for each kind of state, one array a block.
        rule: (gradient, param, *states) -> what is taken from the param, and the new states. All are real.
        maximize: whether the gradient is negated.
        decay: this times the param is added to the gradient.
        shrink: the param is multiplied by this before the change.
    """
    new_params = list(params)
    new_states: list[list[Any]] = [[] for _ in states]
    given = iter(grads)
    for k, block in enumerate(blocks.params):
        whole = joined([params[i] for i in block])
        g = as_real(gradient(given, params, block, blocks.starts[k]))
        p = as_real(whole)
        g = -g if maximize else g
        if decay is not None:
            g = g + p * like(decay, p)
        change, *results = rule(g, p, *(as_real(state[k]) for state in states))
        for found, result, state in zip(new_states, results, states, strict=True):
            found.append(as_stored(result, state[k]))
        if shrink is not None:
            p = p * like(shrink, p)
        new = as_stored(p, whole) - as_stored(change, whole)
        for i, part in zip(block, parts(new, [params[i].shape for i in block]), strict=True):
            new_params[i] = part
    return (*new_params, *itertools.chain(*new_states))


def each_gradient(params: Arrays, grads: Arrays, blocks: Blocks) -> list[Any]:
    """The gradient of each param, in its shape."""
    found: list[Any] = [None] * len(params)
    given = iter(grads)
    for k, block in enumerate(blocks.params):
        whole = gradient(given, params, block, blocks.starts[k])
        for i, part in zip(block, parts(whole, [params[i].shape for i in block]), strict=True):
            found[i] = part
    return found


def gradient(given: Iterator[Any], params: Arrays, block: tuple[int, ...], starts: tuple[int, ...] | None) -> Any:
    """The gradient of a block: from the next array, its parts beginning at `starts`, or from one for each param."""
    if starts is None:
        return joined([next(given) for _ in block])
    flat = next(given)
    sizes = [params[i].size for i in block]
    if len(block) > 1 and starts == tuple(itertools.accumulate(sizes[:-1], initial=0)) and sum(sizes) == flat.size:
        return flat
    found = [lax.slice(flat, (start,), (start + size,)) for start, size in zip(starts, sizes, strict=True)]
    return found[0].reshape(params[block[0]].shape) if len(block) == 1 else joined(found)


def joined(arrays: Sequence[Any]) -> Any:
    """The arrays of a block as one flat array; a single one as it is."""
    if len(arrays) == 1:
        return arrays[0]
    # Without the barrier XLA computes the flat array element by element, asking for each which array it comes from.
    return lax.optimization_barrier(lax.concatenate([array.reshape(-1) for array in arrays], 0))


def parts(flat: Any, shapes: Sequence[Shape]) -> list[Any]:
    """What `joined` put together, apart again, in these shapes."""
    if len(shapes) == 1:
        return [flat]
    found, start = [], 0
    for shape in shapes:
        size = math.prod(shape)
        found.append(lax.slice(flat, (start,), (start + size,)).reshape(shape))
        start += size
    return found


def float64(x: ArrayLike) -> jax.Array:
    """A coefficient, as exact as Python's floats."""
    return lax.convert_element_type(x, jnp.float64)


def like(x: ArrayLike, p: jax.Array) -> jax.Array:
    """A coefficient in the type of what it is multiplied with."""
    return lax.convert_element_type(x, p.dtype)


def as_real(x: jax.Array) -> jax.Array:
    """A complex array as pairs of real numbers, (*) -> (*, 2); others as they are."""
    return jnp.stack([x.real, x.imag], -1) if category(x.dtype) == 3 else x


def as_stored(x: jax.Array, stored: jax.Array) -> jax.Array:
    """The inverse of `as_real`, for what is stored with the type of `stored`."""
    return lax.complex(x[..., 0], x[..., 1]) if category(stored.dtype) == 3 else x
