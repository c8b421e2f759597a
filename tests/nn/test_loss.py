"""Loss layers beside PyTorch's."""

from __future__ import annotations

import inspect

import pytest
import torch

import lamina
from lamina import nn
from tests.parity import compare_modules, floats, positives

REDUCTIONS = ["mean", "sum", "none"]


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("build", [
    lambda nn, **r: nn.MSELoss(**r), lambda nn, **r: nn.L1Loss(**r), lambda nn, **r: nn.SmoothL1Loss(beta=0.5, **r),
    lambda nn, **r: nn.HuberLoss(delta=0.5, **r), lambda nn, **r: nn.BCEWithLogitsLoss(**r),
])  # fmt: skip
def test_of_values(build, reduction):
    compare_modules(lambda nn: build(nn, reduction=reduction), floats(4, 3), positives(4, 3, high=0.9))


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides")
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_of_probabilities(reduction):
    p, q = positives(4, 3, low=0.05, high=0.95), positives(4, 3, low=0.05, high=0.95, seed=1)
    compare_modules(lambda nn: nn.BCELoss(reduction=reduction), p, q, rtol=1e-4)
    compare_modules(lambda nn: nn.KLDivLoss(reduction=reduction, log_target=True), p, q)
    compare_modules(lambda nn: nn.KLDivLoss(reduction="batchmean"), p, q)


def test_weights_are_buffers():
    compare_modules(
        lambda nn: nn.BCELoss(_ones(nn, 3) * 2), positives(4, 3, high=0.9), positives(4, 3, high=0.8), rtol=1e-4
    )
    compare_modules(
        lambda nn: nn.BCEWithLogitsLoss(_ones(nn, 3), pos_weight=_ones(nn, 3) * 2), floats(4, 3), positives(4, 3)
    )


def _ones(module, size):
    return (lamina if module is nn else torch).ones(size)


@pytest.mark.parametrize(("options", "reduction"), [
    ({"size_average": False}, "sum"), ({"reduce": False}, "none"), ({"size_average": True}, "mean"),
    ({"reduce": True}, "mean"),
])  # fmt: skip
def test_older_arguments(options, reduction):
    with pytest.warns(UserWarning, match="size_average") as caught:
        layer = nn.MSELoss(**options)
    text = f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead."
    assert [str(warning.message) for warning in caught] == [text] and layer.reduction == reduction


def test_huber_needs_a_number():
    with pytest.raises(TypeError) as caught:
        nn.HuberLoss(delta="1")
    assert str(caught.value) == "delta must be a float or int, got: <class 'str'>"


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_of_distributions(reduction):
    x, y, var = positives(4, 3), positives(4, 3, high=4, seed=1), positives(4, 1)
    compare_modules(lambda nn: nn.PoissonNLLLoss(reduction=reduction), x, y)
    compare_modules(lambda nn: nn.PoissonNLLLoss(False, True, eps=1e-3, reduction=reduction), x, y)
    compare_modules(lambda nn: nn.GaussianNLLLoss(reduction=reduction), x, y, var)
    compare_modules(lambda nn: nn.GaussianNLLLoss(full=True, eps=0.5, reduction=reduction), x, y, var)


OLDER = [
    "MSELoss", "L1Loss", "SmoothL1Loss", "KLDivLoss", "PoissonNLLLoss", "BCELoss", "BCEWithLogitsLoss", "NLLLoss",
    "CrossEntropyLoss", "HingeEmbeddingLoss", "MarginRankingLoss", "CosineEmbeddingLoss", "SoftMarginLoss",
    "MultiLabelMarginLoss", "MultiLabelSoftMarginLoss", "MultiMarginLoss", "TripletMarginLoss",
]  # fmt: skip


@pytest.mark.parametrize("name", OLDER)
def test_every_loss_knows_the_older_arguments(name):
    with pytest.warns(UserWarning, match="size_average and reduce"):
        assert getattr(nn, name)(size_average=False).reduction == "sum"
    with pytest.warns(UserWarning, match="size_average and reduce"):
        assert getattr(nn, name)(reduce=False).reduction == "none"


@pytest.mark.parametrize("name", [*OLDER, "HuberLoss", "GaussianNLLLoss", "CTCLoss", "TripletMarginWithDistanceLoss",
                                  "NLLLoss2d", "LinearCrossEntropyLoss", "AdaptiveLogSoftmaxWithLoss",
                                  "PairwiseDistance", "CosineSimilarity"])  # fmt: skip
def test_constructors_are_pytorchs(name):
    def arguments(layer):
        parameters = inspect.signature(layer.__init__).parameters.values()
        return [(p.name, p.kind, p.default) for p in parameters]

    assert arguments(getattr(nn, name)) == arguments(getattr(torch.nn, name))
