"""Where numbers become NaN: a watched program gives, beside its results, a flag for each result of its instructions."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from lamina.engine.basic import Pull
from lamina.engine.program import INPUT, Node


class Watch:
    """The flags of one program, and the instructions they belong to.

    Args:
        mode: "all", or "backward" for gradients alone.
    """

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.begin()

    def begin(self) -> None:
        """Forget what an earlier tracing of the program noted."""
        self._places: list[tuple[Node, int, int | None, tuple[int, ...]]] = []
        self._flags: list[Any] = []

    def see(self, node: Node, results: Any) -> None:
        """Note the results of an instruction."""
        for index, x in enumerate(results):
            self._note(node, index, node.first + index, tuple(node.slots()), x)

    def see_gradients(self, node: Node, results: Any) -> None:
        """Note the gradients that an instruction gives to its operands."""
        for index, x in enumerate(results):
            self._note(node, index, None, (), x)

    def _note(self, node: Node, index: int, slot: int | None, operands: tuple[int, ...], x: Any) -> None:
        if jnp.issubdtype(x.dtype, jnp.inexact):
            self._places.append((node, index, slot, operands))
            self._flags.append(jnp.isnan(x).any())

    def flags(self) -> Any:
        """What the program gives as its last result."""
        return jnp.stack(self._flags) if self._flags else jnp.zeros(0, bool)

    def check(self, flags: Any) -> None:
        """RuntimeError for the first instruction that gave NaN."""
        found = np.asarray(flags)
        if not found.any():
            return
        held: set[int | None] = set()
        for (node, index, slot, operands), flag in zip(self._places, found, strict=True):
            if not flag:
                continue
            if node.op is not INPUT and (self.mode == "all" or slot is None or isinstance(node.op, Pull)):
                raise RuntimeError(_message(node, index, slot, any(x in held for x in operands)))
            held.add(slot)


def _message(node: Node, index: int, slot: int | None, before: bool) -> str:
    line = f"recorded at {node.line or 'an unknown line'}"
    if slot is None:
        return (
            f"Function '{node.grad_name()}' returned nan values in its {index}th output. It is the gradient of "
            f"{node.op.name}, {line}."
        )
    if isinstance(node.op, Pull):
        return f"Function '{node.op.name}' returned nan values in its {index}th output; {line}."
    return f"{node.op.name} gave NaN, {line}." + (" One of its operands held NaN already." if before else "")
