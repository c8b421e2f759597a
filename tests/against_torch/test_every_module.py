"""Every class of `torch.nn`, beside the real one: results, gradients, buffers, state and printing, in both modes.

The tests of each family go through all arguments; this table makes sure that nobody is forgotten.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.parity import bools, compare_modules, floats, integers, positives
from tools.coverage import public

X = floats(4, 6)
POSITIVE = positives(4, 6)
LINE, IMAGE, VOLUME = floats(2, 4, 8), floats(2, 4, 6, 8), floats(2, 2, 4, 6, 5)
SPACES = {1: LINE, 2: IMAGE, 3: VOLUME}
CHANNELS = {1: 4, 2: 4, 3: 2}
SEQUENCE = floats(5, 3, 8)
CLASSES = integers(4, low=0, high=6)
EACH_CLUSTER = np.array([0, 3, 4, 8])
SIGNS, SIGN = (np.sign(floats(*shape, seed=3)).astype(np.int64) for shape in ((4, 6), (4,)))


def _softmax(x):
    return np.exp(x) / np.exp(x).sum(-1, keepdims=True)


CASES: dict[str, list] = {
    # containers
    "Module": [(lambda nn: nn.Sequential(nn.Linear(6, 2)), X)],
    "Container": [(lambda nn: nn.Sequential(nn.Linear(6, 2)), X)],
    "Sequential": [(lambda nn: nn.Sequential(nn.Linear(6, 3), nn.ReLU(), nn.Linear(3, 2)), X)],
    "ModuleList": [(lambda nn: nn.Sequential(*nn.ModuleList([nn.Linear(6, 6), nn.Tanh()])), X)],
    "ModuleDict": [(lambda nn: nn.Sequential(*nn.ModuleDict({"a": nn.Linear(6, 6), "b": nn.Tanh()}).values()), X)],
    "DataParallel": [(lambda nn: nn.DataParallel(nn.Linear(6, 2)), X)],
    # linear
    "Identity": [(lambda nn: nn.Identity(), X)],
    "Linear": [(lambda nn: nn.Linear(6, 2), X), (lambda nn: nn.Linear(6, 2, bias=False), X)],
    "Bilinear": [(lambda nn: nn.Bilinear(6, 3, 2), X, floats(4, 3))],
    # embedding
    "Embedding": [(lambda nn: nn.Embedding(6, 3, padding_idx=1), CLASSES)],
    "EmbeddingBag": [
        (lambda nn, mode=mode: nn.EmbeddingBag(6, 3, mode=mode), integers(4, 5, low=0, high=6))
        for mode in ("mean", "sum", "max")
    ],
    # recurrent
    **{
        name: [(lambda nn, name=name: getattr(nn, name)(8, 6, num_layers=2, bidirectional=True), SEQUENCE)]
        for name in ("RNN", "LSTM", "GRU")
    },
    **{name: [(lambda nn, name=name: getattr(nn, name)(6, 3), X)] for name in ("RNNCell", "LSTMCell", "GRUCell")},
    # attention
    "MultiheadAttention": [(lambda nn: nn.MultiheadAttention(8, 2), SEQUENCE, SEQUENCE, SEQUENCE)],
    "Transformer": [(lambda nn: nn.Transformer(8, 2, 1, 1, 16, dropout=0.0), SEQUENCE, floats(4, 3, 8))],
    "TransformerEncoder": [
        (lambda nn: nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True), 2), SEQUENCE)
    ],
    "TransformerDecoder": [
        (lambda nn: nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16, 0.0), 2), SEQUENCE, floats(4, 3, 8))
    ],
    "TransformerEncoderLayer": [(lambda nn: nn.TransformerEncoderLayer(8, 2, 16, 0.0, norm_first=True), SEQUENCE)],
    "TransformerDecoderLayer": [(lambda nn: nn.TransformerDecoderLayer(8, 2, 16, 0.0), SEQUENCE, floats(4, 3, 8))],
    # normalisation
    "LayerNorm": [(lambda nn: nn.LayerNorm(6), X)],
    "RMSNorm": [(lambda nn: nn.RMSNorm(6), X)],
    "GroupNorm": [(lambda nn: nn.GroupNorm(2, 4), IMAGE)],
    "LocalResponseNorm": [(lambda nn: nn.LocalResponseNorm(3), IMAGE)],
    "CrossMapLRN2d": [(lambda nn: nn.CrossMapLRN2d(3), IMAGE)],
    # vision
    "PixelShuffle": [(lambda nn: nn.PixelShuffle(2), IMAGE)],
    "PixelUnshuffle": [(lambda nn: nn.PixelUnshuffle(2), IMAGE)],
    "ChannelShuffle": [(lambda nn: nn.ChannelShuffle(2), IMAGE)],
    "Upsample": [
        (lambda nn, mode=mode: nn.Upsample(scale_factor=2, mode=mode), IMAGE)
        for mode in ("nearest", "bilinear", "bicubic")
    ],
    "UpsamplingNearest2d": [(lambda nn: nn.UpsamplingNearest2d(scale_factor=2), IMAGE)],
    "UpsamplingBilinear2d": [(lambda nn: nn.UpsamplingBilinear2d(scale_factor=2), IMAGE)],
    "Fold": [(lambda nn: nn.Fold((4, 5), 2), floats(2, 12, 12))],
    "Unfold": [(lambda nn: nn.Unfold(2), IMAGE)],
    # shape, distance
    "Flatten": [(lambda nn: nn.Flatten(), IMAGE)],
    "Unflatten": [(lambda nn: nn.Unflatten(1, (2, 3)), X)],
    "CosineSimilarity": [(lambda nn: nn.CosineSimilarity(), X, floats(4, 6, seed=1))],
    "PairwiseDistance": [(lambda nn: nn.PairwiseDistance(), X, floats(4, 6, seed=1))],
    # losses
    "CTCLoss": [
        (
            lambda nn: nn.CTCLoss(),
            np.log(_softmax(floats(9, 2, 5))),
            integers(2, 3, low=1, high=5),
            np.array([9, 8]),
            np.array([3, 2]),
        )
    ],
    "CrossEntropyLoss": [(lambda nn: nn.CrossEntropyLoss(label_smoothing=0.1), X, CLASSES)],
    "NLLLoss": [(lambda nn: nn.NLLLoss(), np.log(_softmax(X)), CLASSES)],
    "KLDivLoss": [
        (lambda nn: nn.KLDivLoss(reduction="batchmean"), np.log(_softmax(X)), _softmax(floats(4, 6, seed=1)))
    ],
    "BCELoss": [(lambda nn: nn.BCELoss(), _softmax(X), bools(4, 6).astype(np.float32))],
    "BCEWithLogitsLoss": [(lambda nn: nn.BCEWithLogitsLoss(), X, bools(4, 6).astype(np.float32))],
    **{
        name: [(lambda nn, name=name: getattr(nn, name)(), X, floats(4, 6, seed=1))]
        for name in ("L1Loss", "MSELoss", "SmoothL1Loss", "HuberLoss")
    },
    "PoissonNLLLoss": [(lambda nn: nn.PoissonNLLLoss(full=True), X, positives(4, 6, high=5.0))],
    "GaussianNLLLoss": [(lambda nn: nn.GaussianNLLLoss(full=True), X, floats(4, 6, seed=1), POSITIVE)],
    "SoftMarginLoss": [(lambda nn: nn.SoftMarginLoss(), X, SIGNS)],
    "HingeEmbeddingLoss": [(lambda nn: nn.HingeEmbeddingLoss(), X, SIGNS)],
    "MultiLabelMarginLoss": [(lambda nn: nn.MultiLabelMarginLoss(), X, np.array([[3, 0, -1, 1, 2, 5]] * 4))],
    "MultiLabelSoftMarginLoss": [(lambda nn: nn.MultiLabelSoftMarginLoss(), X, bools(4, 6).astype(np.float32))],
    "MultiMarginLoss": [(lambda nn: nn.MultiMarginLoss(p=2), X, CLASSES)],
    "CosineEmbeddingLoss": [(lambda nn: nn.CosineEmbeddingLoss(0.1), X, floats(4, 6, seed=1), SIGN)],
    "MarginRankingLoss": [(lambda nn: nn.MarginRankingLoss(0.1), floats(4), floats(4, seed=1), SIGN)],
    "TripletMarginLoss": [(lambda nn: nn.TripletMarginLoss(swap=True), X, floats(4, 6, seed=1), floats(4, 6, seed=2))],
    "TripletMarginWithDistanceLoss": [
        (lambda nn: nn.TripletMarginWithDistanceLoss(), X, floats(4, 6, seed=1), floats(4, 6, seed=2))
    ],
    "AdaptiveLogSoftmaxWithLoss": [(lambda nn: nn.AdaptiveLogSoftmaxWithLoss(6, 9, [3, 5], 2.0), X, EACH_CLUSTER)],
    # activations
    **{
        name: [(lambda nn, name=name: getattr(nn, name)(), X * 3)]
        for name in (
            "CELU ELU GELU GLU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid Mish PReLU ReLU ReLU6 "
            "SELU SiLU Sigmoid Softplus Softshrink Softsign Tanh Tanhshrink"
        ).split()
    },
    **{name: [(lambda nn, name=name: getattr(nn, name)(dim=1), X)] for name in ("Softmax", "Softmin", "LogSoftmax")},
    "Softmax2d": [(lambda nn: nn.Softmax2d(), IMAGE)],
    "Threshold": [(lambda nn: nn.Threshold(0.1, 2.0), X)],
}

for _n, _x in SPACES.items():
    _c = CHANNELS[_n]
    CASES |= {
        f"Conv{_n}d": [(lambda nn, n=_n, c=_c: getattr(nn, f"Conv{n}d")(c, 4, 3, 2, 1), _x)],
        f"ConvTranspose{_n}d": [(lambda nn, n=_n, c=_c: getattr(nn, f"ConvTranspose{n}d")(c, 4, 3, 2, 1, 1), _x)],
        f"BatchNorm{_n}d": [(lambda nn, n=_n, c=_c: getattr(nn, f"BatchNorm{n}d")(c), _x)],
        f"InstanceNorm{_n}d": [
            (lambda nn, n=_n, c=_c: getattr(nn, f"InstanceNorm{n}d")(c, affine=True, track_running_stats=True), _x)
        ],
        f"MaxPool{_n}d": [(lambda nn, n=_n: getattr(nn, f"MaxPool{n}d")(2), _x)],
        f"AvgPool{_n}d": [(lambda nn, n=_n: getattr(nn, f"AvgPool{n}d")(2), _x)],
        f"LPPool{_n}d": [(lambda nn, n=_n: getattr(nn, f"LPPool{n}d")(3, 2), np.abs(_x) + 0.1)],
        f"AdaptiveAvgPool{_n}d": [(lambda nn, n=_n: getattr(nn, f"AdaptiveAvgPool{n}d")(3), _x)],
        f"AdaptiveMaxPool{_n}d": [(lambda nn, n=_n: getattr(nn, f"AdaptiveMaxPool{n}d")(3), _x)],
        f"ReflectionPad{_n}d": [(lambda nn, n=_n: getattr(nn, f"ReflectionPad{n}d")(1), _x)],
        f"ReplicationPad{_n}d": [(lambda nn, n=_n: getattr(nn, f"ReplicationPad{n}d")(2), _x)],
        f"ZeroPad{_n}d": [(lambda nn, n=_n: getattr(nn, f"ZeroPad{n}d")(2), _x)],
        f"ConstantPad{_n}d": [(lambda nn, n=_n: getattr(nn, f"ConstantPad{n}d")(2, 1.5), _x)],
        f"CircularPad{_n}d": [(lambda nn, n=_n: getattr(nn, f"CircularPad{n}d")(2), _x)],
    }

SIGNED = ("SoftMarginLoss", "HingeEmbeddingLoss", "CosineEmbeddingLoss", "MarginRankingLoss")

RANDOM = {
    **dict.fromkeys(("Dropout", "AlphaDropout", "FeatureAlphaDropout"), X),
    **{f"Dropout{n}d": x for n, x in SPACES.items()},
    "RReLU": X,
}
"""Random while training, so compared while evaluating; `tests/nn` has their distributions."""

ELSEWHERE = {
    "ParameterList": "tests/nn/test_container.py",
    "ParameterDict": "tests/nn/test_container.py",
    "Parameter": "tests/nn/test_parameter.py",
    "Buffer": "tests/nn/test_parameter.py",
    "UninitializedParameter": "tests/nn/test_lazy.py",
    "UninitializedBuffer": "tests/nn/test_lazy.py",
    **{name: "tests/nn/test_lazy.py" for name in public("nn") if name.startswith("Lazy")},
    "RNNBase": "the base of RNN, LSTM and GRU",
    "RNNCellBase": "the base of the cells",
    "SyncBatchNorm": "PyTorch's runs on GPUs only: tests/nn/test_norm.py",
    "FractionalMaxPool2d": "random: tests/nn/test_pool.py gives both the same numbers",
    "FractionalMaxPool3d": "random: tests/nn/test_pool.py gives both the same numbers",
    "MaxUnpool1d": "needs the indices of a pooling layer: tests/nn/test_pool.py",
    "MaxUnpool2d": "needs the indices of a pooling layer: tests/nn/test_pool.py",
    "MaxUnpool3d": "needs the indices of a pooling layer: tests/nn/test_pool.py",
    "LinearCrossEntropyLoss": "tests/nn/test_loss.py",
    "LinearCrossEntropyOptions": "tests/nn/test_loss.py",
    "factory_kwargs": "a function",
    "NLLLoss2d": "warns: tests/nn/test_class_loss.py",
}


def test_nobody_is_forgotten():
    assert set(public("nn")) == {*CASES, *RANDOM, *ELSEWHERE}


@pytest.mark.parametrize("train", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("name", CASES)
def test_module(name, train):
    def call(module, *inputs):
        if inputs[-1].shape and name in SIGNED:  # whole numbers, so that nobody asks for their gradient
            inputs = (*inputs[:-1], inputs[-1].to(inputs[0].dtype))
        result = module(*inputs)
        return tuple(result) if name == "AdaptiveLogSoftmaxWithLoss" else result

    for build, *inputs in CASES[name]:
        tolerance = {"rtol": 1e-4, "atol": 1e-5} if "Conv" in name or "former" in name or "RNN" in name else {}
        compare_modules(build, *inputs, train=train, call=call, **tolerance)


@pytest.mark.parametrize("name", RANDOM)
def test_random_modules_evaluate(name):
    assert hasattr(torch.nn, name)
    compare_modules(lambda nn: getattr(nn, name)(), RANDOM[name], train=False)
