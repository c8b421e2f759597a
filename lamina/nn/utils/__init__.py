"""Tools for modules: clipping, packing, parametrizing, pruning, fusing."""

from lamina.nn.utils import parametrizations, parametrize, rnn
from lamina.nn.utils.clip_grad import (
    clip_grad_norm,
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
)
from lamina.nn.utils.convert_parameters import parameters_to_vector, vector_to_parameters
from lamina.nn.utils.spectral_norm import remove_spectral_norm, spectral_norm
from lamina.nn.utils.weight_norm import remove_weight_norm, weight_norm

__all__ = [
    "clip_grad_norm", "clip_grad_norm_", "clip_grads_with_norm_", "clip_grad_value_", "get_total_norm",
    "parameters_to_vector", "vector_to_parameters",
    "weight_norm", "remove_weight_norm", "spectral_norm", "remove_spectral_norm",
    "parametrizations", "parametrize", "rnn",
]  # fmt: skip
