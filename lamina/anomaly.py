"""`lamina.autograd.detect_anomaly`: which step of a backward pass gives a NaN."""

from __future__ import annotations

from lamina import engine
from lamina.debugging import Within


class detect_anomaly(Within):
    """Within it, a backward pass that gives a NaN raises, and names the step and the line that recorded it.

    Errors name that line without it. A context manager and a decorator.

    Args:
        check_nan: False: check nothing.

    >>> import lamina
    >>> x = lamina.zeros(2, requires_grad=True)
    >>> with lamina.autograd.detect_anomaly():
    ...     (x.sqrt() * 0).sum().backward()
    Traceback (most recent call last):
        ...
    RuntimeError: Function 'SqrtBackward0' returned nan values in its 0th output. It is the gradient of sqrt, ...
    """

    def __init__(self, check_nan: bool = True) -> None:
        super().__init__(None, engine.config.watch or ("backward" if check_nan else None))


class set_detect_anomaly(Within):
    """`detect_anomaly` from here on, or not any more; as a context manager, until its end."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        super().__init__(None, "backward" if mode and check_nan else None)
        super().__enter__()

    def __enter__(self) -> None:
        """Nothing more: it is switched on already."""


def is_anomaly_enabled() -> bool:
    """Whether backward passes are looked at for NaN."""
    return engine.config.watch is not None


def is_anomaly_check_nan_enabled() -> bool:
    """The same: nothing else is looked at."""
    return engine.config.watch is not None
