"""Fourier transforms of windows that slide over a signal, and back."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops.op import Array, op
from lamina.ops.operands import is_complex

_MOST_SLICES = 64


def _frames(signal: Array, size: int, hop: int) -> Array:
    """(*, L) -> (*, T, size): all windows of `size`, `hop` apart.

    Windows are made of pieces that hop and size are multiples of: slices, whose gradient is slices too. Only where that
    would be many, elements are gathered.
    """
    count = (signal.shape[-1] - size) // hop + 1
    piece = math.gcd(size, hop)
    pieces, step = size // piece, hop // piece
    if pieces > _MOST_SLICES:
        place = np.arange(count)[:, None] * hop + np.arange(size)
        return signal.at[..., place].get(mode="promise_in_bounds")
    whole = ((count - 1) * step + pieces) * piece
    cut = lax.slice_in_dim(signal, 0, whole, axis=-1).reshape(*signal.shape[:-1], whole // piece, piece)
    last = (count - 1) * step + 1
    return jnp.concatenate([cut[..., k : k + last : step, :] for k in range(pieces)], -1)


def _overlapped(frames: Array, hop: int) -> Array:
    """(*, T, size) -> (*, L): frames added up where they overlap; what `_frames` does, transposed."""
    *batch, count, size = frames.shape
    signal = jax.ShapeDtypeStruct((*batch, size + hop * (count - 1)), frames.dtype)
    (total,) = jax.linear_transpose(lambda x: _frames(x, size, hop), signal)(frames)
    return total


def _window(window: Array | None, win_length: int, n_fft: int, dtype: np.dtype) -> Array:
    """The window in the middle of n_fft numbers."""
    shape = jnp.ones((win_length,), dtype) if window is None else window
    left = (n_fft - win_length) // 2
    return jnp.pad(shape, (left, n_fft - win_length - left))


@op("", grad_name="TransposeBackward0")
def stft_of(
    input: Array,
    window: Array | None,
    n_fft: int,
    hop_length: int,
    win_length: int,
    normalized: bool,
    onesided: bool,
) -> jax.Array:
    """Fourier transforms of windows. input (*, L), window (win_length,) or None -> (*, F, T)."""
    frames = _frames(input, n_fft, hop_length)
    if window is not None or win_length < n_fft:
        frames = frames * _window(window, win_length, n_fft, input.dtype)
    if onesided:
        result = lax.fft(frames, lax.FftType.RFFT, (n_fft,))
    else:
        wide = frames if is_complex(frames) else lax.complex(frames, jnp.zeros_like(frames))
        result = lax.fft(wide, lax.FftType.FFT, (n_fft,))
    if normalized:
        result = result * np.asarray(n_fft**-0.5, result.real.dtype)
    return result.mT


@op("", grad_name="DivBackward0")
def istft_of(
    input: Array,
    window: Array | None,
    n_fft: int,
    hop_length: int,
    win_length: int,
    center: bool,
    normalized: bool,
    length: int | None,
    return_complex: bool,
) -> jax.Array:
    """The signal with these transforms. input (*, F, T), window (win_length,) or None -> (*, L)."""
    spectra = input.mT
    if return_complex:
        frames = lax.fft(spectra, lax.FftType.IFFT, (n_fft,))
    else:
        frames = lax.fft(spectra[..., : n_fft // 2 + 1], lax.FftType.IRFFT, (n_fft,))
    if normalized:
        frames = frames * np.asarray(n_fft**0.5, frames.real.dtype)
    shape = _window(window, win_length, n_fft, input.real.dtype)
    total = _overlapped(frames * shape, hop_length)
    weight = _overlapped(jnp.broadcast_to(shape * shape, frames.shape[-2:]), hop_length)
    start = n_fft // 2 if center else 0
    end = total.shape[-1] - (n_fft // 2 if center else 0) if length is None else min(start + length, total.shape[-1])
    result = total[..., start:end] / weight[start:end]
    missing = 0 if length is None else length - result.shape[-1]
    return jnp.pad(result, [(0, 0)] * (result.ndim - 1) + [(0, missing)]) if missing > 0 else result
