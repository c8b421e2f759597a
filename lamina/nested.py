"""`torch.nested`: tensors of rows of different lengths, which lamina does not have. Each name says so when called."""

from __future__ import annotations

from lamina.refusal import refusing

_WHY = "nested tensors are not supported; pad the rows and keep a mask, or use nn.utils.rnn.pack_padded_sequence"

nested_tensor = refusing("nested.nested_tensor", _WHY, __name__)
as_nested_tensor = refusing("nested.as_nested_tensor", _WHY, __name__)
nested_tensor_from_jagged = refusing("nested.nested_tensor_from_jagged", _WHY, __name__)
masked_select = refusing("nested.masked_select", _WHY, __name__)
narrow = refusing("nested.narrow", _WHY, __name__)
to_padded_tensor = refusing("nested.to_padded_tensor", _WHY, __name__)

__all__ = [
    "as_nested_tensor", "masked_select", "narrow", "nested_tensor", "nested_tensor_from_jagged", "to_padded_tensor",
]  # fmt: skip
