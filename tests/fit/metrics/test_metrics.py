"""Metrics over unequal batches, beside scikit-learn's over the whole."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn import metrics as sk

import lamina
from lamina import fit
from lamina.fit.metrics.names import NAMES, metrics_of

N, C = 21, 4
SIZES = (8, 8, 5)  # the last batch is shorter


def over_batches(metric, output, target):
    """The metric, of an output and a target that come in batches; also after a break."""
    lamina.engine.reset()
    metric.reset()
    start = 0
    for size in SIZES:
        part = slice(start, start + size)
        metric.update(lamina.tensor(output[part]), lamina.tensor(target[part]))
        metric.load_state_dict(metric.state_dict())
        start += size
    return metric.compute()


@pytest.fixture(scope="module")
def classes():
    generator = np.random.default_rng(3)
    scores = generator.standard_normal((N, C)).astype(np.float32)
    target = generator.integers(0, C - 1, N)  # one class never occurs
    scores[np.arange(N), target] += 0.7
    return scores, target


@pytest.fixture(scope="module")
def binary():
    generator = np.random.default_rng(4)
    target = generator.integers(0, 2, N)
    return (generator.standard_normal(N) + target - 0.5).astype(np.float32).round(1), target.astype(np.float32)


@pytest.fixture(scope="module")
def labels():
    generator = np.random.default_rng(5)
    target = generator.integers(0, 2, (N, 3))
    return (generator.standard_normal((N, 3)) + target - 0.5).astype(np.float32), target.astype(np.float32)


AVERAGES = ("macro", "micro", "weighted", None)
KINDS = {"precision": fit.Precision, "recall": fit.Recall, "f1": fit.F1}
JUDGES = {"precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score}


def test_accuracy(classes, binary, labels):
    scores, target = classes
    assert over_batches(fit.Accuracy(), scores, target) == sk.accuracy_score(target, scores.argmax(1))
    scores, target = binary
    assert over_batches(fit.Accuracy(), scores, target) == sk.accuracy_score(target, scores > 0)
    assert over_batches(fit.Accuracy(logits=False), scores, target) == sk.accuracy_score(target, scores > 0.5)
    scores, target = labels
    assert over_batches(fit.Accuracy(), scores, target) == pytest.approx(np.mean((scores > 0) == target))


def test_accuracy_leaves_a_class_out(classes):
    scores, target = classes
    kept = target != 1
    expected = sk.accuracy_score(target[kept], scores[kept].argmax(1))
    assert over_batches(fit.Accuracy(ignore_index=1), scores, target) == pytest.approx(expected)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_top_k(classes, k):
    scores, target = classes
    expected = sk.top_k_accuracy_score(target, scores, k=k, labels=range(C))
    assert over_batches(fit.TopK(k), scores, target) == pytest.approx(expected)


@pytest.mark.parametrize("average", AVERAGES)
@pytest.mark.parametrize("name", KINDS)
def test_precision_recall_f1(classes, binary, labels, name, average):
    scores, target = classes
    judge = JUDGES[name]
    if average is not None:
        # A class that neither occurs nor is chosen takes no part; one that is chosen does.
        expected = judge(target, scores.argmax(1), average=average, zero_division=0)
        assert over_batches(KINDS[name](average), scores, target) == pytest.approx(expected)
    else:
        expected = judge(target, scores.argmax(1), average=None, labels=range(C), zero_division=0)
        np.testing.assert_allclose(over_batches(KINDS[name](None), scores, target), expected)
    scores, target = binary
    assert over_batches(KINDS[name](average), scores, target) == pytest.approx(judge(target, scores > 0))
    scores, target = labels
    expected = judge(target, scores > 0, average=average, zero_division=0)
    np.testing.assert_allclose(over_batches(KINDS[name](average), scores, target), expected, rtol=1e-6)


def test_confusion_matrix(classes, binary, labels):
    scores, target = classes
    expected = sk.confusion_matrix(target, scores.argmax(1), labels=range(C))
    assert over_batches(fit.ConfusionMatrix(), scores, target) == expected.tolist()
    kept = target != 1
    expected = sk.confusion_matrix(target[kept], scores[kept].argmax(1), labels=range(C))
    assert over_batches(fit.ConfusionMatrix(ignore_index=1), scores, target) == expected.tolist()
    scores, target = binary
    assert over_batches(fit.ConfusionMatrix(), scores, target) == sk.confusion_matrix(target, scores > 0).tolist()
    scores, target = labels
    expected = sk.multilabel_confusion_matrix(target, scores > 0)
    assert over_batches(fit.ConfusionMatrix(), scores, target) == expected.tolist()


@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_auroc(binary, labels, average):
    scores, target = binary  # rounded, so there are ties
    assert over_batches(fit.AUROC(), scores, target) == pytest.approx(sk.roc_auc_score(target, scores))
    scores, target = labels
    expected = sk.roc_auc_score(target, scores, average=average)
    assert over_batches(fit.AUROC(average), scores, target) == pytest.approx(expected)
    generator = np.random.default_rng(6)
    scores, target = generator.standard_normal((N, C)).astype(np.float32), np.arange(N) % C
    chances = np.exp(scores.astype(np.float64))
    chances /= chances.sum(1, keepdims=True)
    expected = sk.roc_auc_score(target, chances, multi_class="ovr", average=average)
    assert over_batches(fit.AUROC(average), scores, target) == pytest.approx(expected, abs=1e-6)


def test_auroc_of_one_class_is_nan():
    assert math.isnan(over_batches(fit.AUROC(), np.ones(N, np.float32), np.ones(N, np.float32)))


@pytest.mark.parametrize("shape", [(N,), (N, 3)])
def test_regression(shape):
    generator = np.random.default_rng(7)
    target = (100 + generator.standard_normal(shape)).astype(np.float32)
    output = (target + 0.3 * generator.standard_normal(shape)).astype(np.float32)
    wide, truth = output.astype(np.float64), target.astype(np.float64)
    assert over_batches(fit.MAE(), output, target) == pytest.approx(sk.mean_absolute_error(truth, wide), rel=1e-5)
    assert over_batches(fit.MSE(), output, target) == pytest.approx(sk.mean_squared_error(truth, wide), rel=1e-5)
    expected = math.sqrt(sk.mean_squared_error(truth, wide))
    assert over_batches(fit.RMSE(), output, target) == pytest.approx(expected, rel=1e-5)
    assert over_batches(fit.R2(), output, target) == pytest.approx(sk.r2_score(truth, wide), rel=1e-6)


def test_r2_of_constant_targets():
    target = np.full(N, 3.0, np.float32)
    assert over_batches(fit.R2(), target, target) == sk.r2_score(target, target) == 1.0
    assert over_batches(fit.R2(), target + 1, target) == sk.r2_score(target, target + 1) == 0.0


def test_perplexity(classes):
    scores, target = classes
    target = np.where(np.arange(N) % 5 == 0, -100, target)
    kept = target >= 0
    wide = scores[kept].astype(np.float64)
    chances = np.exp(wide) / np.exp(wide).sum(1, keepdims=True)
    expected = math.exp(sk.log_loss(target[kept], chances, labels=range(C)))
    assert over_batches(fit.Perplexity(), scores, target) == pytest.approx(expected, rel=1e-5)


def test_a_function_counts_by_batch_size():
    output, target = np.arange(N, dtype=np.float32), np.zeros(N, np.float32)
    metric = fit.Function(lambda output, target: (output - target).mean(), "bias")
    assert over_batches(metric, output, target) == pytest.approx(output.mean())
    with pytest.raises(ValueError) as caught:
        fit.Function(lambda output, target: output, "bad").update(lamina.ones(3), lamina.ones(3))
    assert str(caught.value) == (
        "metric bad: the function must return one number for a batch, got a tensor of shape (3,)."
    )


def test_without_batches_there_is_no_result():
    assert math.isnan(fit.Accuracy().compute())


def test_names():
    assert [metric.name for metric in metrics_of(list(NAMES))] == list(NAMES)
    assert [metric.name for metric in metrics_of({"a": fit.MAE, "b": "mae"})] == ["a", "b"]
    assert metrics_of(None) == []
    for given, error, message in (
        ("acuracy", ValueError, "metrics: no metric is called 'acuracy'. Did you mean 'accuracy'?"),
        (["mae", "mae"], ValueError, "metrics: 2 are called 'mae'; give them names of their own."),
        ({"loss": "mae"}, ValueError, "metrics: the name 'loss' is taken by a column of the history."),
        (3, TypeError, "metrics: expected names, Metrics or functions of (output, target), got int."),
    ):
        with pytest.raises(error) as caught:
            metrics_of(given)
        assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("metric", "shapes", "message"),
    [
        (fit.Accuracy, ((4, 3), (5,)), "accuracy: output must be (N, C, *) to go with class numbers (N, *), or"),
        (fit.MAE, ((4, 2), (4,)), "mae: output and target must have one shape, got output (4, 2) and target (4,)."),
        (fit.TopK, ((4,), (4,)), "top5: output must be (N, C, *) to go with target (N, *), got output (4,)"),
        (fit.AUROC, ((4, 2, 2), (4,)), "auroc: output must be (N), (N, C) or (N, L) to go with target (N) or (N, L)"),
    ],
)
def test_shapes_that_do_not_fit(metric, shapes, message):
    output, target = shapes
    with pytest.raises(ValueError) as caught:
        metric().update(lamina.zeros(*output), lamina.zeros(*target))
    assert str(caught.value).startswith(message)
