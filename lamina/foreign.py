"""JAX functions that others wrote as operations of lamina's programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lamina import engine
from lamina.ops.optim_blocks import each_gradient
from lamina.tensor import Tensor, wrap

__all__ = ["each_gradient", "operation"]


def operation(name: str, function: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Tensor, ...]]:
    """A function of Tensors, recorded as one instruction, from one of JAX arrays that returns a tuple of arrays.

    Gradients stop at it. Programs with it are compiled in each process anew: nothing on disk could tell whether the
    function is still the same.

    Args:
        name: what it is called where programs are shown.
        function: takes the operands, then the constants. Must be pure.
    Result: takes (operands, constants): tensors, None and lists of them; and hashable constants of the program.
    """
    op = engine.Basic(name, function, differentiable=False)
    op.stable_name = None

    def call(operands: tuple[Any, ...], constants: tuple[Any, ...] = ()) -> tuple[Tensor, ...]:
        return tuple([wrap(value) for value in engine.record(op, operands, constants)])

    return call
