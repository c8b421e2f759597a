"""A tensor that becomes another view of its memory: `t_`, `squeeze_`, `resize_`, `set_`, and what they need to know."""

from __future__ import annotations

import weakref
from typing import Any

from lamina import engine
from lamina.tensor import Tensor, wrap
from lamina.views import Alias, Storage

_SAME_ELEMENTS = frozenset((
    "view", "transpose", "t", "permute", "movedim", "squeeze", "unsqueeze", "expand", "broadcast_to", "select_at",
    "slice_at", "diagonal", "unfold_windows", "basic_index", "strided", "flat_part",
))  # fmt: skip
"""Views whose elements are elements of what they were cut from."""


def whole_of(tensor: Tensor) -> Tensor | None:
    """The tensor, in row-major order, that this one is a view of, or itself; None if it is gone."""
    alias = tensor._alias
    if not isinstance(alias, Alias):
        return tensor if alias is None or alias.in_order else None
    storage = alias.storage
    if not storage.in_order or any(cut is not None and cut[0].name not in _SAME_ELEMENTS for cut in alias.cuts):
        return None
    owner = storage.owner()
    if owner is None:
        if storage.held is None:
            return None
        owner = wrap(storage.held)
        owner._alias = storage
        storage.owner = weakref.ref(owner)
    return owner.detach() if None in alias.cuts else owner


def become(tensor: Tensor, view: Tensor) -> Tensor:
    """Let a tensor be what `view` is, while those that were cut from it go on sharing its memory; returns it."""
    if engine.state.trace.grad:
        tensor._refuse_leaf()
    old = tensor._alias
    if isinstance(old, Storage):
        old.held = tensor._value if old.views > 1 else None
        old.leave()
    own = not tensor._is_view()
    tensor._bind(view.current())
    tensor._alias = view._alias
    if own and isinstance(tensor._alias, Alias):
        tensor._alias.own = True
    return tensor


def memory_of(tensor: Tensor) -> Any:
    """An object that two tensors have in common exactly if they share memory."""
    if tensor._alias is None:
        tensor._alias = Storage(tensor)
    return tensor._alias.storage
