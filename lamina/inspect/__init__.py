"""Looking at things: how tensors and modules print."""

from lamina.inspect.tensor_repr import format_array, get_printoptions, printoptions, set_printoptions, tensor_repr

__all__ = ["format_array", "get_printoptions", "printoptions", "set_printoptions", "tensor_repr"]
