"""Hooks on gradients, and `retain_grad`."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from lamina import engine
from lamina.engine import Leaf, Value, record
from lamina.tensor import Tensor, grad_mode, wrap

_numbers = itertools.count()


class Handle:
    """Takes a hook away again: `handle.remove()`, or leaving the `with` block."""

    def __init__(self, hooks: dict[int, Any], key: int) -> None:
        self._hooks, self._key = hooks, key
        self.id = key

    def remove(self) -> None:
        """Take the hook away."""
        self._hooks.pop(self._key, None)

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *exc: Any) -> None:
        self.remove()


def _watch(tensor: Tensor) -> Leaf:
    """Where the gradient of this tensor is met: at a leaf, or on the way through a computed one."""
    value = tensor.current()
    home = value.home
    watched = None
    if value.leaf is None and isinstance(home, (engine.Trace, engine.History)):
        watched = home.watched
    if tensor._grads is None:
        tensor._grads = Leaf() if watched is None else watched.get(value.slot) or Leaf()
    if watched is not None:
        before = watched.setdefault(value.slot, tensor._grads)
        if before is not tensor._grads:  # hooks on its grad_fn came first
            tensor._grads.hooks.update(before.hooks)
            tensor._grads.steps.update(before.steps)
            watched[value.slot] = tensor._grads
    return tensor._grads


def register_hook(tensor: Tensor, hook: Callable[[Tensor], Tensor | None]) -> Handle:
    """See `Tensor.register_hook`."""
    if not tensor.requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")

    def on_value(value: Value) -> Value | None:
        result = hook(wrap(value))
        if result is None:
            return None
        if not isinstance(result, Tensor):
            raise TypeError(f"hook '{hook}' has returned a {type(result).__name__}; a hook returns None or a Tensor.")
        if result.shape != tensor.shape:
            raise RuntimeError(
                f"hook '{getattr(hook, '__name__', hook)}' has changed the size of value: expected "
                f"{list(tensor.shape)}, got {list(result.shape)}"
            )
        return result.current()

    leaf = _watch(tensor)
    key = next(_numbers)
    leaf.hooks[key] = on_value
    return Handle(leaf.hooks, key)


def register_post_accumulate_grad_hook(tensor: Tensor, hook: Callable[[Tensor], None]) -> Handle:
    """See `Tensor.register_post_accumulate_grad_hook`."""
    if not tensor.requires_grad or not tensor.is_leaf:
        raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
    leaf = _watch(tensor)
    key = next(_numbers)
    leaf.after[key] = lambda: hook(tensor)
    return Handle(leaf.after, key)


def retain_grad(tensor: Tensor) -> None:
    """See `Tensor.retain_grad`."""
    if not tensor.requires_grad:
        raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
    if tensor.is_leaf:
        return
    leaf = _watch(tensor)

    def keep(value: Any) -> None:
        if leaf.grad is None:
            leaf.grad = wrap(value)
        else:
            with grad_mode(False):
                leaf.grad = wrap(record(engine.ADD, (leaf.grad.current(), value)))

    leaf.retain = keep
