"""Discrete Fourier transforms beside PyTorch's."""

from __future__ import annotations

import random

import numpy as np
import pytest

import lamina
from tests.parity import compare, floats

DOUBLE = np.float64


def complexes(*shape, seed=0, dtype=np.complex128):
    return (floats(*shape, seed=seed, dtype=DOUBLE) + 1j * floats(*shape, seed=seed + 50, dtype=DOUBLE)).astype(dtype)


def numbers(name, *shape, seed=0):
    """What a transform takes: real or complex numbers."""
    take_real = ("rfft" in name and "irfft" not in name) or "ihfft" in name
    return floats(*shape, dtype=DOUBLE, seed=seed) if take_real else complexes(*shape, seed=seed)


ONE = ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"]


@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("seed", range(3))
def test_one_dimension(name, seed):
    choose = random.Random(f"{name} {seed}")
    options = {
        "n": choose.choice([None, 3, 5, 8]),
        "dim": choose.choice([-1, 0, 1]),
        "norm": (None, "ortho", "forward")[seed],
    }
    compare(lambda t, x: getattr(t.fft, name)(x, **options), numbers(name, 4, 5, seed=seed))


@pytest.mark.parametrize("name", [*(f"{name}2" for name in ONE), *(f"{name}n" for name in ONE)])
@pytest.mark.parametrize("seed", range(3))
def test_several_dimensions(name, seed):
    choose = random.Random(f"{name} {seed}")
    s = choose.choice([None, (3, 4), (5, 5), (2, -1)])
    options = {"s": s, "norm": choose.choice([None, "backward", "ortho", "forward"])}
    if seed:
        options["dim"] = choose.choice([(0, 1), (-1, 0), (2, 1)])
    compare(lambda t, x: getattr(t.fft, name)(x, **options), numbers(name, 3, 4, 5, seed=seed))


def test_all_dimensions_and_more_than_three():
    compare(lambda t, x: (t.fft.fftn(x), t.fft.ifftn(x, dim=(0, 1, 2, 3))), complexes(2, 3, 2, 3))
    compare(lambda t, x: t.fft.rfftn(x), floats(2, 3, 2, 3))
    compare(lambda t, x: t.fft.fftn(x, dim=()), complexes(2, 3))
    compare(lambda t, x: t.fft.fftn(x), np.asarray(2.0, np.float32))


def test_types():
    compare(lambda t, x: (t.fft.fft(x), t.fft.rfft(x)), floats(3, 4))
    compare(lambda t, x: (t.fft.fft(x), t.fft.rfft(x), t.fft.irfft(x)), np.arange(6))
    compare(lambda t, x: t.fft.fft(x), np.array([True, False]))
    compare(lambda t, x: t.fft.ifft2(x), complexes(3, 4, dtype=np.complex64))
    compare(lambda t, x: t.fft.fft(x), floats(4).astype(np.float16))


@pytest.mark.parametrize(
    "call",
    [
        lambda t, x: t.fft.fft(x, n=0),
        lambda t, x: t.fft.fft(x, dim=2),
        lambda t, x: t.fft.fft(x, norm="half"),
        lambda t, x: t.fft.fftn(x, dim=(0, 0)),
        lambda t, x: t.fft.fftn(x, s=(1, 2), dim=(0,)),
        lambda t, x: t.fft.fftn(x, s=(1, 2, 3)),
        lambda t, x: t.fft.rfft(x + 0j),
        lambda t, x: t.fft.ihfft(x + 0j),
        lambda t, x: t.fft.rfftn(x + 0j),
        lambda t, x: t.fft.rfftn(x, dim=()),
        lambda t, x: t.fft.irfftn(x, dim=()),
        lambda t, x: t.fft.irfft(x[:, :1]),
        lambda t, x: t.fft.fft(x[0, 0]),
    ],
)
def test_refuses(call):
    compare(call, floats(3, 4))


def test_says_what_is_wrong():
    with pytest.raises(RuntimeError, match=r"^rfft expects a real input tensor, but got ComplexFloat$"):
        lamina.fft.rfft(lamina.ones(3, dtype=lamina.complex64))
    with pytest.raises(RuntimeError, match=r"^Invalid number of data points \(0\) specified$"):
        lamina.fft.fft(lamina.ones(3), n=0)


@pytest.mark.parametrize("n", [4, 5])
def test_order_of_frequencies(n):
    compare(lambda t, x: (t.fft.fftshift(x), t.fft.ifftshift(x), t.fft.fftshift(x, dim=0)), floats(3, n))
    compare(lambda t, x: t.fft.ifftshift(x, dim=(1,)), floats(3, n))
    compare(lambda t: (t.fft.fftfreq(n), t.fft.fftfreq(n, 0.5, dtype=t.float64), t.fft.rfftfreq(n, d=2.0)))


def test_no_frequencies():
    compare(lambda t: (t.fft.fftfreq(0), t.fft.fftfreq(3, d=0.0), t.fft.fftfreq(1), t.fft.rfftfreq(1)))
    compare(lambda t: t.fft.fftfreq(-1))
    compare(lambda t: t.fft.fftfreq(4, dtype=t.int64))
    compare(lambda t, x: t.fft.fftfreq(4, out=x), floats(4), grad=False)


@pytest.mark.parametrize("name", [*ONE, *(f"{name}n" for name in ONE)])
def test_names_of_gradients(name):
    compare(lambda t, x: getattr(t.fft, name)(x).grad_fn.name(), numbers(name, 3, 4))


def test_differentiated_twice():
    def call(t, x):
        (first,) = t.autograd.grad(t.fft.rfft(x).abs().square().sum(), x, create_graph=True)
        return t.autograd.grad((first * first).sum(), x)

    compare(call, floats(5, dtype=DOUBLE))
