"""Masks of attention in several heads, and what is checked of its operands."""

from __future__ import annotations

import math
import warnings
from typing import Any

from lamina import functions
from lamina.creation import zeros
from lamina.tensor import Tensor


def canonical_mask(mask: Tensor | None, name: str, other: Tensor | None, other_name: str, dtype: Any) -> Tensor | None:
    """A mask that is added to scores: a bool one, True where something is hidden, becomes -inf and 0."""
    if mask is None:
        return None
    is_bool = mask.dtype.name == "bool"
    if not is_bool and not mask.is_floating_point():
        raise AssertionError(f"only bool and floating types of {name} are supported")
    if other is not None and other.dtype != mask.dtype:
        warnings.warn(
            f"Support for mismatched {name} and {other_name} is deprecated. Use same type for both instead.",
            stacklevel=3,
        )
    return zeros(*mask.shape, dtype=dtype, device=mask.device).masked_fill(mask, -math.inf) if is_bool else mask


def batch_of_masks(mask: Tensor, N: int, num_heads: int, L: int, S: int) -> Tensor:
    """(L, S) -> (1, 1, L, S); (N num_heads, L, S) -> (N, num_heads, L, S)."""
    expected = (L, S) if mask.ndim == 2 else (N * num_heads, L, S)
    if tuple(mask.shape) != expected:
        raise RuntimeError(f"The shape of the {mask.ndim}D attn_mask is {mask.shape}, but should be {expected}.")
    return mask.reshape(1, 1, L, S) if mask.ndim == 2 else mask.reshape(N, num_heads, L, S)


def one_more(mask: Tensor | None) -> Tensor | None:
    """With one more key that all may see."""
    return (
        None
        if mask is None
        else functions.cat([mask, zeros(*mask.shape[:-1], 1, dtype=mask.dtype, device=mask.device)], -1)
    )


def with_padding(mask: Tensor | None, padding: Tensor, N: int, S: int) -> Tensor:
    """The mask, and the keys hidden that padding (N, S) hides: (N, 1, 1, S) or wider."""
    for axis, expected in ((0, N), (1, S)):
        if padding.shape[axis] != expected:
            raise AssertionError(
                f"Expected key_padded_mask.shape[{axis}] to be {expected}, but got {padding.shape[axis]}"
            )
    padding = padding.reshape(N, 1, 1, S)
    return padding if mask is None else mask + padding


# ------------------------------------------------------------------------------------------------------------- checks


def check_dimensions(
    query: Tensor, key: Tensor, value: Tensor, padding: Tensor | None, mask: Tensor | None, num_heads: int
) -> bool:
    """Whether query has a batch dimension; AssertionError if the others don't go with it."""
    if query.ndim not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {query.ndim}-D query tensor"
        )
    batched = query.ndim == 3
    of = f"For {'batched (3-D)' if batched else 'unbatched (2-D)'} `query`, expected"
    if key.ndim != query.ndim or value.ndim != query.ndim:
        raise AssertionError(
            f"{of} `key` and `value` to be {query.ndim}-D "
            f"but found {key.ndim}-D and {value.ndim}-D tensors respectively"
        )
    if padding is not None and padding.ndim != query.ndim - 1:
        raise AssertionError(
            f"{of} `key_padding_mask` to be `None` or {query.ndim - 1}-D but found {padding.ndim}-D tensor instead"
        )
    if mask is not None and mask.ndim not in (2, 3):
        raise AssertionError(f"{of} `attn_mask` to be `None`, 2-D or 3-D but found {mask.ndim}-D tensor instead")
    expected = (num_heads, query.shape[0], key.shape[0])
    if not batched and mask is not None and mask.ndim == 3 and tuple(mask.shape) != expected:
        raise AssertionError(f"Expected `attn_mask` shape to be {expected} but got {mask.shape}")
    return batched


def check_sizes(
    query: Tensor, key: Tensor, value: Tensor, embed_dim: int, num_heads: int, use_separate_proj_weight: bool
) -> None:
    """AssertionError unless the sizes fit each other."""
    E = query.shape[-1]
    if embed_dim != E:
        raise AssertionError(f"was expecting embedding dimension of {embed_dim}, but got {E}")
    if E % num_heads:
        raise AssertionError(f"embed_dim {E} not divisible by num_heads {num_heads}")
    if use_separate_proj_weight:
        if key.shape[:2] != value.shape[:2]:
            raise AssertionError(
                f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}"
            )
    elif key.shape != value.shape:
        raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")


def check_added(bias_k: Any, bias_v: Any, static_k: Any, static_v: Any) -> None:
    """AssertionError unless what is added to keys and values can be."""
    if (bias_k is None) != (bias_v is None):
        there, missing = ("bias_v", "bias_k") if bias_k is None else ("bias_k", "bias_v")
        raise AssertionError(f"{there} is set but {missing} is None")
    for name, static in (("key", static_k), ("value", static_v)):
        if bias_k is not None and static is not None:
            raise AssertionError(f"bias cannot be added to static {name}.")
