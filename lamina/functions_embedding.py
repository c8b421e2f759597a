"""Embeddings as `lamina.nn.functional` has them: they also scale down, in place, the rows they read."""

from __future__ import annotations

import warnings

from lamina import bounds, functions
from lamina.autograd import no_grad
from lamina.dtypes import int64
from lamina.tensor import Tensor, write

PUBLIC = {"embedding": "functional", "embedding_bag": "functional"}
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
    _renorm(weight, input, max_norm, norm_type)
    return functions.embedding_lookup(input, weight, padding_idx, scale_grad_by_freq)


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """The sum, mean or maximum (`mode`) of the rows of each bag: output[b, :] = mean over i in bag b of weight[i, :].

    A bag is a row of `input`; or `input` has one dimension and offsets[b] is where bag b begins. With
    `include_last_offset`, one more offset says where the last bag ends: at the end of input. `per_sample_weights` are
    factors in a sum. Indices that equal `padding_idx` are skipped; an empty bag gives 0. `max_norm`, `norm_type`,
    `scale_grad_by_freq` and `sparse` are as in `embedding`.

    input (B, L), or (L,) with offsets (B,), weight (V, E), per_sample_weights as input -> (B, E)

    >>> import lamina
    >>> from lamina.nn import functional as F
    >>> table = lamina.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> F.embedding_bag(lamina.tensor([0, 2, 1]), table, lamina.tensor([0, 2]))
    tensor([[3., 4.],
            [3., 4.]])
    """
    if weight.dtype == int64 and input.is_floating_point():
        warnings.warn(
            "Argument order of nn.functional.embedding_bag was changed. Usage `embedding_bag(weight, input, ...)` is "
            "deprecated, and should now be `embedding_bag(input, weight, ...)`.",
            stacklevel=2,
        )
        weight, input = input, weight
    if per_sample_weights is not None and input.shape != per_sample_weights.shape:
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({per_sample_weights.shape}) is not None, "
            f"then it must have the same shape as the input ({input.shape})"
        )
    if weight.ndim != 2:
        raise ValueError(f"weight has to be a 2D Tensor, but got Tensor of dimension {weight.ndim}")
    _check_bags(input, offsets, include_last_offset)
    _check_mode(mode, scale_grad_by_freq, sparse)
    _renorm(weight, input, max_norm, norm_type)
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(f"embedding_bag: per_sample_weights go with mode='sum' only, got mode='{mode}'.")
    rows = weight.shape[0]
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            raise RuntimeError(
                f"padding_idx must be within the number of embeddings, {-rows} through {rows - 1}, "
                f"but got {padding_idx}"
            )
        padding_idx %= rows
    outside = bounds.first_outside(input, rows)
    if outside is not None:
        raise RuntimeError(f"embedding_bag: input must be in [0, {rows}), got {outside}.")
    return functions.embedding_bag(
        input, weight, offsets, per_sample_weights, mode, scale_grad_by_freq, include_last_offset, padding_idx
    )


def _renorm(weight: Tensor, input: Tensor, max_norm: float | None, norm_type: float) -> None:
    if max_norm is not None:
        with no_grad():
            write(weight, functions.embedding_renorm(weight.detach(), input, max_norm, norm_type))


def _check_mode(mode: str, scale_grad_by_freq: bool, sparse: bool) -> None:
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    if mode == "max" and scale_grad_by_freq:
        raise ValueError("max mode does not support scaling the gradient by the frequency")
    if mode == "max" and sparse:
        raise ValueError("max mode does not support sparse weights")


def _check_bags(input: Tensor, offsets: Tensor | None, include_last_offset: bool) -> None:
    if input.ndim == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length "
                f"sequences. However, found offsets of type {type(offsets)}"
            )
        if input.shape[1] == 0:
            raise RuntimeError(f"embedding_bag: a 2D input must have bags of at least 1, got {tuple(input.shape)}.")
    elif input.ndim == 1:
        if offsets is None or offsets.ndim != 1:
            raise ValueError(f"offsets has to be a 1D Tensor{' but got None' if offsets is None else ''}")
        if include_last_offset and offsets.shape[0] == 0:
            raise RuntimeError("include_last_offset: number of offset should be at least 1")
        _check_offsets(input, offsets)
    else:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.ndim}")


def _check_offsets(input: Tensor, offsets: Tensor) -> None:
    """Offsets begin at 0, grow, and end within the input: looked at where that costs nothing."""
    found, size = bounds.whole_numbers(offsets), input.shape[0]
    if found is None:
        return
    if found[0] != 0:
        raise RuntimeError(
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. "
            f"However, got {found[0]}"
        )
    if found[-1] > size:
        raise RuntimeError(
            f"offsets[-1] can not be greater than input's length {size} but got offsets[-1] of {found[-1]}"
        )
    if (found[1:] < found[:-1]).any():
        raise RuntimeError("embedding_bag: offsets must not decrease.")
