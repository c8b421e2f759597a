"""Layers with batch normalization, fused, against PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import lamina
from lamina import nn
from tests.parity import compare, compare_modules, floats, positives


def normalized(nn, kind, features, lib):
    bn = getattr(nn, kind)(features).eval()
    with lib.no_grad():
        for i, p in enumerate((bn.weight, bn.bias, bn.running_mean)):
            p.copy_(lib.tensor(floats(features, seed=i)))
        bn.running_var.copy_(lib.tensor(positives(features)))
    return bn


@pytest.mark.parametrize(
    ("conv", "bn", "shape"),
    [
        (lambda nn: nn.Conv1d(4, 3, 2), "BatchNorm1d", (2, 4, 5)),
        (lambda nn: nn.Conv2d(4, 6, (2, 1), groups=2, bias=False), "BatchNorm2d", (2, 4, 5, 3)),
    ],
)
def test_convolutions(conv, bn, shape):
    def build(nn):
        import torch

        lib = torch if nn is torch.nn else lamina
        layer = conv(nn).eval()
        return nn.utils.fuse_conv_bn_eval(layer, normalized(nn, bn, layer.out_channels, lib))

    compare_modules(build, floats(*shape), train=False)
    layer = conv(nn).eval()
    with lamina.no_grad():
        layer.weight.copy_(lamina.tensor(floats(*layer.weight.shape)))
    norm = normalized(nn, bn, layer.out_channels, lamina)
    x = lamina.tensor(floats(*shape))
    fused = nn.utils.fuse_conv_bn_eval(layer, norm)
    assert lamina.allclose(fused(x), norm(layer(x)), atol=1e-5) and fused is not layer


@pytest.mark.parametrize(("features", "bias"), [(3, True), (1, False)])
def test_linear_layers(features, bias):
    def build(nn):
        import torch

        lib = torch if nn is torch.nn else lamina
        return nn.utils.fuse_linear_bn_eval(
            nn.Linear(4, 3, bias and features == 3).eval(), normalized(nn, "BatchNorm1d", features, lib)
        )

    compare_modules(build, floats(2, 4), train=False)


def test_weights():
    def conv(t, w, rm, rv, bw, bb):
        return (
            t.nn.utils.fuse_conv_bn_weights(w, None, rm, rv, 1e-5, None, None, transpose=False),
            t.nn.utils.fuse_conv_bn_weights(w, rm * 2, rm, rv, 1e-3, bw, bb),
        )

    arrays = [floats(3, seed=1), positives(3), floats(3, seed=2), floats(3, seed=3)]
    compare(conv, floats(3, 2, 2), *arrays, grad=False)
    compare(
        lambda t, w, rm, rv, bw, bb: t.nn.utils.fuse_conv_bn_weights(w, None, rm, rv, 1e-5, bw, bb, True),
        floats(2, 3, 2),
        *arrays,
        grad=False,
    )
    compare(
        lambda t, w, rm, rv, bw, bb: t.nn.utils.fuse_linear_bn_weights(w, rm, rm, rv, 1e-5, bw, bb),
        floats(3, 4, dtype=np.float16),
        *arrays,
        grad=False,
    )


def test_errors():
    conv, bn = nn.Conv1d(2, 3, 2), nn.BatchNorm1d(3)
    for call, message in (
        (lambda: nn.utils.fuse_conv_bn_eval(conv, bn.eval()), "Fusion only for eval!"),
        (
            lambda: nn.utils.fuse_conv_bn_eval(conv.eval(), nn.BatchNorm1d(3, track_running_stats=False).eval()),
            "bn.running_mean and bn.running_var must not be None",
        ),
        (
            lambda: nn.utils.fuse_linear_bn_eval(nn.Linear(4, 2).eval(), bn.eval()),
            "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, "
            "got linear.out_features=2 and bn.num_features=3",
        ),
    ):
        with pytest.raises(AssertionError) as caught:
            call()
        assert str(caught.value) == message
