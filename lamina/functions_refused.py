"""Functions at the root of PyTorch that lamina does not have: compressed sparse layouts and quantized numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lamina.refusal import refusing

_COMPRESSED = ("csr", "csc", "bsr", "bsc")
_LAYOUTS = tuple(f"sparse_{kind}_tensor" for kind in (*_COMPRESSED, "compressed"))
_CONVERSIONS = tuple(f"to_sparse_{kind}" for kind in _COMPRESSED)
_PARTS = ("crow_indices", "col_indices", "ccol_indices", "row_indices")
_RESIZING = ("resize_as_sparse_", "sparse_resize_", "sparse_resize_and_clear_")
_QUANTIZED = (
    "quantize_per_tensor", "quantize_per_tensor_dynamic", "quantize_per_channel", "empty_quantized",
    "fake_quantize_per_channel_affine", "fake_quantize_per_tensor_affine", "fbgemm_linear_quantize_weight",
    "fbgemm_pack_quantized_matrix", "fused_moving_avg_obs_fake_quant", "quantized_batch_norm", "quantized_gru",
    "quantized_gru_cell", "quantized_lstm", "quantized_lstm_cell", "quantized_max_pool1d", "quantized_max_pool2d",
    "quantized_max_pool3d", "quantized_rnn_relu_cell", "quantized_rnn_tanh_cell",
)  # fmt: skip

PUBLIC = {
    **dict.fromkeys((*_LAYOUTS, *_QUANTIZED, "saddmm"), "lamina"),
    **dict.fromkeys((*_CONVERSIONS, *_PARTS), "Tensor"),
    **dict.fromkeys(_RESIZING, "Tensor"),
    "resize_as_sparse_": "lamina Tensor",
    "dequantize": "lamina Tensor",
}
"""Where users find each function."""

_WHY_COMPRESSED = "compressed sparse layouts are not supported; use sparse_coo_tensor"
_WHY_QUANTIZED = "quantized tensors are not supported; XLA computes in floating types, such as bfloat16"

_REASONS = {
    **dict.fromkeys((*_LAYOUTS, *_CONVERSIONS, *_PARTS), _WHY_COMPRESSED),
    **dict.fromkeys((*_QUANTIZED, "dequantize"), _WHY_QUANTIZED),
    **dict.fromkeys(_RESIZING, "a sparse tensor's size cannot be changed in place; make another one"),
    "saddmm": "use sparse.addmm",
}
globals().update({name: refusing(name, why, __name__) for name, why in _REASONS.items()})

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...
