"""AdaptiveLogSoftmaxWithLoss beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lamina
from lamina import nn
from tests.parity import compare_modules, floats

TARGETS = np.array([0, 3, 5, 9, 14, 19, 2])


@pytest.mark.parametrize("options", [
    {"cutoffs": [4, 10]}, {"cutoffs": [4, 10], "div_value": 2.0, "head_bias": True}, {"cutoffs": (1,)},
    {"cutoffs": [2, 7, 12], "div_value": 1.5},
])  # fmt: skip
def test_loss(options):
    compare_modules(lambda nn: nn.AdaptiveLogSoftmaxWithLoss(32, 20, **options), floats(7, 32), TARGETS)
    compare_modules(
        lambda nn: nn.AdaptiveLogSoftmaxWithLoss(32, 20, **options),
        floats(7, 32),
        call=lambda module, x: (module.log_prob(x), module.predict(x)),
    )


def test_one_row():
    compare_modules(lambda nn: nn.AdaptiveLogSoftmaxWithLoss(32, 20, [4]), floats(32), np.array(7))


def test_types():
    def build(nn):
        return nn.AdaptiveLogSoftmaxWithLoss(32, 20, [4, 10], dtype=(lamina if nn is lamina.nn else torch).float64)

    compare_modules(build, floats(7, 32, dtype=np.float64), TARGETS)


def test_the_result_is_a_named_tuple():
    layer = nn.AdaptiveLogSoftmaxWithLoss(32, 20, [4])
    output, loss = result = layer(lamina.ones(2, 32), lamina.tensor([1, 9]))
    assert type(result).__name__ == "_ASMoutput" and result.output is output and result.loss is loss


def test_a_cluster_without_targets_gets_zeros():
    """PyTorch leaves its gradients None: it does not run it."""
    layer = nn.AdaptiveLogSoftmaxWithLoss(32, 20, [4, 10])
    layer(lamina.ones(2, 32), lamina.tensor([1, 5])).loss.backward()
    assert all(not parameter.grad.any() for parameter in layer.tail[1].parameters())
    assert all(parameter.grad.any() for parameter in layer.tail[0].parameters())


def test_reset_parameters():
    layer = nn.AdaptiveLogSoftmaxWithLoss(32, 20, [4, 10])
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    layer.reset_parameters()
    assert all((value != before[name]).any() for name, value in layer.state_dict().items())


MESSAGES = [
    ([], [1, 2], "AdaptiveLogSoftmaxWithLoss: cutoffs must have at least one number, got none."),
    *(
        (cutoffs, [1, 2], "AdaptiveLogSoftmaxWithLoss: cutoffs must be whole numbers, each larger than the one before, "
         f"from 1 to 19, got {cutoffs}.")
        for cutoffs in ([0, 3], [3, 3], [5, 2], [20], [1.5])
    ),
]  # fmt: skip


@pytest.mark.parametrize(("cutoffs", "targets", "text"), MESSAGES)
def test_wrong_cutoffs(cutoffs, targets, text):
    compare_modules(lambda nn: nn.AdaptiveLogSoftmaxWithLoss(32, 20, cutoffs), floats(2, 32), np.array(targets))
    with pytest.raises(ValueError) as caught:
        nn.AdaptiveLogSoftmaxWithLoss(32, 20, cutoffs)
    assert str(caught.value) == text


WRONG_TARGETS = [
    ((2, 32), np.array([7, 20]), "Target values should be in [0, 19], but values in range [7, 20] were found. "),
    ((2, 32), np.array([[1, 2]]), "0D or 1D target tensor expected, multi-target not supported"),
    ((3, 32), np.array([1, 2]),
     "AdaptiveLogSoftmaxWithLoss: input must be (N, E) to go with target (N,), got (3, 32) and (2,)."),
    ((2, 32), np.array(1), "AdaptiveLogSoftmaxWithLoss: input must be (E,) to go with target (), got (2, 32) and ()."),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "target", "text"), WRONG_TARGETS)
def test_wrong_targets(shape, target, text):
    compare_modules(lambda nn: nn.AdaptiveLogSoftmaxWithLoss(32, 20, [4]), floats(*shape), target)
    with pytest.raises(RuntimeError) as caught:
        nn.AdaptiveLogSoftmaxWithLoss(32, 20, [4])(lamina.tensor(floats(*shape)), lamina.tensor(target))
    assert str(caught.value) == text
