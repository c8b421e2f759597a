"""Embedding as `lamina.nn.functional` has it: it also scales down, in place, the rows it reads."""

from __future__ import annotations

from lamina import bounds, functions
from lamina.autograd import no_grad
from lamina.tensor import Tensor, write

PUBLIC = {"embedding": "functional"}
"""Where users find each function."""


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of a table: output[*, :] = weight[input[*], :].

    The row `padding_idx` gets no gradient. With `max_norm`, the rows that are read are first scaled down, in place, to
    a norm of at most that. `sparse` changes nothing: gradients are dense. An index outside the table is an error if it
    is known already, else it reads NaN.

    input (*), int64 or int32, weight (V, E) -> (*, E)
    """
    if padding_idx is not None:
        if not -weight.shape[0] <= padding_idx < weight.shape[0]:
            raise AssertionError("Padding_idx must be within num_embeddings")
        padding_idx %= weight.shape[0]
    if weight.ndim == 2 and bounds.first_outside(input, weight.shape[0]) is not None:
        raise IndexError("index out of range in self")
    if max_norm is not None:
        with no_grad():
            write(weight, functions.embedding_renorm(weight.detach(), input, max_norm, norm_type))
    return functions.embedding_lookup(input, weight, padding_idx, scale_grad_by_freq)
