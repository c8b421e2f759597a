"""Modules without initial values."""

from __future__ import annotations

import inspect
from typing import Any

from lamina.nn import init
from lamina.nn.module import Module


def skip_init(module_cls: type[Module], *args: Any, **kwargs: Any) -> Any:
    """A module whose parameters are not filled, as `lamina.empty` leaves them: for values that come from elsewhere.

    Args:
        module_cls: the class; its constructor takes `device`, and does nothing with parameters but to call `nn.init`.
        args, kwargs: what the constructor takes; `device` may be given.

    >>> import lamina
    >>> lamina.nn.utils.skip_init(lamina.nn.Linear, 5, 1).weight.shape
    lamina.Size([1, 5])

    Source: torch.nn.utils.skip_init.
    """
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    kwargs.setdefault("device", "cpu")
    with init.skipped():
        return module_cls(*args, **kwargs)
