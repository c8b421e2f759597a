"""Short-time Fourier transforms beside PyTorch's."""

from __future__ import annotations

import random

import numpy as np
import pytest

import lamina
from tests.parity import compare, floats

DOUBLE = np.float64


def window(n, dtype=DOUBLE):
    return np.hanning(n + 2)[1:-1].astype(dtype)


@pytest.mark.parametrize("seed", range(8))
def test_stft(seed):
    choose = random.Random(seed)
    n_fft = choose.choice([6, 8])
    win_length = choose.choice([None, n_fft, 5])
    center = choose.random() < 0.5
    options = {
        "hop_length": choose.choice([None, 1, 3, 4, 7]),
        "win_length": win_length,
        "center": center,
        "pad_mode": choose.choice(["reflect", "constant", "replicate", "circular"]),
        "normalized": choose.random() < 0.5,
        "onesided": choose.choice([None, True, False]),
        "return_complex": choose.random() < 0.7,
        "align_to_window": None if center else choose.choice([None, False]),
    }
    shape = choose.choice([(20,), (2, 23)])
    given = window(win_length or n_fft) if choose.random() < 0.7 else None
    compare(lambda t, x, w: t.stft(x, n_fft, window=w, **options), floats(*shape, dtype=DOUBLE, seed=seed), given)


def test_windows_that_start_with_the_signal():
    options = {"center": False, "align_to_window": True, "return_complex": True}
    compare(lambda t, x, w: t.stft(x, 8, 3, 6, w, **options), floats(20, dtype=DOUBLE), window(6))


def test_complex_signals():
    x = floats(20, dtype=DOUBLE) + 1j * floats(20, dtype=DOUBLE, seed=1)
    compare(lambda t, x, w: t.stft(x, 8, 2, window=w), x, window(8))
    compare(lambda t, x, w: t.stft(x.real, 8, 2, window=w + 0j, return_complex=True), x, window(8))
    compare(lambda t, x: t.stft(x, 8, onesided=True), x)


@pytest.mark.parametrize(("n_fft", "hop"), [(128, 1), (12, 5)])
def test_many_pieces_are_gathered(n_fft, hop):
    compare(lambda t, x: t.stft(x, n_fft, hop, return_complex=True), floats(150, dtype=DOUBLE))


@pytest.mark.parametrize("seed", range(6))
def test_istft(seed):
    choose = random.Random(f"inverse {seed}")
    n_fft = choose.choice([6, 8])
    onesided = choose.random() < 0.5
    options = {
        "hop_length": choose.choice([None, 2, 3]),
        "win_length": choose.choice([None, n_fft]),
        "center": choose.random() < 0.6,
        "normalized": choose.random() < 0.5,
        "onesided": choose.choice([None, onesided]),
        "length": choose.choice([None, 9, 40]),
        "return_complex": not onesided and choose.random() < 0.7,
    }
    shape = choose.choice([(), (2,)])
    rows = n_fft // 2 + 1 if onesided else n_fft
    x = floats(*shape, rows, 6, dtype=DOUBLE, seed=seed) + 1j * floats(*shape, rows, 6, dtype=DOUBLE, seed=seed + 9)
    given = window(n_fft) if seed % 3 else None
    compare(lambda t, x, w: t.istft(x, n_fft, window=w, **options), x, given)


def test_there_and_back():
    def call(t, x, w):
        return t.istft(t.stft(x, 8, 2, window=w, return_complex=True), 8, 2, window=w, length=20)

    compare(call, floats(3, 20), window(8, np.float32), rtol=1e-4, atol=1e-5)
    compare(lambda t, x: x.stft(4, return_complex=True).istft(4), floats(20), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "call",
    [
        lambda t, x: t.stft(x, 8),
        lambda t, x: t.stft(x, 80, center=False, return_complex=True),
        lambda t, x: t.stft(x, 80, return_complex=True),
        lambda t, x: t.stft(x, 8, 0, return_complex=True),
        lambda t, x: t.stft(x, 8, win_length=9, return_complex=True),
        lambda t, x: t.stft(x, 8, window=x, return_complex=True),
        lambda t, x: t.stft(x.long(), 8, center=False, return_complex=True),
        lambda t, x: t.stft(x[None, None], 8, return_complex=True),
        lambda t, x: t.stft(x, 8, align_to_window=True, return_complex=True),
        lambda t, x: t.istft(x, 8),
        lambda t, x: t.istft(x[:15].reshape(5, 3) + 0j, 8, 9),
        lambda t, x: t.istft(x[:15].reshape(5, 3) + 0j, 8, win_length=9),
        lambda t, x: t.istft(x[:15].reshape(5, 3) + 0j, 8, window=x),
        lambda t, x: t.istft(x[:15].reshape(5, 3) + 0j, 8, onesided=False),
        lambda t, x: t.istft(x[:15].reshape(5, 3) + 0j, 8, return_complex=True),
        lambda t, x: t.istft(x[:15].reshape(5, 3) + 0j, 8, window=x[:8] + 0j),
    ],
)
def test_refuses(call):
    compare(call, floats(20))


def test_says_what_is_wrong():
    with pytest.raises(RuntimeError) as caught:
        lamina.stft(lamina.ones(20), 8, window=lamina.ones(6), return_complex=True)
    assert str(caught.value) == "stft: window must be (8,), as win_length says, got (6,)."
    with pytest.raises(RuntimeError) as caught:
        lamina.istft(lamina.ones(4, 3) + 0j, 8)
    assert str(caught.value) == "istft: input must have 5 rows with n_fft=8, onesided=True, got (4, 3)."


def test_where_no_window_reaches_the_signal_is_not_a_number():
    """PyTorch reads the windows and raises; here values come later."""
    w = lamina.tensor([0.0, 1.0, 1.0, 1.0])
    x = lamina.istft(lamina.ones(3, 4) + 0j, 4, 4, window=w, center=False)
    assert not lamina.isfinite(x)[::4].any()
