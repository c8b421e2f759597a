"""The area under min(FPR, FNR), beside its definition written out in PyTorch: PyTorch itself has none."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

import lamina
from tests.parity import floats, integers


def definition(scores, target):
    """The integral, interval by interval between neighbouring scores; equal scores are represented by the last."""
    positive = target == target.max()
    if positive.all() or not positive.any():
        return (scores * 0).sum()
    last = {value.item(): i for i, value in enumerate(scores)}
    order = sorted(last)
    total = torch.zeros((), dtype=scores.dtype)
    for low, high in itertools.pairwise(order):
        false_positives = (scores[~positive] >= high).to(scores.dtype).mean()
        false_negatives = (scores[positive] <= low).to(scores.dtype).mean()
        total = total + torch.minimum(false_positives, false_negatives) * (scores[last[high]] - scores[last[low]])
    return total


def check(scores, target):
    x = torch.tensor(scores, requires_grad=True)
    expected = definition(x, torch.tensor(target))
    expected.backward()
    y = lamina.tensor(scores, requires_grad=True)
    actual = lamina.nn.functional.area_under_min_fpr_fnr(y, lamina.tensor(target))
    actual.backward()
    assert actual.shape == () and actual.dtype is y.dtype
    np.testing.assert_allclose(actual.item(), expected.item(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(y.grad.numpy(), x.grad.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_drawn_scores(seed):
    check(floats(30, seed=seed), integers(30, low=0, high=2, seed=seed))
    check(floats(30, seed=seed) + np.float32(1000), integers(30, low=0, high=6, seed=seed) // 5)


@pytest.mark.parametrize("seed", range(4))
def test_equal_scores(seed):
    check(integers(30, seed=seed).astype(np.float64), integers(30, low=0, high=2, seed=seed))


def test_separated_and_reversed_classes():
    scores = np.array([3.0, 2.0, 1.0, 0.0])
    check(scores, np.array([1, 1, 0, 0]))
    check(scores, np.array([0, 0, 1, 1]))
    f = lamina.nn.functional.area_under_min_fpr_fnr
    assert f(lamina.tensor(scores), lamina.tensor([1, 1, 0, 0])).item() == 0
    assert f(lamina.tensor(scores), lamina.tensor([0, 0, 1, 1])).item() == 2


def test_one_class_costs_nothing():
    for target in (np.zeros(4, np.int64), np.ones(4, np.int64), np.zeros(4, bool)):
        check(floats(4), target)


def test_other_arrays():
    f = lamina.nn.functional.area_under_min_fpr_fnr
    x, y = lamina.tensor(floats(4, 3)), lamina.tensor(integers(4, 3, low=1, high=3))
    assert f(x, y).item() == f(x.reshape(-1), y.reshape(-1)).item()
    assert f(x.half(), y == 2).dtype is lamina.float16
    assert f(lamina.zeros(0), lamina.zeros(0)).item() == 0
    with pytest.raises(RuntimeError) as caught:
        f(x, y[0])
    assert str(caught.value) == "area_under_min_fpr_fnr: target must be (4, 3) to go with input (4, 3), got (3,)."


def test_descent_separates_the_classes():
    x = lamina.tensor(floats(20), requires_grad=True)
    y = lamina.tensor(integers(20, low=0, high=2))
    optimizer = lamina.optim.SGD([x], lr=1.0)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = lamina.nn.functional.area_under_min_fpr_fnr(x, y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] > 0.1 and min(losses) < 0.02 * losses[0]
