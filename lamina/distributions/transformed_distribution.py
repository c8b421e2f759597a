"""TransformedDistribution: what becomes of a distribution when a function is applied to its samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import lamina
from lamina.distributions import constraints
from lamina.distributions.distribution import Distribution
from lamina.distributions.independent import Independent
from lamina.distributions.transform import ComposeTransform, Transform
from lamina.distributions.utils import sum_rightmost
from lamina.tensor import Size, Tensor


class TransformedDistribution(Distribution):
    """The distribution of y = t(x), with x from another one: log p(y) = log p(x) - log |det dy/dx|.

    Args:
        base_distribution: that of x.
        transforms: one transform, or a list of them, the first one first.
        validate_args: as for Distribution.
    Source: torch.distributions.TransformedDistribution.

    >>> import lamina
    >>> from lamina.distributions import AffineTransform, SigmoidTransform, TransformedDistribution, Uniform
    >>> logistic = TransformedDistribution(Uniform(0.0, 1.0), [SigmoidTransform().inv, AffineTransform(1.0, 2.0)])
    >>> logistic.log_prob(lamina.tensor(1.0))
    tensor(-2.0794)
    """

    arg_constraints: ClassVar[dict[str, Any]] = {}
    base_dist: Any

    def __init__(self, base_distribution: Distribution, transforms: Any, validate_args: bool | None = None) -> None:
        if isinstance(transforms, Transform):
            transforms = [transforms]
        if not isinstance(transforms, list):
            raise ValueError(f"transforms must be a Transform or list, but was {transforms}")
        if not all(isinstance(t, Transform) for t in transforms):
            raise ValueError("transforms must be a Transform or a list of Transforms")
        self.transforms = transforms
        shape = Size((*base_distribution.batch_shape, *base_distribution.event_shape))
        base_events = len(base_distribution.event_shape)
        chain = ComposeTransform(transforms)
        entering, leaving = chain.domain.event_dim, chain.codomain.event_dim
        if len(shape) < entering:
            raise ValueError(f"base_distribution needs to have shape with size at least {entering}, but got {shape}.")
        forward = chain.forward_shape(shape)
        back = chain.inverse_shape(forward)
        if tuple(shape) != tuple(back):
            base_distribution = base_distribution.expand(back[: len(back) - base_events])
        if entering > base_events:
            base_distribution = Independent(base_distribution, entering - base_events)
        self.base_dist = base_distribution
        cut = len(forward) - max(leaving, base_events + leaving - entering)
        super().__init__(forward[:cut], forward[cut:], validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = self._get_checked_instance(TransformedDistribution, _instance)
        shape = ComposeTransform(self.transforms).inverse_shape(Size((*batch_shape, *self._event_shape)))
        new.base_dist = self.base_dist.expand(shape[: len(shape) - len(self.base_dist.event_shape)])
        new.transforms = self.transforms
        return self._finish_expanding(new, batch_shape)

    @constraints.dependent_property(is_discrete=False)
    def support(self) -> Any:
        """What the last transform gives."""
        if not self.transforms:
            return self.base_dist.support
        last = self.transforms[-1].codomain
        more = len(self._event_shape) - last.event_dim
        return constraints.independent(last, more) if more > 0 else last

    @property
    def has_rsample(self) -> bool:
        """Whether the distribution inside has `rsample`."""
        return bool(self.base_dist.has_rsample)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        with lamina.no_grad():
            return self._transformed(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        return self._transformed(self.base_dist.rsample(sample_shape))

    def _transformed(self, x: Tensor) -> Tensor:
        for transform in self.transforms:
            x = transform(x)
        return x

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        event_dim, total = len(self._event_shape), None
        y = value
        for transform in reversed(self.transforms):
            x = transform.inv(y)
            event_dim += transform.domain.event_dim - transform.codomain.event_dim
            change = transform.log_abs_det_jacobian(x, y)
            change = sum_rightmost(change, event_dim - transform.domain.event_dim)
            total = -change if total is None else total - change
            y = x
        found = sum_rightmost(self.base_dist.log_prob(y), event_dim - len(self.base_dist.event_shape))
        return found if total is None else total + found

    def _monotonized(self, value: Tensor) -> Tensor:
        """A probability, or one minus it where the transforms decrease."""
        sign = 1
        for transform in self.transforms:
            sign = sign * transform.sign
        return value if isinstance(sign, int) and sign == 1 else sign * (value - 0.5) + 0.5

    def cdf(self, value: Tensor) -> Tensor:
        for transform in reversed(self.transforms):
            value = transform.inv(value)
        if self._validate_args:
            self.base_dist._validate_sample(value)
        return self._monotonized(self.base_dist.cdf(value))

    def icdf(self, value: Tensor) -> Tensor:
        return self._transformed(self.base_dist.icdf(self._monotonized(value)))
