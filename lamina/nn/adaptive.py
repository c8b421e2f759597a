"""Adaptive softmax: a loss over many classes, most of which are rare."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from typing import Any

from lamina import functions
from lamina.functions_sequence_loss import adaptive_log_softmax
from lamina.nn.container import ModuleList, Sequential
from lamina.nn.linear import Linear
from lamina.nn.module import Module
from lamina.tensor import Tensor

_ASMoutput = namedtuple("_ASMoutput", ["output", "loss"])


class AdaptiveLogSoftmaxWithLoss(Module):
    """The log-probability of a target is that of its cluster, plus, within a rare cluster, that of the target there.

    Args:
        in_features: last size of input.
        n_classes: how many classes there are, the most frequent first.
        cutoffs: the class that each cluster begins with; classes before the first are frequent.
        div_value: cluster i of 1, 2, ... first maps the input to in_features // div_value^i features.
        head_bias: whether the scores of frequent classes and of clusters have a bias.
    Shapes:
        input (N, in_features) or (in_features,), target (N,) or (), int64
        -> output, the log-probabilities (N,) or (), and loss, minus their mean ()
    Source: torch.nn.AdaptiveLogSoftmaxWithLoss.

    >>> import lamina
    >>> layer = lamina.nn.AdaptiveLogSoftmaxWithLoss(16, 20, cutoffs=[4, 10])
    >>> layer(lamina.ones(3, 16), lamina.tensor([0, 5, 19])).output.shape
    lamina.Size([3])
    """

    def __init__(self, in_features: int, n_classes: int, cutoffs: Sequence[int], div_value: float = 4.0,
                 head_bias: bool = False, device: Any = None, dtype: Any = None) -> None:  # fmt: skip
        super().__init__()
        _check_cutoffs(cutoffs, n_classes)
        self.in_features, self.n_classes, self.cutoffs = in_features, n_classes, [*cutoffs, n_classes]
        self.div_value, self.head_bias = div_value, head_bias
        self.shortlist_size, self.n_clusters = self.cutoffs[0], len(self.cutoffs) - 1
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, head_bias, device, dtype)
        self.tail = ModuleList()
        for i in range(self.n_clusters):
            features, size = int(in_features // div_value ** (i + 1)), self.cutoffs[i + 1] - self.cutoffs[i]
            first = Linear(in_features, features, False, device, dtype)
            second = Linear(features, size, False, device, dtype)
            self.tail.append(Sequential(first, second))

    def reset_parameters(self) -> None:
        self.head.reset_parameters()
        for layer in self.tail.modules():
            if isinstance(layer, Linear):
                layer.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> Any:
        _check_target(input_, target_)
        rows, targets = (input_, target_) if target_.ndim else (input_.unsqueeze(0), target_.unsqueeze(0))
        output = adaptive_log_softmax(self.head(rows), targets, [tail(rows) for tail in self.tail], self.n_classes)
        return _ASMoutput(output if target_.ndim else output.squeeze(0), (-output).mean())

    def log_prob(self, input: Tensor) -> Tensor:
        """The log-probabilities of all classes: (N, in_features) -> (N, n_classes)"""
        return functions.adaptive_log_prob(self.head(input), [tail(input) for tail in self.tail])

    def predict(self, input: Tensor) -> Tensor:
        """The most likely class of each row: (N, in_features) -> (N,), int64"""
        return functions.adaptive_predict(self.head(input), [tail(input) for tail in self.tail])


def _check_cutoffs(cutoffs: Sequence[int], n_classes: int) -> None:
    if len(cutoffs) == 0:
        raise ValueError("AdaptiveLogSoftmaxWithLoss: cutoffs must have at least one number, got none.")
    whole = all(int(c) == c for c in cutoffs)
    if not whole or list(cutoffs) != sorted(set(cutoffs)) or cutoffs[0] <= 0 or cutoffs[-1] >= n_classes:
        raise ValueError(
            "AdaptiveLogSoftmaxWithLoss: cutoffs must be whole numbers, each larger than the one before, "
            f"from 1 to {n_classes - 1}, got {list(cutoffs)}."
        )


def _check_target(input: Tensor, target: Tensor) -> None:
    if target.ndim > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if input.ndim != target.ndim + 1 or (target.ndim and input.shape[0] != target.shape[0]):
        expected = "(N, E) to go with target (N,)" if target.ndim else "(E,) to go with target ()"
        raise RuntimeError(
            f"AdaptiveLogSoftmaxWithLoss: input must be {expected}, got {tuple(input.shape)} and {tuple(target.shape)}."
        )
