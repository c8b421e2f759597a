"""Losses beside PyTorch's."""

from __future__ import annotations

import re

import numpy as np
import pytest

import lamina
from tests.parity import compare, floats, integers, positives

REDUCTIONS = ["mean", "sum", "none"]


def _f(name, **options):
    return lambda t, *xs: getattr(t.nn.functional, name)(*xs, **options)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(("name", "options"), [
    ("mse_loss", {}), ("l1_loss", {}), ("smooth_l1_loss", {}), ("smooth_l1_loss", {"beta": 0.3}),
    ("smooth_l1_loss", {"beta": 0.0}), ("huber_loss", {}), ("huber_loss", {"delta": 0.3}),
])  # fmt: skip
def test_of_differences(name, options, reduction):
    call = _f(name, reduction=reduction, **options)
    for shape in ((), (5,), (2, 3), (0, 3)):
        compare(call, floats(*shape), floats(*shape, seed=1))
    # At the bends, and where both agree.
    compare(call, np.array([-1, -0.3, 0, 0.3, 1, 2], np.float32), np.zeros(6, np.float32))


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "huber_loss"])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_weights(name, reduction):
    call = _f(name, reduction=reduction)
    compare(lambda t, x, y, w: call(t, x, y) + getattr(t.nn.functional, name)(x, y, weight=w, reduction=reduction),
            floats(2, 3), floats(2, 3, seed=1), positives(2, 3))  # fmt: skip


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
def test_types(name):
    if name != "huber_loss":  # there PyTorch fails in backward
        compare(_f(name), floats(4, dtype=np.float64), floats(4))
        compare(_f(name), floats(4), integers(4))
    compare(_f(name), integers(4), integers(4, seed=1))
    compare(_f(name, reduction="sum"), floats(4, dtype=np.float16), floats(4, dtype=np.float16, seed=1), rtol=4e-3)


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


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_binary_cross_entropy(reduction):
    p, y, w = positives(3, 4, low=0.01, high=0.99), positives(3, 4, high=0.9, seed=1), positives(4)
    compare(_f("binary_cross_entropy", reduction=reduction), p, y, rtol=1e-4)
    compare(
        lambda t, x, y, w: t.nn.functional.binary_cross_entropy(x, y, w.detach(), reduction=reduction),
        p,
        y,
        w,
        rtol=1e-4,
    )
    ends = np.array([0, 1, 0, 1], np.float32)
    compare(lambda t, x, y: t.nn.functional.binary_cross_entropy(x, y.detach(), reduction=reduction),
            ends, np.array([0, 0, 1, 1], np.float32))  # fmt: skip


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_binary_cross_entropy_with_logits(reduction):
    x, y, w = floats(3, 4, scale=5), positives(3, 4, high=0.9), positives(4)
    call = _f("binary_cross_entropy_with_logits", reduction=reduction)
    compare(call, x, y)
    compare(lambda t, x, y, w: t.nn.functional.binary_cross_entropy_with_logits(
        x, y, w.detach(), reduction=reduction, pos_weight=w.detach() + 1), x, y, w)  # fmt: skip
    compare(call, np.array([0, 200, -200], np.float32), np.array([1, 0, 1], np.float32))


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides")
@pytest.mark.parametrize("reduction", [*REDUCTIONS, "batchmean"])
def test_kl_div(reduction):
    compare(_f("kl_div", reduction=reduction, log_target=True), floats(3, 4), floats(3, 4, seed=1))
    compare(_f("kl_div", reduction=reduction), floats(3, 4), positives(3, 4))
    compare(lambda t, x, y: t.nn.functional.kl_div(x, y.detach(), reduction=reduction),
            floats(4), np.array([0, 0.5, 0, 1], np.float32))  # fmt: skip


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "cross_entropy"])
def test_names_of_gradients(name):
    compare(lambda t, x, y: getattr(t.nn.functional, name)(x, y).grad_fn.name(), floats(2, 3), floats(2, 3))
    compare(lambda t, x, y: t.nn.functional.cross_entropy(x, y).grad_fn.name(), floats(2, 3), np.array([1, 2]))
    compare(
        lambda t, x, y: t.nn.functional.cross_entropy(x, y).grad_fn.name(), floats(2, 3, 2), np.array([[1, 2], [0, 0]])
    )


def test_warnings():
    f, x = lamina.nn.functional, lamina.ones(2, 3)
    for call, text in (
        (
            lambda: f.mse_loss(x, lamina.ones(3)),
            "Using a target size (lamina.Size([3])) that is different to the input size "
            "(lamina.Size([2, 3])). This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size.",
        ),
        (
            lambda: f.l1_loss(x, x, reduce=False),
            "size_average and reduce args will be deprecated, please use reduction='none' instead.",
        ),
        (
            lambda: f.kl_div(x, x),
            "reduction: 'mean' divides the total loss by both the batch size and the support size. "
            "'batchmean' divides only by the batch size, and aligns with the KL div math definition. "
            "'mean' will be changed to behave the same as 'batchmean' in the next major release.",
        ),
    ):
        with pytest.warns(UserWarning, match=re.escape(text)) as caught:
            call()
        assert [str(warning.message) for warning in caught] == [text]


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
    (
        "binary_cross_entropy",
        positives(3, high=0.9),
        positives(4),
        {},
        ValueError,
        "Using a target size (Size([4])) that is "
        "different to the input size (Size([3])) is deprecated. Please ensure they have the same size.",
    ),
    (
        "binary_cross_entropy",
        positives(3, high=0.9),
        np.zeros(3, np.int64),
        {},
        RuntimeError,
        "Found dtype Long but expected Float",
    ),
    (
        "binary_cross_entropy_with_logits",
        floats(3),
        floats(4),
        {},
        ValueError,
        "Target size (Size([4])) must be the same as input size (Size([3]))",
    ),
    (
        "smooth_l1_loss",
        floats(3),
        floats(3),
        {"beta": -1.0},
        RuntimeError,
        "smooth_l1_loss does not support negative values for beta.",
    ),
    (
        "huber_loss",
        floats(3),
        floats(3),
        {"delta": 0.0},
        RuntimeError,
        "huber_loss does not support non-positive values for delta.",
    ),
    ("mse_loss", floats(3), floats(3), {"reduction": "all"}, ValueError, "all is not a valid value for reduction"),
    ("kl_div", floats(3), floats(3), {"reduction": "all"}, ValueError, "all is not a valid value for reduction"),
]


@pytest.mark.parametrize(("name", "x", "y", "options", "kind", "text"), ERRORS)
def test_messages(name, x, y, options, kind, text):
    compare(_f(name, **options), x, y)
    with pytest.raises(kind) as caught:
        _f(name, **options)(lamina, lamina.tensor(x), lamina.tensor(y))
    assert str(caught.value) == text
