"""`torch.nn.modules`: the names of `lamina.nn`, and the base classes and helpers that programs import from there."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

from lamina import nn
from lamina.nn.loss import Loss, WeightedLoss
from lamina.nn.running_norm import BatchNormNd, RunningNorm


def _base(layer: type, name: str) -> type:
    return next(cls for cls in layer.__mro__ if cls.__name__ == name)


def ntuple(n: int) -> Callable[[Any], tuple[Any, ...]]:
    """A function that makes a tuple of an iterable, and n times the value of anything else.

    >>> ntuple(2)(3), ntuple(2)([1, 2])
    ((3, 3), (1, 2))
    """

    def parse(x: Any) -> tuple[Any, ...]:
        return tuple(x) if isinstance(x, Iterable) else tuple(itertools.repeat(x, n))

    return parse


_PRIVATE = {
    "_BatchNorm": BatchNormNd,
    "_NormBase": RunningNorm,
    "_InstanceNorm": _base(nn.InstanceNorm1d, "_InstanceNorm"),
    "_ConvNd": _base(nn.Conv1d, "_AnyConv"),
    "_ConvTransposeNd": _base(nn.ConvTranspose1d, "_ConvTranspose"),
    "_DropoutNd": _base(nn.Dropout, "_DropoutNd"),
    "_MaxPoolNd": _base(nn.MaxPool1d, "_MaxPool"),
    "_AvgPoolNd": _base(nn.AvgPool1d, "_AvgPool"),
    "_AdaptiveAvgPoolNd": _base(nn.AdaptiveAvgPool1d, "_AdaptiveAvgPool"),
    "_AdaptiveMaxPoolNd": _base(nn.AdaptiveMaxPool1d, "_AdaptiveMaxPool"),
    "_Loss": Loss,
    "_WeightedLoss": WeightedLoss,
    "_ntuple": ntuple,
    "_single": ntuple(1),
    "_pair": ntuple(2),
    "_triple": ntuple(3),
    "_quadruple": ntuple(4),
}


def __getattr__(name: str) -> Any:
    if name in _PRIVATE:
        return _PRIVATE[name]
    if not name.startswith("_") and hasattr(nn, name):
        return getattr(nn, name)
    raise AttributeError(f"lamina has no torch.nn.modules.{name}")
