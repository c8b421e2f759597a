"""The steps that computed a tensor, as `grad_fn` shows them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from lamina import engine
from lamina.autograd.hooks import Handle, register_hook, register_post_accumulate_grad_hook
from lamina.engine import Leaf, Value
from lamina.tensor import Tensor, wrap

_numbers = itertools.count()


class Node:
    """A step that gradients pass through: the base of what `grad_fn` and `next_functions` give."""

    def __init__(self) -> None:
        self.metadata: dict[Any, Any] = {}

    def name(self) -> str:
        """Such as `AddmmBackward0`."""
        raise NotImplementedError

    @property
    def next_functions(self) -> tuple[Any, ...]:
        """The steps before it."""
        raise NotImplementedError

    def register_hook(self, fn: Callable[..., Any]) -> Handle:
        """Call `fn(grad_inputs, grad_outputs)` once the step's gradients are known; what it returns replaces them."""
        raise NotImplementedError

    def register_prehook(self, fn: Callable[..., Any]) -> Handle:
        """Call `fn(grad_outputs)` before the step is gone through; what it returns replaces them."""
        raise NotImplementedError


def _tensors(values: Any) -> tuple[Any, ...]:
    return tuple(None if value is None else wrap(value) for value in values)


def _values(tensors: Any) -> list[Value | None]:
    given = tensors if isinstance(tensors, (tuple, list)) else (tensors,)
    return [None if x is None else x.current() for x in given]


class GradFn(Node):
    """The step that computed a tensor: prints as PyTorch's `<AddmmBackward0 object at ...>`."""

    def __init__(self, value: Value) -> None:
        super().__init__()
        self.value = value

    def name(self) -> str:
        """Such as `AddmmBackward0`."""
        name: str = self.value.node.grad_name() if self.value.node is not None else "Backward"
        return name

    @property
    def next_functions(self) -> tuple[Any, ...]:
        """The steps before it, as pairs with 0; leaves show as `AccumulateGrad`."""
        node = self.value.node
        if node is None:
            return ()
        producers = {slot: step for step in node.path() for slot in range(step.first, step.width)}
        found: list[Any] = []
        for slot in node.slots():
            step = producers[slot]
            if not step.needs[slot - step.first]:
                found.append((None, 0))
            else:
                value = Value(step.specs[slot - step.first], self.value.home, slot, step, True)
                found.append((GradFn(value) if step.operands else AccumulateGrad(self._leaf(slot)), 0))
        return tuple(found)

    def _leaf(self, slot: int) -> Tensor | None:
        """The leaf that a slot was read from."""
        home = self.value.home
        values = getattr(home, "values", None)
        value = values.get(slot) if isinstance(values, dict) else None if values is None else values[slot]
        if value is None or value.leaf is None:
            return None
        tensor = wrap(value)
        tensor._grads = value.leaf
        return tensor

    def _watched(self) -> Leaf:
        home = self.value.home
        if not isinstance(home, (engine.Trace, engine.History)):
            raise RuntimeError(f"{self.name()}: its history is gone; register the hook before backward.")
        leaf: Leaf = home.watched.setdefault(self.value.slot, Leaf())
        return leaf

    def register_hook(self, fn: Callable[..., Any]) -> Handle:
        """Call `fn(grad_inputs, grad_outputs)` once the step's gradients are known; what it returns replaces them."""

        def look(inputs: list[Value | None], outputs: list[Value | None]) -> list[Value | None] | None:
            changed = fn(_tensors(inputs), _tensors(outputs))
            return None if changed is None else _values(changed)

        leaf, key = self._watched(), next(_numbers)
        leaf.steps[key] = look
        return Handle(leaf.steps, key)

    def register_prehook(self, fn: Callable[..., Any]) -> Handle:
        """Call `fn(grad_outputs)` before the step is gone through; what it returns replaces them."""
        node = self.value.node
        if node is not None and len(node.specs) > 1:
            raise NotImplementedError(f"{self.name()}: register_prehook is there for steps with one result only.")

        def before(gradient: Value) -> Value | None:
            changed = fn((wrap(gradient),))
            return None if changed is None else _values(changed)[0]

        leaf, key = self._watched(), next(_numbers)
        leaf.hooks[key] = before
        return Handle(leaf.hooks, key)

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self.value.node):#x}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GradFn) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


class AccumulateGrad(Node):
    """Where a gradient arrives at a leaf: `variable`, if that is known."""

    def __init__(self, variable: Tensor | None = None) -> None:
        super().__init__()
        self.variable = variable

    def name(self) -> str:
        """Its name in PyTorch."""
        return "torch::autograd::AccumulateGrad"

    @property
    def next_functions(self) -> tuple[Any, ...]:
        """Nothing: it is an end."""
        return ()

    def _leaf(self) -> Tensor:
        if self.variable is None:
            raise RuntimeError("AccumulateGrad: the leaf is not known; register the hook on the tensor itself.")
        return self.variable

    def register_hook(self, fn: Callable[..., Any]) -> Handle:
        """Call `fn((), (grad,))` after the gradient was added to `grad`."""
        leaf = self._leaf()

        def after(tensor: Tensor) -> None:
            fn((), (tensor.grad,))

        return register_post_accumulate_grad_hook(leaf, after)

    def register_prehook(self, fn: Callable[..., Any]) -> Handle:
        """Call `fn((grad,))` before the gradient is added; what it returns replaces it."""

        def before(gradient: Tensor) -> Any:
            changed = fn((gradient,))
            return changed[0] if isinstance(changed, (tuple, list)) else changed

        return register_hook(self._leaf(), before)

    def __repr__(self) -> str:
        return f"<AccumulateGrad object at {id(self):#x}>"
