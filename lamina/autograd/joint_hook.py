"""A hook on the gradients of several tensors: it waits for the end of the backward that computes them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from lamina.autograd.hooks import Handle
from lamina.tensor import Tensor


class _Waiting(threading.local):
    """The hooks that have met a gradient in the backward that is running in this thread."""

    def __init__(self) -> None:
        self.hooks: list[JointHook] = []


_waiting = _Waiting()


class JointHook:
    """One registered function and the gradients it has met so far."""

    def __init__(self, fn: Callable[..., Any], count: int, mode: str) -> None:
        self.fn, self.count, self.mode = fn, count, mode
        self.met: dict[int, Tensor] = {}

    def at(self, i: int) -> Callable[[Tensor], None]:
        """The hook for one of the tensors."""

        def hook(gradient: Tensor) -> None:
            first = not self.met
            self.met[i] = gradient
            if first:
                _waiting.hooks.append(self)
                if self.mode == "any":
                    self.fn(gradient)

        return hook

    def finish(self) -> None:
        """Call the function with what was met."""
        met, self.met = self.met, {}
        if self.mode == "all":
            self.fn([met.get(i) for i in range(self.count)])


class JointHandle(Handle):
    """Takes several hooks away."""

    def __init__(self, handles: list[Handle]) -> None:
        super().__init__({}, 0)
        self._handles = handles

    def remove(self) -> None:
        """Take the hooks away."""
        for handle in self._handles:
            handle.remove()


def backward_failed() -> None:
    """Forget what the hooks have met: the next backward begins anew."""
    hooks, _waiting.hooks = _waiting.hooks, []
    for hook in hooks:
        hook.met = {}


def backward_ended() -> None:
    """Call the hooks that have met a gradient."""
    hooks, _waiting.hooks = _waiting.hooks, []
    for hook in hooks:
        hook.finish()
