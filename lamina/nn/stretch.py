"""Layers in a row whose recording is remembered as a whole, so that calling them again costs one look-up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lamina.autograd.grad_mode import is_grad_enabled
from lamina.repeat import Repeat
from lamina.tensor import Tensor, values_of, wrap

if TYPE_CHECKING:
    from lamina.nn.module import Module


class Changes:
    """Counts what may change what a layer of lamina's own records: attributes, parameters, hooks, the mode."""

    __slots__ = ("layers", "modes")

    def __init__(self) -> None:
        self.layers = 0
        self.modes = 0


changes = Changes()

_GIVE_UP = 8
"""Layers that change so often in a row, before a row of them was of use, are called one by one."""


def repeats(module: Module) -> bool:
    """Whether calling a module again records the same for the same kind of input, as long as nobody changes it.

    True for layers whose `forward` is lamina's own, without hooks and without functions of the user's in them, and for
    containers of such. That they use only their own tensors, and write to none, is seen from what they record.
    """
    if module._hooks or not type(module)._forward_repeats or "forward" in module.__dict__:
        return False
    children = module._modules
    if children:
        return type(module)._passes_on and all(child is not None and repeats(child) for child in children.values())
    return not any(callable(value) for value in module.__dict__.values())


class Row:
    """Layers that repeat, one after another.

    Attributes:
        layers: to be called in turn.
        tensors: their parameters and buffers, each once.
        used: whether it was recorded at once at least once.
    """

    def __init__(self, layers: list[Module]) -> None:
        self.layers = layers
        found = (tensor for layer in layers for tensor in (*layer.parameters(), *layer.buffers()))
        self.tensors = list({id(tensor): tensor for tensor in found}.values())
        self._modules = [module for layer in layers for module in layer.modules()]
        self._repeats: dict[tuple[bool, ...], Repeat] = {}
        self.repeat = self._of_mode()
        self._modes = changes.modes
        self.used = False

    def _of_mode(self) -> Repeat:
        return self._repeats.setdefault(tuple([module.training for module in self._modules]), Repeat())

    def __call__(self, input: Any) -> Any:
        if not isinstance(input, Tensor):
            return self._each(input)
        if self._modes != changes.modes:
            self._modes = changes.modes
            self.repeat = self._of_mode()
        tensors = [input, *self.tensors]
        values = values_of(tensors)
        found = self.repeat.again(values)
        if found is not None:
            self.used = True
            return wrap(found[0])
        mark = self.repeat.begin()
        result = self._each(input)
        # A layer that wrote to its input or to a buffer must be called each time.
        if all(tensor._value is value for tensor, value in zip(tensors, values, strict=True)):
            self.repeat.end(mark, values, [result])
        return result

    def at_once(self, input: Any) -> Any:
        """The result, if it is known what is recorded for it, else None.

        Where gradients are off, nothing is recorded: the result is computed, if nothing else is pending.
        """
        if input.__class__ is not Tensor or self._modes != changes.modes:
            return None
        values = values_of([input, *self.tensors])
        if is_grad_enabled():
            found = self.repeat.again(values)
            result = None if found is None else found[0]
        else:
            result = self.repeat.run(values)
        if result is None:
            return None
        self.used = True
        return wrap(result)

    def _each(self, input: Any) -> Any:
        for layer in self.layers:
            input = layer(input)
        return input


class Rows:
    """The modules of a `Sequential` as what calls them: those that repeat in rows, the others one by one.

    Attributes:
        steps: what to call.
        whole: the row that is all of it, if one is and the `Sequential` itself does nothing else.
        layers: what `changes.layers` was when they were formed.
    """

    def __init__(self) -> None:
        self.steps: list[Any] = []
        self.whole: Row | None = None
        self.layers = -1
        self._useless = 0

    def form(self, modules: Iterable[Module], alone: bool) -> None:
        """Form them anew, after something has changed; `alone` says whether the `Sequential` repeats, too."""
        now = changes.layers
        useful = any(step.used for step in self.steps if isinstance(step, Row))
        self._useless = 0 if useful else self._useless + 1
        steps: list[Any] = []
        row: list[Module] = []
        for module in (*modules, None):
            if module is not None and self._useless <= _GIVE_UP and repeats(module):
                row.append(module)
                continue
            steps += [Row(row)] if len(row) > 1 else row  # one layer by itself is called as fast
            steps += [] if module is None else [module]
            row = []
        self.steps = steps
        self.whole = steps[0] if alone and len(steps) == 1 and isinstance(steps[0], Row) else None
        self.layers = now  # last: another thread may be about to use them
