"""Spectral normalization by a hook: the older form, beside `parametrizations.spectral_norm`."""

from __future__ import annotations

from typing import Any, TypeVar

from lamina import functions, linalg
from lamina.autograd import no_grad
from lamina.nn.module import Module
from lamina.nn.parameter import Parameter
from lamina.nn.utils.hooks import find, take_away
from lamina.nn.utils.power import as_matrix, iterate, output_dim, unit
from lamina.tensor import Tensor

__all__ = [
    "SpectralNorm",
    "SpectralNormLoadStateDictPreHook",
    "SpectralNormStateDictHook",
    "spectral_norm",
    "remove_spectral_norm",
]

M = TypeVar("M", bound=Module)


class SpectralNorm:
    """The hook: computes weight = weight_orig / sigma before each call.

    Args:
        name: the name of the weight.
        n_power_iterations: how many steps of the power method each call in training does.
        dim: the dimension of the outputs.
        eps: the smallest norm to divide by.
    Source: torch.nn.utils.spectral_norm.SpectralNorm.
    """

    _version = 1

    def __init__(self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        self.name, self.dim = name, dim
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.n_power_iterations, self.eps = n_power_iterations, eps

    def reshape_weight_to_matrix(self, weight: Tensor) -> Tensor:
        """The weight with the outputs as rows and all other dimensions as columns."""
        return as_matrix(weight, self.dim)

    def compute_weight(self, module: Module, do_power_iteration: bool) -> Tensor:
        """weight_orig / (u^T W v), if asked to after some steps of the power method."""
        weight, u, v = (getattr(module, f"{self.name}_{part}") for part in ("orig", "u", "v"))
        matrix = self.reshape_weight_to_matrix(weight)
        if do_power_iteration:
            iterate(matrix, u, v, self.n_power_iterations, self.eps, first_v=True)
            # Copies: the next call writes to the buffers, and backward must still find these.
            u, v = u.clone(), v.clone()
        return weight / functions.dot(u, functions.mv(matrix, v))

    def remove(self, module: Module) -> None:
        """Make the weight a parameter again."""
        with no_grad():
            weight = self.compute_weight(module, do_power_iteration=False)
        for part in ("", "_u", "_v", "_orig"):
            delattr(module, self.name + part)
        module.register_parameter(self.name, Parameter(weight.detach()))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, do_power_iteration=module.training))

    @staticmethod
    def apply(module: Module, name: str, n_power_iterations: int, dim: int, eps: float) -> SpectralNorm:
        """Put the hook on a module."""
        if find(module, "forward_pre", _is(SpectralNorm, name)):
            raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
        hook = SpectralNorm(name, n_power_iterations, dim, eps)
        weight = module._parameters[name]
        if weight is None:
            raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
        with no_grad():
            sizes = hook.reshape_weight_to_matrix(weight).shape
            u, v = (unit(weight.new_empty(size).normal_(0, 1), eps) for size in sizes)
        delattr(module, name)
        module.register_parameter(f"{name}_orig", weight)
        # A plain attribute, since code that sets initial values expects one.
        setattr(module, name, weight.detach())
        module.register_buffer(f"{name}_u", u)
        module.register_buffer(f"{name}_v", v)
        module.register_forward_pre_hook(hook)
        module._register_state_dict_hook(SpectralNormStateDictHook(hook))
        module._register_load_state_dict_pre_hook(SpectralNormLoadStateDictPreHook(hook))
        return hook

    def _solve_v_and_rescale(self, matrix: Tensor, u: Tensor, sigma: Tensor) -> Tensor:
        """v with u in the direction of W v, and u^T W v = sigma."""
        square = matrix.t().mm(matrix)
        v = linalg.multi_dot([functions.pinv(square), matrix.t(), u.unsqueeze(1)]).squeeze(1)
        return v * (sigma / functions.dot(u, functions.mv(matrix, v)))


class SpectralNormLoadStateDictPreHook:
    """Loads states from before there was weight_v: it follows from the others.

    Source: torch.nn.utils.spectral_norm.SpectralNormLoadStateDictPreHook.
    """

    def __init__(self, fn: SpectralNorm) -> None:
        self.fn = fn

    def __call__(
        self, state_dict: Any, prefix: str, local_metadata: Any, strict: bool, missing_keys: list[str], *rest: Any
    ) -> None:
        version = local_metadata.get("spectral_norm", {}).get(f"{self.fn.name}.version", None)
        if version is not None and version >= 1:
            return
        key = prefix + self.fn.name
        if (
            version is None
            and key not in state_dict
            and all(key + part in state_dict for part in ("_orig", "_u", "_v"))
        ):
            return
        missing = [key + part for part in ("_orig", "", "_u") if key + part not in state_dict]
        if missing:
            missing_keys.extend(missing if strict else ())
            return
        with no_grad():
            original, weight, u = state_dict[f"{key}_orig"], state_dict.pop(key), state_dict[f"{key}_u"]
            sigma = (original / weight).mean()
            matrix = self.fn.reshape_weight_to_matrix(original)
            state_dict[f"{key}_v"] = self.fn._solve_v_and_rescale(matrix, u, sigma)


class SpectralNormStateDictHook:
    """Notes the version of the state beside it.

    Source: torch.nn.utils.spectral_norm.SpectralNormStateDictHook.
    """

    def __init__(self, fn: SpectralNorm) -> None:
        self.fn = fn

    def __call__(self, module: Module, state_dict: Any, prefix: str, local_metadata: Any) -> None:
        versions = local_metadata.setdefault("spectral_norm", {})
        key = f"{self.fn.name}.version"
        if key in versions:
            raise RuntimeError(f"Unexpected key in metadata['spectral_norm']: {key}")
        versions[key] = self.fn._version


def spectral_norm(
    module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> M:
    """Divide a weight by its largest singular value before each call; returns the module.

    `lamina.nn.utils.parametrizations.spectral_norm` does the same without a hook.

    Args:
        module: whose weight it is.
        name: its name.
        n_power_iterations: how many steps of the power method each call in training does.
        eps: the smallest norm to divide by.
        dim: the dimension of the outputs; default: 0, for transposed convolutions 1. The others are one dimension.
    Parameters:
        weight_orig: what weight was. weight itself is computed anew before each call.
    Buffers:
        weight_u, weight_v: the singular vectors, at first random.
    Source: torch.nn.utils.spectral_norm.
    """
    SpectralNorm.apply(module, name, n_power_iterations, output_dim(module) if dim is None else dim, eps)
    return module


def remove_spectral_norm(module: M, name: str = "weight") -> M:
    """Undo `spectral_norm`: the weight is a parameter again. Returns the module.

    Args:
        module: whose weight it is.
        name: its name.
    Source: torch.nn.utils.remove_spectral_norm.
    """
    hook = take_away(module, "forward_pre", _is(SpectralNorm, name))
    if hook is None:
        raise ValueError(f"spectral_norm of '{name}' not found in {module}")
    hook.remove(module)
    take_away(module, "state_dict_post", _is(SpectralNormStateDictHook, name))
    take_away(module, "load_state_dict_pre", _is(SpectralNormLoadStateDictPreHook, name))
    return module


def _is(kind: type, name: str) -> Any:
    def is_it(hook: Any) -> bool:
        norm: Any = getattr(hook, "fn", hook)
        return isinstance(hook, kind) and bool(norm.name == name)

    return is_it
