"""Functions that users hang on a module: before and after `forward`, and when gradients pass through it."""

from __future__ import annotations

import itertools
import warnings
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple, Self

from lamina import functions
from lamina.autograd import is_grad_enabled
from lamina.nn.stretch import changes
from lamina.tensor import Tensor

_ids = itertools.count()


class RemovableHandle:
    """Takes a hook away again: by `remove()`, or at the end of a `with` block."""

    def __init__(self, hooks: OrderedDict[int, Any]) -> None:
        self.id = next(_ids)
        self._hooks: weakref.ref[OrderedDict[int, Any]] | None = weakref.ref(hooks)

    def remove(self) -> None:
        """Take the hook away; doing so again does nothing."""
        hooks = None if self._hooks is None else self._hooks()
        if hooks is not None:
            hooks.pop(self.id, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()

    def __getstate__(self) -> tuple[Any, int]:
        return None if self._hooks is None else self._hooks(), self.id

    def __setstate__(self, state: tuple[Any, int]) -> None:
        hooks, self.id = state
        self._hooks = None if hooks is None else weakref.ref(hooks)


class Hook(NamedTuple):
    """One registered function and how to call it."""

    function: Callable[..., Any]
    with_kwargs: bool = False
    always_call: bool = False


class Hooks:
    """The hooks of one module, by the moment they are called at, each kind in the order they are called in."""

    kinds = ("forward_pre", "forward", "backward_pre", "backward")

    def __init__(self) -> None:
        for kind in self.kinds:
            setattr(self, kind, OrderedDict())

    def add(self, kind: str, hook: Any, prepend: bool = False) -> RemovableHandle:
        """Register a hook; `prepend` puts it before those that are there."""
        changes.layers += 1
        hooks = getattr(self, kind)
        handle = RemovableHandle(hooks)
        hooks[handle.id] = hook
        if prepend:
            hooks.move_to_end(handle.id, last=False)
        return handle

    def __bool__(self) -> bool:
        return any(getattr(self, kind) for kind in self.kinds)


class StateHooks(Hooks):
    """The hooks called when the state of a module is read or loaded."""

    kinds = ("state_dict_pre", "state_dict_post", "load_state_dict_pre", "load_state_dict_post")


class Hooked:
    """The methods of a module that hooks for its calls are registered with."""

    _hooks: Hooks | None = None

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

    @property
    def _forward_pre_hooks(self) -> OrderedDict[int, Callable[..., Any]]:
        """What is called before `forward`, by number: a copy, for code that looks where PyTorch keeps it."""
        own = self.__dict__.get("_hooks")
        return (
            OrderedDict((number, hook.function) for number, hook in own.forward_pre.items()) if own else OrderedDict()
        )

    def _own_hooks(self) -> Hooks:
        if "_hooks" not in self.__dict__:
            self.__dict__["_hooks"] = Hooks()
        return self.__dict__["_hooks"]


EVERYWHERE = Hooks()
"""Hooks of all modules; they are called before a module's own."""


def call(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What calling a module does when there are hooks: those before, `forward`, those after."""
    result = None
    pending = {id: hook for id, hook in _of(module, "forward").items() if hook.always_call}
    try:
        for hook in _of(module, "forward_pre").values():
            args, kwargs = _call_forward_pre(hook, module, args, kwargs)
        backward = _of(module, "backward").values()
        backward_pre = _of(module, "backward_pre").values()
        gate = _Gate(module, tuple(backward), tuple(backward_pre)) if backward or backward_pre else None
        if gate is not None:
            args = gate.enter(args)
        result = module.forward(*args, **kwargs)
        for id, hook in _of(module, "forward").items():
            pending.pop(id, None)
            result = _call_forward(hook, module, args, kwargs, result)
        return result if gate is None else gate.leave(result)
    except Exception:
        for hook in pending.values():
            try:
                result = _call_forward(hook, module, args, kwargs, result)
            except Exception as error:
                warnings.warn(
                    "module forward hook with ``always_call=True`` raised an exception "
                    f"that was silenced as another error was raised in forward: {error}",
                    stacklevel=3,
                )
        raise


def _of(module: Any, kind: str) -> dict[int, Any]:
    own = module._hooks
    return {**getattr(EVERYWHERE, kind), **({} if own is EVERYWHERE else getattr(own, kind))}


def _call_forward_pre(hook: Hook, module: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    if not hook.with_kwargs:
        new = hook.function(module, args)
        return (args if new is None else new if isinstance(new, tuple) else (new,)), kwargs
    new = hook.function(module, args, kwargs)
    if new is None:
        return args, kwargs
    if not (isinstance(new, tuple) and len(new) == 2):
        raise RuntimeError(f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {new}.")
    return new


def _call_forward(hook: Hook, module: Any, args: Any, kwargs: Any, result: Any) -> Any:
    new = hook.function(module, args, kwargs, result) if hook.with_kwargs else hook.function(module, args, result)
    return result if new is None else new


class _Gate:
    """Stands at both ends of one call and shows the gradients that pass to the module's backward hooks.

    What comes in and what goes out is led through one tensor at each end, so that all gradients of an end arrive at
    once, and only those of this call.
    """

    def __init__(self, module: Any, hooks: tuple[Hook, ...], pre_hooks: tuple[Hook, ...]) -> None:
        self.module, self.hooks, self.pre_hooks = module, hooks, pre_hooks
        self.has_input_gradients = False
        self.input_count = 0
        self.grad_outputs: Any = None

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments of `forward`, which call the hooks when their gradients arrive."""
        self.input_count = len(args)
        led = _lead_through(args, self._at_inputs)
        self.has_input_gradients = led is not None
        return args if led is None else led

    def leave(self, result: Any) -> Any:
        """The results of `forward`, which remember their gradients for the hooks."""
        if not isinstance(result, (Tensor, tuple)):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors"
                f" but received {type(result)}",
                stacklevel=4,
            )
            return result
        results = result if isinstance(result, tuple) else (result,)
        led = _lead_through(results, self._at_outputs)
        if led is None:
            return result
        return led if isinstance(result, tuple) else led[0]

    def _at_outputs(self, grad_outputs: tuple[Any, ...]) -> tuple[Any, ...]:
        for hook in self.pre_hooks:
            new = _as_tuple(hook.function(self.module, grad_outputs))
            if new is not None and len(new) != len(grad_outputs):
                raise RuntimeError(
                    "Backward pre hook returned an invalid number of grad_output, "
                    f"got {len(new)}, but expected {len(grad_outputs)}"
                )
            grad_outputs = grad_outputs if new is None else new
        self.grad_outputs = grad_outputs
        if not self.has_input_gradients:
            for hook in self.hooks:
                new = _as_tuple(hook.function(self.module, (None,) * self.input_count, grad_outputs))
                if new is not None and any(gradient is not None for gradient in new):
                    raise RuntimeError(
                        "Backward hook for Modules where no input requires "
                        "gradient should always return None or None for all gradients."
                    )
        return grad_outputs

    def _at_inputs(self, grad_inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        if self.grad_outputs is None:
            return grad_inputs
        for hook in self.hooks:
            new = _as_tuple(hook.function(self.module, grad_inputs, self.grad_outputs))
            if new is not None and len(new) != len(grad_inputs):
                raise RuntimeError(
                    "Backward hook returned an invalid number of grad_input, "
                    f"got {len(new)}, but expected {len(grad_inputs)}"
                )
            grad_inputs = grad_inputs if new is None else new
        self.grad_outputs = None
        return grad_inputs


def _as_tuple(gradients: Any) -> tuple[Any, ...] | None:
    return (gradients,) if isinstance(gradients, Tensor) else gradients


def _lead_through(items: tuple[Any, ...], show: Callable[[tuple[Any, ...]], tuple[Any, ...]]) -> Any:
    """The items with those that require a gradient led through one tensor, whose gradient `show` sees and may change.

    None if none requires one. `show` takes and returns a tuple beside the items, None where there is no gradient.
    """
    where = [i for i, item in enumerate(items) if isinstance(item, Tensor) and item.requires_grad]
    if not where or not is_grad_enabled():
        return None
    tensors = [items[i] for i in where]
    joined = _join(tensors)

    def hook(gradient: Tensor) -> Tensor:
        shown: list[Any] = [None] * len(items)
        for i, part in zip(where, _split(gradient, tensors), strict=True):
            shown[i] = part
        changed = show(tuple(shown))
        parts = [changed[i] for i in where]
        return _join([x.new_zeros(x.shape) if part is None else part for x, part in zip(tensors, parts, strict=True)])

    joined.register_hook(hook)
    led = list(items)
    for i, part in zip(where, _split(joined, tensors), strict=True):
        led[i] = part
    return type(items)(*led) if hasattr(items, "_fields") else tuple(led)


def _join(tensors: list[Tensor]) -> Tensor:
    if len(tensors) == 1:
        return tensors[0].view_as(tensors[0])
    return functions.cat([tensor.reshape(-1) for tensor in tensors])


def _split(joined: Tensor, like: list[Tensor]) -> list[Tensor]:
    if len(like) == 1:
        return [joined]
    parts = joined.split([tensor.numel() for tensor in like])
    return [part.reshape(tensor.shape).to(tensor.dtype) for part, tensor in zip(parts, like, strict=True)]
