"""Weight normalization by a hook, against PyTorch's."""

from __future__ import annotations

import pytest
import torch

import lamina
from lamina import nn
from tests.parity import compare_modules, floats

pytestmark = pytest.mark.filterwarnings("ignore:.*weight_norm. is deprecated:FutureWarning")


@pytest.mark.parametrize("dim", [0, 1, None])
def test_it_agrees(dim):
    compare_modules(lambda nn: nn.utils.weight_norm(nn.Linear(4, 3), dim=dim), floats(2, 4))
    compare_modules(lambda nn: nn.utils.weight_norm(nn.Conv1d(4, 3, 2), "weight", dim), floats(2, 4, 5))


def test_the_weight_follows_what_is_learned():
    def call(module, x):
        t = torch if isinstance(x, torch.Tensor) else lamina
        module(x)
        with t.no_grad():
            module.weight_g.mul_(2)
        return module(x), module.weight

    compare_modules(lambda nn: nn.utils.weight_norm(nn.Linear(4, 3)), floats(2, 4), call=call)


def test_removing_it():
    compare_modules(lambda nn: nn.utils.remove_weight_norm(nn.utils.weight_norm(nn.Linear(4, 3))), floats(2, 4))
    with pytest.raises(ValueError) as caught:
        nn.utils.remove_weight_norm(nn.ReLU())
    assert str(caught.value) == "weight_norm of 'weight' not found in ReLU()"


def test_it_is_deprecated_and_may_be_there_once():
    with pytest.warns(FutureWarning) as caught:
        layer = nn.utils.weight_norm(nn.Linear(4, 3))
    assert str(caught[0].message) == (
        "`lamina.nn.utils.weight_norm` is deprecated in favor of `lamina.nn.utils.parametrizations.weight_norm`."
    )
    assert caught[0].filename == __file__
    with pytest.raises(RuntimeError) as raised:
        nn.utils.weight_norm(layer)
    assert str(raised.value) == "Cannot register two weight_norm hooks on the same parameter weight"
    nn.utils.weight_norm(layer, "bias")
    assert list(layer.state_dict()) == ["weight_g", "weight_v", "bias_g", "bias_v"]
