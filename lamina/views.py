"""What a tensor and its views share: how a view was cut from the whole, and how writing to it writes through."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax

from lamina import engine
from lamina.engine import Value
from lamina.ops import layout

if TYPE_CHECKING:
    from lamina.tensor import Tensor


def _nobody() -> None:
    return None


class Storage:
    """What a tensor and its views share.

    Attributes:
        owner: a weak reference to the tensor, which may be gone while views are left.
        held: its value, kept when two or more views share it.
        version: how often it was written to.
        views: how many views were cut.
        of_leaf: whether it belonged to a leaf that is gone, or that names something else now.
        layout: for a view that became an owner because what it was cut from is gone: its shape, strides and offset.
        in_order: whether the owner has all of the memory in row-major order.
    """

    __slots__ = ("held", "in_order", "layout", "of_leaf", "owner", "seen", "storage", "version", "views")

    def __init__(self, owner: Tensor, view: Alias | None = None) -> None:
        self.owner: Callable[[], Tensor | None] = weakref.ref(owner)
        self.layout = None if view is None else layout_of(view)
        self.in_order: bool = view is None or (view.storage.in_order and _keep_order(view.cuts))
        self.held: Value | None = None
        self.storage = self  # an owner is asked what a view is asked: whether its `seen` is the storage's version
        self.seen = self.version = getattr(owner, "_writes", 0)
        self.views = 0
        self.of_leaf = view is not None and view.is_of_leaf()

    def value(self) -> Value | None:
        """The value of the whole; None if only one view is left of it, which then stands alone."""
        owner = self.owner()
        return self.held if owner is None else owner._value

    def leave(self) -> None:
        """Belong to no tensor any more: its owner will name something else, and its views share what is left."""
        owner = self.owner()
        self.of_leaf = self.of_leaf or (owner is not None and owner._value.leaf is not None)
        self.owner = _nobody

    def write(self, value: Value) -> None:
        """Replace the whole; every view is then outdated."""
        self.version += 1
        self.seen = self.version
        owner = self.owner()
        if owner is not None:
            owner._bind(value)
            value = owner._value
        elif self.held is not None:
            value = kept(self.held, value)
        if self.held is not None or owner is None:
            self.held = value

    def restore(self, value: Value) -> None:
        """The owner has an earlier value again."""
        self.version += 1
        self.seen = self.version
        if self.held is not None:
            self.held = value


class Alias:
    """How a view was cut from what it shares.

    Attributes:
        storage: what it shares.
        shape: the shape of the whole.
        cuts: the operations, in order; `None` stands for `detach`.
        grad: whether gradients were recorded when it was cut.
        of_leaf: whether the whole was a leaf that requires a gradient, and gradients were recorded.
        seen: the version of the storage that the view's value belongs to.
        own: whether it is no view to autograd: a tensor that was turned in place, by `t_`, and was none before.
    """

    __slots__ = ("cuts", "grad", "of_leaf", "own", "seen", "shape", "storage")

    def __init__(
        self, storage: Storage, shape: tuple[int, ...], cuts: tuple[Any, ...], grad: bool, of_leaf: bool
    ) -> None:
        self.shape = shape
        self.of_leaf = of_leaf
        self.storage = storage
        self.cuts = cuts
        self.seen = storage.version
        self.grad = grad
        self.own = False
        storage.views += 1

    def is_of_leaf(self) -> bool:
        """Whether the whole is a leaf now; if it is gone, whether it was one that requires a gradient."""
        whole = self.storage.value()
        if whole is None:
            return self.of_leaf
        return whole.leaf is not None or not whole.need or self.storage.of_leaf


def _keep_order(cuts: tuple[Any, ...]) -> bool:
    """Whether these cuts show all elements in the same order."""
    return all(cut is None or cut[0].name == "view" for cut in cuts)


def layout_of(alias: Alias) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """Shape, strides and offset of a view."""
    shape, strides, offset = alias.storage.layout or (alias.shape, layout.contiguous_strides(alias.shape), 0)
    for cut in alias.cuts:
        if cut is not None and cut[0].name == "flat_part":
            offset, shape = offset + cut[2][0], cut[2][1]
            strides = layout.contiguous_strides(shape)
        elif cut is not None:
            shape, strides, offset = layout.strides_after(cut[0].name, shape, strides, offset, (*cut[1], *cut[2]))
    return tuple(shape), tuple(strides), offset


_puts: dict[Any, Any] = {}


def put_of(op: Any) -> Any:
    """The operation that writes through a view: `put(base, part, ...)`."""
    found = _puts.get(op)
    if found is None:
        if op.put is None:
            raise RuntimeError(f"{op.name}: writing through this view is not possible; clone() it first.")
        found = _puts[op] = Put(op)
    return found


class Put:
    """The inverse of a view as an operation."""

    random = False
    saves = False
    differentiable = True
    grad_name = "CopySlices"

    def __init__(self, op: Any) -> None:
        self.op = op
        self.name = f"write through {op.name}"
        self.stable_name = self.name

    def call(self, operands: Any, static: Any, function: Any = None) -> Any:
        """The base with the part replaced."""
        base, part, *rest = operands
        return self.op.call(
            (base, *rest), static, lambda whole, *more, **named: self.op.put(whole, part, *more, **named)
        )


@jax.custom_jvp
def _replace(old: Any, new: Any) -> Any:
    return new


@_replace.defjvp
def _replace_jvp(primals: Any, tangents: Any) -> Any:
    return primals[1], tangents[0]


REPLACE = engine.Basic("replace", _replace, grad_name="CopyBackwards")
"""Another value with the gradient of the old one: what writing through `.data` of a computed tensor means."""

OVERWRITE = engine.Basic("overwrite", lambda old, new: new, grad_name="FillBackward0")
"""Another value, which still requires a gradient because the old one did: none of it reaches the old one."""


def kept(old: Value, new: Value) -> Value:
    """The new value of what had the old one: where gradients passed through that, they go on to."""
    if not old.need or new.need:
        return new
    op = REPLACE if old.spec is new.spec else OVERWRITE
    trace = engine.state.trace
    before, trace.grad = trace.grad, True
    try:
        return engine.record(op, (old, new))
    finally:
        trace.grad = before
