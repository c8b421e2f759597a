"""Finding the step whose gradient is not a number."""

from __future__ import annotations

import warnings
from typing import Any

from lamina import engine
from lamina.tensor import wrap

_enabled = [False, True]
"""Whether anomalies are looked for, and whether NaN is one."""


def is_anomaly_enabled() -> bool:
    """Whether `backward` looks at every step."""
    return _enabled[0]


def is_anomaly_check_nan_enabled() -> bool:
    """Whether a gradient that is NaN is an error, while anomalies are looked for."""
    return _enabled[1]


def set_anomaly_enabled(mode: bool, check_nan: bool = True) -> None:
    """Let `backward` go step by step, and raise at the first one whose gradients have a NaN, if `check_nan`."""
    _enabled[:] = [bool(mode), bool(check_nan)]
    engine.config.inspect = _inspect if mode else None


def _inspect(node: Any, gradients: list[Any]) -> None:
    """Raise if a gradient of this step has a NaN; say where the step was recorded."""
    if not _enabled[1]:
        return
    for i, value in enumerate(gradients):
        if value is not None and bool(wrap(value).detach().isnan().any()):
            error = RuntimeError(f"Function '{node.grad_name()}' returned nan values in its {i}th output.")
            error.add_note(f"The step was first recorded at {node.line or 'an unknown line'}.")
            raise error


class set_detect_anomaly:
    """Switch the search for anomalies on or off from here on; as a context manager, until its end.

    Args:
        mode: whether to look for anomalies.
        check_nan: whether a gradient that is NaN is one.
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self.prev, self.prev_check_nan = _enabled
        set_anomaly_enabled(mode, check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        set_anomaly_enabled(self.prev, self.prev_check_nan)


class detect_anomaly:
    """Within it, `backward` raises at the first step whose gradients have a NaN, and names it and its line.

    Each step is computed and read by itself, which is slow: for debugging only.

    Args:
        check_nan: whether to look for NaN.

    >>> import lamina
    >>> x = lamina.zeros(1, requires_grad=True)
    >>> loss = (x.sqrt() * x).sum()
    >>> with lamina.autograd.set_detect_anomaly(True):
    ...     try:
    ...         loss.backward()
    ...     except RuntimeError as error:
    ...         print(error)
    Function 'SqrtBackward0' returned nan values in its 0th output.
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.prev, self.prev_check_nan = _enabled
        self.check_nan = check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for "
            "debugging.",
            stacklevel=2,
        )

    def __enter__(self) -> None:
        self.prev, self.prev_check_nan = _enabled
        set_anomaly_enabled(True, self.check_nan)

    def __exit__(self, *error: object) -> None:
        set_anomaly_enabled(self.prev, self.prev_check_nan)
