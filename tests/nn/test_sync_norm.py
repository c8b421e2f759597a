"""SyncBatchNorm on one device beside PyTorch's."""

from __future__ import annotations

import pytest

import lamina
from lamina import nn
from tests.parity import compare, compare_modules, floats

LOOSE = {"rtol": 1e-4, "atol": 2e-5}


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("options", [
    {}, {"momentum": None}, {"affine": False}, {"track_running_stats": False}, {"bias": False, "process_group": "all"},
])  # fmt: skip
def test_sync_batch_norm(train, options):
    compare_modules(lambda nn: nn.SyncBatchNorm(3, **options), floats(4, 3, 2), train=train, **LOOSE)
    compare_modules(lambda nn: nn.SyncBatchNorm(3, **options), floats(4, 3), train=train, **LOOSE)


def test_conversion():
    def build(nn):
        inner = nn.Sequential(nn.BatchNorm1d(3, momentum=0.3, bias=False), nn.ReLU()).eval()
        model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3, affine=False), inner, nn.LayerNorm(3))
        converted = nn.SyncBatchNorm.convert_sync_batchnorm(model)
        assert converted is model and isinstance(model[1], nn.SyncBatchNorm) and isinstance(inner[0], nn.SyncBatchNorm)
        assert not inner[0].training
        return converted

    compare_modules(build, floats(4, 3), **LOOSE)


def test_a_converted_layer_has_the_same_parameters():
    layer = nn.BatchNorm2d(3, eps=0.1)
    converted = nn.SyncBatchNorm.convert_sync_batchnorm(layer, "group")
    assert converted.weight is layer.weight and converted.running_var is layer.running_var
    assert converted.eps == 0.1 and converted.process_group == "group"


def test_errors():
    compare(lambda t, x: t.nn.SyncBatchNorm(3)(x), floats(3))
    compare(lambda t, x: t.nn.SyncBatchNorm(0)(x), floats(3, 0))
    with pytest.raises(ValueError) as caught:
        nn.SyncBatchNorm(3)(lamina.ones(3))
    assert str(caught.value) == "expected at least 2D input (got 1D input)"
