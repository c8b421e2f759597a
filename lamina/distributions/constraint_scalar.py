"""Constraints on single numbers, and on vectors of them."""

from __future__ import annotations

from typing import Any

from lamina.distributions.constraint import Constraint


class Boolean(Constraint):
    """0 or 1."""

    is_discrete = True
    of_arrays = True

    def check(self, value: Any) -> Any:
        return (value == 0) | (value == 1)


class Real(Constraint):
    """Any number but NaN."""

    of_arrays = True

    def check(self, value: Any) -> Any:
        return value == value  # False for NaN


class _Above(Constraint):
    of_arrays = True
    bounds = ("lower_bound",)

    def __init__(self, lower_bound: Any) -> None:
        self.lower_bound = lower_bound


class GreaterThan(_Above):
    """Numbers above `lower_bound`."""

    def check(self, value: Any) -> Any:
        return self.lower_bound < value


class GreaterThanEq(_Above):
    """Numbers not below `lower_bound`."""

    def check(self, value: Any) -> Any:
        return self.lower_bound <= value


class LessThan(Constraint):
    """Numbers below `upper_bound`."""

    of_arrays = True
    bounds = ("upper_bound",)

    def __init__(self, upper_bound: Any) -> None:
        self.upper_bound = upper_bound

    def check(self, value: Any) -> Any:
        return value < self.upper_bound


class _Between(Constraint):
    of_arrays = True
    bounds = ("lower_bound", "upper_bound")

    def __init__(self, lower_bound: Any, upper_bound: Any) -> None:
        self.lower_bound, self.upper_bound = lower_bound, upper_bound


class Interval(_Between):
    """Numbers from `lower_bound` to `upper_bound`, both included."""

    def check(self, value: Any) -> Any:
        return (self.lower_bound <= value) & (value <= self.upper_bound)


class HalfOpenInterval(_Between):
    """Numbers from `lower_bound`, included, to `upper_bound`, not included."""

    def check(self, value: Any) -> Any:
        return (self.lower_bound <= value) & (value < self.upper_bound)


class IntegerInterval(_Between):
    """Whole numbers from `lower_bound` to `upper_bound`, both included."""

    is_discrete = True

    def check(self, value: Any) -> Any:
        return (value % 1 == 0) & (self.lower_bound <= value) & (value <= self.upper_bound)


class IntegerGreaterThan(_Above):
    """Whole numbers not below `lower_bound`. (The name is PyTorch's.)"""

    is_discrete = True

    def check(self, value: Any) -> Any:
        return (value % 1 == 0) & (value >= self.lower_bound)


class OneHot(Constraint):
    """Vectors with a single 1 among zeros."""

    is_discrete = True
    event_dim = 1
    of_arrays = True

    def check(self, value: Any) -> Any:
        return ((value == 0) | (value == 1)).all(-1) & (value.sum(-1) == 1)


class Simplex(Constraint):
    """Vectors of probabilities: none negative, with a sum of 1 up to 1e-6."""

    event_dim = 1
    of_arrays = True

    def check(self, value: Any) -> Any:
        return (value >= 0).all(-1) & (abs(value.sum(-1) - 1) < 1e-6)


class Multinomial(Constraint):
    """Vectors of counts: none negative, with a sum of at most `upper_bound`."""

    is_discrete = True
    event_dim = 1
    of_arrays = True
    bounds = ("upper_bound",)

    def __init__(self, upper_bound: Any) -> None:
        self.upper_bound = upper_bound

    def check(self, value: Any) -> Any:
        return (value >= 0).all(-1) & (value.sum(-1) <= self.upper_bound)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"
