"""`Variable`, the old name of a tensor that may require a gradient."""

from __future__ import annotations

from typing import Any

from lamina.tensor import Tensor


class _Kind(type):
    """Tensors are Variables."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=_Kind):
    """`Variable(x, requires_grad)` is the tensor itself, detached; an old way of writing.

    >>> import lamina
    >>> x = lamina.autograd.Variable(lamina.ones(2), requires_grad=True)
    >>> isinstance(x, lamina.autograd.Variable), x
    (True, tensor([1., 1.], requires_grad=True))
    """

    def __new__(cls, data: Tensor, requires_grad: bool = False) -> Any:
        return data.detach().requires_grad_(requires_grad)


def variable(*args: Any, **kwargs: Any) -> Any:
    """Not there any more, as in PyTorch."""
    raise RuntimeError("lamina.autograd.variable(...) is deprecated, use lamina.tensor(...) instead")
