"""Module: the base of every layer and model.

A module keeps its state in three ordered tables, `_parameters`, `_buffers` and `_modules`. Assigning an attribute files
the value under its kind; everything else a module can do is a walk over those tables.
"""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Self

from lamina import dtypes
from lamina.autograd import is_grad_enabled
from lamina.creation import empty_like
from lamina.inspect import module_repr
from lamina.nn import hooks, state
from lamina.nn.hooks import Hook, Hooks, RemovableHandle, StateHooks
from lamina.nn.parameter import Buffer, Parameter
from lamina.nn.state import IncompatibleKeys
from lamina.nn.tables import Table
from lamina.tensor import Tensor, flush, parse_to

_TABLES = ("_parameters", "_buffers", "_modules")


_outermost: ContextVar[Module | None] = ContextVar("outermost", default=None)
"""The module whose call is the outermost one in this thread."""

_get_outermost = _outermost.get


class MissingAttribute(AttributeError):
    """Names the module's class and the nearest name there is. It is looked up when the message is read: `hasattr`, which
    throws the message away, is called often."""

    __module__ = "builtins"  # tracebacks show a plain AttributeError
    __qualname__ = "AttributeError"
    name = None  # else a traceback adds Python's own suggestion to ours

    def __init__(self, module: Module, attribute: str) -> None:
        super().__init__(f"'{type(module).__name__}' object has no attribute '{attribute}'")
        self.module, self.attribute = module, attribute

    def __str__(self) -> str:
        nearest = difflib.get_close_matches(self.attribute, dir(self.module), 1)
        return f"{self.args[0]}{f'. Did you mean: {nearest[0]!r}?' if nearest else ''}"

    def __reduce__(self) -> tuple[Any, ...]:
        return AttributeError, (str(self),)


class Module:
    """The base class of all neural network modules: inherit, assign the parts in `__init__`, combine them in `forward`.

    >>> import lamina
    >>> from lamina import nn
    >>> class Model(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.hidden = nn.Linear(5, 16)
    ...         self.output = nn.Linear(16, 1)
    ...
    ...     def forward(self, x):
    ...         return self.output(self.hidden(x).relu())
    >>> Model()(lamina.ones(50, 5)).shape
    lamina.Size([50, 1])

    Attributes:
        training: whether the module is in training mode, which Dropout and BatchNorm, for example, look at.
    """

    call_super_init = False
    """Whether `__init__` passes its arguments on, for classes with several bases."""

    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]
    _non_persistent_buffers_set: set[str]

    _version = 1
    _hooks: Hooks | None = None
    _state_hooks: StateHooks | None = None
    _prints_in_sections = False
    _prints_equal_children_once = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not self.call_super_init and (args or kwargs):
            came = f"got an unexpected keyword argument '{next(iter(kwargs))}'" if kwargs else (
                f"takes 1 positional argument but {len(args) + 1} were given"
            )  # fmt: skip
            raise TypeError(f"{type(self).__name__}.__init__() {came}")
        attributes = self.__dict__
        attributes["training"] = True
        for table in _TABLES:
            attributes[table] = Table(self)
        attributes["_non_persistent_buffers_set"] = set()
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    # Calling

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run `forward`, and the hooks if there are any."""
        if _get_outermost() is None:
            return self._call_outermost(args, kwargs)
        try:
            if self._hooks is None:
                return self.forward(*args, **kwargs)
            return hooks.call(self, args, kwargs)
        except Exception as error:
            _note_module(error, self)
            raise

    def _call_outermost(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        token = _outermost.set(self)
        try:
            if self._hooks is None:
                result = self.forward(*args, **kwargs)
            else:
                result = hooks.call(self, args, kwargs)
        except Exception as error:
            _note_module(error, self)
            raise
        finally:
            _outermost.reset(token)
        if not is_grad_enabled():
            flush()
        return result

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; every module defines it."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    # State: the three tables

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter under a name; None keeps the name free of one, as in a layer without bias."""
        self._check_name("parameter", name, "_parameters")
        if param is not None:
            if not isinstance(param, Parameter):
                raise TypeError(
                    f"cannot assign '{_typename(param)}' object to parameter '{name}' "
                    "(lamina.nn.Parameter or None required)"
                )
            if param.grad_fn is not None:
                raise ValueError(
                    f"Cannot assign non-leaf Tensor to parameter '{name}'. Model "
                    f"parameters must be created explicitly. To express '{name}' "
                    "as a function of another Tensor, compute the value in the forward() method."
                )
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is kept, but not learned. One that is not persistent stays out of `state_dict`."""
        self._check_name("buffer", name, "_buffers")
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{_typename(tensor)}' object to buffer '{name}' (lamina.Tensor or None required)"
            )
        self._buffers[name] = tensor
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a child under a name."""
        if not isinstance(module, Module) and module is not None:
            raise TypeError(f"{_typename(module)} is not a Module subclass")
        self._check_name("module", name, "_modules")
        self._modules[name] = module

    def register_module(self, name: str, module: Module | None) -> None:
        """Add a child under a name, as `add_module` does."""
        self.add_module(name, module)

    def _check_name(self, kind: str, name: str, table: str) -> None:
        if table not in self.__dict__:
            raise AttributeError(f"cannot assign {kind} before Module.__init__() call")
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {_typename(name)}")
        if "." in name:
            raise KeyError(f'{kind} name can\'t contain "."' + (f", got: {name}" if kind == "module" else ""))
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')
        if name not in self.__dict__[table] and hasattr(self, name):
            raise KeyError(f"attribute '{name}' already exists")

    def __setattr__(self, name: str, value: Any) -> None:
        attributes = self.__dict__
        if isinstance(value, Parameter):
            if "_parameters" not in attributes:
                raise AttributeError("cannot assign parameters before Module.__init__() call")
            self._forget(name, except_in="_parameters")
            self.register_parameter(name, value)
        elif name in attributes.get("_parameters", ()):
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as parameter '{name}' (lamina.nn.Parameter or None expected)"
                )
            self.register_parameter(name, None)
        elif isinstance(value, Module):
            if "_modules" not in attributes:
                raise AttributeError("cannot assign module before Module.__init__() call")
            self._forget(name, except_in="_modules")
            self._modules[name] = value
        elif name in attributes.get("_modules", ()):
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as child module '{name}' (lamina.nn.Module or None expected)"
                )
            self._modules[name] = None
        elif isinstance(value, Buffer) or name in attributes.get("_buffers", ()):
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as buffer '{name}' "
                    "(lamina.nn.Buffer, lamina.Tensor or None expected)"
                )
            persistent = getattr(value, "persistent", name not in attributes.get("_non_persistent_buffers_set", ()))
            if name not in attributes.get("_buffers", ()):
                attributes.pop(name, None)
            self.register_buffer(name, value, persistent)
        elif name in _TABLES:
            self._set_table(name, value)
        else:
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        # Reached only where the plain look-up fails: what the tables hold is mirrored into `__dict__`.
        attributes = self.__dict__
        for table in _TABLES:
            if name in attributes.get(table, ()):
                return attributes[table][name]
        if hasattr(type(self), name):
            return object.__getattribute__(self, name)  # a property that failed: its own error says why
        raise MissingAttribute(self, name)

    def __delattr__(self, name: str) -> None:
        for table in _TABLES:
            if name in self.__dict__[table]:
                del self.__dict__[table][name]
                self._non_persistent_buffers_set.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        names = {
            *dir(type(self)),
            *self.__dict__,
            *(name for table in _TABLES for name in self.__dict__.get(table, ())),
        }
        return sorted(name for name in names if not name[:1].isdigit())

    def _forget(self, name: str, except_in: str) -> None:
        """Make way for a new value of another kind."""
        for table in _TABLES:
            if table != except_in:
                self.__dict__[table].pop(name, None)
        self._non_persistent_buffers_set.discard(name)
        if name not in self.__dict__[except_in]:
            self.__dict__.pop(name, None)

    def _set_table(self, name: str, entries: Mapping[str, Any]) -> None:
        new = dict(entries)
        old = self.__dict__.get(name)
        if isinstance(old, Table) and old.belongs_to(self):
            old.release()
        self.__dict__[name] = Table(self, new)

    def __getstate__(self) -> dict[str, Any]:
        mirrored = {name for table in _TABLES for name in self.__dict__.get(table, ())}
        return {name: value for name, value in self.__dict__.items() if name not in mirrored}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for name in _TABLES:
            table = self.__dict__.get(name)
            if table is not None and not (isinstance(table, Table) and table.belongs_to(self)):
                self.__dict__[name] = Table(self, table)

    # Walking

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """Path and module of this module and all its descendants, parents first; each module once."""
        memo = set() if memo is None else memo
        waiting: list[tuple[str, Module]] = [(prefix, self)]
        while waiting:
            path, module = waiting.pop()
            if remove_duplicate:
                if module in memo:
                    continue
                memo.add(module)
            yield path, module
            for name, child in reversed(module._modules.items()):
                if child is not None:
                    waiting.append((f"{path}.{name}" if path else name, child))

    def modules(self) -> Iterator[Module]:
        """This module and all its descendants, each once."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Name and module of each child, each module once."""
        seen = set()
        for name, child in self._modules.items():
            if child is not None and child not in seen:
                seen.add(child)
                yield name, child

    def children(self) -> Iterator[Module]:
        """The children, each once."""
        return (child for _, child in self.named_children())

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Path and tensor of each parameter: a shared one once, unless `remove_duplicate` is False."""
        return self._named_members(lambda module: module._parameters.items(), prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters, each once, in the order they were assigned; what an optimizer is given."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Path and tensor of each buffer: a shared one once, unless `remove_duplicate` is False."""
        return self._named_members(lambda module: module._buffers.items(), prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers, each once."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def _named_members(
        self, get_members_fn: Callable[[Module], Any], prefix: str = "", recurse: bool = True,
        remove_duplicate: bool = True,
    ) -> Iterator[tuple[str, Any]]:  # fmt: skip
        seen: set[int] = set()
        modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        for path, module in modules:
            for name, member in get_members_fn(module):
                if member is None or id(member) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(member))
                yield f"{path}.{name}" if path else name, member

    def get_submodule(self, target: str) -> Module:
        """The descendant at a path such as `encoder.layers.0`; "" is the module itself."""
        module: Any = self
        for name in target.split(".") if target else ():
            module = _attribute(module, name)
            if not isinstance(module, Module):
                raise AttributeError(f"`{name}` is not an nn.Module")
        return module

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Put a module at a path; with `strict`, there must be one already."""
        if target == "":
            raise ValueError("Cannot set the submodule without a target name!")
        if not isinstance(module, Module):
            raise ValueError(f"`module` is not an nn.Module, found {type(module)}")
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if (strict or hasattr(parent, name)) and not isinstance(_attribute(parent, name), Module):
            raise AttributeError(f"`{name}` is not an nn.Module")
        setattr(parent, name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a path such as `encoder.layers.0.weight`."""
        path, _, name = target.rpartition(".")
        parameter = _attribute(self.get_submodule(path), name)
        if not isinstance(parameter, Parameter):
            raise AttributeError(f"`{name}` is not an nn.Parameter")
        return parameter

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a path such as `norm.running_mean`."""
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        buffer = _attribute(module, name)
        if name not in module._buffers:
            raise AttributeError(f"`{name}` is not a buffer")
        return buffer

    # Changing all of it

    def apply(self, fn: Callable[[Module], None]) -> Self:
        """Call a function with each descendant and then with this module, for example to initialize parameters."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Replace the value of each parameter, its gradient, and each buffer by what `fn` makes of it."""
        if recurse:
            for child in self.children():
                child._apply(fn)
        for parameter in self._parameters.values():
            if parameter is not None:
                gradient = parameter.grad
                parameter.data = fn(parameter.data)
                if gradient is not None:
                    gradient.data = fn(gradient.data)
                    parameter.grad = gradient
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Move parameters and buffers to a device, and those of floating type to a dtype.

        Called as `to(device, dtype)`, `to(dtype)` or `to(tensor)`, which takes both from a tensor.
        """
        dtype, device, _ = parse_to(*args, **kwargs)
        if dtype is not None and not (dtype.is_floating_point or dtype.is_complex):
            raise TypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}"
            )

        def convert(tensor: Tensor) -> Tensor:
            return tensor.to(device=device, dtype=dtype if tensor.is_floating_point() or tensor.is_complex() else None)

        return self._apply(convert)

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:
        """Move parameters and buffers to a device without their values."""
        return self._apply(lambda tensor: empty_like(tensor, device=device), recurse=recurse)

    def type(self, dst_type: Any) -> Self:
        """Convert all parameters and buffers, those of integer type too."""
        return self._apply(lambda tensor: tensor.to(dtype=dtypes.of(dst_type)))

    def float(self) -> Self:
        """Convert parameters and buffers of floating type to float32."""
        return self._convert_floats("float32")

    def double(self) -> Self:
        """Convert parameters and buffers of floating type to float64."""
        return self._convert_floats("float64")

    def half(self) -> Self:
        """Convert parameters and buffers of floating type to float16."""
        return self._convert_floats("float16")

    def bfloat16(self) -> Self:
        """Convert parameters and buffers of floating type to bfloat16."""
        return self._convert_floats("bfloat16")

    def _convert_floats(self, name: str) -> Self:
        dtype = dtypes.of(name)
        return self._apply(lambda tensor: tensor.to(dtype=dtype) if tensor.is_floating_point() else tensor)

    def cpu(self) -> Self:
        """Move parameters and buffers to the CPU."""
        return self._apply(lambda tensor: tensor.cpu())

    def cuda(self, device: Any = None) -> Self:
        """Move parameters and buffers to a GPU."""
        return self._apply(lambda tensor: tensor.cuda(device))

    def train(self, mode: bool = True) -> Self:
        """Set training mode, or evaluation mode, here and in all descendants."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for child in self.children():
            child.train(mode)
        return self

    def eval(self) -> Self:
        """Set evaluation mode."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Learn the parameters, or freeze them."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to zero."""
        for parameter in self.parameters():
            gradient = parameter.grad
            if gradient is None:
                continue
            if set_to_none:
                parameter.grad = None
            else:
                gradient.detach_().zero_()

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: what runs is compiled anyway. Here for programs that call it."""

    # State in and out

    def state_dict(
        self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Any]:
        """Parameters and persistent buffers by path. Detached, unless `keep_vars`; they share the module's memory."""
        destination, prefix, keep_vars = (*args, *(destination, prefix, keep_vars)[len(args) :])
        return state.read(self, destination, prefix, keep_vars)

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
        return state.load(self, state_dict, strict, assign)

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        state.read_own(self, destination, prefix, keep_vars)

    def _load_from_state_dict(
        self, state_dict: Any, prefix: str, local_metadata: dict[str, Any], strict: bool,
        missing_keys: list[str], unexpected_keys: list[str], error_msgs: list[str],
    ) -> None:  # fmt: skip
        state.load_own(self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)

    def get_extra_state(self) -> Any:
        """What to keep in `state_dict` besides tensors, for a module that has such; with `set_extra_state`."""
        raise RuntimeError(f"{type(self).__name__} has no extra state: get_extra_state() is not overridden.")

    def set_extra_state(self, state: Any) -> None:
        """Take back what `get_extra_state` gave."""
        raise RuntimeError(f"{type(self).__name__} has no extra state: set_extra_state() is not overridden.")

    get_extra_state._is_default = set_extra_state._is_default = True  # type: ignore[attr-defined]

    # Hooks

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before `forward`; what it returns, if anything, replaces the arguments.

        With `with_kwargs`: `hook(module, args, kwargs)`, which may return both.
        """
        return self._own_hooks().add("forward_pre", Hook(hook, with_kwargs), prepend)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after `forward`; what it returns, if anything, replaces the output.

        With `with_kwargs`: `hook(module, args, kwargs, output)`. With `always_call`: also after an exception.
        """
        return self._own_hooks().add("forward", Hook(hook, with_kwargs, always_call), prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_output)` when gradients of the output arrive; it may return others."""
        return self._own_hooks().add("backward_pre", Hook(hook), prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` when gradients of the inputs are known; it may return others.

        Both are tuples beside the positional arguments and the outputs, with None where there is no gradient.
        """
        return self._own_hooks().add("backward", Hook(hook), prepend)

    def register_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """The old name of `register_full_backward_hook`."""
        return self.register_full_backward_hook(hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, prefix, keep_vars)` before `state_dict` reads this module."""
        return self._own_state_hooks().add("state_dict_pre", hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, local_metadata)` afterwards; it may change the state in place."""
        return self._own_state_hooks().add("state_dict_post", (hook, False))

    def _register_state_dict_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        return self._own_state_hooks().add("state_dict_post", (hook, True))

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)`
        before `load_state_dict` looks at this module; it may change the state in place."""
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def _register_load_state_dict_pre_hook(
        self, hook: Callable[..., Any], with_module: bool = False
    ) -> RemovableHandle:
        return self._own_state_hooks().add("load_state_dict_pre", (hook, with_module))

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, incompatible_keys)` after loading; it may strike names off those lists."""
        return self._own_state_hooks().add("load_state_dict_post", hook)

    def _own_hooks(self) -> Hooks:
        if "_hooks" not in self.__dict__:
            self.__dict__["_hooks"] = Hooks()
        return self.__dict__["_hooks"]

    def _own_state_hooks(self) -> StateHooks:
        if self._state_hooks is None:
            self._state_hooks = StateHooks()
        return self._state_hooks

    # Printing

    def extra_repr(self) -> str:
        """The module's arguments, as printing shows them between the parentheses."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        return module_repr.render(self)

    __repr__._is_module_repr = True  # type: ignore[attr-defined]


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, args)` before the `forward` of every module."""
    return _everywhere().add("forward_pre", Hook(hook))


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call `hook(module, args, output)` after the `forward` of every module."""
    return _everywhere().add("forward", Hook(hook, with_kwargs, always_call))


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_output)` when gradients of any module's output arrive."""
    return _everywhere().add("backward_pre", Hook(hook))


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_input, grad_output)` when gradients of any module's inputs are known."""
    return _everywhere().add("backward", Hook(hook))


def _everywhere() -> Hooks:
    # From now on no module takes the way without hooks.
    Module._hooks = hooks.EVERYWHERE
    return hooks.EVERYWHERE


def _note_module(error: Exception, module: Module) -> None:
    """Add to an error which module it came through: the innermost one with its arguments, those around it in short."""
    with contextlib.suppress(Exception):  # nothing that fails here may hide the error itself
        noted = error.__dict__.setdefault("_noted_modules", set())
        if id(module) in noted:
            return
        root = _get_outermost() or module
        path = next((path for path, found in root.named_modules() if found is module), "")
        if not noted:
            error.add_note(f"in {module_repr.one_line(module, path)}")
        else:
            error.add_note(f"in {module._get_name()} {path!r}" if path else f"in {module._get_name()}")
        noted.add(id(module))


def _attribute(module: Module, name: str) -> Any:
    if not hasattr(module, name):
        raise AttributeError(f"{module._get_name()} has no attribute `{name}`")
    return getattr(module, name)


def _typename(x: Any) -> str:
    """The name of a value's type for messages: `lamina.FloatTensor`, `numpy.ndarray`, `int`."""
    if isinstance(x, Tensor):
        return x.type()
    kind = type(x)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
