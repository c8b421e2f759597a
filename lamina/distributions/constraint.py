"""Constraint: a set of values, such as the positive numbers; and constraints made of others.

`check` works on tensors and on NumPy arrays alike: values at hand are checked on the host, so that a check is no part
of the program being recorded.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from lamina.tensor import Tensor


class Constraint:
    """A region in which a value is valid.

    Attributes:
        is_discrete: whether the region is discrete.
        event_dim: how many of the last dimensions make one event; `check` reduces over them.
        of_arrays: whether `check` takes NumPy arrays as well.
        bounds: names of attributes that hold numbers or tensors.
    """

    is_discrete: Any = False
    event_dim: Any = 0
    of_arrays: Any = False
    bounds: tuple[str, ...] = ()

    def check(self, value: Any) -> Any:
        """Whether each event of the value lies in the region, as bools of the batch's shape."""
        raise NotImplementedError

    def with_numbers(self, number: Callable[[Any], Any]) -> Constraint | None:
        """This constraint with every bound replaced by `number(bound)`; None if one of them gives None."""
        numbers = {name: number(getattr(self, name)) for name in self.bounds}
        if any(found is None for found in numbers.values()):
            return None
        if not numbers:
            return self
        known = copy.copy(self)
        known.__dict__.update(numbers)
        return known

    def __repr__(self) -> str:
        bounds = ", ".join(f"{name}={getattr(self, name)}" for name in self.bounds)
        return f"{type(self).__name__.removeprefix('_')}({bounds})"


class Dependent(Constraint):
    """A constraint that depends on other values, so that nothing can be checked from it alone.

    Args:
        is_discrete, event_dim: as far as they are known; asking for an unknown one raises NotImplementedError.
    """

    def __init__(self, *, is_discrete: Any = NotImplemented, event_dim: Any = NotImplemented) -> None:
        self._is_discrete, self._event_dim = is_discrete, event_dim

    @property
    def is_discrete(self) -> bool:
        """Whether the region is discrete."""
        if self._is_discrete is NotImplemented:
            raise NotImplementedError(".is_discrete cannot be determined statically")
        return bool(self._is_discrete)

    @property
    def event_dim(self) -> int:
        """How many of the last dimensions make one event."""
        if self._event_dim is NotImplemented:
            raise NotImplementedError(".event_dim cannot be determined statically")
        return int(self._event_dim)

    def __call__(self, *, is_discrete: Any = NotImplemented, event_dim: Any = NotImplemented) -> Dependent:
        """One of which more is known."""
        return Dependent(
            is_discrete=self._is_discrete if is_discrete is NotImplemented else is_discrete,
            event_dim=self._event_dim if event_dim is NotImplemented else event_dim,
        )

    def check(self, value: Any) -> Any:
        """Raises ValueError."""
        raise ValueError("Cannot determine validity of dependent constraint")


class dependent_property(property, Dependent):
    """A property whose value is a constraint: on the class it is a dependent one.

    >>> from lamina.distributions import Uniform, constraints
    >>> Uniform.support.event_dim
    0
    >>> constraints.is_dependent(Uniform.support)
    True
    """

    def __init__(
        self,
        fn: Callable[..., Any] | None = None,
        *,
        is_discrete: Any = NotImplemented,
        event_dim: Any = NotImplemented,
    ) -> None:
        property.__init__(self, fn)
        self._is_discrete, self._event_dim = is_discrete, event_dim

    def __call__(self, fn: Callable[..., Any]) -> dependent_property:  # type: ignore[override]
        """The property of a function, where only the keywords were given before."""
        return dependent_property(fn, is_discrete=self._is_discrete, event_dim=self._event_dim)


def is_dependent(constraint: Any) -> bool:
    """Whether a constraint depends on other values."""
    return isinstance(constraint, Dependent)


class IndependentConstraint(Constraint):
    """Another constraint, with some of its last batch dimensions counted to the event: all of them must hold.

    Args:
        base_constraint: the other constraint.
        reinterpreted_batch_ndims: how many dimensions.
    """

    def __init__(self, base_constraint: Constraint, reinterpreted_batch_ndims: int) -> None:
        if not isinstance(base_constraint, Constraint):
            raise AssertionError(f"base_constraint must be a Constraint, got {type(base_constraint).__name__}")
        if not isinstance(reinterpreted_batch_ndims, int):
            kind = type(reinterpreted_batch_ndims).__name__
            raise AssertionError(f"reinterpreted_batch_ndims must be an int, got {kind}")
        if reinterpreted_batch_ndims < 0:
            raise AssertionError(f"reinterpreted_batch_ndims must be >= 0, got {reinterpreted_batch_ndims}")
        self.base_constraint = base_constraint
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims

    @property
    def is_discrete(self) -> bool:
        """Whether the other constraint is discrete."""
        return bool(self.base_constraint.is_discrete)

    @property
    def event_dim(self) -> int:
        """The other constraint's, and the dimensions that were added."""
        return int(self.base_constraint.event_dim) + self.reinterpreted_batch_ndims

    @property
    def of_arrays(self) -> bool:
        """Whether the other constraint takes NumPy arrays."""
        return bool(self.base_constraint.of_arrays)

    def with_numbers(self, number: Callable[[Any], Any]) -> Constraint | None:
        base = self.base_constraint.with_numbers(number)
        return None if base is None else IndependentConstraint(base, self.reinterpreted_batch_ndims)

    def check(self, value: Any) -> Any:
        found = self.base_constraint.check(value)
        kept = found.ndim - self.reinterpreted_batch_ndims
        if kept < 0:
            raise ValueError(f"Expected value.dim() >= {self.event_dim} but got {value.ndim}")
        return found.reshape((*found.shape[:kept], -1)).all(-1)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_constraint!r}, {self.reinterpreted_batch_ndims})"


class MixtureSameFamilyConstraint(Constraint):
    """What every component of a mixture supports.

    Args:
        base_constraint: the support of the component distribution.
    """

    def __init__(self, base_constraint: Constraint) -> None:
        if not isinstance(base_constraint, Constraint):
            raise AssertionError(f"base_constraint must be a Constraint, got {type(base_constraint).__name__}")
        self.base_constraint = base_constraint

    @property
    def is_discrete(self) -> bool:
        """Whether the components are discrete."""
        return bool(self.base_constraint.is_discrete)

    @property
    def event_dim(self) -> int:
        """That of the components."""
        return int(self.base_constraint.event_dim)

    @property
    def of_arrays(self) -> bool:
        """Whether the components' constraint takes NumPy arrays."""
        return bool(self.base_constraint.of_arrays)

    def with_numbers(self, number: Callable[[Any], Any]) -> Constraint | None:
        base = self.base_constraint.with_numbers(number)
        return None if base is None else MixtureSameFamilyConstraint(base)

    def check(self, value: Any) -> Any:
        kept = value.ndim - self.event_dim
        if kept < 0:
            raise ValueError(f"Expected value.dim() >= {self.event_dim} but got {value.ndim}")
        # One component dimension stands before those of the event.
        shape = (*value.shape[:kept], 1, *value.shape[kept:])
        found = self.base_constraint.check(value.reshape(shape))
        return found.reshape((*found.shape[:kept], -1)).all(-1)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_constraint!r})"


def is_array(x: Any) -> bool:
    """Whether x is a NumPy array rather than a tensor."""
    return isinstance(x, (np.ndarray, np.generic)) and not isinstance(x, Tensor)
