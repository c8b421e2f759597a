"""Real and imaginary parts, other types and copies against PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

from tests.parity import compare, floats, integers

# Complex numbers


def test_complex():
    x, y = floats(3, 4) + 1j * floats(3, 4, seed=1), floats(4) + 1j * floats(4, seed=2)
    x, y = x.astype(np.complex64), y.astype(np.complex64)
    compare(lambda t, x, y: (x + y, x - y, x * y, x / y, x + 2, x * 1.5, -x), x, y, grad=False, rtol=1e-4, atol=1e-5)
    compare(
        lambda t, x: (t.abs(x), t.angle(x), t.real(x), t.imag(x), t.conj(x) + 0), x, grad=False, rtol=1e-4, atol=1e-5
    )
    compare(lambda t, x: (t.exp(x), t.sin(x), t.sqrt(x), t.tanh(x), t.sgn(x)), x, grad=False, rtol=1e-4, atol=1e-5)
    compare(lambda t, x, y: (x == y, x != x, t.isnan(x)), x, y, grad=False)
    compare(lambda t, x: (t.real(x), t.conj(x), t.angle(x)), floats(3), grad=False)


def test_imag_of_real_numbers_raises():
    compare(lambda t, x: t.imag(x), floats(3))


# Copies


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16", "int32", "bool", "complex64"])
def test_to_dtype(dtype):
    compare(lambda t, x: x.to(getattr(t, dtype)) * 1, floats(3, 4, scale=3.0), grad=dtype not in ("int32", "bool"))
    compare(lambda t, x: x.to(getattr(t, dtype)), integers(3, 4))


def test_clone_has_its_own_memory():
    def write(t, x):
        y = x.detach().clone()
        y.add_(1)
        return x * 1, y

    compare(write, floats(3))
