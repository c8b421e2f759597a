"""Dropout as `lamina.nn.functional` has it: with `inplace`, and by the number of dimensions."""

from __future__ import annotations

import warnings
from typing import Any

from lamina import functions
from lamina.tensor import Tensor, write

PUBLIC = {
    "dropout": "functional",
    "alpha_dropout": "functional",
    "feature_alpha_dropout": "functional",
    "dropout1d": "functional",
    "dropout2d": "functional",
    "dropout3d": "functional",
}
"""Where users find each function."""


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero each element with probability p and divide the others by 1 - p; the input itself unless training.

    input (*) -> (*)
    """
    return _drop(functions.dropout, input, p, training, inplace)


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout that keeps mean 0 and variance 1, for SELU networks. input (*) -> (*)"""
    return _drop(functions.alpha_dropout, input, p, training, inplace)


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """`alpha_dropout` of whole channels. input (N, C, *) -> (N, C, *)"""
    return _drop(functions.feature_alpha_dropout, input, p, training, inplace)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero each channel with probability p and divide the others by 1 - p. input (N, C, L) or (C, L) -> same"""
    if input.ndim not in (2, 3):
        _check_p(p)
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input. "
            "Note that dropout1d exists to provide channel-wise dropout on inputs with 1 spatial dimension, "
            "a channel dimension, and an optional batch dimension (i.e. 2D or 3D inputs)."
        )
    return _drop_channels(input, p, training, inplace, batched=input.ndim == 3)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero each channel with probability p and divide the others by 1 - p. input (N, C, H, W) or (N, C, L) -> same"""
    _check_p(p)
    if input.ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired "
            "- input is interpreted as shape (N, C, L), where C is the channel dim. To maintain the 1D channel-wise "
            "dropout behavior, please switch to using dropout1d instead.",
            stacklevel=2,
        )
    elif input.ndim != 4:
        _warn_of_dimensions("dropout2d", 2, input.ndim)
    return _drop_channels(input, p, training, inplace, batched=True)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero each channel with probability p and divide the others by 1 - p.

    input (N, C, D, H, W) or (C, D, H, W) -> same
    """
    _check_p(p)
    if input.ndim not in (4, 5):
        _warn_of_dimensions("dropout3d", 3, input.ndim)
    return _drop_channels(input, p, training, inplace, batched=input.ndim == 5)


def dropped(function: Any, input: Tensor, p: float, training: bool) -> Tensor:
    """function(input, p, True) where there is a choice: the input itself if nothing drops, else zeros if all does."""
    if not training or p == 0 or input.numel() == 0:
        return input
    output: Tensor = input * 0 if p == 1 else function(input, p, True)
    return output


def _drop(function: Any, input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    _check_p(p)
    output = dropped(function, input, p, training)
    return write(input, output) if inplace and output is not input else output


def _drop_channels(input: Tensor, p: float, training: bool, inplace: bool, batched: bool) -> Tensor:
    if batched or input.ndim == 0 or not training:
        return _drop(functions.feature_dropout, input, p, training, inplace)
    output = _drop(functions.feature_dropout, input.unsqueeze(0), p, training, False).squeeze(0)
    return write(input, output) if inplace else output


def _check_p(p: float) -> None:
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def _warn_of_dimensions(name: str, space: int, ndim: int) -> None:
    warnings.warn(
        f"{name}: Received a {ndim}-D input to {name}, which is deprecated and will result in an error in a future "
        f"release. To retain the behavior and silence this warning, please use dropout instead. Note that {name} "
        f"exists to provide channel-wise dropout on inputs with {space} spatial dimensions, a channel dimension, and "
        f"an optional batch dimension (i.e. {space + 1}D or {space + 2}D inputs).",
        stacklevel=3,
    )
