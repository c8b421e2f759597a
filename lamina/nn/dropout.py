"""Layers that zero elements at random while training."""

from __future__ import annotations

from lamina.nn import functional as F
from lamina.nn.module import Module
from lamina.tensor import Tensor


class _DropoutNd(Module):
    """What the siblings share: a probability, checked, and whether to write into the input."""

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p, self.inplace = p, inplace

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_DropoutNd):
    """In training, zero each element with probability p and divide the others by 1 - p; otherwise the input itself.

    >>> import lamina
    >>> from lamina import nn
    >>> nn.Dropout(0.5).eval()(lamina.ones(3))
    tensor([1., 1., 1.])

    Args:
        p: the probability.
        inplace: whether to write the result into the input.
    Shapes:
        input (*) -> (*)
    Source: torch.nn.Dropout.
    """

    def forward(self, input: Tensor) -> Tensor:
        """The input, thinned out in training."""
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_DropoutNd):
    """`Dropout` of whole channels.

    Args:
        p: the probability.
        inplace: whether to write the result into the input.
    Shapes:
        input (N, C, L) or (C, L) -> same
    Source: torch.nn.Dropout1d.
    """

    def forward(self, input: Tensor) -> Tensor:
        """The input, without some channels in training."""
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_DropoutNd):
    """`Dropout` of whole channels.

    Args:
        p: the probability.
        inplace: whether to write the result into the input.
    Shapes:
        input (N, C, H, W) or (N, C, L) -> same
    Source: torch.nn.Dropout2d.
    """

    def forward(self, input: Tensor) -> Tensor:
        """The input, without some channels in training."""
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_DropoutNd):
    """`Dropout` of whole channels.

    Args:
        p: the probability.
        inplace: whether to write the result into the input.
    Shapes:
        input (N, C, D, H, W) or (C, D, H, W) -> same
    Source: torch.nn.Dropout3d.
    """

    def forward(self, input: Tensor) -> Tensor:
        """The input, without some channels in training."""
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_DropoutNd):
    """In training, set elements to SELU's lower limit with probability p, then scale and shift all so that inputs of
    mean 0 and variance 1 keep them; otherwise the input itself.

    Args:
        p: the probability.
        inplace: kept, and not used: as in PyTorch, the result is always a new tensor.
    Shapes:
        input (*) -> (*)
    Source: torch.nn.AlphaDropout; Klambauer et al. 2017, Self-Normalizing Neural Networks.
    """

    def forward(self, input: Tensor) -> Tensor:
        """The input, thinned out in training."""
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_DropoutNd):
    """`AlphaDropout` of whole channels.

    Args:
        p: the probability.
        inplace: kept, and not used: as in PyTorch, the result is always a new tensor.
    Shapes:
        input (N, C, *) -> same
    Source: torch.nn.FeatureAlphaDropout.
    """

    def forward(self, input: Tensor) -> Tensor:
        """The input, without some channels in training."""
        return F.feature_alpha_dropout(input, self.p, self.training)
