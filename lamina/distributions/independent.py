"""Independent: batch dimensions counted to the event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from lamina.distributions import constraints
from lamina.distributions.distribution import Distribution
from lamina.distributions.utils import sum_rightmost
from lamina.tensor import Tensor


class Independent(Distribution):
    """A distribution whose last batch dimensions are part of the event: `log_prob` adds up over them.

    Args:
        base_distribution: the distribution.
        reinterpreted_batch_ndims: how many dimensions.
    Shapes:
        batch (*B, *R), event (*E) -> batch (*B), event (*R, *E)
    Source: torch.distributions.Independent.

    >>> import lamina
    >>> from lamina.distributions import Independent, Normal
    >>> Independent(Normal(lamina.zeros(3, 2), 1.0), 1).event_shape
    lamina.Size([2])
    """

    arg_constraints: ClassVar[dict[str, Any]] = {}

    def __init__(
        self, base_distribution: Distribution, reinterpreted_batch_ndims: int, validate_args: bool | None = None
    ) -> None:
        batch = base_distribution.batch_shape
        if reinterpreted_batch_ndims > len(batch):
            raise ValueError(
                "Expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape), actual "
                f"{reinterpreted_batch_ndims} vs {len(batch)}"
            )
        cut = len(batch) - reinterpreted_batch_ndims
        self.base_dist, self.reinterpreted_batch_ndims = base_distribution, reinterpreted_batch_ndims
        super().__init__(batch[:cut], (*batch[cut:], *base_distribution.event_shape), validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(Independent, batch_shape, _instance, "base_dist", "reinterpreted_batch_ndims")

    @property
    def has_rsample(self) -> bool:
        """Whether the distribution inside has `rsample`."""
        return bool(self.base_dist.has_rsample)

    @property
    def has_enumerate_support(self) -> bool:
        """Whether the support can be enumerated: not over several dimensions."""
        return self.reinterpreted_batch_ndims == 0 and bool(self.base_dist.has_enumerate_support)

    @constraints.dependent_property
    def support(self) -> Any:
        """Where the density is not 0."""
        inside = self.base_dist.support
        return (
            constraints.independent(inside, self.reinterpreted_batch_ndims)
            if self.reinterpreted_batch_ndims
            else inside
        )

    @property
    def mean(self) -> Tensor:
        """The mean."""
        return self.base_dist.mean

    @property
    def mode(self) -> Tensor:
        """The most likely value."""
        return self.base_dist.mode

    @property
    def variance(self) -> Tensor:
        """The variance."""
        return self.base_dist.variance

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        return self.base_dist.sample(sample_shape)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        return self.base_dist.rsample(sample_shape)

    def log_prob(self, value: Tensor) -> Tensor:
        return sum_rightmost(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self) -> Tensor:
        return sum_rightmost(self.base_dist.entropy(), self.reinterpreted_batch_ndims)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """See Distribution; raises NotImplementedError where batch dimensions became the event's."""
        if self.reinterpreted_batch_ndims > 0:
            raise NotImplementedError("Enumeration over cartesian product is not implemented")
        return self.base_dist.enumerate_support(expand=expand)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_dist}, {self.reinterpreted_batch_ndims})"
