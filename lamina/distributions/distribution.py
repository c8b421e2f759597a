"""Distribution: what all distributions share. Shapes, checks, expanding, printing."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import lamina
from lamina.distributions import constraints
from lamina.distributions.utils import lazy_property
from lamina.distributions.validation import holds
from lamina.tensor import Size, Tensor

D = TypeVar("D", bound="Distribution")


class Distribution:
    """A probability distribution, or a batch of them.

    A sample has the shape sample_shape + batch_shape + event_shape; `log_prob` gives sample_shape + batch_shape.

    Args:
        batch_shape: the shape of the batch of distributions.
        event_shape: the shape of one sample of one of them.
        validate_args: whether parameters and values are checked: True always, False never. By default a check is made
            where the numbers are on the host already, so that nothing is waited for.
    Source: torch.distributions.Distribution.
    """

    has_rsample: Any = False
    has_enumerate_support: Any = False
    _validate_args: bool = __debug__

    if TYPE_CHECKING:
        arg_constraints: ClassVar[Any]
        support: Any
    else:

        @property
        def arg_constraints(self) -> Any:
            """The constraint of each parameter, by its name."""
            raise NotImplementedError(f"{type(self).__name__} does not define arg_constraints")

        @property
        def support(self) -> Any:
            """The constraint of samples."""
            raise NotImplementedError(f"{type(self).__name__} does not define support")

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Say whether distributions made without `validate_args` check anything at all. Default: yes."""
        if value not in (True, False):
            raise ValueError(f"set_default_validate_args: value must be True or False, got {value!r}.")
        Distribution._validate_args = value

    def __init__(
        self, batch_shape: Sequence[int] = (), event_shape: Sequence[int] = (), validate_args: bool | None = None
    ) -> None:
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._check_parameters()

    # --- shapes ---

    @property
    def batch_shape(self) -> Size:
        """The shape of the batch of distributions."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one sample of one distribution."""
        return self._event_shape

    def _extended_shape(self, sample_shape: Sequence[int] = ()) -> Size:
        return Size((*sample_shape, *self._batch_shape, *self._event_shape))

    def expand(self: D, batch_shape: Sequence[int], _instance: Any = None) -> D:
        """The same distribution with its batch expanded to `batch_shape`, as `Tensor.expand` does."""
        raise NotImplementedError(f"{type(self).__name__} does not implement expand")

    def _expanded(self: D, cls: type, batch_shape: Sequence[int], instance: Any, *names: str) -> D:
        """`expand` for a class: what it holds under these names, if anything, is expanded or, if unbatched, kept."""
        new = self._get_checked_instance(cls, instance)
        kept = len(self._batch_shape)
        for name in names:
            held = self.__dict__.get(name)
            if isinstance(held, Tensor):
                held = held.expand((*batch_shape, *held.shape[kept:]))
            elif isinstance(held, Distribution):
                held = held.expand((*batch_shape, *held.batch_shape[kept:]))
            if name in self.__dict__:
                new.__dict__[name] = held
        return self._finish_expanding(new, batch_shape)

    def _finish_expanding(self, new: Any, batch_shape: Sequence[int]) -> Any:
        Distribution.__init__(new, batch_shape, self._event_shape, validate_args=False)
        del new._validate_args
        if "_validate_args" in self.__dict__:
            new._validate_args = self._validate_args
        return new

    def _get_checked_instance(self, cls: type, instance: Any = None) -> Any:
        if instance is None and type(self).__init__ is not cls.__init__:  # type: ignore[misc]
            raise NotImplementedError(
                f"Subclass {type(self).__name__} of {cls.__name__} that defines a custom __init__ method must also "
                "define a custom .expand() method."
            )
        return object.__new__(type(self)) if instance is None else instance

    # --- what it says ---

    @property
    def mean(self) -> Tensor:
        """The mean."""
        raise NotImplementedError(f"{type(self).__name__} does not implement mean")

    @property
    def mode(self) -> Tensor:
        """The most likely value."""
        raise NotImplementedError(f"{type(self)} does not implement mode")

    @property
    def variance(self) -> Tensor:
        """The variance."""
        raise NotImplementedError(f"{type(self).__name__} does not implement variance")

    @property
    def stddev(self) -> Tensor:
        """The standard deviation."""
        return self.variance.sqrt()

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """A sample that gradients do not pass through: sample_shape + batch_shape + event_shape."""
        with lamina.no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """A sample as a differentiable function of the parameters: sample_shape + batch_shape + event_shape."""
        raise NotImplementedError(f"{type(self).__name__} does not implement rsample")

    def sample_n(self, n: int) -> Tensor:
        """`sample((n,))`, which PyTorch advises instead."""
        warnings.warn(
            "`sample_n(n)` will be deprecated. Use `sample((n,))` instead.", category=FutureWarning, stacklevel=2
        )
        return self.sample((n,))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density, or of the probability, at a value."""
        raise NotImplementedError(f"{type(self).__name__} does not implement log_prob")

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of a sample of at most `value`."""
        raise NotImplementedError(f"{type(self).__name__} does not implement cdf")

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of `cdf`."""
        raise NotImplementedError(f"{type(self).__name__} does not implement icdf")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values of a discrete distribution, along a new first dimension.

        Args:
            expand: whether the batch's dimensions have its sizes, or size 1.
        """
        raise NotImplementedError(f"{type(self).__name__} does not implement enumerate_support")

    def _enumerated(self, values: Tensor, expand: bool) -> Tensor:
        """Values of single numbers as `enumerate_support` gives them: (V,) -> (V, *batch_shape)."""
        values = values.view((-1,) + (1,) * len(self._batch_shape))
        return values.expand((-1, *self._batch_shape)) if expand else values

    def entropy(self) -> Tensor:
        """The entropy in nats, of the batch's shape."""
        raise NotImplementedError(f"{type(self).__name__} does not implement entropy")

    def perplexity(self) -> Tensor:
        """exp(entropy)."""
        return self.entropy().exp()

    # --- checks ---

    @property
    def _validates_always(self) -> bool:
        return bool(self.__dict__.get("_validate_args", False))

    def _check_parameters(self) -> None:
        try:
            found = self.arg_constraints
        except NotImplementedError:
            warnings.warn(
                f"{type(self)} does not define `arg_constraints`. Please set `arg_constraints = {{}}` or initialize "
                "the distribution with `validate_args=False` to turn off validation.",
                stacklevel=3,
            )
            return
        for name, constraint in found.items():
            lazy = name not in self.__dict__ and isinstance(getattr(type(self), name, None), lazy_property)
            if constraints.is_dependent(constraint) or lazy:
                continue
            value = getattr(self, name)
            if not holds(constraint, value, self._validates_always):
                self._refuse(name, value, constraint)

    def _refuse(self, name: str, value: Tensor, constraint: Any) -> None:
        raise ValueError(
            f"Expected parameter {name} ({type(value).__name__} of shape {tuple(value.shape)}) of distribution "
            f"{self!r} to satisfy the constraint {constraint!r}, but found invalid values:\n{value}"
        )

    def _check(self, value: Tensor) -> None:
        if self._validate_args:
            self._validate_sample(value)

    def _validate_sample(self, value: Tensor) -> None:
        """Raise ValueError unless a value has a shape, and numbers, that this distribution can give."""
        if not isinstance(value, Tensor):
            raise ValueError(f"The value argument to log_prob must be a Tensor, got {type(value).__name__}.")
        shape, events = value.shape, len(self._event_shape)
        if shape[len(shape) - events :] != self._event_shape:
            raise ValueError(
                f"The right-most size of value must match event_shape: {value.size()} vs {self._event_shape}."
            )
        expected = Size((*self._batch_shape, *self._event_shape))
        if any(1 not in (i, j) and i != j for i, j in zip(reversed(shape), reversed(expected), strict=False)):
            raise ValueError(f"Value is not broadcastable with batch_shape+event_shape: {shape} vs {expected}.")
        try:
            support = self.support
        except NotImplementedError:
            warnings.warn(
                f"{type(self)} does not define `support` to enable sample validation. Please initialize the "
                "distribution with `validate_args=False` to turn off validation.",
                stacklevel=3,
            )
            return
        if not holds(support, value, self._validates_always):
            raise ValueError(
                f"Expected value argument ({type(value).__name__} of shape {tuple(value.shape)}) to be within the "
                f"support ({support!r}) of the distribution {self!r}, but found invalid values:\n{value}"
            )

    def __repr__(self) -> str:
        held = {name: self.__dict__[name] for name in self.arg_constraints if name in self.__dict__}
        parts = [f"{name}: {x if x.numel() == 1 else x.size()}" for name, x in held.items()]
        return f"{type(self).__name__}({', '.join(parts)})"
