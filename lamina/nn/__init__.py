"""Modules: layers, models and what they are made of, in reading order."""

from lamina.functions_linear_cross_entropy import LinearCrossEntropyOptions
from lamina.nn import functional, init
from lamina.nn.activation import (
    CELU,
    ELU,
    GELU,
    GLU,
    SELU,
    Hardshrink,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    Mish,
    PReLU,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softmax,
    Softmax2d,
    Softmin,
    Softplus,
    Softshrink,
    Softsign,
    Tanh,
    Tanhshrink,
    Threshold,
)
from lamina.nn.adaptive import AdaptiveLogSoftmaxWithLoss
from lamina.nn.class_loss import CrossEntropyLoss, LinearCrossEntropyLoss, NLLLoss, NLLLoss2d
from lamina.nn.container import ModuleDict, ModuleList, ParameterDict, ParameterList, Sequential
from lamina.nn.conv import Conv1d, Conv2d, Conv3d
from lamina.nn.ctc import CTCLoss
from lamina.nn.distance import CosineSimilarity, PairwiseDistance
from lamina.nn.dropout import AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout
from lamina.nn.embedding import Embedding
from lamina.nn.flatten import Flatten, Unflatten
from lamina.nn.linear import Bilinear, Identity, Linear
from lamina.nn.loss import (
    BCELoss,
    BCEWithLogitsLoss,
    GaussianNLLLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MSELoss,
    PoissonNLLLoss,
    SmoothL1Loss,
)
from lamina.nn.margin_loss import (
    CosineEmbeddingLoss,
    HingeEmbeddingLoss,
    MarginRankingLoss,
    MultiLabelMarginLoss,
    MultiLabelSoftMarginLoss,
    MultiMarginLoss,
    SoftMarginLoss,
    TripletMarginLoss,
    TripletMarginWithDistanceLoss,
)
from lamina.nn.module import Module
from lamina.nn.norm import BatchNorm1d, BatchNorm2d, BatchNorm3d, GroupNorm, LayerNorm, RMSNorm
from lamina.nn.parameter import Buffer, Parameter
from lamina.nn.pool import AvgPool1d, AvgPool2d, AvgPool3d, MaxPool1d, MaxPool2d, MaxPool3d
from lamina.nn.recurrent import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNBase, RNNCell, RNNCellBase
from lamina.nn.roc_loss import AUMLoss
from lamina.nn.sparsemax import Sparsemax

__all__ = [
    "Module", "Parameter", "Buffer",
    "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict",
    "Identity", "Linear", "Bilinear",
    "Conv1d", "Conv2d", "Conv3d",
    "MaxPool1d", "MaxPool2d", "MaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d",
    "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "LayerNorm", "RMSNorm", "GroupNorm",
    "RNNBase", "RNN", "LSTM", "GRU", "RNNCellBase", "RNNCell", "LSTMCell", "GRUCell",
    "Embedding",
    "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout",
    "Flatten", "Unflatten",
    "ReLU", "Sigmoid", "Tanh", "Softmax", "LogSoftmax", "Softmin", "Softmax2d", "GELU", "LeakyReLU", "ELU", "SELU",
    "CELU", "SiLU", "Mish", "Softplus", "Softsign", "Hardtanh", "ReLU6", "Hardsigmoid", "Hardswish", "LogSigmoid",
    "GLU", "Threshold", "Tanhshrink", "Hardshrink", "Softshrink", "PReLU",
    "MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "CrossEntropyLoss", "NLLLoss", "BCELoss", "BCEWithLogitsLoss",
    "KLDivLoss", "PoissonNLLLoss", "GaussianNLLLoss", "NLLLoss2d", "LinearCrossEntropyLoss",
    "LinearCrossEntropyOptions", "AdaptiveLogSoftmaxWithLoss", "CTCLoss",
    "MarginRankingLoss", "HingeEmbeddingLoss", "SoftMarginLoss",
    "CosineEmbeddingLoss", "MultiMarginLoss", "MultiLabelMarginLoss", "MultiLabelSoftMarginLoss", "TripletMarginLoss",
    "TripletMarginWithDistanceLoss", "AUMLoss",
    "PairwiseDistance", "CosineSimilarity", "Sparsemax",
    "functional", "init",
]  # fmt: skip
