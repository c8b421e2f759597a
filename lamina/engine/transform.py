"""JAX's transforms of recorded functions, each the function of an operation: see `Recorded.record`.

Every function here gets a program, its operands (arguments, what it uses from outside, numbers, random places, extra)
and constants, and gives a tuple of arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lamina.engine.infer import random_key
from lamina.engine.lower import conjugated

Arrays = Sequence[Any]


def checkpoint(program: Any, args: Arrays, captured: Arrays, numbers: Arrays, keys: Arrays, extra: Arrays) -> Any:
    """The results; a gradient computes them again rather than keeping what it needs of them."""

    def run(args: Arrays, captured: Arrays) -> Any:
        return program(args, captured, numbers, keys)

    return jax.checkpoint(run)(tuple(args), tuple(captured))


def call(program: Any, args: Arrays, captured: Arrays, numbers: Arrays, keys: Arrays, extra: Arrays) -> Any:
    """The results."""
    return program(args, captured, numbers, keys)


def vmap(
    program: Any,
    args: Arrays,
    captured: Arrays,
    numbers: Arrays,
    keys: Arrays,
    extra: Arrays,
    in_dims: tuple[int, ...],
    out_dims: tuple[int | None, ...],
    different: bool,
    chunk_size: int | None,
) -> Any:
    """The results for each element of a batch; `in_dims` and `out_dims` say where the batch lies."""
    moved = [jnp.moveaxis(x, dim, 0) for x, dim in zip(args, in_dims, strict=True)]
    size = moved[0].shape[0]

    def run(index: Any, *elements: Any) -> Any:
        own = [random_key(_different(key.seed, index), key.offset) for key in keys] if different else keys
        return program(elements, captured, numbers, own)

    index = jnp.arange(size, dtype=np.uint64)
    if chunk_size is not None and chunk_size < size:
        results = jax.lax.map(lambda batch: run(*batch), (index, *moved), batch_size=chunk_size)
        return [x[0] if dim is None else jnp.moveaxis(x, 0, dim) for x, dim in zip(results, out_dims, strict=True)]
    return jax.vmap(run, 0, out_dims)(index, *moved)


def _different(seed: Any, index: Any) -> Any:
    """Another seed for each element of a batch, and again another in a batch of batches."""
    return seed * np.uint64(6364136223846793005) + (index + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)


def _of_some(program: Any, args: Arrays, operands: tuple[Arrays, ...], results: tuple[int, ...]) -> Callable[..., Any]:
    """The program as a function of its arguments that gives the chosen results, and the others beside them."""

    def run(*primals: Any) -> Any:
        found = program(primals, *operands)
        return tuple(found[i] for i in results), tuple(x for i, x in enumerate(found) if i not in results)

    return run


def grad(
    program: Any, args: Arrays, captured: Arrays, numbers: Arrays, keys: Arrays, extra: Arrays, has_aux: bool
) -> Any:
    """The gradients of the first result, then all results."""
    run = _of_some(program, args, (captured, numbers, keys), (0,))
    (value,), pull, rest = jax.vjp(run, *args, has_aux=True)
    return [*conjugated(pull, (jnp.ones_like(value),)), value, *rest]


def pull(
    program: Any,
    args: Arrays,
    captured: Arrays,
    numbers: Arrays,
    keys: Arrays,
    extra: Arrays,
    results: tuple[int, ...],
) -> Any:
    """The gradients of the arguments, given those of the chosen results."""
    _, pulled, _ = jax.vjp(_of_some(program, args, (captured, numbers, keys), results), *args, has_aux=True)
    return conjugated(pulled, tuple(extra))


def push(
    program: Any,
    args: Arrays,
    captured: Arrays,
    numbers: Arrays,
    keys: Arrays,
    extra: Arrays,
    results: tuple[int, ...],
) -> Any:
    """The results, then the tangents of the chosen ones, given the tangents of the arguments."""
    run = _of_some(program, args, (captured, numbers, keys), results)
    primals, tangents, rest = _jvp(run, tuple(args), tuple(extra))
    inside = iter(rest)
    chosen = dict(zip(results, primals, strict=True))
    count = len(primals) + len(rest)
    return [*(chosen[i] if i in chosen else next(inside) for i in range(count)), *tangents]


def _jvp(run: Callable[..., Any], args: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any, Any]:
    """`jax.jvp`; for operations that only have a derivative backwards, twice backwards instead."""
    if not _only_backwards(jax.make_jaxpr(run)(*args)):
        found: tuple[Any, Any, Any] = jax.jvp(run, args, tangents, has_aux=True)
        return found
    results, pulled, rest = jax.vjp(run, *args, has_aux=True)
    # Going back is linear in the cotangents, so its own derivative backwards is the map forwards.
    _, forward = jax.vjp(lambda *cotangents: pulled(cotangents), *map(jnp.zeros_like, results))
    return results, forward(tuple(tangents)), rest


def _only_backwards(jaxpr: Any) -> bool:
    """Whether something in it has a derivative backwards only: JAX says so too late, when it compiles."""
    for equation in jaxpr.eqns:
        if equation.primitive.name.startswith("custom_vjp_call"):
            return True
        for parameter in equation.params.values():
            for part in parameter if isinstance(parameter, (tuple, list)) else (parameter,):
                if hasattr(part, "eqns") and _only_backwards(part):
                    return True
    return False


def jacobian(
    program: Any,
    args: Arrays,
    captured: Arrays,
    numbers: Arrays,
    keys: Arrays,
    extra: Arrays,
    results: tuple[int, ...],
    forward: bool,
    chunk_size: int | None,
) -> Any:
    """d result / d argument for each chosen result and each argument, in this order; then all results."""
    run = _of_some(program, args, (captured, numbers, keys), results)
    outputs, pulled, rest = jax.vjp(run, *args, has_aux=True)
    if forward:
        rows = [_columns(lambda *t: _jvp(run, tuple(args), t)[1], args, i, chunk_size) for i in range(len(args))]
        # Each is (elements of the argument, *shape of the result).
        found = [
            jnp.moveaxis(rows[i][j], 0, -1).reshape(output.shape + x.shape)
            for j, output in enumerate(outputs)
            for i, x in enumerate(args)
        ]
    else:
        back = [_columns(lambda *c: conjugated(pulled, c), outputs, j, chunk_size) for j in range(len(outputs))]
        found = [
            back[j][i].reshape(output.shape + x.shape) for j, output in enumerate(outputs) for i, x in enumerate(args)
        ]
    inside, chosen = iter(rest), dict(zip(results, outputs, strict=True))
    count = len(outputs) + len(rest)
    return [*found, *(chosen[i] if i in chosen else next(inside) for i in range(count))]


def _columns(function: Callable[..., Any], like: Arrays, index: int, chunk_size: int | None) -> Any:
    """A linear function of arrays at each unit vector of one of them, the others being zero."""
    x = like[index]
    zeros = [jnp.zeros_like(y) for y in like]
    basis = jnp.eye(x.size, dtype=x.dtype).reshape(x.size, *x.shape)

    def at(unit: Any) -> tuple[Any, ...]:
        return tuple(function(*(unit if i == index else y for i, y in enumerate(zeros))))

    if chunk_size is not None and chunk_size < x.size:
        return jax.lax.map(at, basis, batch_size=chunk_size)
    return jax.vmap(at)(basis)


def cond(yes: Any, no: Any, args: Arrays, *operands: Any) -> Any:
    """The results of one of two programs, by the first argument."""
    predicate, *rest = args
    first, second = operands[:3], operands[3:]
    return jax.lax.cond(
        jnp.asarray(predicate).reshape(()).astype(bool),
        lambda xs: tuple(yes(xs, *first)),
        lambda xs: tuple(no(xs, *second)),
        tuple(rest),
    )


def while_loop(test: Any, body: Any, args: Arrays, *operands: Any) -> Any:
    """The arguments after the body has run for as long as the test holds."""
    first, second = operands[:3], operands[3:]
    return jax.lax.while_loop(
        lambda xs: test(xs, *first)[0].reshape(()).astype(bool), lambda xs: tuple(body(xs, *second)), tuple(args)
    )


def custom(
    forward: Any,
    backward: Any,
    args: Arrays,
    *operands: Any,
    count: int,
    smooth: tuple[int, ...],
    given: tuple[bool, ...],
) -> Any:
    """The first `count` results of forward, whose derivative is what backward makes of the others.

    Args:
        operands: what forward uses from outside, its numbers and random places; then the same of backward.
        count: how many of forward's results are results; backward gets the others, then the gradients of results.
        smooth: the results that a gradient passes.
        given: for each argument, whether backward gives a gradient of it.
    """
    first, second = operands[:3], operands[3:]

    @jax.custom_vjp
    def run(args: Arrays, first: Any, second: Any) -> Any:
        return tuple(forward(args, *first)[:count])

    def there(args: Arrays, first: Any, second: Any) -> Any:
        found = forward(args, *first)
        return tuple(found[:count]), (tuple(found[count:]), args, first, second)

    def back(held: Any, cotangents: Any) -> Any:
        kept, args, first, second = held
        # The conjugates of JAX's cotangents are PyTorch's gradients.
        passed = [jnp.conj(cotangents[i]) for i in smooth]
        found = iter(backward((*kept, *passed), *second))
        gradients = tuple(
            jnp.conj(next(found)) if is_given else _no_gradient(x) for x, is_given in zip(args, given, strict=True)
        )
        return gradients, jax.tree.map(_no_gradient, first), jax.tree.map(_no_gradient, second)

    run.defvjp(there, back)
    return run(tuple(args), first, second)


def _no_gradient(x: Any) -> Any:
    """A gradient of zeros, of the type that JAX wants for x."""
    x = jnp.asarray(x)
    return jnp.zeros_like(x) if jnp.issubdtype(x.dtype, jnp.inexact) else np.zeros(x.shape, jax.dtypes.float0)
