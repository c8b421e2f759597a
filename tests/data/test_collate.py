"""default_collate and default_convert, beside PyTorch's."""

from __future__ import annotations

import collections
import dataclasses
import types
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch

import lamina
from lamina import data
from tests.parity import floats, to_numpy

Point = collections.namedtuple("Point", ["x", "y"])


class Record(collections.UserDict):
    kept = "kept"


def plain(x: Any) -> Any:
    """A batch with arrays in place of either library's tensors."""
    if isinstance(x, (torch.Tensor, lamina.Tensor)):
        array = to_numpy(x)
        return ("tensor", str(array.dtype), array.shape, array.tolist())
    if isinstance(x, collections.abc.Mapping):
        return (type(x), {name: plain(value) for name, value in x.items()})
    if isinstance(x, (list, tuple)):
        return (type(x), [plain(value) for value in x])
    return (type(x), x)


def tensors(library):
    return [library.tensor([1.0, 2.0]), library.tensor([3.0, 4.0])]


BATCHES = {
    "ints": [1, 2, 3],
    "floats": [1.0, 2.5],
    "bools": [True, False],
    "int, then float": [1, 2.5],
    "numpy scalars": [np.float32(1), np.float32(2)],
    "numpy float64": [np.float64(1), np.float64(2)],
    "numpy bools": [np.bool_(True), np.bool_(False)],
    "0-d arrays": [np.array(1, np.int16), np.array(2, np.int16)],
    "arrays": [floats(2, 3), floats(2, 3, seed=1)],
    "empty arrays": [np.empty((0, 3)), np.empty((0, 3))],
    "a slice": [floats(4, 4)[:, ::2], floats(4, 4, seed=1)[:, ::2]],
    "strings": ["a", "b"],
    "bytes": [b"a", b"b"],
    "tuples": [(1, 2.0, "a"), (3, 4.0, "b")],
    "lists": [[1, 2.0], [3, 4.0]],
    "dicts": [{"x": 1, "y": [1.0]}, {"x": 2, "y": [2.0]}],
    "ordered": [collections.OrderedDict(a=1), collections.OrderedDict(a=2)],
    "defaults": [collections.defaultdict(list, a=1), collections.defaultdict(list, a=2)],
    "a kind of mapping": [Record(a=1), Record(a=2)],
    "read-only mapping": [types.MappingProxyType({"a": 1}), types.MappingProxyType({"a": 2})],
    "named tuples": [Point(1, (2.0,)), Point(3, (4.0,))],
    "ranges": [range(2), range(2)],
    "a tuple of items": (1, 2),
}


@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES)
def test_collate(batch):
    assert plain(data.default_collate(batch)) == plain(torch.utils.data.default_collate(batch))


@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES)
def test_convert(batch):
    assert plain(data.default_convert(batch)) == plain(torch.utils.data.default_convert(batch))


def test_tensors():
    ours, theirs = data.default_collate(tensors(lamina)), torch.utils.data.default_collate(tensors(torch))
    assert plain(ours) == plain(theirs)
    nested = data.default_collate([{"t": x} for x in tensors(lamina)])
    assert nested["t"].shape == (2, 2)
    half = data.default_collate([np.zeros(2, ml_dtypes.bfloat16)] * 2)
    assert half.dtype is lamina.bfloat16
    kept = lamina.ones(2)
    assert data.default_convert([kept])[0] is kept


def test_tensors_of_pytorch_are_taken():
    assert data.default_collate(tensors(torch)).tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert isinstance(data.default_convert(torch.ones(2)), lamina.Tensor)


def test_gradients_pass_through():
    items = [lamina.tensor([1.0], requires_grad=True), lamina.tensor([2.0], requires_grad=True)]
    (data.default_collate(items) * lamina.tensor([[2.0], [3.0]])).sum().backward()
    assert [x.grad.item() for x in items] == [2.0, 3.0]


def test_dataclasses():
    @dataclasses.dataclass
    class Pair:
        x: float
        name: str
        kind: str = dataclasses.field(default="pair", init=False)

    batch = data.default_collate([Pair(1.0, "a"), Pair(2.0, "b")])
    assert batch.x.tolist() == [1.0, 2.0]
    assert (batch.name, batch.kind) == (["a", "b"], "pair")


def test_a_batch_holds_numbers_of_its_own():
    array = np.zeros(3)
    batch, item = data.default_collate([array, array]), data.default_convert(array)
    array += 1
    assert batch.sum().item() == item.sum().item() == 0


@pytest.mark.parametrize(
    "batch", [[object(), object()], [None], [1j], [np.array(["a"])], [np.array([None])], [{1}]], ids=repr
)
def test_what_cannot_be_put_together(batch):
    with pytest.raises(TypeError) as theirs:
        torch.utils.data.default_collate(batch)
    with pytest.raises(TypeError) as ours:
        data.default_collate(batch)
    assert str(ours.value) == str(theirs.value)


def test_sizes_that_differ_are_told_with_the_item():
    for collate, made in ((data.default_collate, lamina), (torch.utils.data.default_collate, torch)):
        with pytest.raises(RuntimeError) as caught:
            collate([made.ones(3), made.ones(3), made.ones(4)])
        text = "stack expects each tensor to be equal size, but got [3] at entry 0 and [4] at entry 2"
        assert str(caught.value) == text
    with pytest.raises(RuntimeError) as caught:
        data.default_collate([[1, 2], [1]])
    assert str(caught.value) == ("each element in list of batch should be of equal size: entry 0 has 2, entry 1 has 1")


def test_dicts_that_differ():
    for collate in (data.default_collate, torch.utils.data.default_collate):
        with pytest.raises(KeyError):
            collate([{"a": 1}, {"b": 1}])
