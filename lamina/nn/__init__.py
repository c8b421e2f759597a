"""Modules: layers, models and what they are made of, in reading order."""

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
from lamina.nn.container import ModuleDict, ModuleList, ParameterDict, ParameterList, Sequential
from lamina.nn.conv import Conv1d, Conv2d, Conv3d
from lamina.nn.dropout import AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout
from lamina.nn.embedding import Embedding
from lamina.nn.embedding_bag import EmbeddingBag
from lamina.nn.flatten import Flatten, Unflatten
from lamina.nn.instance_norm import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from lamina.nn.legacy import Container, factory_kwargs
from lamina.nn.linear import Bilinear, Identity, Linear
from lamina.nn.loss import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
    SmoothL1Loss,
)
from lamina.nn.module import Module
from lamina.nn.norm import BatchNorm1d, BatchNorm2d, BatchNorm3d, GroupNorm, LayerNorm, RMSNorm
from lamina.nn.parameter import Buffer, Parameter
from lamina.nn.pool import AvgPool1d, AvgPool2d, AvgPool3d, MaxPool1d, MaxPool2d, MaxPool3d
from lamina.nn.random_activation import RReLU
from lamina.nn.recurrent import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNBase, RNNCell, RNNCellBase
from lamina.nn.response_norm import CrossMapLRN2d, LocalResponseNorm
from lamina.nn.sync_norm import SyncBatchNorm

__all__ = [
    "Module", "Parameter", "Buffer",
    "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict", "Container",
    "Identity", "Linear", "Bilinear",
    "Conv1d", "Conv2d", "Conv3d",
    "MaxPool1d", "MaxPool2d", "MaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d",
    "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "LayerNorm", "RMSNorm", "GroupNorm",
    "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "SyncBatchNorm", "LocalResponseNorm", "CrossMapLRN2d",
    "RNNBase", "RNN", "LSTM", "GRU", "RNNCellBase", "RNNCell", "LSTMCell", "GRUCell",
    "Embedding", "EmbeddingBag",
    "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout",
    "Flatten", "Unflatten",
    "ReLU", "Sigmoid", "Tanh", "Softmax", "LogSoftmax", "Softmin", "Softmax2d", "GELU", "LeakyReLU", "ELU", "SELU",
    "CELU", "SiLU", "Mish", "Softplus", "Softsign", "Hardtanh", "ReLU6", "Hardsigmoid", "Hardswish", "LogSigmoid",
    "GLU", "Threshold", "Tanhshrink", "Hardshrink", "Softshrink", "PReLU", "RReLU",
    "MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "CrossEntropyLoss", "NLLLoss", "BCELoss", "BCEWithLogitsLoss",
    "KLDivLoss",
    "functional", "init", "factory_kwargs",
]  # fmt: skip
