"""ExponentialFamily: p(x) = exp(<t(x), theta> - F(theta) + k(x))."""

from __future__ import annotations

import lamina
from lamina.distributions.distribution import Distribution
from lamina.tensor import Tensor


class ExponentialFamily(Distribution):
    """The base of distributions with p(x) = exp(<t(x), theta> - F(theta) + k(x)).

    theta are the natural parameters, t the sufficient statistics, F the log normalizer, k the carrier measure.

    A subclass gives `_natural_params`, `_log_normalizer` and `_mean_carrier_measure`, the mean of k. Entropy and KL
    divergence then follow from the gradient of F, which is the mean of t.

    Source: torch.distributions.ExponentialFamily.
    """

    @property
    def _mean_carrier_measure(self) -> float:
        raise NotImplementedError(f"{type(self).__name__} does not define its mean carrier measure")

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        raise NotImplementedError(f"{type(self).__name__} does not define its natural parameters")

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} does not define its log normalizer")

    def entropy(self) -> Tensor:
        """F(theta) - <theta, grad F(theta)> - E[k], in nats."""
        natural, normalizer, gradients = normalizer_and_gradients(self)
        result = normalizer - self._mean_carrier_measure
        for parameter, gradient in zip(natural, gradients, strict=True):
            result = result - (parameter * gradient).reshape((*self._batch_shape, -1)).sum(-1)
        return result


def normalizer_and_gradients(p: ExponentialFamily) -> tuple[list[Tensor], Tensor, tuple[Tensor, ...]]:
    """The natural parameters as new leaves, the log normalizer there, and its gradients.

    As in PyTorch, what is computed from these is cut off from the distribution's own parameters.
    """
    with lamina.enable_grad():
        natural = [parameter.detach().requires_grad_() for parameter in p._natural_params]
        normalizer = p._log_normalizer(*natural)
        return natural, normalizer, lamina.autograd.grad(normalizer.sum(), natural, create_graph=True)
