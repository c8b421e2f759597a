"""A module's state as a dictionary of tensors, and back.

Loading first looks at everything and only then writes, so a state that does not fit leaves the module as it was.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from lamina.autograd import no_grad
from lamina.creation import as_tensor
from lamina.nn.hooks import RemovableHandle, StateHooks
from lamina.nn.parameter import is_lazy
from lamina.tensor import Size, Tensor, alias_value
from lamina.tensor import assign as put

EXTRA_STATE = "_extra_state"


class IncompatibleKeys(NamedTuple):
    """What `load_state_dict` did not find in the state, and what it found too much."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys!r}, unexpected_keys={self.unexpected_keys!r})"


class Stateful:
    """The methods of a module that give its state and take it back."""

    _version = 1
    _state_hooks: StateHooks | None = None

    def state_dict(
        self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Any]:
        """Parameters and persistent buffers by path. Detached, unless `keep_vars`; they share the module's memory."""
        named = (destination, prefix, keep_vars)
        return _read(self, *args, *named[len(args) :])

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy a state into parameters and buffers.

        Args:
            state_dict: tensors by path, as `state_dict()` gives them; NumPy and JAX arrays will do.
            strict: whether names that are missing or unknown are an error.
            assign: whether to put the given tensors, with their types, in place of the module's own.

        Returns:
            the names that were missing and those that were not expected.

        Raises:
            RuntimeError: if anything does not fit. It lists all of it, and the module is left as it was.
        """
        return _load(self, state_dict, strict, assign)

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        _read_own(self, destination, prefix, keep_vars)

    def _load_from_state_dict(
        self, state_dict: Any, prefix: str, local_metadata: dict[str, Any], strict: bool,
        missing_keys: list[str], unexpected_keys: list[str], error_msgs: list[str],
    ) -> None:  # fmt: skip
        _load_own(self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)

    def get_extra_state(self) -> Any:
        """What to keep in `state_dict` besides tensors, for a module that has such; with `set_extra_state`."""
        raise RuntimeError(f"{type(self).__name__} has no extra state: get_extra_state() is not overridden.")

    def set_extra_state(self, state: Any) -> None:
        """Take back what `get_extra_state` gave."""
        raise RuntimeError(f"{type(self).__name__} has no extra state: set_extra_state() is not overridden.")

    get_extra_state._is_default = set_extra_state._is_default = True  # type: ignore[attr-defined]

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, prefix, keep_vars)` before `state_dict` reads this module."""
        return self._own_state_hooks().add("state_dict_pre", hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, local_metadata)` afterwards; it may change the state in place."""
        return self._own_state_hooks().add("state_dict_post", (hook, False))

    def _register_state_dict_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        return self._own_state_hooks().add("state_dict_post", (hook, True))

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call a hook before `load_state_dict` looks at this module; it may change the state in place.

        `hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)`
        """
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def _register_load_state_dict_pre_hook(
        self, hook: Callable[..., Any], with_module: bool = False
    ) -> RemovableHandle:
        return self._own_state_hooks().add("load_state_dict_pre", (hook, with_module))

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, incompatible_keys)` after loading; it may strike names off those lists."""
        return self._own_state_hooks().add("load_state_dict_post", hook)

    def _own_state_hooks(self) -> StateHooks:
        if self._state_hooks is None:
            self._state_hooks = StateHooks()
        return self._state_hooks


def _read(module: Any, destination: Any, prefix: str, keep_vars: bool) -> Any:
    """Write the state of a module and its descendants into `destination`, a new dictionary if None."""
    if destination is None:
        destination = OrderedDict()
        destination._metadata = OrderedDict()
    metadata = {"version": module._version}
    if hasattr(destination, "_metadata"):
        destination._metadata[prefix[:-1]] = metadata
    hooks = module._state_hooks
    for hook in hooks.state_dict_pre.values() if hooks else ():
        hook(module, prefix, keep_vars)
    module._save_to_state_dict(destination, prefix, keep_vars)
    for name, child in module._modules.items():
        if child is not None:
            child.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
    for hook, may_replace in hooks.state_dict_post.values() if hooks else ():
        result = hook(module, destination, prefix, metadata)
        if result is not None:
            if not may_replace:
                raise RuntimeError("state_dict post-hook must return None")
            destination = result
    return destination


def _read_own(module: Any, destination: Any, prefix: str, keep_vars: bool) -> None:
    """Write the parameters, persistent buffers and extra state of a module itself into `destination`."""
    for name, tensor in _own_entries(module).items():
        destination[prefix + name] = tensor if keep_vars else tensor.detach()
    if _has_extra_state(module, "get_extra_state"):
        destination[prefix + EXTRA_STATE] = module.get_extra_state()


def _load(module: Any, state_dict: Mapping[str, Any], strict: bool, assign: bool) -> IncompatibleKeys:
    """Write a state into a module and its descendants, or raise one error that lists all that does not fit."""
    if not isinstance(state_dict, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
    metadata = getattr(state_dict, "_metadata", None) or {}
    errors: list[str] = []
    keys = IncompatibleKeys([], [])
    writes: list[Callable[[], None]] = []
    visited: list[Any] = []

    def visit(module: Any, state: OrderedDict[str, Any], prefix: str) -> None:
        local_metadata = {**metadata.get(prefix[:-1], {}), "assign_to_params_buffers": assign, "writes": writes}
        module._load_from_state_dict(state, prefix, local_metadata, True, *keys, errors)
        parts = _by_child(state, len(prefix))
        for name, child in module._modules.items():
            if child is not None:
                visit(child, parts.get(name, OrderedDict()), f"{prefix}{name}.")
        visited.append(module)

    root_state = OrderedDict(state_dict)
    if metadata:
        root_state._metadata = metadata  # type: ignore[attr-defined]
    visit(module, root_state, "")

    # A hook that runs after loading may strike names off the lists. It sees the loaded values if nothing is wrong.
    if not _complaints(keys, errors, strict):
        _write_all(writes)
    _call_post_hooks(visited, keys)
    complaints = _complaints(keys, errors, strict)
    if complaints:
        raise RuntimeError(
            "Error(s) in loading state_dict for {}:\n\t{}".format(type(module).__name__, "\n\t".join(complaints))
        )
    _write_all(writes)
    return keys


def _load_own(
    module: Any, state_dict: Any, prefix: str, local_metadata: dict[str, Any], strict: bool,
    missing_keys: list[str], unexpected_keys: list[str], errors: list[str],
) -> None:  # fmt: skip
    """Compare a state with the parameters, buffers and extra state of a module itself, and note down what to write."""
    hooks = module._state_hooks
    for hook, with_module in hooks.load_state_dict_pre.values() if hooks else ():
        arguments = state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, errors
        hook(module, *arguments) if with_module else hook(*arguments)
    assign = local_metadata.get("assign_to_params_buffers", False)
    writes: list[Callable[[], None]] = []
    extra: list[Callable[[], None]] = []
    own = _own_entries(module)
    for name, tensor in own.items():
        key = prefix + name
        if key not in state_dict:
            if strict:
                missing_keys.append(key)
            continue
        value = state_dict[key]
        if not _is_tensor_like(value):
            errors.append(
                f'While copying the parameter named "{key}", '
                f"expected lamina.Tensor or Tensor-like object from checkpoint but received {type(value)}"
            )
            continue
        if is_lazy(tensor) and is_lazy(value):  # two without values are alike
            continue
        of_model = value if is_lazy(tensor) else tensor  # a lazy one takes any shape
        if len(of_model.shape) == 0 and tuple(value.shape) == (1,):
            value = value[0]
        if tuple(value.shape) != tuple(of_model.shape):
            errors.append(
                f"size mismatch for {key}: copying a param with shape {_size(value)} from checkpoint, "
                f"the shape in current model is {_size(of_model)}."
            )
            continue
        try:  # whatever can fail does before anything is written
            value = value if isinstance(value, Tensor) else as_tensor(value)
            value = value if assign else value.to(tensor.device, tensor.dtype)
        except (RuntimeError, TypeError, ValueError) as error:
            errors.append(
                f'While copying the parameter named "{key}", whose dimensions in the model are {_size(of_model)} and '
                f"whose dimensions in the checkpoint are {_size(value)}, an exception occurred : {error.args}."
            )
            continue
        writes.append(_write(module, name, tensor, value, assign))

    extra_key = prefix + EXTRA_STATE
    if _has_extra_state(module, "set_extra_state"):
        if extra_key in state_dict:
            extra_state = state_dict[extra_key]
            extra.append(lambda: module.set_extra_state(extra_state))
        elif strict:
            missing_keys.append(extra_key)
    elif strict and extra_key in state_dict:
        unexpected_keys.append(extra_key)
    if strict:
        unexpected_keys.extend(_unexpected(module, own, state_dict, prefix, extra_key))

    later = local_metadata.get("writes")
    if later is None:
        _write_all([*extra, *writes])
    else:
        later[:0] = extra  # it may fail, and then no tensor has changed
        later.extend(writes)


def _own_entries(module: Any) -> dict[str, Tensor]:
    buffers = {name: x for name, x in module._buffers.items() if name not in module._non_persistent_buffers_set}
    return {name: x for name, x in {**module._parameters, **buffers}.items() if x is not None}


def _has_extra_state(module: Any, method: str) -> bool:
    return not getattr(getattr(type(module), method), "_is_default", False)


def _is_tensor_like(value: Any) -> bool:
    return isinstance(value, Tensor) or (hasattr(value, "shape") and hasattr(value, "dtype"))


def _size(value: Any) -> str:
    return repr(Size(value.shape))


def _unexpected(module: Any, own: Any, state_dict: Any, prefix: str, extra_key: str) -> list[str]:
    found = []
    for key in state_dict:
        if key.startswith(prefix) and key != extra_key:
            first, dot, _ = key[len(prefix) :].partition(".")
            if first not in (module._modules if dot else own):
                found.append(key)
    return found


def _by_child(state: Mapping[str, Any], start: int) -> dict[str, OrderedDict[str, Any]]:
    """The entries of a state by the name of the child they belong to, in one pass."""
    parts: dict[str, OrderedDict[str, Any]] = {}
    for key, value in state.items():
        first, dot, _ = key[start:].partition(".")
        if dot:
            parts.setdefault(first, OrderedDict())[key] = value
    return parts


def _write(module: Any, name: str, tensor: Tensor, source: Tensor, assign: bool) -> Callable[[], None]:
    def write() -> None:
        if is_lazy(tensor):
            tensor.materialize(source.shape)  # type: ignore[attr-defined]
        if not assign:
            # It has the type already, unless setting the extra state has changed the module's.
            put([tensor], [alias_value(source.to(tensor.device, tensor.dtype).current())])
        elif name in module._parameters:
            setattr(module, name, type(tensor)(source, requires_grad=tensor.requires_grad))
        else:
            setattr(module, name, source)

    return write


def _write_all(writes: list[Callable[[], None]]) -> None:
    with no_grad():
        for write in writes:
            write()
    writes.clear()


def _call_post_hooks(modules: list[Any], keys: IncompatibleKeys) -> None:
    for module in modules:
        hooks = module._state_hooks
        for hook in hooks.load_state_dict_post.values() if hooks else ():
            if hook(module, keys) is not None:
                raise AssertionError(
                    "Hooks registered with ``register_load_state_dict_post_hook`` are not "
                    "expected to return new values, if incompatible_keys need to be modified, "
                    "it should be done inplace."
                )


def _complaints(keys: IncompatibleKeys, errors: list[str], strict: bool) -> list[str]:
    complaints = []
    for what, names in zip(("Missing", "Unexpected"), keys, strict=True):
        if strict and names:
            quoted = ", ".join(f'"{name}"' for name in names)
            complaints.append(f"{what} key(s) in state_dict: {quoted}. ")
    return complaints + errors
