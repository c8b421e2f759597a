"""MixtureSameFamily: one of several distributions of one kind, chosen at random."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import lamina
from lamina.distributions import constraints
from lamina.distributions.categorical import Categorical
from lamina.distributions.distribution import Distribution
from lamina.nn import functional as F
from lamina.tensor import Tensor


class MixtureSameFamily(Distribution):
    """A sample of component k, with k from a categorical distribution: log p(x) = logsumexp(log w_k + log p_k(x)).

    Args:
        mixture_distribution: the Categorical that chooses.
        component_distribution: the components, along the last batch dimension.
        validate_args: as for Distribution.
    Shapes:
        mixture batch (*), components batch (*, K), event (*E) -> batch (*), event (*E)
    Source: torch.distributions.MixtureSameFamily.

    >>> import lamina
    >>> from lamina.distributions import Categorical, MixtureSameFamily, Normal
    >>> bumps = Normal(lamina.tensor([-1.0, 1.0]), 0.5)
    >>> MixtureSameFamily(Categorical(lamina.ones(2)), bumps).mean
    tensor(0.)
    """

    arg_constraints: ClassVar[dict[str, Any]] = {}
    has_rsample = False

    def __init__(
        self,
        mixture_distribution: Categorical,
        component_distribution: Distribution,
        validate_args: bool | None = None,
    ) -> None:
        if not isinstance(mixture_distribution, Categorical):
            kind = type(mixture_distribution).__name__
            raise ValueError(f"The Mixture distribution needs to be an instance of Categorical, got {kind}.")
        if not isinstance(component_distribution, Distribution):
            kind = type(component_distribution).__name__
            raise ValueError(f"The Component distribution needs to be an instance of Distribution, got {kind}.")
        mixture, components = mixture_distribution.batch_shape, component_distribution.batch_shape
        if any(1 not in (i, j) and i != j for i, j in zip(reversed(mixture), reversed(components[:-1]), strict=False)):
            raise ValueError(
                f"`mixture_distribution.batch_shape` ({mixture}) is not compatible with "
                f"`component_distribution.batch_shape`({components[:-1]})"
            )
        count = mixture_distribution.logits.shape[-1]
        if count != components[-1]:
            raise ValueError(
                f"`mixture_distribution component` ({count}) does not equal `component_distribution.batch_shape[-1]` "
                f"({components[-1]})"
            )
        self._mixture_distribution, self._component_distribution = mixture_distribution, component_distribution
        event = component_distribution.event_shape
        self._num_component, self._event_ndims = count, len(event)
        super().__init__(components[:-1], event, validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = self._get_checked_instance(MixtureSameFamily, _instance)
        new._component_distribution = self._component_distribution.expand((*batch_shape, self._num_component))
        new._mixture_distribution = self._mixture_distribution.expand(batch_shape)
        new._num_component, new._event_ndims = self._num_component, self._event_ndims
        return self._finish_expanding(new, batch_shape)

    @constraints.dependent_property
    def support(self) -> Any:
        """What every component supports."""
        return constraints.MixtureSameFamilyConstraint(self._component_distribution.support)

    @property
    def mixture_distribution(self) -> Categorical:
        """The distribution that chooses."""
        return self._mixture_distribution

    @property
    def component_distribution(self) -> Distribution:
        """The components."""
        return self._component_distribution

    def _weighted(self, x: Tensor) -> Tensor:
        """The mean over the components of x (*, K, *E)."""
        weights = self.mixture_distribution.probs
        weights = weights.reshape((*weights.shape, *(1,) * self._event_ndims))
        return (weights * x).sum(-1 - self._event_ndims)

    @property
    def mean(self) -> Tensor:
        return self._weighted(self.component_distribution.mean)

    @property
    def variance(self) -> Tensor:
        inside = self._weighted(self.component_distribution.variance)
        shift = self.component_distribution.mean - self._with_component(self.mean)
        return inside + self._weighted(shift.pow(2.0))

    def _with_component(self, x: Tensor) -> Tensor:
        return x.unsqueeze(-1 - self._event_ndims)

    def cdf(self, value: Tensor) -> Tensor:
        found = self.component_distribution.cdf(self._with_component(value))
        return (found * self.mixture_distribution.probs).sum(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        of_components = self.component_distribution.log_prob(self._with_component(value))
        return (of_components + F.log_softmax(self.mixture_distribution.logits, dim=-1)).logsumexp(-1)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        with lamina.no_grad():
            places = self.mixture_distribution.sample(sample_shape)
            drawn = self.component_distribution.sample(sample_shape)
            dim = len(sample_shape) + len(self._batch_shape)
            if places.ndim < dim:  # components have batch dimensions that the weights lack
                missing = (1,) * (dim - places.ndim)
                places = places.reshape((*sample_shape, *missing, *places.shape[len(sample_shape) :]))
            places = places.reshape((*places.shape, 1, *(1,) * self._event_ndims))
            places = places.expand((*drawn.shape[:dim], 1, *self._event_shape))
            return drawn.gather(dim, places).squeeze(dim)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(\n  {self.mixture_distribution},\n  {self.component_distribution})"
