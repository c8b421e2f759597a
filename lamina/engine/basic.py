"""The engine's own operations: few, small, and declared like any other's for recording."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from lamina.engine.lower import conjugated


class Basic:
    """A small operation of the engine's own."""

    random = False
    saves = False

    def __init__(
        self, name: str, function: Callable[..., Any], differentiable: bool = True, grad_name: str = ""
    ) -> None:
        self.name, self.function, self.differentiable, self.grad_name = name, function, differentiable, grad_name
        self.stable_name: str | None = name

    def call(self, operands: Any, static: Any, function: Any = None) -> Any:
        """The result."""
        return self.function(*operands, *static)


ADD = Basic("accumulate", lambda a, b: a + b, grad_name="AddBackward0")
ONES_LIKE = Basic("ones_like", jnp.ones_like, differentiable=False)
ZEROS_LIKE = Basic("zeros_like", jnp.zeros_like, differentiable=False)
PART = Basic("part", lambda flat, start, shape: flat[start : start + math.prod(shape)].reshape(shape))
DETACH = Basic("detach", lambda x: x, differentiable=False)


class Pull:
    """The vector-Jacobian product of one operation, as an operation of operands and cotangents."""

    random = False
    saves = True
    differentiable = True

    def __init__(self, op: Any, static: Any, shape: Any, needs: Any, given: Any, smooth: Any) -> None:
        self.op, self.static, self.shape, self.needs, self.given, self.smooth = op, static, shape, needs, given, smooth
        self.name = f"backward of {op.name}"
        inner = op.stable_name
        self.stable_name = None if inner is None else f"pull {inner} {static!r} {shape} {needs} {given} {smooth}"

    @property
    def grad_name(self) -> str:
        return f"{self.op.name.title()}BackwardBackward0"

    def call(self, operands: Any, static: Any, function: Any = None) -> Any:
        """The cotangents of the operands that need one."""
        count = len(operands) - sum(self.given)
        flat, cotangents = list(operands[:count]), iter(operands[count:])
        arrays = [i for i, x in enumerate(flat) if hasattr(x, "shape") and not getattr(x, "weak_type", False)]
        wanted = [i for i, need in zip(arrays, self.needs, strict=True) if need]

        def run(*primals: Any) -> Any:
            full = list(flat)
            for i, x in zip(wanted, primals, strict=True):
                full[i] = x
            results = self.op.call(_nest(self.shape, iter(full)), self.static)
            results = results if isinstance(results, (tuple, list)) else (results,)
            return tuple(x for x, smooth in zip(results, self.smooth, strict=True) if smooth)

        results, pull = jax.vjp(run, *(flat[i] for i in wanted))
        given = [g for g, smooth in zip(self.given, self.smooth, strict=True) if smooth]
        cots = tuple(next(cotangents) if g else jnp.zeros_like(x) for g, x in zip(given, results, strict=True))
        found = conjugated(pull, cots)
        return found[0] if len(found) == 1 else tuple(found)


@functools.lru_cache(maxsize=65536)
def pull_of(op: Any, static: Any, shape: Any, needs: Any, given: Any, smooth: Any) -> Pull:
    """The one Pull of these."""
    return Pull(op, static, shape, needs, given, smooth)


def flatten(held: Sequence[Any]) -> list[Any]:
    """The leaves of nested operands."""
    found: list[Any] = []
    for x in held:
        if isinstance(x, (tuple, list)):
            found.extend(flatten(x))
        else:
            found.append(x)
    return found


def nesting(held: Sequence[Any]) -> tuple[Any, ...]:
    """How the operands nest, with None for each single one."""
    return tuple(nesting(x) if isinstance(x, (tuple, list)) else None for x in held)


def _nest(shape: tuple[Any, ...], flat: Any) -> list[Any]:
    return [next(flat) if part is None else tuple(_nest(part, flat)) for part in shape]
