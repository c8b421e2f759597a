"""The old place of `lamina.func.functional_call`."""

from __future__ import annotations

import warnings
from typing import Any

from lamina import func
from lamina.nn.module import Module

__all__ = ["functional_call"]


def functional_call(
    module: Module,
    parameters_and_buffers: dict[str, Any],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call a module with other parameters and buffers: see `lamina.func.functional_call`, which this calls.

    Source: torch.nn.utils.stateless.functional_call.
    """
    warnings.warn(
        "`lamina.nn.utils.stateless.functional_call` is deprecated. Please use `lamina.func.functional_call` instead, "
        "which is a drop-in replacement.",
        FutureWarning,
        stacklevel=2,
    )
    given = () if args is None else args
    return func.functional_call(module, parameters_and_buffers, given, kwargs, tie_weights=tie_weights, strict=strict)
