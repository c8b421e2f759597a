"""`torch.jit`: scripting and tracing return what they are given, since lamina compiles every program anyway."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Final

from lamina.nn.module import Module

__all__ = [
    "Final",
    "ScriptFunction",
    "ScriptModule",
    "annotate",
    "export",
    "fork",
    "freeze",
    "ignore",
    "is_scripting",
    "is_tracing",
    "load",
    "optimize_for_inference",
    "optimized_execution",
    "save",
    "script",
    "script_if_tracing",
    "script_method",
    "trace",
    "trace_module",
    "unused",
    "wait",
]


class ScriptModule(Module):
    """A module. It is a class of its own for programs that ask whether a model has been scripted: here none has."""


class ScriptFunction:
    """For programs that ask whether a function has been scripted: here none has."""


def script(obj: Any, optimize: Any = None, *args: Any, **options: Any) -> Any:
    """The function, class or module itself.

    >>> import lamina
    >>> @lamina.jit.script
    ... def double(x):
    ...     return x * 2
    >>> double(lamina.ones(2))
    tensor([2., 2.])
    """
    return obj


def trace(func: Any, example_inputs: Any = None, **options: Any) -> Any:
    """The function or module itself. Its Python runs at each call: nothing of the example stays in it."""
    return func


def trace_module(mod: Any, inputs: dict[str, Any], **options: Any) -> Any:
    """The module itself, if it has the methods that are named.

    Args:
        mod: the module.
        inputs: example arguments by name of method.
        options: ignored.
    """
    for name in inputs:
        if not callable(getattr(mod, name, None)):
            raise AttributeError(f"trace_module: {type(mod).__name__} has no method {name!r}.")
    return mod


def freeze(mod: Any, preserved_attrs: list[str] | None = None, optimize_numerics: bool = True) -> Any:
    """The module itself, which must be in evaluation mode."""
    if getattr(mod, "training", False):
        raise RuntimeError("Freezing module in training mode is not yet supported: call eval() first.")
    return mod


def optimize_for_inference(mod: Any, other_methods: list[str] | None = None) -> Any:
    """The module itself: XLA optimizes each program it compiles."""
    return mod


def ignore(drop: Any = False, **options: Any) -> Any:
    """A decorator, with or without arguments, that returns the function itself."""
    return drop if callable(drop) else (lambda function: function)


def unused(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function itself."""
    return fn


export = script_method = script_if_tracing = unused


def annotate(the_type: Any, the_value: Any) -> Any:
    """The value."""
    return the_value


def is_scripting() -> bool:
    """False: nothing is scripted."""
    return False


def is_tracing() -> bool:
    """False: nothing is traced as PyTorch does."""
    return False


@contextlib.contextmanager
def optimized_execution(should_optimize: bool) -> Iterator[None]:
    """Nothing: programs are compiled in one way."""
    yield


def fork(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call the function; `wait` gives its result. XLA finds what can run at the same time."""
    return func(*args, **kwargs)


def wait(future: Any) -> Any:
    """The result of `fork`."""
    return future


def save(m: Any, f: Any, _extra_files: Any = None) -> None:
    """TorchScript files hold a program in a language of their own, which lamina does not write."""
    raise NotImplementedError("jit.save: lamina writes no TorchScript; save m.state_dict() and keep the class.")


def load(f: Any, map_location: Any = None, _extra_files: Any = None, _restore_shapes: bool = False) -> Any:
    """TorchScript files hold a program in a language of their own, which lamina does not run."""
    raise NotImplementedError(
        "jit.load: lamina runs no TorchScript; lamina.io.load_torch reads the weights of such a file."
    )
