"""What all metrics share: statistics of each batch, added up on the device and read once an epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from lamina import creation, dtypes, functions
from lamina.tensor import Tensor

Statistics = dict[str, Any]
"""By name, tensors, and numbers that shapes alone tell."""


class Metric:
    """The base of metrics: what a batch tells is summed over an epoch, and the sums give the result.

    A subclass defines `measure` and `result`. What `measure` computes is recorded, so it is part of the program of the
    training step; it must read no value. So batches of unequal size count by their size.

    Args:
        name: the column of the history; default: the class's own.

    >>> import lamina
    >>> class Bias(lamina.fit.Metric):
    ...     name = "bias"
    ...     def measure(self, output, target):
    ...         return {"sum": (output - target).sum(), "count": target.numel()}
    ...     def result(self, sums):
    ...         return float(sums["sum"] / sums["count"])
    >>> bias = Bias()
    >>> bias.update(lamina.tensor([1.0, 2.0]), lamina.tensor([0.0, 0.0]))
    >>> bias.update(lamina.tensor([3.0]), lamina.tensor([0.0]))
    >>> bias.compute()
    2.0
    """

    name: str = ""
    higher_is_better: ClassVar[bool | None] = None
    """Which epoch is the best one, for callbacks that watch the metric; None: what its name says."""
    gathers: ClassVar[bool] = False
    """Whether statistics are kept one after another, to be joined at the end, instead of summed."""

    def __init__(self, name: str | None = None) -> None:
        self.name = name or self.name or type(self).__name__.lower()
        self.reset()

    def measure(self, output: Any, target: Any) -> Statistics:
        """What a batch contributes, each time under the same names."""
        raise NotImplementedError

    def result(self, sums: dict[str, Any]) -> Any:
        """The metric, from the sums (or all that was gathered) as NumPy arrays and numbers."""
        raise NotImplementedError

    def reset(self) -> None:
        """Begin anew."""
        self._numbers: dict[str, float] = {}
        self._tensors: dict[str, list[Tensor]] = {}

    def update(self, output: Any, target: Any) -> None:
        """Take in a batch."""
        for name, value in self.measure(output, target).items():
            if not isinstance(value, Tensor):
                self._numbers[name] = self._numbers.get(name, 0) + value
            elif self.gathers:
                self._tensors.setdefault(name, []).append(value)
            else:
                held = self._tensors.get(name)
                total = zeros_for(value) if held is None else held[0]
                self._tensors[name] = [functions.add(total, value)]

    def compute(self) -> Any:
        """The metric of all batches since `reset`, a number or nested lists; nan if there were none."""
        if not self._numbers and not self._tensors:
            return float("nan")
        value = self.result({**self._numbers, **{name: self._joined(name) for name in self._tensors}})
        return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value

    def state_dict(self) -> dict[str, Any]:
        """The sums so far."""
        return {
            "numbers": dict(self._numbers),
            "tensors": {name: self._joined(name) for name in self._tensors},
        }

    def load_state_dict(self, state: dict[str, Any], device: Any = None) -> None:
        """Take over what `state_dict` gave."""
        self._numbers = dict(state["numbers"])
        self._tensors = {
            name: [creation.tensor(np.array(value), device=device)] for name, value in state["tensors"].items()
        }

    def _joined(self, name: str) -> np.ndarray:
        parts = [tensor.numpy() for tensor in self._tensors[name]]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r})"


class Function(Metric):
    """The mean over all samples of a function of (output, target) that gives a batch's mean.

    Args:
        function: gives one number, a tensor, for a batch.
        name: the column of the history; default: the function's name.
    """

    def __init__(self, function: Callable[[Any, Any], Any], name: str | None = None) -> None:
        self.function = function
        super().__init__(name or getattr(function, "__name__", type(function).__name__).strip("<>_"))

    def measure(self, output: Any, target: Any) -> Statistics:
        value = self.function(output, target)
        if not isinstance(value, (Tensor, int, float)) or (isinstance(value, Tensor) and value.ndim):
            came = f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
            raise ValueError(f"metric {self.name}: the function must return one number for a batch, got {came}.")
        count = rows(output)
        return {"sum": value * count, "count": count}

    def result(self, sums: dict[str, Any]) -> float:
        return float(sums["sum"] / sums["count"])


def rows(x: Any) -> int:
    """How many samples a batch has: the first size of its first tensor, 1 if that has none."""
    while not isinstance(x, Tensor):
        if isinstance(x, dict) and x:
            x = next(iter(x.values()))
        elif isinstance(x, (tuple, list)) and x:
            x = x[0]
        else:
            break
    shape = getattr(x, "shape", ())
    return int(shape[0]) if shape else 1


def zeros_for(value: Tensor) -> Tensor:
    """Where a sum of such tensors begins: wide enough to add up an epoch.

    An array of its own, so the sum may be written over it: the first batch is then the same program as the others.
    """
    wide = np.float64 if value.is_floating_point() else np.int64
    dtype = dtypes.of("complex128").numpy if value.is_complex() else np.dtype(wide)
    return creation.tensor(np.zeros(tuple(value.shape), dtype), device=value.device)
