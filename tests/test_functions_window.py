"""Windows beside PyTorch's."""

from __future__ import annotations

import pytest

import lamina
from tests.parity import compare

NAMES = ["bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window"]


@pytest.mark.parametrize("name", NAMES)
def test_windows(name):
    def call(t):
        window = getattr(t, name)
        return [window(n, periodic) for n in (0, 1, 2, 7, 8) for periodic in (True, False)]

    compare(call, rtol=1e-4, atol=1e-6)
    compare(lambda t: getattr(t, name)(9, dtype=t.float64, requires_grad=True), grad=False)
    compare(lambda t: getattr(t, name)(9, dtype=t.float16))
    compare(lambda t: getattr(t, name)(-1))
    compare(lambda t: getattr(t, name)(3, dtype=t.int64))
    compare(lambda t: getattr(t, name)(3, dtype=t.complex64))


def test_parameters():
    compare(lambda t: (t.hamming_window(5, True, 0.5, 0.4), t.hamming_window(5, False, 0.6)), rtol=1e-4)
    compare(lambda t: (t.kaiser_window(5, False, 3.0), t.kaiser_window(6, True, beta=1.0)), rtol=1e-4)


def test_says_what_is_wrong():
    with pytest.raises(RuntimeError) as caught:
        lamina.hann_window(-2)
    assert str(caught.value) == "hann_window: window_length must not be negative, got -2."
