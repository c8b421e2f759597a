"""Padding layers: more elements at the ends of the last dimensions."""

from __future__ import annotations

from collections.abc import Iterable

from lamina.nn import functional as F
from lamina.nn.module import Module
from lamina.tensor import Tensor

Sizes = int | tuple[int, ...]


class _Pad(Module):
    """What all padding layers share: how much is added, before and after each dimension, the last dimension first."""

    _space: int
    _mode: str

    def __init__(self, padding: Sizes) -> None:
        super().__init__()
        self.padding = tuple(padding) if isinstance(padding, Iterable) else (padding,) * (2 * self._space)

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPad(_Pad):
    _mode = "constant"

    def __init__(self, padding: Sizes, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class _CircularPad(_Pad):
    _mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in (self._space + 1, self._space + 2):
            raise ValueError(f"expected {self._space + 1}D or {self._space + 2}D input (got {input.ndim}D input)")
        return F.pad(input, self.padding, "circular")


class ReflectionPad1d(_Pad):
    """The input with its own elements beside it, mirrored at the outermost one, along L.

    >>> import lamina
    >>> from lamina import nn
    >>> nn.ReflectionPad1d(2)(lamina.tensor([[1, 2, 3]]))
    tensor([[3, 2, 1, 2, 3, 2, 1]])

    Args:
        padding: how much is added: one number, or two: before and after. A negative one cuts.
    Shapes:
        input (N, C, L) or (C, L) -> (N, C, L') or (C, L'), L' = padding[0] + L + padding[1]
    Source: torch.nn.ReflectionPad1d.
    """

    _space = 1
    _mode = "reflect"


class ReflectionPad2d(_Pad):
    """The input with its own elements beside it, mirrored at the outermost one, along H and W.

    Args:
        padding: how much is added: one number, or four: left, right, top, bottom. A negative one cuts.
    Shapes:
        input (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W')
    Source: torch.nn.ReflectionPad2d.
    """

    _space = 2
    _mode = "reflect"


class ReflectionPad3d(_Pad):
    """The input with its own elements beside it, mirrored at the outermost one, along D, H and W.

    Args:
        padding: how much is added: one number, or six: left, right, top, bottom, front, back. A negative one cuts.
    Shapes:
        input (N, C, D, H, W) or (C, D, H, W) -> (*, C, D', H', W')
    Source: torch.nn.ReflectionPad3d.
    """

    _space = 3
    _mode = "reflect"


class ReplicationPad1d(_Pad):
    """The input with its outermost elements repeated beside it, along L.

    >>> import lamina
    >>> from lamina import nn
    >>> nn.ReplicationPad1d((0, 2))(lamina.tensor([[1.0, 2.0]]))
    tensor([[1., 2., 2., 2.]])

    Args:
        padding: how much is added: one number, or two: before and after. A negative one cuts.
    Shapes:
        input (N, C, L) or (C, L) -> (N, C, L') or (C, L'), L' = padding[0] + L + padding[1]
    Source: torch.nn.ReplicationPad1d.
    """

    _space = 1
    _mode = "replicate"


class ReplicationPad2d(_Pad):
    """The input with its outermost elements repeated beside it, along H and W.

    Args:
        padding: how much is added: one number, or four: left, right, top, bottom. A negative one cuts.
    Shapes:
        input (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W')
    Source: torch.nn.ReplicationPad2d.
    """

    _space = 2
    _mode = "replicate"


class ReplicationPad3d(_Pad):
    """The input with its outermost elements repeated beside it, along D, H and W.

    Args:
        padding: how much is added: one number, or six: left, right, top, bottom, front, back. A negative one cuts.
    Shapes:
        input (N, C, D, H, W) or (C, D, H, W) -> (*, C, D', H', W')
    Source: torch.nn.ReplicationPad3d.
    """

    _space = 3
    _mode = "replicate"


class CircularPad1d(_CircularPad):
    """The input with the elements of its other end beside it, along L.

    >>> import lamina
    >>> from lamina import nn
    >>> nn.CircularPad1d(2)(lamina.tensor([[1, 2, 3]]))
    tensor([[2, 3, 1, 2, 3, 1, 2]])

    Args:
        padding: how much is added: one number, or two: before and after. A negative one cuts.
    Shapes:
        input (N, C, L) or (C, L) -> (N, C, L') or (C, L'), L' = padding[0] + L + padding[1]
    Source: torch.nn.CircularPad1d.
    """

    _space = 1


class CircularPad2d(_CircularPad):
    """The input with the elements of its other end beside it, along H and W.

    Args:
        padding: how much is added: one number, or four: left, right, top, bottom. A negative one cuts.
    Shapes:
        input (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W')
    Source: torch.nn.CircularPad2d.
    """

    _space = 2


class CircularPad3d(_CircularPad):
    """The input with the elements of its other end beside it, along D, H and W.

    Args:
        padding: how much is added: one number, or six: left, right, top, bottom, front, back. A negative one cuts.
    Shapes:
        input (N, C, D, H, W) or (C, D, H, W) -> (*, C, D', H', W')
    Source: torch.nn.CircularPad3d.
    """

    _space = 3


class ConstantPad1d(_ConstantPad):
    """The input with one number beside it, along L.

    >>> import lamina
    >>> from lamina import nn
    >>> nn.ConstantPad1d((1, 2), 7)(lamina.tensor([[1, 2]]))
    tensor([[7, 1, 2, 7, 7]])

    Args:
        padding: how much is added: one number, or two: before and after. A negative one cuts.
        value: the number.
    Shapes:
        input (*, L) -> (*, L'), L' = padding[0] + L + padding[1]
    Source: torch.nn.ConstantPad1d.
    """

    _space = 1


class ConstantPad2d(_ConstantPad):
    """The input with one number beside it, along H and W.

    Args:
        padding: how much is added: one number, or four: left, right, top, bottom. A negative one cuts.
        value: the number.
    Shapes:
        input (*, H, W) -> (*, H', W')
    Source: torch.nn.ConstantPad2d.
    """

    _space = 2


class ConstantPad3d(_ConstantPad):
    """The input with one number beside it, along D, H and W.

    Args:
        padding: how much is added: one number, or six: left, right, top, bottom, front, back. A negative one cuts.
        value: the number.
    Shapes:
        input (*, D, H, W) -> (*, D', H', W')
    Source: torch.nn.ConstantPad3d.
    """

    _space = 3


class ZeroPad1d(ConstantPad1d):
    """The input with zeros beside it, along L.

    Args:
        padding: how much is added: one number, or two: before and after. A negative one cuts.
    Shapes:
        input (*, L) -> (*, L'), L' = padding[0] + L + padding[1]
    Source: torch.nn.ZeroPad1d.
    """

    def __init__(self, padding: Sizes) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad2d(ConstantPad2d):
    """The input with zeros beside it, along H and W.

    >>> import lamina
    >>> from lamina import nn
    >>> nn.ZeroPad2d((1, 0, 0, 1))(lamina.tensor([[1, 2]]))
    tensor([[0, 1, 2],
            [0, 0, 0]])

    Args:
        padding: how much is added: one number, or four: left, right, top, bottom. A negative one cuts.
    Shapes:
        input (*, H, W) -> (*, H', W')
    Source: torch.nn.ZeroPad2d.
    """

    def __init__(self, padding: Sizes) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad3d(ConstantPad3d):
    """The input with zeros beside it, along D, H and W.

    Args:
        padding: how much is added: one number, or six: left, right, top, bottom, front, back. A negative one cuts.
    Shapes:
        input (*, D, H, W) -> (*, D', H', W')
    Source: torch.nn.ZeroPad3d.
    """

    def __init__(self, padding: Sizes) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"
