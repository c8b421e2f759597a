"""Losses of classes beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import lamina
from tests.parity import compare, floats, integers, positives

REDUCTIONS = ["mean", "sum", "none"]


def _f(name, **options):
    return lambda t, *xs: getattr(t.nn.functional, name)(*xs, **options)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(
    ("shape", "target"), [((4,), ()), ((5, 4), (5,)), ((2, 4, 3), (2, 3)), ((2, 4, 3, 2), (2, 3, 2))]
)
def test_of_classes(shape, target, reduction):
    x, y, w = floats(*shape), integers(*target, low=0, high=4), positives(4)
    for name in ("nll_loss", "cross_entropy"):
        compare(_f(name, reduction=reduction), x, y)
        compare(lambda t, x, y, w, name=name: getattr(t.nn.functional, name)(x, y, w.detach(), ignore_index=2,
                reduction=reduction), x, y, w)  # fmt: skip
    compare(lambda t, x, y, w: t.nn.functional.cross_entropy(x, y, w.detach(), ignore_index=2, reduction=reduction,
            label_smoothing=0.2), x, y, w)  # fmt: skip


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(4,), (5, 4), (2, 4, 3)])
def test_of_class_probabilities(shape, reduction):
    x, y, w = floats(*shape), positives(*shape), positives(4, seed=1)
    compare(_f("cross_entropy", reduction=reduction), x, y)
    compare(
        lambda t, x, y, w: t.nn.functional.cross_entropy(x, y, w.detach(), reduction=reduction, label_smoothing=0.3),
        x,
        y,
        w,
    )


def test_of_classes_nothing_counts():
    ignored = np.full(3, -100)
    for options in ({}, {"reduction": "none"}, {"reduction": "sum"}):
        compare(_f("cross_entropy", **options), floats(3, 4), ignored)
        compare(_f("nll_loss", **options), floats(0, 4), np.zeros(0, np.int64))


def test_of_classes_types():
    compare(_f("cross_entropy"), floats(3, 4, dtype=np.float64), integers(3, low=0, high=4), rtol=1e-7)
    compare(_f("cross_entropy"), floats(3, 4, dtype=np.float16), integers(3, low=0, high=4), rtol=4e-3)
    compare(_f("nll_loss"), floats(3, 4), integers(3, low=0, high=4, dtype=np.uint8))
    compare(_f("cross_entropy"), floats(3, 4, scale=1000), integers(3, low=0, high=4))


@pytest.mark.parametrize("name", ["nll_loss", "cross_entropy"])
def test_no_class(name):
    f = _f(name)
    compare(f, floats(3, 4), np.array([0, 4, -1]))
    compare(f, floats(3, 4), np.array([0, -1, 4]))
    compare(f, floats(3, 4), np.array([0, 255, 1], np.uint8))
    compare(f, floats(4), np.array(7))
    compare(f, floats(2, 4, 3), np.array([[1, 0, 3], [2, 9, 0]]))
    compare(_f(name, ignore_index=9), floats(3, 4), np.array([0, 9, 3]))
    compare(_f(name, ignore_index=9), floats(3, 4), np.array([0, 9, -100]))
    for target, wrong in (([0, 3, 4], 3), ([-100, 0, -7], -7)):
        with pytest.raises(IndexError) as caught:
            getattr(lamina.nn.functional, name)(lamina.zeros(3, 3), lamina.tensor(target))
        assert str(caught.value) == f"Target {wrong} is out of bounds."


def test_no_class_where_targets_are_pending_is_not_a_number():
    """PyTorch looks at the values and raises; here that would stop for them, and the loss shows it."""
    target = lamina.tensor([0, 2]) * 2
    loss = lamina.nn.functional.cross_entropy(lamina.zeros(2, 3), target, reduction="none")
    assert loss.isnan().tolist() == [False, True]


def test_names_of_gradients():
    for shape, target in (((2, 3), np.array([1, 2])), ((2, 3, 2), np.array([[1, 2], [0, 0]]))):
        compare(lambda t, x, y: t.nn.functional.cross_entropy(x, y).grad_fn.name(), floats(*shape), target)
    compare(lambda t, x, y: t.nn.functional.cross_entropy(x, y).grad_fn.name(), floats(2, 3), floats(2, 3))


ERRORS = [
    (
        "nll_loss",
        floats(3, 4),
        np.zeros(2, np.int64),
        {},
        ValueError,
        "Expected input batch_size (3) to match target batch_size (2).",
    ),
    (
        "nll_loss",
        floats(3, 4),
        np.zeros(3, np.int32),
        {},
        RuntimeError,
        "expected target dtype to be Long or Byte, but got Int",
    ),
    (
        "nll_loss",
        floats(3, 4),
        np.zeros((3, 1), np.int64),
        {},
        RuntimeError,
        "0D or 1D target tensor expected, multi-target not supported",
    ),
    (
        "nll_loss",
        floats(3, 4, 5),
        np.zeros((3, 4), np.int64),
        {},
        RuntimeError,
        "Expected target size [3, 5], got [3, 4]",
    ),
    (
        "nll_loss",
        floats(3, 4),
        np.zeros(3, np.int64),
        {"reduction": "all"},
        ValueError,
        "all is not a valid value for reduction",
    ),
    (
        "cross_entropy",
        floats(3, 4),
        np.zeros((3, 4), np.int64),
        {},
        RuntimeError,
        "Expected floating point type for target with class probabilities, got Long",
    ),
    (
        "cross_entropy",
        floats(3, 4),
        floats(3, 4),
        {"ignore_index": 1},
        RuntimeError,
        "ignore_index is not supported for floating point target",
    ),
    (
        "cross_entropy",
        floats(3, 4),
        np.zeros(3, np.int64),
        {"label_smoothing": 2.0},
        RuntimeError,
        "label_smoothing must be between 0.0 and 1.0. Got: 2",
    ),
]


@pytest.mark.parametrize(("name", "x", "y", "options", "kind", "text"), ERRORS)
def test_messages(name, x, y, options, kind, text):
    compare(_f(name, **options), x, y)
    with pytest.raises(kind) as caught:
        _f(name, **options)(lamina, lamina.tensor(x), lamina.tensor(y))
    assert str(caught.value) == text
