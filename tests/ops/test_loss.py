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


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "poisson_nll_loss"])
def test_names_of_gradients(name):
    compare(lambda t, x, y: getattr(t.nn.functional, name)(x, y).grad_fn.name(), floats(2, 3), floats(2, 3))


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
    (
        "gaussian_nll_loss",
        floats(2, 3),
        floats(2, 3),
        {"var": -1.0},
        ValueError,
        "var has negative entry/entries",
    ),
    (
        "poisson_nll_loss",
        floats(3),
        floats(3),
        {"reduction": "all"},
        ValueError,
        "all is not a valid value for reduction",
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


# --- of distributions


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_poisson_nll_loss(reduction):
    x, y = positives(4, 3), positives(4, 3, high=5, seed=3)
    for log_input in (True, False):
        for full in (True, False):
            compare(_f("poisson_nll_loss", log_input=log_input, full=full, reduction=reduction), x, y)
    counts = np.array([0, 1, 5])
    compare(_f("poisson_nll_loss", full=True, reduction=reduction), positives(4, 3), counts)
    compare(_f("poisson_nll_loss", full=True, reduction=reduction), counts, counts)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_gaussian_nll_loss(reduction):
    x, y = floats(4, 3), floats(4, 3, seed=3)
    f = _f("gaussian_nll_loss", reduction=reduction)
    for shape in ((4, 3), (4,), (4, 1), (1, 3)):
        compare(f, x, y, positives(*shape))
    compare(f, x, floats(3), positives(4, 3))
    compare(_f("gaussian_nll_loss", reduction=reduction, full=True), x, y, positives(4, 3))
    # Below eps the slope is that at eps, as in PyTorch.
    compare(_f("gaussian_nll_loss", reduction=reduction, eps=0.5), x, y, positives(4, 3))
    compare(f, x, y, np.zeros((4, 3), np.float32))
    compare(lambda t, x, y: f(t, x, y, 2.5), x, y)


def test_variances():
    f, x = lamina.nn.functional.gaussian_nll_loss, floats(2, 3)
    for var in (floats(3), np.ones((2, 3, 1), np.float32), -np.ones((2, 3), np.float32)):
        compare(_f("gaussian_nll_loss"), x, x, var)
    with pytest.raises(ValueError) as caught:
        f(lamina.ones(2, 3), lamina.ones(2, 3), lamina.ones(3))
    assert str(caught.value) == (
        "gaussian_nll_loss: var must be (2, 3), (2,) or have one size of 1 to go with input (2, 3), got (3,)."
    )
    # Nobody waits for a variance that is not known yet: the loss shows that it is negative.
    pending = lamina.tensor([1.0, -1.0]) * 2
    assert f(lamina.zeros(2), lamina.zeros(2), pending, reduction="none").isnan().tolist() == [False, True]


# --- reductions

OLDER = [
    ("mse_loss", floats(2, 3), floats(2, 3)),
    ("l1_loss", floats(2, 3), floats(2, 3)),
    ("smooth_l1_loss", floats(2, 3), floats(2, 3)),
    ("nll_loss", floats(2, 3), np.array([0, 2])),
    ("cross_entropy", floats(2, 3), np.array([0, 2])),
    ("binary_cross_entropy", positives(2, 3, high=0.9), positives(2, 3, high=0.9)),
    ("binary_cross_entropy_with_logits", floats(2, 3), positives(2, 3)),
    ("kl_div", floats(2, 3), positives(2, 3)),
    ("poisson_nll_loss", floats(2, 3), positives(2, 3)),
    ("hinge_embedding_loss", floats(2, 3), np.array([1, -1, 1])),
    ("soft_margin_loss", floats(2, 3), np.array([1.0, -1.0, 1.0], np.float32)),
    ("multilabel_soft_margin_loss", floats(2, 3), np.array([1.0, 0.0, 1.0], np.float32)),
    ("multi_margin_loss", floats(2, 3), np.array([0, 2])),
    ("multilabel_margin_loss", floats(2, 3), np.array([[0, 2, -1], [1, -1, 0]])),
]


@pytest.mark.filterwarnings("ignore:size_average and reduce")
@pytest.mark.parametrize(("name", "x", "y"), OLDER, ids=[entry[0] for entry in OLDER])
def test_older_arguments(name, x, y):
    for options in ({"size_average": False}, {"reduce": False}, {"size_average": True, "reduce": True}):
        compare(lambda t, x, y, options=options: _f(name, **options)(t, x, y.detach()), x, y, grad=name != "kl_div")


@pytest.mark.parametrize(("name", "x", "y"), OLDER, ids=[entry[0] for entry in OLDER])
def test_older_arguments_warn_at_the_line_of_the_call(name, x, y):
    with pytest.warns(UserWarning, match="size_average and reduce") as caught:
        _f(name, size_average=False)(lamina, lamina.tensor(x), lamina.tensor(y))
    assert [warning.filename for warning in caught] == [__file__]


def test_an_older_name_of_the_mean():
    with pytest.warns(UserWarning, match="elementwise_mean") as caught:
        loss = lamina.nn.functional.mse_loss(lamina.ones(2), lamina.zeros(2), reduction="elementwise_mean")
    assert loss.item() == 1
    assert [str(warning.message) for warning in caught] == [
        "reduction='elementwise_mean' is deprecated. Please use reduction='mean' instead."
    ]


def test_losses_of_the_package_take_numbers_for_reductions():
    x, y = floats(4, 3), positives(4, 3, high=0.9)
    for options in ({}, {"reduction": 0}, {"reduction": 1}, {"reduction": 2}, {"reduction": 7}, {"reduction": "sum"}):
        compare(lambda t, x, y, o=options: t.kl_div(x, y, log_target=True, **o), x, y)
        compare(lambda t, x, y, o=options: t.binary_cross_entropy_with_logits(x, y, **o), x, y)
    compare(lambda t, x, y: t.binary_cross_entropy_with_logits(x, y, None, t.tensor([1.0, 2.0, 3.0]), 1), x, y)
    compare(lambda t, x, y: t.poisson_nll_loss(x, y, True, False, 1e-8, 2), x, y)


def test_the_mean_of_whole_numbers():
    with pytest.raises(RuntimeError) as caught:
        lamina.nn.functional.l1_loss(lamina.tensor([1, 2]), lamina.tensor([1, 2]))
    assert str(caught.value) == (
        "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: Long"
    )
