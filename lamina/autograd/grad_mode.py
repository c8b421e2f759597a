"""The modes `no_grad`, `enable_grad`, `inference_mode` and `set_grad_enabled`."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable
from typing import Any

from lamina import engine
from lamina.tensor import grad_mode

_state = engine.state


class _Inference(threading.local):
    """The `inference_mode` blocks that this thread is in."""

    def __init__(self) -> None:
        self.modes: list[bool] = []


_inference = _Inference()


class _Mode:
    """A gradient mode as a context manager and as a decorator."""

    mode: bool
    _entered: list[bool]

    def __new__(cls, *args: Any, **options: Any) -> Any:
        self = object.__new__(cls)
        self._entered = []
        return self

    def __enter__(self) -> None:
        trace = _state.trace
        self._entered.append(trace.grad)
        trace.grad = self.mode

    def __exit__(self, *exc: Any) -> None:
        _state.trace.grad = self._entered.pop()

    def __call__(self, function: Any) -> Any:
        return decorated(function, lambda: grad_mode(self.mode))


def decorated(function: Any, context: Callable[[], Any]) -> Any:
    """The function within a context; a generator function within it at each step."""
    if inspect.isclass(function):
        raise TypeError("A gradient mode decorates functions; decorate the class's methods instead.")
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def generate(*args: Any, **options: Any) -> Any:
            generator = function(*args, **options)
            send: Callable[[], Any] = functools.partial(next, generator)
            while True:
                try:
                    with context():
                        item = send()
                except StopIteration as stop:
                    return stop.value
                try:
                    sent = yield item
                    send = functools.partial(generator.send, sent)
                except GeneratorExit:
                    generator.close()
                    raise
                except BaseException as error:
                    send = functools.partial(generator.throw, error)

        return generate

    @functools.wraps(function)
    def run(*args: Any, **options: Any) -> Any:
        with context():
            return function(*args, **options)

    return run


class no_grad(_Mode):
    """Within it, nothing that is computed requires a gradient. Context manager and decorator, with or without `()`.

    >>> import lamina
    >>> x = lamina.ones(2, requires_grad=True)
    >>> with lamina.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    mode = False

    def __new__(cls, function: Any = None) -> Any:
        if function is not None:
            return decorated(function, lambda: grad_mode(cls.mode))
        return super().__new__(cls)


class enable_grad(no_grad):
    """Within it gradients are recorded again, inside `no_grad`."""

    mode = True


class inference_mode(_Mode):
    """Like `no_grad`; `inference_mode(False)` changes nothing."""

    def __new__(cls, mode: Any = True) -> Any:
        self = super().__new__(cls)
        if callable(mode):
            return decorated(mode, cls)
        return self

    def __init__(self, mode: Any = True) -> None:
        self.enabled = mode

    def __enter__(self) -> None:
        trace = _state.trace
        self._entered.append(trace.grad)
        trace.grad = trace.grad and not self.enabled
        _inference.modes.append(bool(self.enabled))

    def __exit__(self, *exc: Any) -> None:
        super().__exit__(*exc)
        _inference.modes.pop()

    def __call__(self, function: Any) -> Any:
        return decorated(function, lambda: type(self)(self.enabled))


class set_grad_enabled(_Mode):
    """Switch gradients on or off from here on; as a context manager, until its end."""

    def __init__(self, mode: bool) -> None:
        self.mode = bool(mode)
        self._before = _state.trace.grad
        _state.trace.grad = self.mode

    def __enter__(self) -> None:
        self._entered.append(self._before)
        _state.trace.grad = self.mode

    def __call__(self, function: Any) -> Any:
        _state.trace.grad = self._before
        return super().__call__(function)


def is_grad_enabled() -> bool:
    """Whether gradients are being recorded."""
    return _state.trace.grad


def is_inference_mode_enabled() -> bool:
    """Whether this runs within `inference_mode`."""
    return bool(_inference.modes and _inference.modes[-1])


class set_multithreading_enabled:
    """Accepted for PyTorch programs: backward is one program, and XLA decides about threads."""

    def __init__(self, mode: bool) -> None:
        self.mode = mode

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        pass
