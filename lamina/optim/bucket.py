"""Which parameters one operation updates together, and how their states lie so that this costs little."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from operator import itemgetter, methodcaller
from typing import TYPE_CHECKING, Any

import numpy as np

from lamina import creation
from lamina.repeat import Repeat, expecting
from lamina.tensor import (
    Tensor,
    assign,
    flat_parts,
    gradient_blocks,
    gradients,
    have_gradients,
    packed_gradients,
    values_of,
)

if TYPE_CHECKING:
    from lamina.optim.optimizer import Optimizer

_values = methodcaller("values")

SMALL = 1 << 14
"""Parameters of at most so many elements share flat tensors for their states: each result of a program costs a
microsecond, which is more than the arithmetic of a small one."""


def _differ(states: list[Any], before: list[Any]) -> bool:
    """Whether these are other objects than before; `!=` of lists would ask tensors that are not the same ones."""
    return list(map(id, states)) != list(map(id, before))


class Bucket:
    """Parameters of one group that one operation updates: all that have a gradient, unless their histories differ.

    Attributes:
        params, states: the parameters and their states.
        positions: their places among the group's parameters with a gradient.
        blocks: places in `params`; the states of a block's parameters lie in one flat tensor, one after another. What
            `optimizer.state` shows of them are views.
        scheduled: whether the learning rate is known to change.
    """

    def __init__(
        self, params: list[Tensor], states: list[dict[str, Any]], positions: list[int], scheduled: bool = False
    ) -> None:
        self.params, self.states, self.positions, self.scheduled = params, states, positions, scheduled
        small: dict[Any, list[int]] = {}
        for i, p in enumerate(params):
            packs = p.numel() <= SMALL and p.is_floating_point()
            small.setdefault((p.dtype, p.device) if packs else i, []).append(i)
        self.blocks = tuple(tuple(block) for block in small.values())
        self._members = [[params[i] for i in block] for block in self.blocks]
        self._blocks: dict[Any, Any] = {}
        self._held: dict[str, tuple[list[Tensor], list[Any]]] = {}
        self._of_rule: tuple[list[Any], list[Tensor], list[Any]] | None = None
        self._repeat = Repeat()

    def held(self, name: str) -> list[Tensor]:
        """The state `name` as an operation takes it: one tensor for each block."""
        states = list(map(itemgetter(name), self.states))
        found = self._held.get(name)
        if found is None or _differ(states, found[1]):
            tensors = [self._pack(name, block) for block in self.blocks]
            found = self._held[name] = (tensors, [state[name] for state in self.states])
        return found[0]

    def of_rule(self, shared: Sequence[str], names: Sequence[str | None]) -> tuple[list[Any], list[Tensor]]:
        """The states that a rule takes, the shared ones first, and what its results replace: params and states."""
        every = list(chain.from_iterable(map(_values, self.states)))
        found = self._of_rule
        if found is None or _differ(every, found[2]):
            own: list[Any] = [self.states[0][name] for name in shared]
            states = [self.held(name) if name in self.states[0] else None for name in names]
            targets = own + self.params
            for state in states:
                targets += state or ()
            found = self._of_rule = ([*own, *states], targets, list(chain.from_iterable(map(_values, self.states))))
        return found[0], found[1]

    def grads(self) -> tuple[list[Any], Any]:
        """The gradients as an operation takes them, and how they lie."""
        values: list[Any] = []
        starts: list[tuple[int, ...] | None] = []
        for members in self._members:
            packed = packed_gradients(members)
            if packed is None:
                values += values_of(gradients(members))
                starts.append(None)
            else:
                values.append(packed[0])
                starts.append(packed[1])
        places = tuple(starts)
        blocks = self._blocks.get(places)
        if blocks is None:
            blocks = self._blocks[places] = gradient_blocks(self.blocks, places)
        return values, blocks

    def update(
        self, rule: Callable[..., Any], states: Sequence[Any], targets: Sequence[Tensor], lr: Any, *options: Any
    ) -> None:
        """Let the targets be `rule(params, grads, *states, lr, *options)`.

        Args:
            rule: the operation.
            states: tensors, lists of tensors, or None.
            targets: what its results replace.
            lr: the learning rate, a number or a tensor.
            options: numbers and bools; an `Ellipsis` stands for `blocks`.
        """
        grads, blocks = self.grads()
        tensors = self.params.copy()
        for state in states:
            if state.__class__ is list:
                tensors += state
            elif state is not None:
                tensors.append(state)
        numbers: tuple[Any, ...] = options
        if isinstance(lr, Tensor):
            tensors.append(lr)
        else:
            numbers = (lr, *options)
        values = values_of(tensors) + grads
        new = self._repeat.again(values, blocks, numbers)
        if new is None:
            mark = self._repeat.begin()
            options = tuple(blocks if option is ... else option for option in options)
            with expecting(lr if self.scheduled else None):
                results = rule(self.params, grads, *states, lr, *options)
            self._repeat.end(mark, values, results, blocks, numbers)
            new = values_of(results)
        assign(targets, new)

    def _pack(self, name: str, block: tuple[int, ...]) -> Tensor:
        if len(block) == 1:
            return self.states[block[0]][name]
        parts = [self.states[i][name] for i in block]
        flat = creation.tensor(np.concatenate([part.numpy().reshape(-1) for part in parts]), device=parts[0].device)
        for i, view in zip(block, flat_parts(flat, parts), strict=True):
            self.states[i][name] = view
        return flat


class Plan:
    """Which parameters of a group have a gradient, in buckets: made once and used until that changes."""

    def __init__(self, optimizer: Optimizer, group: dict[str, Any], variant: Any) -> None:
        self.variant = variant
        self.params = list(group["params"])
        self._ids = list(map(id, self.params))
        have = have_gradients(self.params)
        self.active = [p for p, has in zip(self.params, have, strict=True) if has]
        self.idle = [p for p, has in zip(self.params, have, strict=True) if not has]
        self.state = optimizer.state
        self.buckets = []
        for positions in optimizer.arrange(group, self.active):
            params = [self.active[i] for i in positions]
            # An optimizer without states leaves `state` empty, as PyTorch's does.
            states = [self.state.get(p, {}) for p in params]
            self.buckets.append(Bucket(params, states, positions, optimizer.scheduled))
        self.state_count = len(self.state)

    def fits(self, optimizer: Optimizer, group: dict[str, Any], variant: Any) -> bool:
        """Whether nothing has changed since it was made."""
        return (
            self.variant == variant
            and self.state is optimizer.state
            and self.state_count == len(self.state)
            and list(map(id, group["params"])) == self._ids
            and all(have_gradients(self.active))
            and not (self.idle and any(have_gradients(self.idle)))
        )
