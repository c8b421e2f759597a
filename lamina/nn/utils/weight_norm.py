"""Weight normalization by a hook: the older form, which `parametrizations.weight_norm` replaces."""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

from lamina import functions
from lamina.nn.module import Module
from lamina.nn.parameter import Parameter
from lamina.nn.utils.hooks import find, take_away
from lamina.tensor import Tensor

__all__ = ["WeightNorm", "weight_norm", "remove_weight_norm"]

M = TypeVar("M", bound=Module)


class WeightNorm:
    """The hook: computes weight from weight_g and weight_v before each call.

    Args:
        name: the name of the weight.
        dim: the dimension along which each slice has a length of its own; None or -1: one length for all.
    Source: torch.nn.utils.weight_norm.WeightNorm.
    """

    def __init__(self, name: str, dim: int | None) -> None:
        self.name, self.dim = name, -1 if dim is None else dim

    def compute_weight(self, module: Module) -> Tensor:
        """g v / |v|."""
        return functions.weight_norm(getattr(module, f"{self.name}_v"), getattr(module, f"{self.name}_g"), self.dim)

    @staticmethod
    def apply(module: Module, name: str, dim: int | None) -> WeightNorm:
        """Put the hook on a module."""
        warnings.warn(
            "`lamina.nn.utils.weight_norm` is deprecated in favor of `lamina.nn.utils.parametrizations.weight_norm`.",
            FutureWarning,
            stacklevel=3,
        )
        if find(module, "forward_pre", _is(name)):
            raise RuntimeError(f"Cannot register two weight_norm hooks on the same parameter {name}")
        hook = WeightNorm(name, dim)
        weight = getattr(module, name)
        del module._parameters[name]
        module.register_parameter(f"{name}_g", Parameter(functions.norm_except_dim(weight, 2, hook.dim).detach()))
        module.register_parameter(f"{name}_v", Parameter(weight.detach()))
        setattr(module, name, hook.compute_weight(module))
        module.register_forward_pre_hook(hook)
        return hook

    def remove(self, module: Module) -> None:
        """Make the weight a parameter again."""
        weight = self.compute_weight(module)
        delattr(module, self.name)
        del module._parameters[f"{self.name}_g"]
        del module._parameters[f"{self.name}_v"]
        setattr(module, self.name, Parameter(weight.detach()))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Learn a weight as length and direction, weight = g v / |v|; returns the module. Deprecated.

    `lamina.nn.utils.parametrizations.weight_norm` takes its place, and loads its states.

    Args:
        module: whose weight it is.
        name: its name.
        dim: the dimension along which each slice has a length of its own; None: one length for all.
    Parameters:
        weight_g: the norms; weight_v: what weight was. weight itself is computed anew before each call.
    Source: torch.nn.utils.weight_norm.
    """
    WeightNorm.apply(module, name, dim)
    return module


def remove_weight_norm(module: M, name: str = "weight") -> M:
    """Undo `weight_norm`: the weight is a parameter again. Returns the module.

    Args:
        module: whose weight it is.
        name: its name.
    Source: torch.nn.utils.remove_weight_norm.
    """
    hook = take_away(module, "forward_pre", _is(name))
    if hook is None:
        raise ValueError(f"weight_norm of '{name}' not found in {module}")
    hook.remove(module)
    return module


def _is(name: str) -> Any:
    return lambda hook: isinstance(hook, WeightNorm) and hook.name == name
