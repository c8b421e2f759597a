"""Parameters that are computed from others each time they are read: `register_parametrization`.

    module.weight                             computed: what the modules make of the original
    module.parametrizations.weight.original   learned; original0, original1, ... if there are several
    module.parametrizations.weight[0]         the first module that makes something of it

The module gets a class of its own, which extends the one it had, with a property for each such name.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any, TypeVar

from lamina.autograd import no_grad
from lamina.nn.container import ModuleDict, ModuleList
from lamina.nn.module import Module
from lamina.nn.parameter import Parameter
from lamina.nn.utils.parametrize_checks import check_further, check_same
from lamina.tensor import Tensor

__all__ = [
    "cached",
    "ParametrizationList",
    "register_parametrization",
    "is_parametrized",
    "remove_parametrizations",
    "type_before_parametrizations",
    "transfer_parametrizations_and_params",
]

M = TypeVar("M", bound=Module)


class _Cache:
    """What was computed within `cached()`, by module and name."""

    depth = 0
    found: dict[tuple[int, str], Tensor] = {}  # noqa: RUF012  (one for all, as in PyTorch)


@contextlib.contextmanager
def cached() -> Iterator[None]:
    """Within it, each parametrized tensor is computed once and then remembered, until the outermost block ends.

    >>> import lamina
    >>> from lamina import nn
    >>> from lamina.nn.utils import parametrizations, parametrize
    >>> layer = parametrizations.weight_norm(nn.Linear(2, 3))
    >>> with parametrize.cached():
    ...     layer.weight is layer.weight
    True
    >>> layer.weight is layer.weight
    False

    Source: torch.nn.utils.parametrize.cached.
    """
    _Cache.depth += 1
    try:
        yield
    finally:
        _Cache.depth -= 1
        if not _Cache.depth:
            _Cache.found = {}


class ParametrizationList(ModuleList):
    """What stands at `module.parametrizations[name]`: the modules that compute a tensor, and what they compute it from.

    Args:
        modules: at least one.
        original: the tensor that is parametrized.
        unsafe: whether its shape and type may change; then nothing is checked.
    Parameters:
        original, or original0, original1, ..., if `right_inverse` of the modules gives several: buffers instead where
        the tensor was one.
    Source: torch.nn.utils.parametrize.ParametrizationList.
    """

    original: Tensor
    unsafe: bool

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if len(modules) == 0:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype
        new: Any = original
        with no_grad():
            for module in reversed(list(self)):
                if hasattr(module, "right_inverse"):
                    with contextlib.suppress(NotImplementedError):
                        new = module.right_inverse(new)
        if not isinstance(new, (Tensor, Sequence)):
            raise ValueError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                f"Got {type(new).__name__}"
            )
        self.is_tensor = isinstance(new, Tensor)
        self.ntensors = 1 if isinstance(new, Tensor) else len(new)
        if isinstance(new, Tensor):
            self._keep_one(original, new)
        else:
            self._keep_several(original, new)
        if not unsafe:
            check_same(self(), shape, dtype)

    def _keep_one(self, original: Tensor, new: Tensor) -> None:
        for what in ("dtype", "device"):
            before, after = getattr(original, what), getattr(new, what)
            if before != after:
                raise ValueError(
                    f"When `right_inverse` outputs one tensor, it may not change the {what}.\n"
                    f"original.{what}: {before}\n"
                    f"right_inverse(original).{what}: {after}"
                )
        # The tensor stays the one that an optimizer may know.
        _set(original, new)
        _register(self, "original", original)

    def _keep_several(self, original: Tensor, new: Sequence[Any]) -> None:
        for i, part in enumerate(new):
            if not isinstance(part, Tensor):
                raise ValueError(
                    "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                    f"Got element {i} of the sequence with type {type(part).__name__}."
                )
            if isinstance(original, Parameter):
                part = Parameter(part, original.requires_grad)
            elif part.requires_grad != original.requires_grad:
                part = part.detach().requires_grad_(original.requires_grad)
            _register(self, f"original{i}", part)

    def right_inverse(self, value: Tensor) -> None:
        """Set the originals so that the tensor becomes this value: what the modules say they are for it."""
        new: Any = value
        with no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(f"parametrization {type(module).__name__} does not implement right_inverse.")
                new = module.right_inverse(new)
        if self.is_tensor:
            if not isinstance(new, Tensor):
                raise ValueError(f"`right_inverse` should return a tensor. Got {type(new).__name__}")
            if new.dtype != self.original.dtype:
                raise ValueError(
                    f"The tensor returned by `right_inverse` has dtype {new.dtype} "
                    f"while `original` has dtype {self.original.dtype}"
                )
            _set(self.original, new)
            return
        if not isinstance(new, Sequence):
            raise ValueError(f"'right_inverse' must return a sequence of tensors. Got {type(new).__name__}.")
        if len(new) != self.ntensors:
            raise ValueError(
                f"'right_inverse' must return a sequence of tensors of length {self.ntensors}. "
                f"Got a sequence of length {len(new)}."
            )
        for i, part in enumerate(new):
            old = getattr(self, f"original{i}")
            if not isinstance(part, Tensor):
                raise ValueError(
                    f"'right_inverse' must return a sequence of tensors. Got element {i} of type {type(part).__name__}."
                )
            if part.dtype != old.dtype:
                raise ValueError(
                    f"Tensor {i} returned by `right_inverse` has dtype {part.dtype} "
                    f"while `original{i}` has dtype {old.dtype}"
                )
            _set(old, part)

    def forward(self) -> Tensor:
        """The tensor."""
        first, *others = self
        x = first(self.original) if self.is_tensor else first(
            *(getattr(self, f"original{i}") for i in range(self.ntensors))
        )  # fmt: skip
        for module in others:
            x = module(x)
        return x


def register_parametrization(module: M, tensor_name: str, parametrization: Module, *, unsafe: bool = False) -> M:
    """Let a parameter or buffer be computed by a module, on top of those that compute it already; returns the module.

    Args:
        module: whose tensor it is.
        tensor_name: which.
        parametrization: takes the original and returns the tensor. If it has `right_inverse`, that gives the original
            (or several, as a tuple) for a tensor: at first for the present one, and whenever one is assigned.
        unsafe: whether the shape and the type may change; then nothing is checked.

    >>> import lamina
    >>> from lamina import nn
    >>> from lamina.nn.utils import parametrize
    >>> class Symmetric(nn.Module):
    ...     def forward(self, x):
    ...         return x.triu() + x.triu(1).T
    >>> layer = parametrize.register_parametrization(nn.Linear(3, 3), "weight", Symmetric())
    >>> lamina.equal(layer.weight, layer.weight.T), list(layer.state_dict())
    (True, ['bias', 'parametrizations.weight.original'])

    Source: torch.nn.utils.parametrize.register_parametrization.
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            check_further(module, tensor_name, parametrization)
        entries: Any = module.parametrizations
        entries[tensor_name].append(parametrization)
        entries[tensor_name].unsafe |= unsafe
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        original = getattr(module, tensor_name)
        entry = ParametrizationList([parametrization], original, unsafe=unsafe)
        delattr(module, tensor_name)
        if not is_parametrized(module):
            _extend_class(module)
            module.parametrizations = ModuleDict()
        _add_property(type(module), tensor_name)
        module.parametrizations[tensor_name] = entry
    else:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a "
            f"parametrized element with name '{tensor_name}'"
        )
    return module


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a module's tensor is parametrized; without a name, whether any is.

    Source: torch.nn.utils.parametrize.is_parametrized.
    """
    entries = getattr(module, "parametrizations", None)
    if not isinstance(entries, ModuleDict):
        return False
    return len(entries) > 0 if tensor_name is None else tensor_name in entries


def remove_parametrizations(module: M, tensor_name: str, leave_parametrized: bool = True) -> M:
    """Make a parametrized tensor a parameter or buffer again; returns the module.

    Args:
        module: whose tensor it is.
        tensor_name: which.
        leave_parametrized: whether it keeps the computed value; else it is the original again.

    Raises:
        ValueError: if it is not parametrized, or had several originals and `leave_parametrized` is False.

    Source: torch.nn.utils.parametrize.remove_parametrizations.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    entries: Any = module.parametrizations
    entry = entries[tensor_name]
    if entry.is_tensor:
        original = entry.original
        if leave_parametrized:
            with no_grad():
                _set(original, getattr(module, tensor_name))
    elif leave_parametrized:
        original = getattr(module, tensor_name)
        original = Parameter(original) if original.requires_grad else original
    else:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor "
            "that is parametrized in terms of a sequence of tensors."
        )
    delattr(type(module), tensor_name)
    del entries[tensor_name]
    _register(module, tensor_name, original)
    if not is_parametrized(module):
        delattr(module, "parametrizations")
        module.__class__ = type(module).__bases__[0]
    return module


def type_before_parametrizations(module: Module) -> type:
    """The class of a module without regard to parametrizations.

    Source: torch.nn.utils.parametrize.type_before_parametrizations.
    """
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(
    from_module: Module, to_module: Module, tensor_name: str | None = None
) -> Module:
    """Give another module the parametrizations of this one, and the tensors they start from; returns the other.

    Args:
        from_module: has the parametrizations; if it has none, nothing happens.
        to_module: gets them, and parameters of those names where it has none.
        tensor_name: which; default: all.

    Source: torch.nn.utils.parametrize.transfer_parametrizations_and_params.
    """
    if not is_parametrized(from_module):
        return to_module
    source: Any = from_module.parametrizations
    for name in list(source) if tensor_name is None else [tensor_name]:
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name)))
        for parametrization in source[name]:
            register_parametrization(to_module, name, parametrization)
        target: Any = to_module.parametrizations
        for key, value in {**source[name]._parameters, **source[name]._buffers}.items():
            setattr(target[name], key, value)
    return to_module


def _register(module: Module, name: str, tensor: Tensor) -> None:
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def _set(target: Tensor, value: Tensor) -> None:
    """Let a tensor have a value, of any shape, and stay who it is."""
    if value is not target:
        target.data = value.detach()


def _extend_class(module: Module) -> None:
    kind = type(module)
    body: dict[str, Any] = {"__getstate__": _refuse_to_pickle}
    if not hasattr(kind, "__deepcopy__"):
        body["__deepcopy__"] = _deepcopy
    module.__class__ = type(f"Parametrized{kind.__name__}", (kind,), body)


def _refuse_to_pickle(self: Module) -> Any:
    raise RuntimeError(
        "Serialization of parametrized modules is only supported through state_dict(): save that, and load it into a "
        "module that was made and parametrized in the same way."
    )


def _deepcopy(self: Module, memo: dict[int, Any]) -> Module:
    if id(self) in memo:
        return memo[id(self)]
    replica = type(self).__new__(type(self))
    memo[id(self)] = replica
    replica.__setstate__(deepcopy(Module.__getstate__(self), memo))
    return replica


def _add_property(kind: type, name: str) -> None:
    def get(self: Any) -> Tensor:
        entry = self.parametrizations[name]
        if not _Cache.depth:
            return entry()
        key = (id(self), name)
        if key not in _Cache.found:
            _Cache.found[key] = entry()
        return _Cache.found[key]

    def set(self: Any, value: Tensor) -> None:
        self.parametrizations[name].right_inverse(value)

    setattr(kind, name, property(get, set))
