"""Errors of layers say which layer it was, what it takes, what came, and how to mend it."""

from __future__ import annotations

import pytest

import lamina
from lamina import nn


class Model(nn.Module):
    """One layer deep inside."""

    def __init__(self, layer):
        super().__init__()
        self.head = nn.Sequential(nn.Identity(), layer)

    def forward(self, *args):
        return self.head[1](*args)


CASES = [
    (lambda: nn.Linear(5, 16), (50, 7), "inputs whose last axis is 5 (in_features), got [50, 7]."),
    (lambda: nn.Linear(5, 16), (5, 50), "inputs whose last axis is 5 (in_features), got [5, 50]; is it transposed?"),
    (
        lambda: nn.Linear(24, 2),
        (8, 2, 3, 4),
        "inputs whose last axis is 24 (in_features), got [8, 2, 3, 4]; "
        "`x.flatten(1)`, or `nn.Flatten()` before it, would make it [8, 24].",
    ),
    (
        lambda: nn.Conv2d(3, 8, 3),
        (2, 4, 8, 8),
        "inputs of shape (N, 3, H, W) or (3, H, W), 3 being in_channels, got [2, 4, 8, 8].",
    ),
    (
        lambda: nn.Conv2d(3, 8, 3),
        (2, 8, 8, 3),
        "inputs of shape (N, 3, H, W) or (3, H, W), 3 being in_channels, got [2, 8, 8, 3]; "
        "its channels seem to come last: `x.permute(0, 3, 1, 2)`.",
    ),
    (
        lambda: nn.Conv1d(3, 8, 3),
        (3,),
        "inputs of shape (N, 3, L) or (3, L), 3 being in_channels, got [3].",
    ),
    (
        lambda: nn.Conv3d(2, 8, 3),
        (5, 5, 5, 2),
        "inputs of shape (N, 2, D, H, W) or (2, D, H, W), 2 being in_channels, got [5, 5, 5, 2]; "
        "its channels seem to come last: `x.permute(3, 0, 1, 2)`.",
    ),
    (
        lambda: nn.BatchNorm2d(3),
        (3, 8, 8),
        "inputs of shape (N, 3, H, W), 3 being num_features, got [3, 8, 8]; "
        "`x.unsqueeze(0)` would make it a batch of one.",
    ),
    (
        lambda: nn.BatchNorm1d(4),
        (6, 5),
        "inputs of shape (N, 4, L) or (N, C), 4 being num_features, got [6, 5].",
    ),
    (lambda: nn.GroupNorm(2, 4), (6, 5), "inputs whose axis 1 is 4 (num_channels), got [6, 5]."),
    (lambda: nn.LayerNorm(4), (6, 5), "inputs whose last axis is 4 (normalized_shape), got [6, 5]."),
    (lambda: nn.LayerNorm((3, 4)), (4, 3), "inputs whose last axes are [3, 4] (normalized_shape), got [4, 3]."),
    (lambda: nn.LSTM(4, 8), (3, 2, 5), "inputs whose last axis is 4 (input_size), got [3, 2, 5]."),
    (lambda: nn.GRUCell(4, 8), (3, 5), "inputs whose last axis is 4 (input_size), got [3, 5]."),
    (
        lambda: nn.Embedding(10, 4),
        (3,),
        "indices of type int64 or int32, got float32; `x.long()` converts them.",
    ),
    (
        lambda: nn.Linear(5, 16).double(),
        (2, 5),
        "inputs of its parameters' type, float64, got float32; `x.to(lamina.float64)` converts them.",
    ),
]


@pytest.mark.parametrize(("build", "shape", "expected"), CASES)
def test_advice(build, shape, expected):
    layer = build()
    with pytest.raises((RuntimeError, ValueError)) as caught:
        Model(layer)(lamina.ones(*shape))
    name = type(layer).__name__
    assert caught.value.__notes__[0].startswith(f"in {name} 'head.1' (")
    assert caught.value.__notes__[1] == f"{name} 'head.1' takes {expected}"
    assert caught.value.__notes__[2] == "in Model"


def test_indices_out_of_range():
    with pytest.raises(IndexError) as caught:
        nn.Embedding(10, 4)(lamina.tensor([3, 11]))
    assert caught.value.__notes__ == [
        "in Embedding(10, 4)",
        "Embedding takes indices from 0 to 9 (num_embeddings - 1), got 11; "
        "is `num_embeddings` the number of words, with those for padding?",
    ]


def test_other_devices():
    elsewhere = lamina.ones(2, 3).to("cpu:1")
    with pytest.raises(RuntimeError) as caught:
        nn.Linear(3, 4)(elsewhere)
    assert caught.value.__notes__[1] == (
        "Linear takes inputs on its parameters' device, cpu, got one on cpu:1; `x.to('cpu')` moves it."
    )


def test_nothing_is_said_where_the_inputs_are_right():
    with pytest.raises(RuntimeError) as caught:
        nn.Conv2d(3, 8, 3)(lamina.ones(2, 3, 1, 1))
    assert caught.value.__notes__ == ["in Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1))"]

    class Mine(nn.Module):
        def forward(self, x):
            raise KeyError("mine")

    with pytest.raises(KeyError) as caught:
        Mine()(lamina.ones(2))
    assert caught.value.__notes__ == ["in Mine()"]
