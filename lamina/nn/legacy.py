"""What is kept for old code: Container, factory_kwargs."""

from __future__ import annotations

import warnings
from typing import Any

from lamina.nn.module import Module

_FACTORY = {"device", "dtype", "memory_format"}


class Container(Module):
    """Modules by name, without a way to call it. Deprecated: a Module of one's own does the same.

    Args:
        kwargs: the modules.
    Source: torch.nn.Container.
    """

    def __init__(self, **kwargs: Any) -> None:
        warnings.warn(
            "`nn.Container` is deprecated. All of its functionality is now implemented in `nn.Module`. "
            "Subclass that instead.",
            FutureWarning,
            stacklevel=2,
        )
        super().__init__()
        for name, module in kwargs.items():
            self.add_module(name, module)


def factory_kwargs(kwargs: dict[str, Any] | None) -> dict[str, Any]:
    """What a layer passes on to functions that make tensors: device, dtype and memory_format, given as keywords or, in
    one dictionary, as the keyword factory_kwargs.

    >>> from lamina import nn
    >>> nn.factory_kwargs({"dtype": "float64", "factory_kwargs": {"device": "cpu"}})
    {'device': 'cpu', 'dtype': 'float64'}
    """
    if kwargs is None:
        return {}
    unknown = kwargs.keys() - _FACTORY - {"factory_kwargs"}
    if unknown:
        raise TypeError(f"unexpected kwargs {unknown}")
    found = dict(kwargs.get("factory_kwargs", {}))
    for name in kwargs.keys() & _FACTORY:
        if name in found:
            raise TypeError(f"{name} specified twice, in **kwargs and in factory_kwargs")
        found[name] = kwargs[name]
    return found
