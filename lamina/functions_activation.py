"""Activation functions as `lamina.nn.functional` has them: with `inplace`, and with a `dim` that may be missing."""

from __future__ import annotations

import warnings
from typing import Any

from lamina import functions
from lamina.dtypes import uint8
from lamina.tensor import Tensor, write


def _result(input: Tensor, output: Tensor, inplace: bool) -> Tensor:
    return write(input, output) if inplace else output


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """output = max(0, input), written into input if `inplace`. input (*) -> (*)"""
    output = functions.relu(input)
    return write(input, output) if inplace else output


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """output = input where it is positive, else negative_slope * input. input (*) -> (*)"""
    return _result(input, functions.leaky_relu(input, negative_slope), inplace)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """output = input where it is positive, else alpha * (exp(input) - 1). input (*) -> (*)"""
    return _result(input, functions.elu(input, alpha), inplace)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """output = scale * elu(input, alpha), with the two constants that keep mean 0 and variance 1. input (*) -> (*)"""
    return _result(input, functions.selu(input), inplace)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """output = input where it is positive, else alpha * (exp(input / alpha) - 1). input (*) -> (*)"""
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return _result(input, functions.celu(input, alpha), inplace)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """output = input * sigmoid(input). input (*) -> (*)"""
    return _result(input, functions.silu(input), inplace)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """output = input * tanh(softplus(input)). input (*) -> (*)"""
    return _result(input, functions.mish(input), inplace)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """output = input, held between min_val and max_val. input (*) -> (*)"""
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    if input.dtype == uint8 and (min_val < 0 or max_val < 0):
        raise RuntimeError("cannot do hardtanh on an unsigned type with negative limits")
    return _result(input, functions.hardtanh(input, min_val, max_val), inplace)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """output = min(max(0, input), 6). input (*) -> (*)"""
    return _result(input, functions.relu6(input), inplace)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """output = min(max(0, input + 3), 6) / 6. input (*) -> (*)"""
    return _result(input, functions.hardsigmoid(input), inplace)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """output = input * min(max(0, input + 3), 6) / 6. input (*) -> (*)"""
    return _result(input, functions.hardswish(input), inplace)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """output = input where it is greater than threshold, else value. input (*) -> (*)"""
    return _result(input, functions.threshold(input, threshold, value), inplace)


def relu_(input: Tensor) -> Tensor:
    """`relu`, written into input."""
    return relu(input, inplace=True)


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """`leaky_relu`, written into input."""
    return leaky_relu(input, negative_slope, inplace=True)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`elu`, written into input."""
    return elu(input, alpha, inplace=True)


def selu_(input: Tensor) -> Tensor:
    """`selu`, written into input."""
    return selu(input, inplace=True)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`celu`, written into input."""
    return celu(input, alpha, inplace=True)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """`hardtanh`, written into input; all becomes max_val if min_val is greater."""
    return _result(input, functions.hardtanh(input, min(min_val, max_val), max_val), True)


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """`threshold`, written into input."""
    return _result(input, functions.threshold(input, threshold, value), True)


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """output = exp(input) / sum of exp(input) along dim, computed in dtype where given. input (*) -> (*)"""
    return functions.softmax(input, _dim("softmax", input, dim, _stacklevel), dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """output = input - log of the sum of exp(input) along dim, computed in dtype where given. input (*) -> (*)"""
    return functions.log_softmax(input, _dim("log_softmax", input, dim, _stacklevel), dtype)


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """output = softmax(-input) along dim, computed in dtype where given. input (*) -> (*)"""
    return functions.softmin(input, _dim("softmin", input, dim, _stacklevel), dtype)


def _dim(name: str, input: Tensor, dim: int | None, stacklevel: int) -> int:
    if dim is not None:
        return dim
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        stacklevel=stacklevel,
    )
    return 0 if input.ndim in (0, 1, 3) else 1


PUBLIC = {
    **dict.fromkeys(("relu", "leaky_relu", "elu", "selu", "celu", "silu", "mish", "hardtanh", "relu6"), "functional"),
    **dict.fromkeys(("hardsigmoid", "hardswish", "threshold", "softmax", "log_softmax", "softmin"), "functional"),
    **dict.fromkeys(("leaky_relu_", "elu_", "hardtanh_"), "functional"),
    **dict.fromkeys(("relu_", "selu_", "celu_", "threshold_"), "lamina functional"),
}
