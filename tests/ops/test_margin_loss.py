"""Losses with a margin beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import lamina
from tests.parity import compare, floats, integers, positives

REDUCTIONS = ["mean", "sum", "none"]
SIGNS = np.array([1, -1, 1, -1])
each_reduction = pytest.mark.parametrize("reduction", REDUCTIONS)


def _f(name, **options):
    return lambda t, *xs: getattr(t.nn.functional, name)(*xs, **options)


@each_reduction
def test_margin_ranking_loss(reduction):
    f = _f("margin_ranking_loss", margin=0.3, reduction=reduction)
    compare(f, floats(4), floats(4, seed=3), SIGNS)
    compare(f, floats(2, 4), floats(1, 4, seed=3), SIGNS[None])
    compare(f, floats(), floats(seed=3), np.array(-1))
    compare(_f("margin_ranking_loss", reduction=reduction), np.array([1, 2]), np.array([3, 2]), np.array([1, -1]))
    # At the bend.
    bend = np.array([1.0, 2.0], np.float32)
    compare(_f("margin_ranking_loss", reduction=reduction), bend, bend, np.array([1, -1]))


@each_reduction
def test_hinge_embedding_loss(reduction):
    f = _f("hinge_embedding_loss", reduction=reduction)
    compare(f, np.array([[1, 1, 2, 0], [0, 0.5, 0.1, -3]], np.float32), np.array([1, -1, 0, 2]))
    compare(_f("hinge_embedding_loss", reduction=reduction, margin=0.3), floats(3, 4), SIGNS)
    if reduction != "mean":
        compare(f, np.array([1, 2, 0]), np.array([1, -1, 0]))


@each_reduction
def test_soft_margin_loss(reduction):
    f = _f("soft_margin_loss", reduction=reduction)
    compare(f, floats(3, 4), SIGNS)
    compare(lambda t, x, y: f(t, x, y.detach()), floats(3, 4), SIGNS.astype(np.float32))
    compare(lambda t, x, y: f(t, x, y.detach()), floats(4, dtype=np.float64), SIGNS.astype(np.float64))


def test_soft_margin_loss_of_large_scores_is_finite():
    """Where PyTorch has infinity and a gradient of NaN."""
    x = lamina.tensor([-200.0, 200.0], requires_grad=True)
    loss = lamina.nn.functional.soft_margin_loss(x, lamina.ones(2), reduction="none")
    loss.sum().backward()
    assert loss.tolist() == [200, 0] and x.grad.tolist() == [-1, 0]


@each_reduction
def test_cosine_embedding_loss(reduction):
    f = _f("cosine_embedding_loss", margin=0.1, reduction=reduction)
    compare(f, floats(4, 3), floats(4, 3, seed=3), np.array([1, -1, 0, -1]))
    compare(lambda t, x, y: f(t, x, y, t.tensor([1.0, -1.0, 1.0, -1.0])), floats(4, 3), floats(1, 3, seed=3))
    compare(f, floats(3), floats(3, seed=2), np.array(-1))
    compare(f, np.array([[1, 2]]), np.array([[1, 2]]), np.array([-1]))
    compare(f, np.zeros((1, 3), np.float32), floats(1, 3), np.array([-1]))


@each_reduction
@pytest.mark.parametrize("swap", [False, True])
def test_triplet_margin_loss(swap, reduction):
    xs = floats(4, 3), floats(4, 3, seed=3), floats(4, 3, seed=4)
    compare(_f("triplet_margin_loss", swap=swap, reduction=reduction, p=3.0), *xs)
    compare(_f("triplet_margin_loss", swap=swap, reduction=reduction), floats(4, 3), floats(1, 3), floats(4, 3, seed=1))
    compare(_f("triplet_margin_with_distance_loss", swap=swap, reduction=reduction, margin=0.4), *xs)
    distance = {"distance_function": lambda x, y: (x - y).abs().sum(-1), "swap": swap, "reduction": reduction}
    compare(_f("triplet_margin_with_distance_loss", **distance), *xs)
    compare(_f("triplet_margin_loss", swap=swap, reduction=reduction), floats(3), floats(3, seed=1), floats(3, seed=2))


@each_reduction
@pytest.mark.parametrize("p", [1, 2])
def test_multi_margin_loss(p, reduction):
    y = integers(4, low=0, high=3)
    f = _f("multi_margin_loss", p=p, margin=0.7, reduction=reduction)
    compare(f, floats(4, 3), y)
    compare(lambda t, x, y, w: t.nn.functional.multi_margin_loss(x, y, p, weight=w.detach(), reduction=reduction),
            floats(4, 3), y, positives(3))  # fmt: skip
    for shape, target in (((3,), np.array(1)), ((3,), np.array([1])), ((), np.array(0)), ((1, 3), np.array(2))):
        compare(f, floats(*shape), target)
    compare(_f("multi_margin_loss", p=p, reduction=reduction), np.array([[1, 0, 2]], np.float32), np.array([0]))
    if reduction == "none":  # else PyTorch returns what was in memory
        compare(f, floats(0, 3), np.zeros(0, np.int64))


@each_reduction
def test_multilabel_margin_loss(reduction):
    f = _f("multilabel_margin_loss", reduction=reduction)
    compare(f, floats(4, 4), np.array([[0, -1, 2, 1], [1, 1, 3, -1], [-1, 0, 0, 0], [0, 1, 2, 3]]))
    compare(f, floats(3), np.array([1, 2, -1]))
    compare(f, floats(), np.array(0))
    compare(f, np.array([1, 0, 2], np.float32), np.array([0, -1, -1]))
    compare(f, floats(2, 3, dtype=np.float64), np.array([[0, -1, 2], [2, 1, -1]]))


@each_reduction
def test_multilabel_soft_margin_loss(reduction):
    f = _f("multilabel_soft_margin_loss", reduction=reduction)
    compare(f, floats(2, 3, 4), positives(2, 3, 4))
    compare(f, floats(3, 4, scale=100), positives(3, 4))
    compare(f, floats(2, 3), np.array([1, 0, 1]))
    compare(lambda t, x, y, w: f(t, x, y, w.detach()), floats(2, 4), positives(2, 4), positives(4))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_types(dtype):
    """Also where PyTorch has none on the CPU: there the judge is its float32."""
    f, kind, tolerance = lamina.nn.functional, getattr(lamina, dtype), 2e-2
    x, y = lamina.tensor(floats(4, 3)).to(kind), lamina.tensor(integers(4, low=0, high=3))
    labels = lamina.tensor([[0, 2, -1]] * 4)
    for name, target in (("multi_margin_loss", y), ("multilabel_margin_loss", labels)):
        loss = getattr(f, name)(x, target)
        assert loss.dtype is kind
        assert abs(loss.item() - getattr(f, name)(x.float(), target).item()) < tolerance
    for name in ("soft_margin_loss", "hinge_embedding_loss"):
        compare(lambda t, x, name=name: getattr(t.nn.functional, name)(x.to(getattr(t, dtype)), t.tensor(SIGNS)),
                floats(3, 4), rtol=tolerance, atol=tolerance)  # fmt: skip


NAMES = ["margin_ranking_loss", "hinge_embedding_loss", "cosine_embedding_loss", "triplet_margin_loss"]


@pytest.mark.parametrize("name", NAMES)
def test_losses_of_the_package_take_numbers_for_reductions(name):
    def call(t, x, y, **options):
        arguments = {
            "margin_ranking_loss": (x[:, 0], y[:, 0], t.tensor(SIGNS), 0.1),
            "hinge_embedding_loss": (x[:, 0], t.tensor(SIGNS), 1.0),
            "cosine_embedding_loss": (x, y, t.tensor(SIGNS), 0.1),
            "triplet_margin_loss": (x, y, y * 2, 1.0, 2, 1e-6, False),
        }
        loss = getattr(t, name)(*arguments[name], **options)
        return loss, loss.grad_fn.name()

    for options in ({}, {"reduction": 0}, {"reduction": 1}, {"reduction": 2}):
        compare(lambda t, x, y, o=options: call(t, x, y, **o), floats(4, 3), floats(4, 3, seed=3))
    with pytest.raises(TypeError) as caught:
        call(lamina, lamina.ones(4, 3), lamina.ones(4, 3), reduction="mean")
    assert str(caught.value) == "argument 'reduction' must be int, not str"


def test_a_margin_that_changes_compiles_twice_at_most():
    x, y = lamina.ones(4), lamina.tensor(SIGNS)
    losses = [lamina.nn.functional.hinge_embedding_loss(x, y, margin).item() for margin in (1.0, 1.5, 2.0, 2.5, 3.0)]
    assert losses == [0.5, 0.75, 1.0, 1.25, 1.5]


def test_labels_that_are_not_known_yet():
    """PyTorch looks at the values and raises; here that would stop for them, and the loss shows it."""
    f = lamina.nn.functional
    pending = lamina.tensor([0, 2]) * 2
    assert f.multi_margin_loss(lamina.zeros(2, 3), pending, reduction="none").isnan().tolist() == [False, True]
    pending = lamina.tensor([[0, -1, 0], [2, -1, 0]]) * 2
    assert f.multilabel_margin_loss(lamina.zeros(2, 3), pending, reduction="none").isnan().tolist() == [False, True]


ERRORS = [
    ("multi_margin_loss", [floats(3, 3), np.array([1, 2])], {}, RuntimeError,
     "multi_margin_loss: target must be (3,) to go with input (3, 3), got (2,)."),
    ("multi_margin_loss", [floats(3, 3, 2), np.array([1, 2, 0])], {}, RuntimeError,
     "multi_margin_loss: input must be (C,) or (N, C), C positive, got (3, 3, 2)."),
    ("multi_margin_loss", [floats(3, 3), np.array([0, 1, 3])], {}, RuntimeError,
     "multi_margin_loss: target 3 is out of range."),
    ("multi_margin_loss", [floats(2, 3), np.array([0, 1], np.int32)], {}, RuntimeError,
     "multi_margin_loss: target must be Long, got Int."),
    ("multi_margin_loss", [floats(2, 3), np.array([0, 1])], {"p": 3}, ValueError,
     "only p == 1 and p == 2 supported"),
    ("multi_margin_loss", [np.ones((2, 3), np.int64), np.array([0, 1])], {}, NotImplementedError,
     "\"multi_margin_loss\" not implemented for 'Long'"),
    ("multilabel_margin_loss", [floats(3), np.array([0, 3, -1])], {}, RuntimeError,
     "multilabel_margin_loss: target 3 is out of range."),
    ("multilabel_margin_loss", [floats(2, 3), np.array([0, 1, 2])], {}, RuntimeError,
     "multilabel_margin_loss: target must be (2, 3) to go with input (2, 3), got (3,)."),
    ("multilabel_margin_loss", [floats(2, 0), np.zeros((2, 0), np.int64)], {}, RuntimeError,
     "multilabel_margin_loss: input must be (C,) or (N, C), C positive, got (2, 0)."),
    ("multilabel_soft_margin_loss", [floats(), positives()], {}, IndexError,
     "multilabel_soft_margin_loss: input must be (*, C), got ()."),
    ("cosine_embedding_loss", [floats(2, 3), floats(2, 3), floats(2, 1)], {}, RuntimeError,
     "0D or 1D target tensor expected, multi-target not supported"),
    ("cosine_embedding_loss", [floats(3), floats(3), floats(3)], {}, RuntimeError,
     "1D target tensor expects 2D input tensors, but found inputs with sizes [3] and [3]."),
    ("margin_ranking_loss", [floats(2, 3), floats(3), floats(3)], {}, RuntimeError,
     "margin_ranking_loss: input1, input2 and target must have as many dimensions each, got (2, 3), (3,) and (3,)."),
    ("soft_margin_loss", [np.ones(3, np.int64), np.ones(3, np.int64)], {}, RuntimeError,
     "result type Float can't be cast to the desired output type Long"),
    ("triplet_margin_loss", [floats(2, 3)] * 3, {"margin": 0}, ValueError, "margin must be greater than 0, got 0"),
    ("triplet_margin_loss", [floats(2, 3), floats(3), floats(2, 3)], {}, RuntimeError,
     "The anchor, positive, and negative tensors are expected to have the same number of dimensions, "
     "but got: anchor 2D, positive 1D, and negative 2D inputs"),
    ("triplet_margin_with_distance_loss", [floats(2, 3)] * 3, {"margin": -1.0}, ValueError,
     "margin must be greater than 0, got -1.0"),
    ("triplet_margin_with_distance_loss", [floats(2, 3), floats(3), floats(2, 3)], {}, RuntimeError,
     "triplet_margin_with_distance_loss: anchor, positive and negative must have as many dimensions each, "
     "got (2, 3), (3,) and (2, 3)."),
    ("hinge_embedding_loss", [floats(2, 3), floats(2)], {}, RuntimeError,
     "The size of tensor a (3) must match the size of tensor b (2) at non-singleton dimension 1"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "xs", "options", "kind", "text"), ERRORS)
def test_messages(name, xs, options, kind, text):
    compare(_f(name, **options), *xs)
    with pytest.raises(kind) as caught:
        _f(name, **options)(lamina, *map(lamina.tensor, xs))
    assert str(caught.value) == text


def test_weights_of_classes():
    f, x, y = lamina.nn.functional.multi_margin_loss, lamina.ones(2, 3), lamina.tensor([0, 1])
    for weight, kind, text in (
        (lamina.ones(2), RuntimeError, "multi_margin_loss: weight must be (3,) to go with input (2, 3), got (2,)."),
        (lamina.ones(3, 1), ValueError, "weight must be one-dimensional"),
        (lamina.ones(3).double(), RuntimeError, "expected scalar type Float but found Double"),
    ):
        with pytest.raises(kind) as caught:
            f(x, y, weight=weight)
        assert str(caught.value) == text
