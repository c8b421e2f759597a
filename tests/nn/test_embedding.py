"""Embedding against PyTorch's, with the same table."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lamina
from lamina import nn
from tests.parity import compare_modules, integers


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"padding_idx": 2},
        {"padding_idx": -1},
        {"scale_grad_by_freq": True},
        {"padding_idx": 0, "scale_grad_by_freq": True},
        {"max_norm": 1.0},
        {"max_norm": 0.5, "norm_type": 1.0},
    ],
)
@pytest.mark.parametrize("shape", [(4,), (2, 3), ()])
def test_embedding_agrees(options, shape):
    compare_modules(lambda nn: nn.Embedding(5, 3, **options), integers(*shape, low=0, high=5))


def test_padding_begins_at_zero_and_stays():
    module = nn.Embedding(4, 3, padding_idx=-2)
    assert module.padding_idx == 2 and module.weight[2].tolist() == [0, 0, 0] and module.weight[1].tolist() != [0, 0, 0]
    module(lamina.tensor([2, 1])).sum().backward()
    assert module.weight.grad.tolist() == [[0] * 3, [1] * 3, [0] * 3, [0] * 3]


def test_the_table_begins_normal():
    weight = nn.Embedding(100, 100).weight.detach().numpy()
    assert abs(weight.mean()) < 0.05 and abs(weight.std() - 1) < 0.05


@pytest.mark.parametrize("freeze", [True, False])
def test_from_pretrained(freeze):
    table = lamina.tensor([[1.0, 2.0], [3.0, 4.0]])
    module = nn.Embedding.from_pretrained(table, freeze=freeze, padding_idx=0)
    assert module.weight.requires_grad is not freeze
    assert module(lamina.tensor([1, 0])).tolist() == [[3, 4], [1, 2]]
    assert module.extra_repr() == torch.nn.Embedding.from_pretrained(torch.ones(2, 2), padding_idx=0).extra_repr()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"padding_idx": 5}, "Padding_idx must be within num_embeddings"),
        ({"padding_idx": -6}, "Padding_idx must be within num_embeddings"),
        ({"_weight": np.ones((5, 2))}, "Shape of weight does not match num_embeddings and embedding_dim"),
    ],
)
def test_options_that_pytorch_refuses(options, message):
    with pytest.raises(AssertionError) as caught:
        nn.Embedding(
            5, 3, **{name: lamina.tensor(x) if isinstance(x, np.ndarray) else x for name, x in options.items()}
        )
    assert str(caught.value) == message
    with pytest.raises(AssertionError, match="^Embeddings parameter is expected to be 2-dimensional$"):
        nn.Embedding.from_pretrained(lamina.ones(3))


def test_repr():
    for options in (
        {},
        {"padding_idx": 1, "max_norm": 1.0, "norm_type": 1.0, "scale_grad_by_freq": True, "sparse": True},
    ):
        assert nn.Embedding(5, 3, **options).extra_repr() == torch.nn.Embedding(5, 3, **options).extra_repr()
