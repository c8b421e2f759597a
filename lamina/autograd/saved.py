"""What is done to tensors that a `Function` saves for backward."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any


class _Stack(threading.local):
    """The hooks in force in this thread, and the message that forbids more."""

    def __init__(self) -> None:
        self.pairs: list[tuple[Callable[[Any], Any], Callable[[Any], Any]]] = []
        self.forbidden: str | None = None


_stack = _Stack()


class saved_tensors_hooks:
    """Within it, each tensor that a `Function` saves is packed, and unpacked when its backward asks for it.

    Operations save nothing that Python could see: XLA keeps what their gradients need.

    Args:
        pack_hook: takes the tensor and gives anything.
        unpack_hook: takes that and gives the tensor.
    """

    def __init__(self, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]) -> None:
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self) -> None:
        if _stack.forbidden is not None:
            raise RuntimeError(_stack.forbidden)
        _stack.pairs.append((self.pack_hook, self.unpack_hook))

    def __exit__(self, *error: object) -> None:
        _stack.pairs.pop()


@contextlib.contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Within it, `saved_tensors_hooks` raises an error with this message."""
    if _stack.pairs:
        raise RuntimeError(error_message)
    before, _stack.forbidden = _stack.forbidden, error_message
    try:
        yield
    finally:
        _stack.forbidden = before


def hooks_in_force() -> bool:
    """Whether saved tensors are packed."""
    return bool(_stack.pairs)


def packed(x: Any) -> Callable[[], Any]:
    """What gives a saved tensor back: through the hooks that are in force now, if there are any."""
    if not _stack.pairs or x is None:
        return lambda: x
    pack, unpack = _stack.pairs[-1]
    held = pack(x)
    return lambda: unpack(held)
