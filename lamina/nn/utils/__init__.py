"""Tools for modules: clipping, packing, parametrizing, pruning, fusing."""

from lamina.nn.utils import parametrizations, parametrize, prune, rnn, stateless
from lamina.nn.utils.clip_grad import (
    clip_grad_norm,
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
)
from lamina.nn.utils.convert_parameters import parameters_to_vector, vector_to_parameters
from lamina.nn.utils.fusion import (
    fuse_conv_bn_eval,
    fuse_conv_bn_weights,
    fuse_linear_bn_eval,
    fuse_linear_bn_weights,
)
from lamina.nn.utils.head import prune_head
from lamina.nn.utils.init import skip_init
from lamina.nn.utils.memory_format import convert_conv2d_weight_memory_format, convert_conv3d_weight_memory_format
from lamina.nn.utils.spectral_norm import remove_spectral_norm, spectral_norm
from lamina.nn.utils.weight_norm import remove_weight_norm, weight_norm

__all__ = [
    "clip_grad_norm", "clip_grad_norm_", "clip_grads_with_norm_", "clip_grad_value_", "get_total_norm",
    "parameters_to_vector", "vector_to_parameters",
    "weight_norm", "remove_weight_norm", "spectral_norm", "remove_spectral_norm",
    "fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights",
    "skip_init", "prune_head",
    "convert_conv2d_weight_memory_format", "convert_conv3d_weight_memory_format",
    "parametrizations", "parametrize", "prune", "rnn", "stateless",
]  # fmt: skip
