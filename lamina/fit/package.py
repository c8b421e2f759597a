"""A package that is called like the function it is named after."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


def make_callable(package: str, function: Callable[..., Any]) -> None:
    """Let calling a package call a function: `lamina.fit(model, data)` as well as `lamina.fit.EarlyStopping`."""

    class Package(ModuleType):
        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

    module = sys.modules[package]
    module.__class__ = Package
    vars(module)["__signature__"] = inspect.signature(function)
