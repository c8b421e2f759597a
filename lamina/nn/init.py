"""How parameters begin: each function fills a tensor in place and returns it.

Random numbers come from `generator`, or from lamina's own. Nothing here is recorded for gradients.
"""

from __future__ import annotations

import contextlib
import functools
import math
import warnings
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import numpy as np

from lamina.autograd import no_grad
from lamina.creation import as_tensor, empty
from lamina.tensor import Tensor

_LINEAR = ("linear", *(f"conv{kind}{n}d" for kind in ("", "_transpose") for n in (1, 2, 3)), "sigmoid")


_skipping: ContextVar[bool] = ContextVar("skipping", default=False)


@contextlib.contextmanager
def skipped() -> Iterator[None]:
    """Within it nothing is filled, for modules whose values come from elsewhere."""
    token = _skipping.set(True)
    try:
        yield
    finally:
        _skipping.reset(token)


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Tensor:
    """Fill with numbers from the uniform distribution U(a, b)."""
    with no_grad():
        return tensor if _skipping.get() else tensor.uniform_(a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Tensor:
    """Fill with numbers from the normal distribution N(mean, std^2)."""
    with no_grad():
        return tensor if _skipping.get() else tensor.normal_(mean, std, generator=generator)


def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, generator: Any = None
) -> Tensor:
    """Fill with numbers from N(mean, std^2) cut to [a, b]: bounds on the numbers, not on standard deviations."""
    from scipy.special import ndtr, ndtri  # slow to import

    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. "
            "The distribution of values may be incorrect.",
            stacklevel=2,
        )
    # Inverse of the distribution function, which is accurate below the mean: what lies above is mirrored.
    side = -1.0 if a > mean else 1.0
    low, high = sorted(ndtr(side * (bound - mean) / std) for bound in (a, b))
    values = side * std * ndtri(_uniform(tensor.shape, low, high, generator)) + mean
    return _write(tensor, _inside(values, a, b, tensor.dtype.numpy))


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one number."""
    with no_grad():
        return tensor if _skipping.get() else tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros."""
    return constant_(tensor, 0.0)


def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with the identity: as many inputs as possible pass a Linear layer unchanged."""
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    return _write(tensor, np.eye(*tensor.shape))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fill the weight of a convolution so that as many channels as possible, in each group, pass unchanged."""
    if tensor.ndim not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    out_channels, in_channels, *kernel = tensor.shape
    if out_channels % groups != 0:
        raise ValueError("dim 0 must be divisible by groups")
    each = out_channels // groups
    values = np.zeros(tensor.shape)
    for group in range(groups):
        for channel in range(min(each, in_channels)):
            values[(group * each + channel, channel, *(size // 2 for size in kernel))] = 1
    return _write(tensor, values)


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which the standard deviation must grow to keep its size through a nonlinearity.

    1 for linear layers and sigmoid, 5/3 for tanh, sqrt(2) for relu, sqrt(2 / (1 + slope^2)) for leaky_relu with
    `param` as its slope (default 0.01), 3/4 for selu.
    """
    if nonlinearity in _LINEAR:
        return 1
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity == "selu":
        return 3.0 / 4
    raise ValueError(f"Unsupported nonlinearity {nonlinearity}")


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Fill from U(-a, a), a = gain sqrt(6 / (fan_in + fan_out)). Source: Glorot and Bengio, 2010."""
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    bound = math.sqrt(3.0) * gain * math.sqrt(2.0 / (fan_in + fan_out))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Fill from N(0, gain^2 2 / (fan_in + fan_out)). Source: Glorot and Bengio, 2010."""
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / (fan_in + fan_out)), generator)


def kaiming_uniform_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Tensor:
    """Fill from U(-b, b), b = gain sqrt(3 / fan), where `a` is the slope for the gain of leaky_relu.

    Source: He et al., 2015.
    """
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=2)
        return tensor
    bound = math.sqrt(3.0) * calculate_gain(nonlinearity, a) / math.sqrt(_calculate_correct_fan(tensor, mode))
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Tensor:
    """Fill from N(0, gain^2 / fan), where `a` is the slope for the gain of leaky_relu. Source: He et al., 2015."""
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=2)
        return tensor
    std = calculate_gain(nonlinearity, a) / math.sqrt(_calculate_correct_fan(tensor, mode))
    return normal_(tensor, 0.0, std, generator)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Any = None) -> Tensor:
    """Fill with an orthogonal matrix times `gain`; dimensions after the first count as one.

    Source: Saxe et al., 2013.
    """
    if tensor.ndim < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if tensor.numel() == 0:
        return tensor
    rows = tensor.shape[0]
    columns = tensor.numel() // rows
    q, r = np.linalg.qr(_normal((max(rows, columns), min(rows, columns)), generator))
    q *= np.sign(np.diag(r))  # makes q uniform: Mezzadri, 2006
    return _write(tensor, gain * (q.T if rows < columns else q))


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Any = None) -> Tensor:
    """Fill a matrix from N(0, std^2), and set that fraction of each column to zero. Source: Martens, 2010."""
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    values = std * _normal(tensor.shape, generator)
    order = np.argsort(_uniform(tensor.shape, 0.0, 1.0, generator), axis=0)
    np.put_along_axis(values, order[: math.ceil(sparsity * tensor.shape[0])], 0.0, axis=0)
    return _write(tensor, values)


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """How many inputs an output sees, and how many outputs an input reaches, for the weight of a layer."""
    if tensor.ndim < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def _calculate_correct_fan(tensor: Tensor, mode: str) -> int:
    modes = ["fan_in", "fan_out"]
    if mode.lower() not in modes:
        raise ValueError(f"Mode {mode.lower()} not supported, please use one of {modes}")
    return _calculate_fan_in_and_fan_out(tensor)[modes.index(mode.lower())]


def _uniform(shape: Any, low: float, high: float, generator: Any) -> np.ndarray:
    return np.asarray(empty(shape, dtype="float64").uniform_(low, high, generator=generator))


def _normal(shape: Any, generator: Any) -> np.ndarray:
    return np.asarray(empty(shape, dtype="float64").normal_(0.0, 1.0, generator=generator))


def _inside(values: np.ndarray, a: float, b: float, dtype: np.dtype) -> np.ndarray:
    """The values in a type, between bounds that are rounded inwards to that type."""
    low, high = np.asarray([a, b]).astype(dtype)
    return np.clip(values.astype(dtype), low, high)


def _write(tensor: Tensor, values: np.ndarray) -> Tensor:
    if _skipping.get():
        return tensor
    with no_grad():
        return tensor.copy_(as_tensor(values.reshape(tensor.shape).astype(tensor.dtype.numpy)))


def _old(name: str) -> Any:
    """An initialiser under the name it had before it ended in an underscore; it warns of that."""
    function = globals()[f"{name}_"]

    @functools.wraps(function)
    def renamed(*args: Any, **kwargs: Any) -> Tensor:
        message = f"`nn.init.{name}` is now deprecated in favor of `nn.init.{name}_`."
        warnings.warn(message, FutureWarning, stacklevel=2)
        result: Tensor = function(*args, **kwargs)
        return result

    renamed.__name__ = renamed.__qualname__ = name
    renamed.__doc__ = f"The old name of `{name}_`."
    return renamed


uniform, normal, constant, eye, dirac = map(_old, ("uniform", "normal", "constant", "eye", "dirac"))
xavier_uniform, xavier_normal = map(_old, ("xavier_uniform", "xavier_normal"))
kaiming_uniform, kaiming_normal = map(_old, ("kaiming_uniform", "kaiming_normal"))
orthogonal, sparse = map(_old, ("orthogonal", "sparse"))
