"""Distances and similarities beside PyTorch's."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lamina
from tests.parity import compare, floats, integers


def test_cosine_similarity():
    compare(lambda t, x, y: t.cosine_similarity(x, y), floats(4, 3), floats(4, 3, seed=1))
    compare(lambda t, x, y: t.nn.functional.cosine_similarity(x, y, dim=-1), floats(4, 1, 3), floats(2, 3))
    compare(
        lambda t, x, y: t.cosine_similarity(x, y, 0), floats(4, 3, dtype=np.float64), floats(4, 3), rtol=1e-5, atol=1e-6
    )
    compare(lambda t, x, y: t.cosine_similarity(x, y), floats(4, 3), integers(4, 3))
    compare(lambda t, x, y: t.cosine_similarity(x, y, dim=0), floats(), floats(seed=1))
    compare(lambda t, x, y: t.cosine_similarity(x, y), floats(2, 0), floats(2, 0))


def test_cosine_similarity_of_short_vectors():
    """The gradient of the norm passes the bound, and is 0 at 0."""
    compare(lambda t, x, y: t.cosine_similarity(x, y, eps=0.5), floats(4, 3) * 0.1, floats(4, 3, seed=1))
    compare(lambda t, x, y: t.cosine_similarity(x, y), np.zeros((2, 3), np.float32), floats(2, 3))


@pytest.mark.parametrize("p", [0.5, 1, 2, 3.0, math.inf, -math.inf, -1.5])
def test_pairwise_distance(p):
    compare(lambda t, x, y: t.pairwise_distance(x, y, p), floats(4, 3), floats(4, 3, seed=1))
    compare(lambda t, x, y: t.nn.functional.pairwise_distance(x, y, p, 1e-3, True), floats(4, 1, 3), floats(2, 3))


def test_pairwise_distance_of_other_arrays():
    compare(lambda t, x, y: t.pairwise_distance(x, y, 0.0), floats(4, 3), floats(4, 3, seed=1), grad=False)
    compare(lambda t, x, y: t.pairwise_distance(x, y), floats(), floats(seed=1))
    compare(lambda t, x, y: t.pairwise_distance(x, y), floats(3), floats(3))
    compare(lambda t, x, y: t.pairwise_distance(x, y), floats(4, 3), floats(4, 3, dtype=np.float64))
    compare(lambda t, x, y: t.pairwise_distance(x, y), integers(4, 3), integers(4, 3, seed=1))
    compare(lambda t, x, y: t.pairwise_distance(x, y), floats(2, 3), floats(2, 4))


@pytest.mark.parametrize("p", [0, 0.5, 1, 1.5, 2, 3, math.inf])
def test_pdist(p):
    x = floats(5, 3)
    x[3], x[4, :2] = x[1], x[0, :2]  # equal rows, and rows that differ in one place
    compare(lambda t, x: t.pdist(x, p), x, rtol=1e-4, atol=1e-5)
    compare(lambda t, x: t.nn.functional.pdist(x.double(), p), np.array([[0, 0, 0], [1, 1, -1], [2, 1, 0]], np.float32))


def test_pdist_of_few_rows():
    compare(lambda t, x: t.pdist(x), floats(1, 3))
    compare(lambda t, x: t.pdist(x), floats(0, 3), grad=False)  # PyTorch's gradient crashes
    compare(lambda t, x: t.pdist(x), floats(3, 0))
    compare(lambda t, x: t.pdist(x, 3.0), floats(2, 3))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_types(dtype):
    for name in ("cosine_similarity", "pairwise_distance"):
        compare(lambda t, x, y, n=name: getattr(t, n)(x.to(getattr(t, dtype)), y.to(getattr(t, dtype))),
                floats(4, 3), floats(4, 3, seed=1), rtol=2e-2, atol=2e-2)  # fmt: skip
    x = lamina.tensor(floats(4, 3)).to(getattr(lamina, dtype))
    distances = lamina.pdist(x)
    assert distances.dtype is x.dtype
    np.testing.assert_allclose(distances.float().numpy(), lamina.pdist(x.float()).numpy(), rtol=1e-2)


def test_second_derivatives_of_pdist():
    """PyTorch has none; here they are those of the norm."""
    x = lamina.tensor(floats(3, 2, dtype=np.float64), requires_grad=True)

    def second(distances):
        (gradient,) = lamina.autograd.grad((distances(x) ** 2).sum(), x, create_graph=True)
        (result,) = lamina.autograd.grad((gradient**2).sum(), x)
        return result.numpy()

    first, other = [0, 0, 1], [1, 2, 2]
    np.testing.assert_allclose(second(lamina.pdist), second(lambda x: (x[first] - x[other]).norm(dim=1)), rtol=1e-9)


ERRORS = [
    (lambda t: t.pdist(t.ones(3)), RuntimeError, "pdist only supports 2D tensors, got: 1D"),
    (lambda t: t.pdist(t.ones(3, 2), -1), RuntimeError, "pdist only supports non-negative p values"),
    (lambda t: t.pdist(t.tensor([[1, 2]])), RuntimeError, "pdist only supports floating-point dtypes"),
    (lambda t: t.cosine_similarity(t.tensor([[1]]), t.tensor([[2]])), RuntimeError,
     "expected common dtype to be floating point, yet common dtype is Long"),
    (lambda t: t.cosine_similarity(t.ones(3), t.ones(3)), IndexError,
     "Dimension out of range (expected to be in range of [-1, 0], but got 1)"),
    (lambda t: t.cosine_similarity(t.ones(4, 2), t.ones(2, 3)), RuntimeError,
     "The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 1"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "text"), ERRORS)
def test_messages(call, kind, text):
    compare(call)
    with pytest.raises(kind) as caught:
        call(lamina)
    assert str(caught.value) == text
