"""New parameters are written over the old ones, which XLA does not copy first."""

from __future__ import annotations

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lamina
from lamina import nn, optim
from lamina.engine import compile_options, lower
from lamina.engine.overwrite import Readers, after


class NoReaders(Readers):
    def note(self, slots, gradients):
        """Forget them."""


def copies(monkeypatch, width):
    """The shapes of inputs that the programs of a training step copy."""
    texts = []
    compiled = compile_options.compiled

    def keep(traced, device):
        found = compiled(traced, device)
        texts.append(found.as_text())
        return found

    monkeypatch.setattr(compile_options, "compiled", keep)
    net = nn.Sequential(nn.Linear(40, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 8))
    optimizer = optim.Adam(net.parameters())
    x = lamina.randn(16, 40)
    for _ in range(4):
        optimizer.zero_grad()
        net(x).square().mean().backward()
        optimizer.step()
    lamina.synchronize()
    return [shape for text in texts for shape in re.findall(r"= f32\[([\d,]*)\]\S* copy\(%?arg", text)]


def test_weights_are_not_copied(monkeypatch):
    assert "203,203" not in copies(monkeypatch, 203)


def test_without_readers_they_are(monkeypatch):
    """The test above can fail: should XLA cease to copy them by itself, `overwrite.py` can go."""
    monkeypatch.setattr(lower, "Readers", NoReaders)
    assert "205,205" in copies(monkeypatch, 205)


@pytest.mark.parametrize("dtype", [np.float16, jnp.bfloat16, np.float32, np.float64])
def test_it_is_the_array_itself_whatever_it_follows(dtype):
    x = jnp.array([[1.0, np.nan, -0.0], [np.inf, -np.inf, 5e-324]], np.float32)
    with jax.enable_x64(True):
        for first in (0.0, -0.0, 1.0, np.nan, np.inf, -np.inf):
            other = jnp.full((2, 2), first, dtype)
            found = jax.jit(lambda x, other: after(x, [other, other + 1]))(x, other)
            assert found.dtype == x.dtype
            assert np.asarray(found).tobytes() == np.asarray(x).tobytes()
