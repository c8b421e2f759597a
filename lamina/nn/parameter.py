"""Tensors that a module owns: parameters, which are learned, and buffers, which are only kept."""

from __future__ import annotations

from typing import Any, Self

from lamina.creation import as_tensor, empty
from lamina.tensor import Tensor, alias_value, wrap


class Parameter(Tensor):
    """A tensor that becomes a parameter of the module it is assigned to, and requires a gradient.

    >>> import lamina
    >>> from lamina import nn
    >>> nn.Parameter(lamina.zeros(2))
    Parameter containing:
    tensor([0., 0.], requires_grad=True)

    Args:
        data: its value at first.
        requires_grad: whether to compute its gradient, also where it is made without gradients.
    Source: torch.nn.Parameter.
    """

    __slots__ = ()

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Self:
        new: Self = _named(cls, data)
        new.requires_grad_(requires_grad)
        return new

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()

    __str__ = __repr__


class Buffer(Tensor):
    """A tensor that becomes a buffer of the module it is assigned to: kept and moved with it, but not learned.

    Args:
        data: its value at first.
        persistent: whether it belongs to the module's `state_dict`.
    Source: torch.nn.Buffer.
    """

    __slots__ = ()
    persistent: bool

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Self:
        new: Self = _named(cls, data)
        new.persistent = persistent
        return new


def _named(kind: type[Tensor], data: Any) -> Any:
    """Another name, of this kind, for the value of `data`."""
    if not isinstance(data, Tensor):
        data = empty(0) if data is None else as_tensor(data)
    return wrap(alias_value(data.current()), kind)
