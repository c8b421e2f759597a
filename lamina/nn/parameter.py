"""Tensors that a module owns: parameters, which are learned, and buffers, which are only kept.

Either may be uninitialized: it has a type and a device, and gets its shape later.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, Self

from lamina import dtypes
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


@contextlib.contextmanager
def _as_plain(x: Any) -> Iterator[Any]:
    """Let an uninitialized tensor be the empty tensor it hides, for a while."""
    kind = type(x)
    x.__class__ = kind.cls_to_become
    try:
        yield x
    finally:
        x.__class__ = kind


def _property(name: str) -> Any:
    def get(self: Any) -> Any:
        with _as_plain(self):
            return getattr(self, name)

    def put(self: Any, value: Any) -> None:
        with _as_plain(self), _as_plain(value) if is_lazy(value) else contextlib.nullcontext():
            setattr(self, name, value)

    return property(get, put, doc=getattr(Tensor, name).__doc__)


def _conversion(name: str) -> Callable[..., Any]:
    def convert(self: Any, *args: Any, **kwargs: Any) -> Any:
        with _as_plain(self):
            new = getattr(self, name)(*args, **kwargs)
            dtype, device = new.dtype, new.device
        return self._like(device, dtype)

    convert.__name__ = name
    convert.__doc__ = f"`Tensor.{name}`: an uninitialized tensor of another type, or on another device."
    return convert


class UninitializedTensorMixin:
    """What uninitialized parameters and buffers share: only type and device can be read and changed.

    Anything that needs the value raises ValueError: the value is hidden behind a property that does.
    """

    __slots__ = ()
    cls_to_become: ClassVar[type[Tensor]]

    dtype, device, data = _property("dtype"), _property("device"), _property("data")
    requires_grad, is_leaf, grad_fn = _property("requires_grad"), _property("is_leaf"), _property("grad_fn")
    to, cpu, cuda = _conversion("to"), _conversion("cpu"), _conversion("cuda")
    half, bfloat16, float, double = (_conversion(name) for name in ("half", "bfloat16", "float", "double"))

    def __copy__(self) -> Any:
        return copy.deepcopy(self)  # there is no memory to share

    def materialize(self, shape: Sequence[int], device: Any = None, dtype: Any = None) -> None:
        """Become a tensor of this shape, whose numbers mean nothing yet; the same object, of another class.

        Args:
            shape: its shape from now on.
            device, dtype: where and of which type; as it was, unless given.
        """
        value = empty(tuple(shape), device=device or self.device, dtype=dtype or self.dtype)
        self.__class__ = self.cls_to_become  # type: ignore[assignment]
        self.data = value

    @property
    def shape(self) -> Any:
        """There is none: RuntimeError."""
        raise RuntimeError(
            "An uninitialized parameter or buffer has no shape. Call the module once, so that it can be initialized; "
            "a state with uninitialized parameters does not fit a module whose parameters are initialized."
        )

    @property
    def _value(self) -> Any:
        raise ValueError(
            f"An {type(self).__name__} has no value. Call the module once, with an input of the right shape, before "
            "its parameters are used."
        )

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Say whether gradients should be computed for it."""
        self.requires_grad = requires_grad
        return self

    def share_memory_(self) -> Any:
        """There is none: RuntimeError."""
        raise RuntimeError("The memory of an uninitialized parameter or buffer cannot be shared.")

    def _like(self, device: Any, dtype: Any) -> Self:
        new: Any = type(self)(self.requires_grad and dtype.is_floating_point, device, dtype)  # type: ignore[call-arg]
        new.__dict__.update(self.__dict__)
        return new

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        if id(self) not in memo:
            memo[id(self)] = self._like(self.device, self.dtype)
        return memo[id(self)]

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickle, (type(self), self.requires_grad, str(self.device), self.dtype.name, dict(self.__dict__))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)


class UninitializedParameter(UninitializedTensorMixin, Parameter):  # type: ignore[override]
    """A parameter whose shape is not known yet: `materialize(shape)` makes it a `Parameter`.

    >>> import lamina
    >>> from lamina import nn
    >>> weight = nn.UninitializedParameter()
    >>> weight
    <UninitializedParameter>
    >>> weight.materialize((2, 3))
    >>> weight.shape
    lamina.Size([2, 3])

    Args:
        requires_grad: whether to compute its gradient.
        device, dtype: where it will be, and its type.
    Source: torch.nn.parameter.UninitializedParameter.
    """

    __slots__ = ()
    cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> Self:
        new: Any = Parameter(empty(0, device=device, dtype=dtype), requires_grad)
        new.__class__ = cls
        return new


class UninitializedBuffer(UninitializedTensorMixin, Buffer):  # type: ignore[override]
    """A buffer whose shape is not known yet: `materialize(shape)` makes it a tensor.

    Args:
        requires_grad: whether to compute its gradient.
        device, dtype: where it will be, and its type.
        persistent: whether it belongs to the module's `state_dict`.
    Source: torch.nn.parameter.UninitializedBuffer.
    """

    __slots__ = ()
    cls_to_become = Tensor

    def __new__(
        cls, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True
    ) -> Self:
        new: Any = empty(0, device=device, dtype=dtype, requires_grad=requires_grad)
        new.persistent = persistent
        new.__class__ = cls
        return new


def is_lazy(param: Any) -> bool:
    """Whether it is an uninitialized parameter or buffer."""
    return isinstance(param, UninitializedTensorMixin)


def _unpickle(kind: Any, requires_grad: bool, device: str, dtype: str, extra: dict[str, Any]) -> Any:
    new = kind(requires_grad, device, dtypes.of(dtype))
    new.__dict__.update(extra)
    return new


def _named(kind: type[Tensor], data: Any) -> Any:
    """Another name, of this kind, for the value of `data`."""
    if not isinstance(data, Tensor):
        data = empty(0) if data is None else as_tensor(data)
    return wrap(alias_value(data.current()), kind)
