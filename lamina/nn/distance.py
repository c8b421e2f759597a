"""Distances and similarities between vectors."""

from __future__ import annotations

from lamina.nn import functional as F
from lamina.nn.module import Module
from lamina.tensor import Tensor


class PairwiseDistance(Module):
    """The p-norm of x1 - x2 + eps along the last dimension.

    Args:
        p: which norm; may be infinite or negative.
        eps: added to differences.
        keepdim: whether the last dimension stays, with size 1.
    Shapes:
        x1 and x2 (*, E) -> (*), or (*, 1)
    Source: torch.nn.PairwiseDistance.

    >>> import lamina
    >>> lamina.nn.PairwiseDistance(p=1)(lamina.zeros(2, 3), lamina.ones(2, 3))
    tensor([3.0000, 3.0000])
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm, self.eps, self.keepdim = p, eps, keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)


class CosineSimilarity(Module):
    """The cosine of the angle between vectors along dim: x1 . x2 / (max(|x1|, eps) max(|x2|, eps)).

    Args:
        dim: the dimension of the vectors.
        eps: the least norm.
    Shapes:
        x1 and x2 (*, E, *) -> (*, *)
    Source: torch.nn.CosineSimilarity.

    >>> import lamina
    >>> lamina.nn.CosineSimilarity()(lamina.tensor([[3.0, 4.0]]), lamina.tensor([[3.0, -4.0]]))
    tensor([-0.2800])
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim, self.eps = dim, eps

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.cosine_similarity(x1, x2, self.dim, self.eps)
