"""Module: the base of every layer and model.

A module keeps its state in three ordered tables, `_parameters`, `_buffers` and `_modules`. Assigning an attribute files
the value under its kind; everything else a module can do is a walk over those tables.
"""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any, Self

from lamina import dtypes
from lamina.autograd import no_grad
from lamina.creation import empty_like
from lamina.inspect import module_repr
from lamina.nn import hooks
from lamina.nn.advice import advice
from lamina.nn.hooks import Hook, Hooked, Hooks, RemovableHandle
from lamina.nn.parameter import Buffer, Parameter
from lamina.nn.state import Stateful
from lamina.nn.stretch import changes
from lamina.nn.tables import Table
from lamina.nn.walk import Walks
from lamina.tensor import Tensor, drop_gradients, end_of_call, parse_to

_TABLES = ("_parameters", "_buffers", "_modules")


_outermost: ContextVar[Module | None] = ContextVar("outermost", default=None)
"""The module whose call is the outermost one in this thread."""

_get_outermost = _outermost.get


class MissingAttribute(AttributeError):
    """Names the module's class and the nearest name there is.

    That is looked up when the message is read: `hasattr`, which throws the message away, is called often.
    """

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


class Module(Walks, Stateful, Hooked):
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

    _prints_in_sections = False
    _prints_equal_children_once = False
    _forward_repeats = False
    _passes_on = False
    _reads_values = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not self.call_super_init and (args or kwargs):
            came = f"got an unexpected keyword argument '{next(iter(kwargs))}'" if kwargs else (
                f"takes 1 positional argument but {len(args) + 1} were given"
            )  # fmt: skip
            raise TypeError(f"{type(self).__name__}.__init__() {came}")
        attributes = self.__dict__
        attributes["training"] = True
        for table in _TABLES:
            self._set_table(table, {})
        attributes["_non_persistent_buffers_set"] = set()
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # What `nn/stretch.py` may call once for many times: layers of lamina's own that look at shapes alone.
        own = cls.forward.__module__.startswith("lamina.nn.") and cls.__call__ is Module.__call__
        cls._forward_repeats = own and not cls._reads_values

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
            _note_module(error, self, args)
            raise

    def _call_outermost(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        token = _outermost.set(self)
        try:
            result = self.forward(*args, **kwargs) if self._hooks is None else hooks.call(self, args, kwargs)
        except Exception as error:
            _note_module(error, self, args)
            raise
        finally:
            _outermost.reset(token)
        end_of_call()
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
            if self._forward_repeats:
                changes.layers += 1

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
        changes.layers += 1

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
        old = self.__dict__.get(name, {})
        changes.layers += 1
        for entry in old:
            self.__dict__.pop(entry, None)
        if isinstance(old, Table) and old.belongs_to(self):
            old.release()
        self.__dict__[name] = Table(self, new)

    def __getstate__(self) -> dict[str, Any]:
        mirrored = {name for table in _TABLES for name in self.__dict__.get(table, ())} | {"_rows"}
        return {name: value for name, value in self.__dict__.items() if name not in mirrored}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for name in _TABLES:
            table = self.__dict__.get(name)
            if table is not None and not (isinstance(table, Table) and table.belongs_to(self)):
                self.__dict__[name] = Table(self, table)

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
        with no_grad():
            for parameter in self._parameters.values():
                if parameter is not None:
                    parameter.data = fn(parameter)
                    if parameter.grad is not None:
                        parameter.grad.data = fn(parameter.grad)
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
        if self.__dict__.get("training") is not mode:
            self.__dict__["training"] = mode
            changes.modes += 1
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
        if set_to_none:
            drop_gradients(list(self.parameters()))
            return
        for parameter in self.parameters():
            gradient = parameter.grad
            if gradient is not None:
                gradient.detach_().zero_()

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: what runs is compiled anyway. Here for programs that call it."""

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


def _note_module(error: Exception, module: Module, args: tuple[Any, ...]) -> None:
    """Add to an error which module it came through: the innermost one with its arguments and what it takes, those
    around it in short.
    """
    with contextlib.suppress(Exception):  # nothing that fails here may hide the error itself
        noted = error.__dict__.setdefault("_noted_modules", set())
        if id(module) in noted:
            return
        root = _get_outermost() or module
        path = next((path for path, found in root.named_modules() if found is module), "")
        name = f"{module._get_name()} {path!r}" if path else module._get_name()
        first = not noted
        noted.add(id(module))
        error.add_note(f"in {module_repr.one_line(module, path)}" if first else f"in {name}")
        found = advice(module, args) if first else None
        if found is not None:
            error.add_note(f"{name} takes {found}{'' if found.endswith('?') else '.'}")


def _typename(x: Any) -> str:
    """The name of a value's type for messages: `lamina.FloatTensor`, `numpy.ndarray`, `int`."""
    if isinstance(x, Tensor):
        return x.type()
    kind = type(x)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
