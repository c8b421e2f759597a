"""TensorDataset: items and whole batches."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import lamina
from lamina import data

X = np.arange(24, dtype=np.float32).reshape(12, 2)


def make():
    return data.TensorDataset(lamina.tensor(X), lamina.arange(12))


def test_items():
    dataset = make()
    assert len(dataset) == 12
    x, y = dataset[3]
    assert x.tolist() == [6.0, 7.0]
    assert y.item() == 3
    assert y.dtype is lamina.int64
    assert dataset[-1][1].item() == 11
    assert dataset[2:4][0].shape == (2, 2)
    with pytest.raises(IndexError):
        dataset[12]
    with pytest.raises(AssertionError, match="Size mismatch between tensors"):
        data.TensorDataset(lamina.ones(2), lamina.ones(3))


def test_an_item_is_a_copy():
    dataset = make()
    x, _ = dataset[0]
    x.add_(100)
    assert dataset.tensors[0][0].tolist() == [0.0, 1.0]
    with lamina.no_grad():
        dataset.tensors[0][0] = 5.0
    assert dataset[0][0].tolist() == [5.0, 5.0]


def test_a_batch_at_once_is_a_batch_item_by_item():
    dataset = data.Subset(make(), [7, 1, 5, 3])
    whole = list(data.DataLoader(dataset, batch_size=3))
    each = list(data.DataLoader(dataset, batch_size=3, collate_fn=lambda items: data.default_collate(items)))
    for a, b in zip(whole, each, strict=True):
        assert type(a) is type(b) is list
        assert [x.tolist() for x in a] == [x.tolist() for x in b]
        assert [x.dtype for x in a] == [x.dtype for x in b]


def test_a_subclass_that_changes_items_is_asked_for_each():
    class Doubled(data.TensorDataset):
        def __getitem__(self, index):
            return tuple(x * 2 for x in super().__getitem__(index))

    loader = data.DataLoader(Doubled(lamina.arange(3)), batch_size=3)
    assert next(iter(loader))[0].tolist() == [0, 2, 4]


def test_gradients_pass_through():
    weight = lamina.tensor(X, requires_grad=True)
    (x,) = next(iter(data.DataLoader(data.TensorDataset(weight), batch_size=4)))
    x.sum().backward()
    assert weight.grad.sum().item() == 8.0


def test_a_pickled_one_holds_arrays_until_tensors_are_asked_for():
    sent = pickle.loads(pickle.dumps(make()))
    assert sent._tensors is None
    assert len(sent) == 12
    assert sent.rows([1, 2])[1].tolist() == [1, 2]
    assert isinstance(sent.tensors[0], lamina.Tensor)
    assert sent[3][0].tolist() == [6.0, 7.0]
