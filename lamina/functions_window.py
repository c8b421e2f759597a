"""Windows: what a piece of a signal is multiplied with before its Fourier transform. NumPy makes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lamina import creation, dtypes
from lamina.tensor import Tensor

PUBLIC = {
    "bartlett_window": "lamina",
    "blackman_window": "lamina",
    "hamming_window": "lamina",
    "hann_window": "lamina",
    "kaiser_window": "lamina",
}
"""Where users find each function."""


def _window(
    name: str, shape: Callable[[np.ndarray], np.ndarray], window_length: int, periodic: bool, options: dict[str, Any]
) -> Tensor:
    """The values of `shape` at window_length places from 0 to 1; a periodic window leaves the last of one more out."""
    dtype = options.pop("dtype", None)
    dtype = dtypes.get_default_dtype() if dtype is None else dtypes.of(dtype)
    if dtype.is_complex:
        raise NotImplementedError(f"{name}: dtype must be floating point, got {dtype}.")
    if not dtype.is_floating_point:
        raise RuntimeError(f"{name}: dtype must be floating point, got {dtype}.")
    if window_length < 0:
        raise RuntimeError(f"{name}: window_length must not be negative, got {window_length}.")
    last = window_length if periodic else window_length - 1
    values = np.ones(window_length) if window_length <= 1 else shape(np.arange(window_length) / last)
    return creation.tensor(values, dtype=dtype, **options)


def _cosines(*factors: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda place: sum(
        ((-1) ** k * factor * np.cos(2 * np.pi * k * place) for k, factor in enumerate(factors)), np.zeros(())
    )


def bartlett_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False
) -> Tensor:  # fmt: skip
    """A triangle: 1 - |2 n / N - 1| at n, N = window_length if periodic, else window_length - 1."""
    options = {"dtype": dtype, "device": device, "requires_grad": requires_grad}
    return _window("bartlett_window", lambda place: 1 - np.abs(2 * place - 1), window_length, periodic, options)


def blackman_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False
) -> Tensor:  # fmt: skip
    """0.42 - 0.5 cos(2 pi n / N) + 0.08 cos(4 pi n / N) at n, N = window_length if periodic, else window_length - 1."""
    options = {"dtype": dtype, "device": device, "requires_grad": requires_grad}
    return _window("blackman_window", _cosines(0.42, 0.5, 0.08), window_length, periodic, options)


def hamming_window(
    window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, *, dtype: Any = None,
    layout: Any = None, device: Any = None, pin_memory: bool = False, requires_grad: bool = False
) -> Tensor:  # fmt: skip
    """alpha - beta cos(2 pi n / N) at n, N = window_length if periodic, else window_length - 1."""
    options = {"dtype": dtype, "device": device, "requires_grad": requires_grad}
    return _window("hamming_window", _cosines(alpha, beta), window_length, periodic, options)


def hann_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False
) -> Tensor:  # fmt: skip
    """sin(pi n / N)^2 at n, N = window_length if periodic, else window_length - 1.

    >>> import lamina
    >>> lamina.hann_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    options = {"dtype": dtype, "device": device, "requires_grad": requires_grad}
    return _window("hann_window", _cosines(0.5, 0.5), window_length, periodic, options)


def kaiser_window(
    window_length: int, periodic: bool = True, beta: float = 12.0, *, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False
) -> Tensor:  # fmt: skip
    """I0(beta sqrt(1 - (2 n / N - 1)^2)) / I0(beta) at n, N = window_length if periodic, else window_length - 1."""
    options = {"dtype": dtype, "device": device, "requires_grad": requires_grad}

    def shape(place: np.ndarray) -> np.ndarray:
        height: np.ndarray = np.i0(beta * np.sqrt(np.maximum(1 - (2 * place - 1) ** 2, 0))) / np.i0(beta)
        return height

    return _window("kaiser_window", shape, window_length, periodic, options)
