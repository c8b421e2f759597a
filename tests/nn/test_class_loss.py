"""Losses of classes as layers, beside PyTorch's."""

from __future__ import annotations

import pytest
import torch

import lamina
from lamina import nn
from tests.parity import compare_modules, floats, integers, positives

REDUCTIONS = ["mean", "sum", "none"]


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_of_classes(reduction):
    targets = integers(4, low=0, high=3)
    compare_modules(lambda nn: nn.CrossEntropyLoss(reduction=reduction, label_smoothing=0.1), floats(4, 3), targets)
    compare_modules(lambda nn: nn.CrossEntropyLoss(ignore_index=1, reduction=reduction), floats(4, 3), targets)
    compare_modules(lambda nn: nn.NLLLoss(ignore_index=1, reduction=reduction), floats(4, 3), targets)


def test_weights_are_buffers():
    ones = lambda module: (lamina if module is nn else torch).ones(3)  # noqa: E731
    targets = integers(4, low=0, high=3)
    compare_modules(lambda nn: nn.CrossEntropyLoss(ones(nn) * 2), floats(4, 3), targets)
    compare_modules(lambda nn: nn.NLLLoss(ones(nn) * 2), floats(4, 3), targets)
    compare_modules(lambda nn: nn.LinearCrossEntropyLoss(5, 3, weight=ones(nn) * 2), floats(4, 5), targets)


def test_of_images():
    images, targets = floats(2, 3, 4, 2), integers(2, 4, 2, low=0, high=3)
    compare_modules(lambda nn: nn.CrossEntropyLoss(), images, targets)
    with pytest.warns(FutureWarning, match="NLLLoss2d") as caught:
        layer = nn.NLLLoss2d(reduction="sum")
    assert [str(warning.message) for warning in caught] == [
        "NLLLoss2d is deprecated: use NLLLoss, which does the same."
    ]
    x, y = lamina.tensor(images), lamina.tensor(targets)
    assert layer(x, y).item() == nn.NLLLoss(reduction="sum")(x, y).item()


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_of_a_linear_map(reduction):
    x, y = floats(7, 6), integers(7, low=0, high=9)
    options = {"batch_chunk_size": 3}
    compare_modules(
        lambda nn: nn.LinearCrossEntropyLoss(
            6, 9, bias=True, reduction=reduction, ignore_index=2, options=nn.LinearCrossEntropyOptions(**options)
        ),
        x,
        y,
    )
    compare_modules(lambda nn: nn.LinearCrossEntropyLoss(6, 9, reduction=reduction, label_smoothing=0.1), x, y)
    places = integers(3, 2, low=0, high=4)
    build = lambda nn: nn.LinearCrossEntropyLoss(6, 4, out_features=(2,), bias=True, reduction=reduction)  # noqa: E731
    compare_modules(build, floats(3, 6), places)
    compare_modules(build, floats(3, 6), positives(3, 4, 2))


def test_messages():
    for options, text in (
        ({"weight": lamina.ones(2)}, "LinearCrossEntropyLoss: weight must be (3,), got (2,)."),
        ({"label_smoothing": 1.5}, "LinearCrossEntropyLoss: label_smoothing must be from 0 to 1, got 1.5."),
    ):
        with pytest.raises(RuntimeError) as caught:
            nn.LinearCrossEntropyLoss(4, 3, **options)
        assert str(caught.value) == text
