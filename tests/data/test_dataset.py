"""Datasets, beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lamina
from lamina import data
from tests.data.sets import Placed, Shares

BOTH = (data, torch.utils.data)


def same(function):
    """What `function(library)` gives is the same for both; the class of the exception too."""
    found = []
    for library in BOTH:
        try:
            found.append(function(library))
        except Exception as error:
            found.append(type(error))
    assert found[0] == found[1]
    return found[0]


def test_names_are_pytorchs():
    legacy = {"DFIterDataPipe", "DataChunk", "IterDataPipe", "MapDataPipe"}
    wanted = {
        name for name in torch.utils.data.__all__ if "data_pipe" not in name and not name.startswith("_")
    } - legacy
    pipes = {"argument_validation", "functional_datapipe", "guaranteed_datapipes_determinism", "non_deterministic",
             "runtime_validation", "runtime_validation_disabled"}  # fmt: skip
    assert wanted - pipes <= set(data.__all__)


def test_the_second_name_is_the_same_package():
    import lamina.utils.data
    from lamina.utils.data import DataLoader
    from lamina.utils.data.distributed import DistributedSampler

    assert lamina.utils.data is data
    assert DataLoader is data.DataLoader
    assert DistributedSampler is data.DistributedSampler


def test_concat():
    parts = [list(range(3)), [], list(range(10, 14))]
    for index in (*range(-7, 7), 7, -8):
        expected = same(lambda lib, index=index: lib.ConcatDataset(parts)[index])
        assert isinstance(expected, (int, type))
    assert same(lambda lib: lib.ConcatDataset(parts).cumulative_sizes) == [3, 3, 7]
    assert same(lambda lib: len(lib.ConcatDataset(parts))) == 7
    assert same(lambda lib: lib.ConcatDataset([])) is AssertionError
    with pytest.raises(AssertionError):
        data.ConcatDataset([Shares()])
    with pytest.warns(FutureWarning):
        assert data.ConcatDataset(parts).cummulative_sizes == [3, 3, 7]


def test_datasets_and_streams_add_up():
    class Three(data.Dataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return index

    assert isinstance(Three() + Three(), data.ConcatDataset)
    assert len(Three() + Three()) == 6
    chain = Shares() + Placed()
    assert isinstance(chain, data.ChainDataset)
    assert list(chain) == [*range(7), *range(10)]
    assert len(data.ChainDataset([Shares(), Shares()])) == 36
    with pytest.raises(AssertionError, match="ChainDataset only supports IterableDataset"):
        list(data.ChainDataset([[1, 2]]))


def test_stack():
    a, b = [1, 2, 3], ["a", "b", "c"]
    assert same(lambda lib: lib.StackDataset(a, b)[1]) == (2, "b")
    assert same(lambda lib: lib.StackDataset(x=a, y=b)[1]) == {"x": 2, "y": "b"}
    assert same(lambda lib: lib.StackDataset(a, b).__getitems__([0, 2])) == [(1, "a"), (3, "c")]
    assert same(lambda lib: lib.StackDataset(x=a).__getitems__([0])) == [{"x": 1}]
    assert same(lambda lib: len(lib.StackDataset(a, b))) == 3
    for arguments in (((a, [1]), {}), ((), {}), ((a,), {"x": a}), ((), {"x": a, "y": [1]})):
        assert same(lambda lib, arguments=arguments: lib.StackDataset(*arguments[0], **arguments[1])) is ValueError


def test_stack_says_when_a_part_gives_too_few():
    class Short(list):
        def __getitems__(self, indices):
            return [0]

    assert same(lambda lib: lib.StackDataset(Short([1, 2])).__getitems__([0, 1])) is ValueError


def test_subset():
    assert same(lambda lib: list(lib.Subset([10, 20, 30, 40], [3, 1]))) == [40, 20]
    assert same(lambda lib: lib.Subset([10, 20, 30], [2, 0]).__getitems__([1, 0])) == [10, 30]
    assert same(lambda lib: len(lib.Subset([10, 20], [1]))) == 1

    def overridden(lib):
        class Half(lib.Subset):
            def __getitem__(self, index):
                return 0

        return Half([1], [0])

    assert same(overridden) is NotImplementedError


@pytest.mark.parametrize(
    "lengths", [[3, 7], [0.5, 0.3, 0.2], [0.35, 0.35, 0.3], [10], [1.0], [3, 8], [0.5, 0.6], [1.5, -0.5]]
)
def test_random_split(lengths):
    sizes = same(lambda lib: [len(part) for part in lib.random_split(range(10), lengths)])
    if isinstance(sizes, list):
        parts = data.random_split(range(10), lengths, generator=lamina.Generator().manual_seed(1))
        again = data.random_split(range(10), lengths, generator=lamina.Generator().manual_seed(1))
        assert sorted(x for part in parts for x in part) == list(range(10))
        assert [part.indices for part in parts] == [part.indices for part in again]


def test_random_split_says_what_does_not_add_up():
    with pytest.raises(ValueError) as caught:
        data.random_split(range(10), [3, 8])
    assert str(caught.value) == (
        "Sum of input lengths does not equal the length of the input dataset! "
        "The lengths are [3, 8], the dataset has 10 items."
    )
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
        assert [len(part) for part in data.random_split(range(2), [0.5, 0.0, 0.5])] == [1, 0, 1]


def test_items_and_streams_want_a_subclass():
    with pytest.raises(NotImplementedError):
        data.Dataset()[0]
    with pytest.raises(NotImplementedError):
        iter(data.IterableDataset())


def test_annotations_take_a_type():
    class Numbers(data.Dataset[int]):
        def __getitem__(self, index):
            return np.int64(index)

    assert data.DataLoader[int] is not None
    assert Numbers()[3] == 3
