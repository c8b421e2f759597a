"""Embeddings of bags: many vectors of a table become one."""

from __future__ import annotations

from typing import Any, Self

from lamina.autograd import no_grad
from lamina.creation import empty
from lamina.nn import functional as F
from lamina.nn import init
from lamina.nn.module import Module
from lamina.nn.parameter import Parameter
from lamina.tensor import Tensor


class EmbeddingBag(Module):
    """The sum, mean or maximum of the vectors of each bag: output[b, :] = mean over i in bag b of weight[i, :].

    >>> import lamina
    >>> from lamina import nn
    >>> bags = nn.EmbeddingBag.from_pretrained(lamina.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), mode="sum")
    >>> bags(lamina.tensor([0, 2, 1]), offsets=lamina.tensor([0, 2]))
    tensor([[6., 8.],
            [3., 4.]])

    Args:
        num_embeddings: the number of vectors.
        embedding_dim: their size.
        max_norm: if given, a vector whose norm is larger is scaled down to it, in place, when it is looked up.
        norm_type: the p of that p-norm.
        scale_grad_by_freq: whether to divide a vector's gradient by how often it was looked up; not with "max".
        mode: "sum", "mean" or "max".
        sparse: changes nothing, gradients are dense; not with "max".
        include_last_offset: whether the last offset is where the last bag ends.
        padding_idx: a vector that is zero at first and is skipped in bags; negative counts from the end.
    Shapes:
        input (B, L) of int64 or int32 -> (B, embedding_dim)
        input (L,), offsets (B,) -> (B, embedding_dim), or one row less with include_last_offset
        per_sample_weights: as input
    Parameters:
        weight (num_embeddings, embedding_dim): from N(0, 1)
    Source: torch.nn.EmbeddingBag.
    """

    _reads_values = True  # whether indices are in range

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
        if padding_idx is not None and padding_idx != 0:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise AssertionError("padding_idx must be within num_embeddings")
            padding_idx %= num_embeddings
        self.padding_idx = padding_idx
        if _weight is None:
            self.weight = Parameter(empty(num_embeddings, embedding_dim, device=device, dtype=dtype))
            self.reset_parameters()
        elif list(_weight.shape) != [num_embeddings, embedding_dim]:
            raise AssertionError("Shape of weight does not match num_embeddings and embedding_dim")
        else:
            self.weight = Parameter(_weight)
        self.mode, self.sparse, self.include_last_offset = mode, sparse, include_last_offset

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> Self:
        """A table with these vectors, which are not learned if `freeze`: embeddings (num_embeddings, embedding_dim)."""
        if embeddings.dim() != 2:
            raise AssertionError("Embeddings parameter is expected to be 2-dimensional")
        rows, columns = embeddings.shape
        made = cls(
            rows,
            columns,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            mode=mode,
            sparse=sparse,
            _weight=embeddings,
            include_last_offset=include_last_offset,
            padding_idx=padding_idx,
        )
        made.weight.requires_grad = not freeze
        return made

    def reset_parameters(self) -> None:
        """Draw the vectors anew; the one of padding_idx becomes zero."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                init.zeros_(self.weight[self.padding_idx])

    def forward(self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None) -> Tensor:
        """One vector for each bag."""
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            self.sparse,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    def extra_repr(self) -> str:
        """The mode, and the constructor's other arguments as far as they are not the defaults."""
        defaults = {"max_norm": None, "norm_type": 2, "scale_grad_by_freq": False, "mode": "", "padding_idx": None}
        given = [f"{name}={getattr(self, name)!r}" for name, value in defaults.items() if getattr(self, name) != value]
        return ", ".join([f"{self.num_embeddings!r}, {self.embedding_dim!r}", *given])
