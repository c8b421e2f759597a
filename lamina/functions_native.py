"""What `lamina` itself has under names of `lamina.nn.functional`, with other arguments: as `torch` has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lamina import creation, functions
from lamina.dtypes import bool as bool_
from lamina.functions_dropout import dropped
from lamina.functions_embedding import embedding as functional_embedding
from lamina.functions_embedding import embedding_bag as functional_embedding_bag
from lamina.functions_norm import batch_norm_of, instance_norm_of
from lamina.functions_random_activation import rrelu_of
from lamina.tensor import Tensor, write

PUBLIC = {
    **dict.fromkeys(("batch_norm", "instance_norm", "group_norm", "layer_norm", "embedding", "rrelu"), "lamina"),
    **dict.fromkeys(("dropout", "alpha_dropout", "feature_dropout", "feature_alpha_dropout"), "lamina"),
    **dict.fromkeys(("native_dropout", "embedding_bag", "embedding_renorm_", "constant_pad_nd"), "lamina"),
    **dict.fromkeys(("dropout_", "alpha_dropout_", "feature_dropout_", "feature_alpha_dropout_"), "lamina"),
}
"""Where users find each function."""


def batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """`lamina.nn.functional.batch_norm`, in another order, without effect of `cudnn_enabled`. (N, C, *) -> same"""
    return batch_norm_of(input, running_mean, running_var, weight, bias, training, momentum, eps)


def instance_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """`lamina.nn.functional.instance_norm`, in another order, without effect of `cudnn_enabled`. (N, C, *) -> same"""
    return instance_norm_of(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Tensor:
    """`lamina.nn.functional.group_norm`; `cudnn_enabled` changes nothing. input (N, C, *) -> same"""
    return functions.group_norm(input, num_groups, weight, bias, eps)


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Tensor:
    """`lamina.nn.functional.layer_norm`; `cudnn_enable` changes nothing. input (*, *normalized_shape) -> same"""
    return functions.layer_norm(input, normalized_shape, weight, bias, eps)


def embedding(
    weight: Tensor, indices: Tensor, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False
) -> Tensor:
    """`lamina.nn.functional.embedding`, in another order; padding_idx -1 means none. indices (*) -> (*, E)"""
    padding = padding_idx if padding_idx >= 0 else None
    return functional_embedding(indices, weight, padding, None, 2.0, scale_grad_by_freq, sparse)


_MODES = ("sum", "mean", "max")


def embedding_bag(
    weight: Tensor,
    indices: Tensor,
    offsets: Tensor,
    scale_grad_by_freq: bool = False,
    mode: int = 0,
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """`lamina.nn.functional.embedding_bag`, in another order, with mode 0 for sums, 1 for means, 2 for maxima.

    Beside the output come the bag of each index, the number of indices in each bag (without padding), and of maxima
    the index that each came from: what PyTorch's kernel keeps for its backward; of sums it keeps zeros only.
    """
    if mode not in (0, 1, 2):
        raise RuntimeError(f"embedding_bag: mode must be 0 (sum), 1 (mean) or 2 (max), got {mode}.")
    output = functional_embedding_bag(
        indices, weight, offsets, None, 2.0, scale_grad_by_freq, _MODES[mode], sparse, per_sample_weights,
        include_last_offset, padding_idx,
    )  # fmt: skip
    facts = functions.bag_facts(indices, weight, offsets, _MODES[mode], include_last_offset, padding_idx)
    return output, facts[0], facts[1], facts[2]


def embedding_renorm_(weight: Tensor, indices: Tensor, max_norm: float, norm_type: float) -> Tensor:
    """Scale the rows that are named down, in place, to a norm of at most max_norm; returns the table."""
    return write(weight, functions.embedding_renorm(weight, indices, max_norm, norm_type))


def constant_pad_nd(input: Tensor, pad: Sequence[int], value: float = 0) -> Tensor:
    """`lamina.nn.functional.pad` with a constant. input (*, W) -> (*, pad[0] + W + pad[1])"""
    return functions.pad(input, tuple(pad), "constant", value)


def native_dropout(input: Tensor, p: float, train: bool | None) -> tuple[Tensor, Tensor]:
    """`dropout`, and which elements it kept; all of them unless `train`. input (*) -> (*), (*)"""
    if train is False or p == 0 or input.numel() == 0:
        return input * 1, creation.ones_like(input, dtype=bool_)
    kept = functions.dropout(creation.ones_like(input), p, True) if p < 1 else creation.zeros_like(input)
    return input * kept, kept != 0


def rrelu(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, generator: Any = None
) -> Tensor:
    """`lamina.nn.functional.rrelu`, with random numbers from `generator`. input (*) -> (*)"""
    return rrelu_of(input, lower, upper, training, generator)


def dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Zero each element with probability p and divide the others by 1 - p; the input itself unless `train`."""
    return _dropped("dropout", input, p, train)


def alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`lamina.nn.functional.alpha_dropout`, with `train` given. input (*) -> (*)"""
    return _dropped("alpha_dropout", input, p, train)


def feature_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`dropout` of whole channels. input (N, C, *) -> (N, C, *)"""
    return _dropped("feature_dropout", input, p, train)


def feature_alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`alpha_dropout` of whole channels. input (N, C, *) -> (N, C, *)"""
    return _dropped("feature_alpha_dropout", input, p, train)


def dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`dropout`, written into input."""
    return write(input, dropout(input, p, train))


def alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`alpha_dropout`, written into input."""
    return write(input, alpha_dropout(input, p, train))


def feature_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`feature_dropout`, written into input."""
    return write(input, feature_dropout(input, p, train))


def feature_alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`feature_alpha_dropout`, written into input."""
    return write(input, feature_alpha_dropout(input, p, train))


def _dropped(name: str, input: Tensor, p: float, train: bool) -> Tensor:
    if p < 0 or p > 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {p}")
    return dropped(getattr(functions, name), input, p, train)
