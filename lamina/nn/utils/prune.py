"""Pruning: parameters of which some elements are kept at zero.

A pruned parameter `weight` becomes `weight_orig`, which is learned, and the buffer `weight_mask`; `weight` is their
product, computed before each call. `remove` makes it a parameter again.

The mask is computed when pruning is called for, without reading numbers. Pruning what was pruned before does read: how
many elements are left decides shapes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from lamina import creation
from lamina.nn.module import Module
from lamina.nn.utils.convert_parameters import parameters_to_vector
from lamina.nn.utils.hooks import find, take_away
from lamina.nn.utils.prune_methods import (
    BasePruningMethod,
    CustomFromMask,
    Identity,
    L1Unstructured,
    LnStructured,
    PruningContainer,
    RandomStructured,
    RandomUnstructured,
)
from lamina.tensor import Tensor

__all__ = [
    "identity", "random_unstructured", "l1_unstructured", "random_structured", "ln_structured", "global_unstructured",
    "custom_from_mask", "remove", "is_pruned",
    "BasePruningMethod", "PruningContainer", "Identity", "RandomUnstructured", "L1Unstructured", "RandomStructured",
    "LnStructured", "CustomFromMask",
]  # fmt: skip

M = TypeVar("M", bound=Module)


def identity(module: M, name: str) -> M:
    """Prune nothing, but let a parameter have a mask; returns the module.

    Args:
        module: whose parameter it is.
        name: its name.
    Source: torch.nn.utils.prune.identity.
    """
    Identity.apply(module, name)
    return module


def random_unstructured(module: M, name: str, amount: float) -> M:
    """Prune elements at random; returns the module.

    Args:
        module: whose parameter it is.
        name: its name.
        amount: how many, or, as a float from 0 to 1, which part of those that are left.

    >>> import lamina
    >>> from lamina.nn.utils import prune
    >>> layer = prune.random_unstructured(lamina.nn.Linear(2, 3), "weight", amount=1)
    >>> (layer.weight_mask == 0).sum(), list(layer.state_dict())
    (tensor(1), ['bias', 'weight_orig', 'weight_mask'])

    Source: torch.nn.utils.prune.random_unstructured.
    """
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module: M, name: str, amount: float, importance_scores: Tensor | None = None) -> M:
    """Prune the elements with the smallest absolute values; returns the module.

    Args:
        module: whose parameter it is.
        name: its name.
        amount: how many, or, as a float from 0 to 1, which part of those that are left.
        importance_scores: how important each element is; default: the parameter itself.
    Source: torch.nn.utils.prune.l1_unstructured.
    """
    L1Unstructured.apply(module, name, amount=amount, importance_scores=importance_scores)
    return module


def random_structured(module: M, name: str, amount: float, dim: int) -> M:
    """Prune whole slices along a dimension at random; returns the module.

    Args:
        module: whose parameter it is.
        name: its name.
        amount: how many, or, as a float from 0 to 1, which part of those that are left.
        dim: the dimension.
    Source: torch.nn.utils.prune.random_structured.
    """
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(
    module: M, name: str, amount: float, n: float | str, dim: int, importance_scores: Tensor | None = None
) -> M:
    """Prune the slices along a dimension with the smallest norms; returns the module.

    Args:
        module: whose parameter it is.
        name: its name.
        amount: how many, or, as a float from 0 to 1, which part of those that are left.
        n: the order of the norm: a number, inf, -inf, "fro" or "nuc".
        dim: the dimension.
        importance_scores: how important each element is; default: the parameter itself.

    >>> import lamina
    >>> from lamina.nn.utils import prune
    >>> layer = lamina.nn.Linear(2, 3)
    >>> with lamina.no_grad():
    ...     _ = layer.weight.copy_(lamina.tensor([[1.0, 2.0], [0.1, 0.2], [3.0, 4.0]]))
    >>> prune.ln_structured(layer, "weight", amount=1, n=2, dim=0).weight_mask
    tensor([[1., 1.],
            [0., 0.],
            [1., 1.]])

    Source: torch.nn.utils.prune.ln_structured.
    """
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def global_unstructured(
    parameters: Any, pruning_method: type[BasePruningMethod], importance_scores: Any = None, **kwargs: Any
) -> None:
    """Prune elements of several parameters, chosen among all of them together.

    Args:
        parameters: pairs of module and name.
        pruning_method: the class that chooses, of type "unstructured".
        importance_scores: how important each element is, by pair; default: the parameters themselves.
        kwargs: the arguments of the class, such as `amount`.
    Source: torch.nn.utils.prune.global_unstructured.
    """
    if not isinstance(parameters, Iterable):
        raise TypeError("global_unstructured(): parameters is not an Iterable")
    pairs: list[tuple[Module, str]] = list(parameters)
    scores = {} if importance_scores is None else importance_scores
    if not isinstance(scores, dict):
        raise TypeError("global_unstructured(): importance_scores must be of type dict")
    together = parameters_to_vector([scores.get((module, name), getattr(module, name)) for module, name in pairs])
    masks = parameters_to_vector([_mask(module, name) for module, name in pairs])
    container = PruningContainer()
    container._tensor_name = "temp"
    method = pruning_method(**kwargs)
    method._tensor_name = "temp"
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. '
            f"Found method {pruning_method} of type {method.PRUNING_TYPE}"
        )
    container.add_pruning_method(method)
    mask = container.compute_mask(together, masks)
    start = 0
    for module, name in pairs:
        parameter = getattr(module, name)
        custom_from_mask(module, name, mask=mask[start : start + parameter.numel()].view_as(parameter))
        start += parameter.numel()


def custom_from_mask(module: M, name: str, mask: Tensor) -> M:
    """Prune where a mask is 0; returns the module.

    Args:
        module: whose parameter it is.
        name: its name.
        mask: of the shape of the parameter.

    >>> import lamina
    >>> from lamina.nn.utils import prune
    >>> prune.custom_from_mask(lamina.nn.Linear(5, 3), "bias", lamina.tensor([0, 1, 0])).bias_mask
    tensor([0., 1., 0.])

    Source: torch.nn.utils.prune.custom_from_mask.
    """
    CustomFromMask.apply(module, name, mask)
    return module


def remove(module: M, name: str) -> M:
    """Make a pruned parameter an ordinary one; what was pruned stays zero. Returns the module.

    Args:
        module: whose parameter it is.
        name: its name.
    Source: torch.nn.utils.prune.remove.
    """
    hook = take_away(module, "forward_pre", lambda hook: _prunes(hook) and hook._tensor_name == name)
    if hook is None:
        raise ValueError(f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed")
    hook.remove(module)
    return module


def is_pruned(module: Module) -> bool:
    """Whether anything in a module is pruned.

    Source: torch.nn.utils.prune.is_pruned.
    """
    return any(find(child, "forward_pre", _prunes) for child in module.modules())


def _prunes(hook: Any) -> bool:
    return isinstance(hook, BasePruningMethod)


def _mask(module: Module, name: str) -> Tensor:
    found = getattr(module, f"{name}_mask", None)
    return creation.ones_like(getattr(module, name)) if found is None else found
