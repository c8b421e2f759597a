"""Norms over all dimensions but one, and weights by length and direction, against PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lamina
from tests.parity import compare, floats


@pytest.mark.parametrize("dim", [0, 1, 2, -1, -2])
@pytest.mark.parametrize("pow", [1, 2])
def test_norm_except_dim(dim, pow):
    compare(lambda t, v: t.norm_except_dim(v, pow, dim), floats(2, 3, 4))


@pytest.mark.parametrize("dim", [0, 2, -1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weight_norm(dim, dtype):
    def call(t, v):
        g = t.norm_except_dim(v, 2, dim) * 2
        return torch._weight_norm(v, g, dim) if t is torch else lamina.functions.weight_norm(v, g, dim)

    compare(call, floats(2, 3, 4, dtype=dtype))


def test_vectors():
    compare(lambda t, v: t.norm_except_dim(v), floats(3))
