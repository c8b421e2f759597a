"""Losses with a margin as layers, beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lamina
from lamina import nn
from tests.parity import compare_modules, floats, integers, positives

REDUCTIONS = ["mean", "sum", "none"]
SIGNS = np.array([1, -1, 1, -1])


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_of_pairs(reduction):
    x, y = floats(4, 3), floats(4, 3, seed=1)
    compare_modules(lambda nn: nn.MarginRankingLoss(0.5, reduction=reduction), x[:, 0], y[:, 0], SIGNS)
    compare_modules(lambda nn: nn.CosineEmbeddingLoss(0.2, reduction=reduction), x, y, SIGNS)
    compare_modules(lambda nn: nn.HingeEmbeddingLoss(0.7, reduction=reduction), x[:, 0], SIGNS)
    compare_modules(lambda nn: nn.SoftMarginLoss(reduction=reduction), x[:, 0], SIGNS)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_of_labels(reduction):
    x = floats(4, 3)
    labels = np.array([[0, -1, 2], [1, 2, -1], [-1, 0, 0], [2, 1, 0]])
    compare_modules(lambda nn: nn.MultiLabelMarginLoss(reduction=reduction), x, labels)
    compare_modules(lambda nn: nn.MultiLabelSoftMarginLoss(reduction=reduction), x, (labels > 0).astype(np.int64))
    compare_modules(lambda nn: nn.MultiMarginLoss(2, 0.5, reduction=reduction), x, integers(4, low=0, high=3))


def test_weights_are_buffers():
    ones = lambda module: (lamina if module is nn else torch).ones(3)  # noqa: E731
    compare_modules(lambda nn: nn.MultiMarginLoss(weight=ones(nn) * 2), floats(4, 3), integers(4, low=0, high=3))
    compare_modules(
        lambda nn: nn.MultiLabelSoftMarginLoss(ones(nn) * 2), floats(4, 3), positives(4, 3, high=1), rtol=1e-4
    )


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_of_triplets(reduction):
    xs = floats(4, 3), floats(4, 3, seed=1), floats(4, 3, seed=2)
    compare_modules(lambda nn: nn.TripletMarginLoss(reduction=reduction), *xs)
    compare_modules(lambda nn: nn.TripletMarginLoss(0.5, 3, 1e-3, True, reduction=reduction), *xs)
    compare_modules(lambda nn: nn.TripletMarginWithDistanceLoss(reduction=reduction), *xs)
    compare_modules(
        lambda nn: nn.TripletMarginWithDistanceLoss(
            distance_function=lambda x, y: 1 - nn.CosineSimilarity()(x, y), margin=0.5, swap=True, reduction=reduction
        ),
        *xs,
    )


MESSAGES = [
    (lambda nn: nn.TripletMarginLoss(margin=0), "TripletMarginLoss: margin must be greater than 0, got 0."),
    (lambda nn: nn.TripletMarginWithDistanceLoss(margin=-1.0),
     "TripletMarginWithDistanceLoss: margin must be greater than 0, got -1.0."),
    (lambda nn: nn.MultiMarginLoss(p=3), "only p == 1 and p == 2 supported"),
]  # fmt: skip


@pytest.mark.parametrize(("build", "text"), MESSAGES)
def test_messages(build, text):
    compare_modules(build)
    with pytest.raises(ValueError) as caught:
        build(nn)
    assert str(caught.value) == text


def test_a_weight_of_two_dimensions():
    with pytest.raises(ValueError) as caught:
        nn.MultiMarginLoss(weight=lamina.ones(3, 1))
    assert str(caught.value) == "MultiMarginLoss: weight must be (C,) or None, got (3, 1)."
