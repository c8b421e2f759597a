"""Cross entropy of a linear map, with options for doing it a few rows at a time."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

from lamina import dtypes, functions
from lamina.functions_class_loss import check_classes, cross_entropy
from lamina.functions_loss import reduction_code
from lamina.tensor import Tensor

PUBLIC = {"linear_cross_entropy": "functional"}
"""Where users find each function."""

_HALF = (dtypes.float16, dtypes.bfloat16)
_FLOATING = (*_HALF, dtypes.float32, dtypes.float64)
_POLICIES = ("auto", "accurate", "balanced", "compact")


@dataclasses.dataclass(slots=True, frozen=True)
class LinearCrossEntropyOptions:
    """How `linear_cross_entropy` cuts its rows into chunks, so that the scores of all never exist together.

    Args:
        allow_retain_graph: changes nothing: going backward twice is always possible with `retain_graph=True`.
        batch_chunk_size: rows of a chunk; None: as chunking_method says.
        chunking_method: "aspect_ratio": a chunk's scores take about as much memory as the input; "aspect_ratio:n":
            an n-th of that; "auto": one of these, by device and type; None: batch_chunk_size, else one chunk.
        acc_policy: "accurate": slopes of scores keep the type of the sums; "balanced" or "compact": they are rounded
            to the input's type before they are multiplied; "auto": by device.
        acc_dtype: type of scores and sums; None: float32 for "auto" and half types, else the input's.
    Source: torch.nn.LinearCrossEntropyOptions.
    """

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: str = "auto"
    acc_dtype: Any = None

    def __post_init__(self) -> None:
        if self.acc_policy not in _POLICIES:
            raise ValueError(f"invalid acc_policy: {self.acc_policy!r}")
        if self.chunking_method not in (None, "auto"):
            _parts(self.chunking_method)
        size = self.batch_chunk_size
        if not (size is None or (isinstance(size, int) and size > 0)):
            raise ValueError(f"batch_chunk_size must be positive int or None, got {size!r}")
        if self.acc_dtype is not None and self.acc_dtype not in _FLOATING:
            raise ValueError(
                f"acc_dtype must be None or one of {', '.join(map(str, _FLOATING))}, got {self.acc_dtype!r}."
            )


def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: LinearCrossEntropyOptions | None = None,
) -> Tensor:
    """`cross_entropy` of `linear(input, linear_weight, linear_bias)`; reduced. With options, a few rows at a time.

    input (N, E) or (E,), linear_weight (C, *, E), linear_bias (C, *), target (N, *) or (), int64, or probabilities
    (N, C, *), weight (C,) -> () or (N, *)

    >>> import lamina
    >>> from lamina.nn import LinearCrossEntropyOptions
    >>> input, weight, target = lamina.ones(8, 4), lamina.zeros(10, 4), lamina.arange(8)
    >>> options = LinearCrossEntropyOptions(batch_chunk_size=2)
    >>> lamina.nn.functional.linear_cross_entropy(input, weight, target, options=options)
    tensor(2.3026)
    """
    _check(input, linear_weight, linear_bias)
    scores_shape = (*input.shape[:-1], *linear_weight.shape[:-1])
    if tuple(target.shape) == scores_shape and ignore_index is not None:
        raise RuntimeError("ignore_index cannot be specified when target contains probabilities")
    ignored = -100 if ignore_index is None else ignore_index
    if options is not None:
        whole = linear_weight.ndim == 2 and reduction in ("mean", "sum", "none")
        if whole and label_smoothing == 0 and target.dtype == dtypes.int64:
            return _chunked(input, linear_weight, target, linear_bias, weight, reduction, ignored, options)
        warnings.warn(
            "linear_cross_entropy: options are not used: they need a reduction 'mean', 'sum' or 'none', "
            "label_smoothing 0, a target of class indices and a linear_weight (C, E), "
            f"got {reduction!r}, {label_smoothing}, {target.dtype} and {tuple(linear_weight.shape)}.",
            stacklevel=2,
        )
    flat = linear_weight.reshape(-1, linear_weight.shape[-1])
    bias = None if linear_bias is None else linear_bias.reshape(-1)
    scores = functions.linear(input, flat, bias).reshape(scores_shape)
    return cross_entropy(
        scores, target, weight, ignore_index=ignored, reduction=reduction, label_smoothing=label_smoothing
    )


def _check(input: Tensor, linear_weight: Tensor, linear_bias: Tensor | None) -> None:
    if input.ndim not in (1, 2):
        raise RuntimeError(f"linear_cross_entropy: input must be (N, E) or (E,), got {tuple(input.shape)}.")
    if linear_weight.ndim < 2:
        raise RuntimeError(f"linear_cross_entropy: linear_weight must be (C, *, E), got {tuple(linear_weight.shape)}.")
    if input.shape[-1] != linear_weight.shape[-1]:
        raise RuntimeError(
            f"linear_cross_entropy: linear_weight must be (C, *, {input.shape[-1]}) to go with input "
            f"{tuple(input.shape)}, got {tuple(linear_weight.shape)}."
        )
    if linear_bias is not None and linear_bias.shape != linear_weight.shape[:-1]:
        raise RuntimeError(
            f"linear_cross_entropy: linear_bias must be {tuple(linear_weight.shape[:-1])} to go with linear_weight "
            f"{tuple(linear_weight.shape)}, got {tuple(linear_bias.shape)}."
        )
    if linear_weight.ndim > 2 and input.ndim == 1:
        raise RuntimeError(
            f"linear_cross_entropy: input must be (N, {input.shape[0]}) to go with linear_weight "
            f"{tuple(linear_weight.shape)}, got {tuple(input.shape)}."
        )


def _chunked(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    linear_bias: Tensor | None,
    weight: Tensor | None,
    reduction: str,
    ignored: int,
    options: LinearCrossEntropyOptions,
) -> Tensor:
    rows = input if input.ndim == 2 else input.unsqueeze(0)
    targets = target if input.ndim == 2 else target.unsqueeze(0)
    size, kind, narrow = _plan(options, rows, linear_weight.shape[0])
    loss = functions.linear_cross_entropy_chunked(
        rows, linear_weight, targets, linear_bias, weight, reduction_code(reduction), ignored, size, kind, narrow
    )
    check_classes(targets, linear_weight.shape[0], ignored)
    return loss if input.ndim == 2 or reduction != "none" else loss.squeeze(0)


def _plan(options: LinearCrossEntropyOptions, input: Tensor, classes: int) -> tuple[int, dtypes.DType, bool]:
    """Rows of a chunk, the type of scores and sums, and whether slopes are rounded: what the options leave open."""
    accurate = input.device.type == "cpu" and input.dtype in _HALF
    method = options.chunking_method
    if method == "auto":
        method = "aspect_ratio" if accurate else "aspect_ratio:2"
        method = method if options.batch_chunk_size is None else None
    count, features = input.shape
    size = min(options.batch_chunk_size or count, count)
    if method is not None:
        share = -(-count // max(1, -(-classes // features)))
        size = min((1 << max(share - 1, 0).bit_length()) // _parts(method), count)
        if options.batch_chunk_size not in (None, size):
            raise ValueError(
                f"linear_cross_entropy: batch_chunk_size {options.batch_chunk_size} and chunking_method {method!r}, "
                f"which gives {size}, must agree; pass one of them."
            )
    policy = options.acc_policy
    kind = options.acc_dtype
    if kind is None:
        kind = dtypes.float32 if policy == "auto" and input.dtype in _HALF else input.dtype
    if kind != input.dtype and not (input.dtype in _HALF and kind == dtypes.float32):
        raise RuntimeError(
            f"linear_cross_entropy: acc_dtype must be {input.dtype}, or float32 for half types, got {kind}."
        )
    if policy == "auto":
        policy = "accurate" if accurate else "compact"
    return max(size, 1), kind, policy != "accurate"


def _parts(method: str | None) -> int:
    """By how much `aspect_ratio:n` divides a chunk."""
    name, colon, factor = str(method).partition(":")
    number = factor if colon else "1"
    if name != "aspect_ratio" or not number.isdigit() or int(number) < 1:
        raise ValueError(f"invalid chunking_method: {method!r}")
    return int(number)
