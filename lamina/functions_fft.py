"""Short-time Fourier transforms and their inverse, and which frequencies a transform has."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamina import creation, dtypes, functions
from lamina.binding import write_out
from lamina.tensor import Tensor

PUBLIC = {
    "stft": "lamina Tensor",
    "istft": "lamina Tensor",
    "fftfreq": "fft",
    "rfftfreq": "fft",
}
"""Where users find each function."""


def _check_window(name: str, window: Any, win_length: int) -> None:
    if window is not None and tuple(window.shape) != (win_length,):
        raise RuntimeError(f"{name}: window must be ({win_length},), as win_length says, got {tuple(window.shape)}.")


def _check_sizes(name: str, n_fft: int, hop_length: int, win_length: int) -> None:
    if hop_length <= 0 or (name == "istft" and hop_length > win_length):
        most = " and at most win_length" if name == "istft" else ""
        raise RuntimeError(f"{name}: hop_length must be positive{most}, got {hop_length}.")
    if not 0 < win_length <= n_fft:
        raise RuntimeError(f"{name}: win_length must be from 1 to n_fft, {n_fft}, got {win_length}.")


def stft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> Tensor:
    """The Fourier transforms of windows of n_fft elements, hop_length apart: (L,) or (B, L) -> (F, T) or (B, F, T).

    Args:
        hop_length, win_length: default: n_fft // 4, n_fft.
        window: what each window is multiplied with, (win_length,), in the middle of zeros; default: ones.
        center: whether the middle of window t is at t hop_length: then the signal is padded as `pad_mode` says.
        normalized: whether to divide by the root of n_fft.
        onesided: whether F is n_fft // 2 + 1, not n_fft; default: for real signals and windows.
        return_complex: False: real and imaginary parts, as a last dimension.
        align_to_window: without center: whether the first window starts at the signal's start, not the zeros before it.

    >>> import lamina
    >>> lamina.stft(lamina.ones(16), 8, window=lamina.hann_window(8), return_complex=True).shape
    lamina.Size([5, 9])
    """
    if center and align_to_window is not None:
        raise RuntimeError("stft: align_to_window must not be given with center=True.")
    hop = n_fft // 4 if hop_length is None else hop_length
    length = n_fft if win_length is None else win_length
    if input.ndim not in (1, 2):
        raise RuntimeError(f"stft: input must be (L,) or (B, L), got {tuple(input.shape)}.")
    if not input.dtype.is_floating_point and not input.dtype.is_complex:
        raise RuntimeError(f"stft: input must have a floating point or complex dtype, got {input.dtype}.")
    is_complex = input.dtype.is_complex or (window is not None and window.dtype.is_complex)
    if return_complex is None:
        if not is_complex:
            raise RuntimeError("stft: return_complex must be given for real signals.")
        return_complex = True
    onesided = not is_complex if onesided is None else onesided
    if onesided and is_complex:
        raise RuntimeError("stft: onesided must not be True for complex signals or windows.")
    if center:
        side = [n_fft // 2] * 2
        input = functions.pad(input[None, None] if input.ndim == 1 else input[None], side, pad_mode).reshape(
            *input.shape[:-1], -1
        )
    elif align_to_window:
        left = (n_fft - length) // 2
        input = functions.pad(input, [left, n_fft - length - left])
    if not 0 < n_fft <= input.shape[-1]:
        raise RuntimeError(f"stft: n_fft must be from 1 to the signal's length, {input.shape[-1]}, got {n_fft}.")
    _check_sizes("stft", n_fft, hop, length)
    _check_window("stft", window, length)
    result = functions.stft_of(input, window, n_fft, hop, length, normalized, onesided)
    return result if return_complex else functions.stack([result.real, result.imag], -1)


def istft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: int | None = None,
    return_complex: bool = False,
) -> Tensor:
    """The signal of which `stft` with the same arguments gives the input: (F, T) or (B, F, T) -> (L,) or (B, L).

    Windows are added up and divided by the sum of their squares; where that is 0 the result is nan or infinite.

    Args:
        length: of the result; default: what is between the middles of the first and last window.
        return_complex: whether the signal is complex.

    >>> import lamina
    >>> x, window = lamina.arange(8.), lamina.hann_window(4)
    >>> lamina.istft(lamina.stft(x, 4, window=window, return_complex=True), 4, window=window).shape
    lamina.Size([8])
    """
    hop = n_fft // 4 if hop_length is None else hop_length
    width = n_fft if win_length is None else win_length
    if not input.dtype.is_complex:
        raise RuntimeError(f"istft: input must be complex, as from stft with return_complex=True, got {input.dtype}.")
    if input.numel() == 0:
        raise RuntimeError(f"istft: input must not be empty, got {tuple(input.shape)}.")
    if input.ndim not in (2, 3):
        raise RuntimeError(f"istft: input must be (F, T) or (B, F, T), got {tuple(input.shape)}.")
    rows = input.shape[-2]
    onesided = rows != n_fft if onesided is None else onesided
    if rows != (n_fft // 2 + 1 if onesided else n_fft):
        raise RuntimeError(
            f"istft: input must have {n_fft // 2 + 1 if onesided else n_fft} rows with n_fft={n_fft}, "
            f"onesided={onesided}, got {tuple(input.shape)}."
        )
    _check_sizes("istft", n_fft, hop, width)
    _check_window("istft", window, width)
    if return_complex and onesided:
        raise RuntimeError("istft: onesided must not be True for complex signals or windows.")
    if not return_complex and window is not None and window.dtype.is_complex:
        raise RuntimeError("istft: a complex window needs return_complex=True.")
    return functions.istft_of(input, window, n_fft, hop, width, center, normalized, length, return_complex)


def _frequencies(name: str, n: int, d: float, place: Any, out: Any, dtype: Any, **options: Any) -> Tensor:
    dtype = dtypes.get_default_dtype() if dtype is None else dtypes.of(dtype)
    if not dtype.is_floating_point and not dtype.is_complex:
        raise RuntimeError(f"{name} requires a floating point or complex dtype")
    if n < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
    with np.errstate(all="ignore"):
        result = creation.tensor(place * (np.float64(1) / np.float64(n * d)), dtype=dtype, **options)
    return result if out is None else write_out(out, result)


def fftfreq(
    n: int, d: float = 1.0, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False
) -> Tensor:  # fmt: skip
    """The frequencies of `fft` of n samples taken every d: [0, 1, ..., -2, -1] / (n d).

    >>> import lamina
    >>> lamina.fft.fftfreq(4)
    tensor([ 0.0000,  0.2500, -0.5000, -0.2500])
    """
    place = np.concatenate([np.arange((n + 1) // 2), np.arange(-(n // 2), 0)]) if n > 0 else np.zeros(0)
    return _frequencies("fftfreq", n, d, place, out, dtype, device=device, requires_grad=requires_grad)


def rfftfreq(
    n: int, d: float = 1.0, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False
) -> Tensor:  # fmt: skip
    """The frequencies of `rfft` of n samples taken every d: [0, 1, ..., n // 2] / (n d).

    >>> import lamina
    >>> lamina.fft.rfftfreq(4)
    tensor([0.0000, 0.2500, 0.5000])
    """
    place = np.arange(max(n // 2 + 1, 0))
    return _frequencies("rfftfreq", n, d, place, out, dtype, device=device, requires_grad=requires_grad)
