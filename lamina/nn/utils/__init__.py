"""Tools for modules: clipping, packing, parametrizing, pruning, fusing."""

from lamina.nn.utils import rnn
from lamina.nn.utils.clip_grad import (
    clip_grad_norm,
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
)

__all__ = [
    "clip_grad_norm", "clip_grad_norm_", "clip_grads_with_norm_", "clip_grad_value_", "get_total_norm",
    "rnn",
]  # fmt: skip
