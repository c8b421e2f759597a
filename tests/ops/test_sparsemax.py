"""Sparsemax beside its definition by a sort, written out in PyTorch: PyTorch itself has none."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lamina
from tests.parity import floats


def definition(x, dim):
    """Algorithm 1 of Martins and Astudillo."""
    x = x.movedim(dim, -1)
    ordered = x.sort(dim=-1, descending=True).values
    sums = ordered.cumsum(-1)
    count = torch.arange(1, x.shape[-1] + 1)
    k = (1 + count * ordered > sums).sum(-1, keepdim=True)
    return (x - (sums.gather(-1, k - 1) - 1) / k).clamp_min(0).movedim(-1, dim)


@pytest.mark.parametrize("dim", [0, 1, -1])
@pytest.mark.parametrize("scale", [0.1, 1.0, 30.0])
def test_beside_the_definition(dim, scale):
    values, cotangent = floats(4, 50, 3, dtype=np.float64, scale=scale), floats(4, 50, 3, dtype=np.float64, seed=1)
    x, y = torch.tensor(values, requires_grad=True), lamina.tensor(values, requires_grad=True)
    expected, actual = definition(x, dim), lamina.nn.functional.contrib_sparsemax(y, dim)
    expected.backward(torch.tensor(cotangent))
    actual.backward(lamina.tensor(cotangent))
    np.testing.assert_allclose(actual.detach().numpy(), expected.detach().numpy(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(actual.detach().numpy().sum(dim), 1, rtol=1e-9)
    np.testing.assert_allclose(y.grad.numpy(), x.grad.numpy(), rtol=1e-9, atol=1e-12)


def test_known_results():
    f = lamina.nn.functional.contrib_sparsemax
    for values, expected in (
        ([0.0, 0.0], [0.5, 0.5]),
        ([1.0, 0.5, -1.0], [0.75, 0.25, 0.0]),
        ([5.0, 0.0], [1.0, 0.0]),
        ([3.0, 3.0, 0.0, -1e30], [0.5, 0.5, 0.0, 0.0]),
        ([7.0], [1.0]),
        ([1.0, -float("inf")], [1.0, 0.0]),
    ):
        assert f(lamina.tensor(values)).tolist() == expected
    assert f(lamina.tensor([0.0, float("nan")])).isnan().all()


def test_other_arrays():
    f = lamina.nn.functional.contrib_sparsemax
    assert f(lamina.tensor(3.0)).item() == 1
    assert f(lamina.zeros(2, 0)).shape == (2, 0)
    for dtype in (lamina.float16, lamina.bfloat16):
        x = lamina.tensor(floats(3, 8)).to(dtype)
        assert f(x).dtype is dtype
        np.testing.assert_allclose(f(x).float().numpy(), f(x.float()).numpy(), atol=4e-3)


def test_messages():
    f = lamina.nn.functional.contrib_sparsemax
    for call, kind, text in (
        (lambda: f(lamina.ones(2), 1), IndexError,
         "Dimension out of range (expected to be in range of [-1, 0], but got 1)"),
        (lambda: f(lamina.tensor([1, 2])), NotImplementedError, "\"contrib_sparsemax\" not implemented for 'Long'"),
    ):  # fmt: skip
        with pytest.raises(kind) as caught:
            call()
        assert str(caught.value) == text
