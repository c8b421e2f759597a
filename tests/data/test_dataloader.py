"""DataLoader without workers: batches, lengths and refusals are PyTorch's; its place can be saved."""

from __future__ import annotations

import collections
import json
import threading

import numpy as np
import pytest
import torch

import lamina
from lamina import data
from tests.data.sets import Counted, Noise, Placed, Shares, Squares
from tests.data.test_collate import plain


def torch_stream(stream):
    """PyTorch's own kind of stream, with the items of ours."""

    class Stream(torch.utils.data.IterableDataset):
        def __iter__(self):
            return iter(stream)

        def __len__(self):
            return len(stream)

    return Stream()


def batches(loader):
    return [plain(batch) for batch in loader]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"batch_size": 5},
        {"batch_size": 5, "drop_last": True},
        {"batch_size": None},
        {"batch_size": 4, "sampler": [3, 1, 4, 1, 5]},
        {"batch_size": None, "sampler": [3, 1, 4]},
        {"batch_sampler": [[1, 2, 3], [0], [4, 4]]},
        {"batch_size": 3, "collate_fn": len},
        {"batch_size": 20, "drop_last": True},
    ],
    ids=str,
)
def test_batches_are_pytorchs(options):
    ours, theirs = data.DataLoader(Squares(), **options), torch.utils.data.DataLoader(Squares(), **options)
    assert batches(ours) == batches(theirs)
    assert len(ours) == len(theirs)


@pytest.mark.parametrize(
    "options",
    [{}, {"batch_size": 4}, {"batch_size": 4, "drop_last": True}, {"batch_size": None}, {"batch_size": 7}],
    ids=str,
)
def test_batches_of_streams_are_pytorchs(options):
    ours = data.DataLoader(Shares(), **options)
    theirs = torch.utils.data.DataLoader(torch_stream(Shares()), **options)
    assert batches(ours) == batches(theirs)
    assert len(ours) == len(theirs)


def test_a_dataset_may_be_a_list_or_give_whole_batches():
    class Whole(Squares):
        def __getitems__(self, indices):
            return [-index for index in indices]

    assert [x.tolist() for x in data.DataLoader([1, 2, 3], batch_size=2)] == [[1, 2], [3]]
    assert [x.tolist() for x in data.DataLoader(Whole(3), batch_size=2)] == [[0, -1], [-2]]


@pytest.mark.parametrize(
    "options",
    [
        {"num_workers": -1},
        {"timeout": -1},
        {"num_workers": 1, "prefetch_factor": -1},
        {"persistent_workers": True},
        {"shuffle": True, "sampler": [0]},
        {"batch_sampler": [[0]], "batch_size": 2},
        {"batch_sampler": [[0]], "shuffle": True},
        {"batch_sampler": [[0]], "sampler": [0]},
        {"batch_sampler": [[0]], "drop_last": True},
        {"batch_size": None, "drop_last": True},
        {"batch_size": 0},
        {"batch_size": -1},
        {"drop_last": 1},
        {"multiprocessing_context": "spawn"},
        {"num_workers": 1, "multiprocessing_context": "no such way"},
        {"num_workers": 1, "multiprocessing_context": 3},
    ],
    ids=str,
)
@pytest.mark.parametrize("stream", [False, True])
def test_arguments_that_exclude_each_other(options, stream):
    with pytest.raises(Exception) as theirs:
        torch.utils.data.DataLoader(torch_stream(Shares()) if stream else Squares(), **options)
    with pytest.raises(type(theirs.value)) as ours:
        data.DataLoader(Shares() if stream else Squares(), **options)
    assert str(ours.value).split()[:3] == str(theirs.value).split()[:3]


def test_a_stream_has_no_order():
    with pytest.raises(ValueError) as caught:
        data.DataLoader(Shares(), shuffle=True)
    assert str(caught.value) == (
        "DataLoader with IterableDataset: expected unspecified shuffle option, but got shuffle=True"
    )
    assert len(batches(data.DataLoader(Shares(), shuffle=False, batch_size=7))) == 1


def test_what_is_fixed_once_made():
    loader = data.DataLoader(Squares())
    for name in ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"):
        with pytest.raises(ValueError) as caught:
            setattr(loader, name, 1)
        assert str(caught.value) == f"{name} attribute should not be set after DataLoader is initialized"
    loader.collate_fn = len
    assert next(iter(loader)) == 1


def test_a_timeout_is_for_workers():
    for library in (data, torch.utils.data):
        with pytest.raises(AssertionError):
            iter(library.DataLoader(Squares(), timeout=1))


def test_more_workers_than_processors_are_warned_of():
    with pytest.warns(UserWarning, match="This DataLoader will create 4000 worker processes in total"):
        data.DataLoader(Squares(), num_workers=4000)


def test_a_stream_longer_than_it_said_is_warned_of():
    class Long(Shares):
        def __len__(self):
            return 6

    loader = data.DataLoader(Long(), batch_size=None)
    assert len(loader) == 6
    with pytest.warns(UserWarning, match="was reported to be 6"):
        assert len(list(loader)) == 7


def test_shuffling_repeats_with_the_seed():
    def order(loader):
        return [index for batch in loader for index in batch["index"].tolist()]

    lamina.manual_seed(5)
    first = [order(data.DataLoader(Squares(), 4, shuffle=True)) for _ in range(2)]
    lamina.manual_seed(5)
    again = [order(data.DataLoader(Squares(), 4, shuffle=True)) for _ in range(2)]
    assert first == again
    assert first[0] != first[1]
    generator = lamina.Generator().manual_seed(1)
    own = data.DataLoader(Squares(), 4, shuffle=True, generator=generator)
    before = lamina.get_rng_state().tolist()
    a, b = order(own), order(own)
    assert lamina.get_rng_state().tolist() == before
    assert sorted(a) == sorted(b) == list(range(12))
    generator.manual_seed(1)
    assert (order(own), order(own)) == (a, b)


# --- the place ---


def middle(make, count):
    """The state after `count` batches, the batches that followed, and those of the next epoch."""
    loader = make()
    iterator = iter(loader)
    for _ in range(count):
        next(iterator)
    state = json.loads(json.dumps(loader.state_dict()))
    return state, batches(iterator), batches(loader)


def shuffled(**options):
    return lambda: data.DataLoader(Squares(), 5, shuffle=True, generator=lamina.Generator().manual_seed(9), **options)


LOADERS = {
    "in order": lambda: data.DataLoader(Squares(), 5),
    "shuffled": shuffled(),
    "in a thread": shuffled(prefetch_factor=2),
    "items": lambda: data.DataLoader(
        Squares(4), None, sampler=data.RandomSampler(range(4), True, 6, lamina.Generator())
    ),
    "own batches": lambda: data.DataLoader(
        Squares(), batch_sampler=data.BatchSampler(data.SubsetRandomSampler([1, 5, 7], lamina.Generator()), 2, False)
    ),
    "a stream": lambda: data.DataLoader(Shares(), 3),
    "a stream in a thread": lambda: data.DataLoader(Shares(), 3, prefetch_factor=1),
    "a stream that knows its place": lambda: data.DataLoader(Placed(), 4),
    "items of a stream": lambda: data.DataLoader(Placed(), None, prefetch_factor=3),
}


@pytest.mark.parametrize("make", LOADERS.values(), ids=LOADERS)
@pytest.mark.parametrize("count", [0, 1, 2])
def test_the_rest_comes_again(make, count):
    state, rest, following = middle(make, count)
    assert state["batches"] == count
    loader = make()
    loader.load_state_dict(state)
    assert loader.state_dict() == state
    assert batches(loader) == rest
    assert batches(loader) == following


def test_items_already_seen_are_not_asked_for_again(tmp_path):
    loader = data.DataLoader(Counted(str(tmp_path / "asked")), 4, shuffle=True)
    iterator = iter(loader)
    next(iterator), next(iterator)
    state = loader.state_dict()
    (tmp_path / "asked").unlink()
    other = data.DataLoader(Counted(str(tmp_path / "asked")), 4, shuffle=True)
    other.load_state_dict(state)
    rest = batches(other)
    assert rest == batches(iterator)
    asked = (tmp_path / "asked").read_text().split()
    assert len(asked) == 16
    assert len(set(asked)) == 8


def test_a_stream_that_knows_its_place_is_not_read_again():
    state, rest, _ = middle(lambda: data.DataLoader(Placed(), 4), 1)
    assert state["dataset"] == {"next": 4}
    assert len(rest) == 2


def test_the_default_generator_is_left_alone():
    make = lambda: data.DataLoader(Squares(), 5, shuffle=True)  # noqa: E731
    state, rest, _ = middle(make, 1)
    loader = make()
    lamina.manual_seed(77)
    before = lamina.get_rng_state().tolist()
    loader.load_state_dict(state)
    assert batches(loader) == rest
    assert lamina.get_rng_state().tolist() == before


def test_between_epochs():
    make = shuffled()
    loader = make()
    assert loader.state_dict()["epoch"] == 0
    batches(loader)
    state = loader.state_dict()
    assert (state["epoch"], state["batches"]) == (1, 0)
    expected = [batches(loader), batches(loader)]
    other = make()
    other.load_state_dict(state)
    assert [batches(other), batches(other)] == expected
    assert other.state_dict()["epoch"] == 3


def test_after_the_last_batch_nothing_is_left_of_the_epoch():
    state, rest, following = middle(shuffled(), 3)
    assert rest == []
    loader = shuffled()()
    loader.load_state_dict(state)
    assert batches(loader) == []
    assert batches(loader) == following


def test_a_state_of_something_else_is_refused():
    loader = data.DataLoader(Squares(), 5)
    with pytest.raises(ValueError) as caught:
        loader.load_state_dict({"weight": 1})
    assert str(caught.value) == (
        "DataLoader: a state of version 1 is expected, as state_dict() gives, got one with version=None and the keys "
        "['weight']."
    )
    with pytest.raises(ValueError) as caught:
        loader.load_state_dict(shuffled()().state_dict())
    assert str(caught.value) == (
        "DataLoader: the state is of a loader with 2 samplers inside each other and 1 generators, this one has 2 and 0."
    )


def test_a_samplers_own_state_is_kept():
    def make():
        return data.DataLoader(Squares(), 2, sampler=data.DistributedSampler(range(12), 2, 1))

    loader = make()
    loader.sampler.set_epoch(4)
    iterator = iter(loader)
    next(iterator)
    other = make()
    other.load_state_dict(loader.state_dict())
    assert batches(other) == batches(iterator)


# --- the thread ---


def test_a_thread_fetches_ahead():
    fetched = []
    enough = threading.Event()

    class Watched(Squares):
        def __getitem__(self, index):
            fetched.append((index, threading.current_thread().name))
            if len(fetched) == 4:
                enough.set()
            return index

    loader = data.DataLoader(Watched(), prefetch_factor=3)
    iterator = iter(loader)
    assert next(iterator).item() == 0
    assert enough.wait(10)
    assert {name for _, name in fetched} == {"lamina-data"}
    assert [x.item() for x in iterator] == list(range(1, 12))


def test_an_error_in_the_thread_is_raised_where_the_batch_was_due():
    class Bad(Squares):
        def __getitem__(self, index):
            if index == 1:
                raise ValueError("one")
            return index

    iterator = iter(data.DataLoader(Bad(3), prefetch_factor=2))
    assert next(iterator).item() == 0
    with pytest.raises(ValueError, match="one"):
        next(iterator)
    assert next(iterator).item() == 2
    with pytest.raises(StopIteration):
        next(iterator)


def test_a_loop_that_is_left_leaves_no_thread():
    loader = data.DataLoader(Squares(100), prefetch_factor=2)
    for _ in loader:
        break
    assert not [thread for thread in threading.enumerate() if thread.name == "lamina-data"]


def test_what_collate_computes_is_computed_in_the_thread():
    def collate(items):
        return lamina.tensor([item["index"] for item in items]) * 2

    loader = data.DataLoader(Squares(), 6, collate_fn=collate, prefetch_factor=1)
    assert [x.tolist() for x in loader] == [[0, 2, 4, 6, 8, 10], [12, 14, 16, 18, 20, 22]]


# --- others' datasets ---


def test_datasets_of_pytorch():
    items = torch.utils.data.TensorDataset(torch.arange(6.0).reshape(3, 2), torch.arange(3))
    (x, y), _ = list(data.DataLoader(items, batch_size=2))
    assert (x.tolist(), y.tolist()) == ([[0.0, 1.0], [2.0, 3.0]], [0, 1])
    assert [x.item() for x in data.DataLoader(torch_stream(Shares()))] == list(range(7))


def test_datasets_of_grain():
    grain = pytest.importorskip("grain")
    items = grain.MapDataset.range(10).map(lambda x: {"x": np.float32(x)})
    found = [batch["x"].tolist() for batch in data.DataLoader(items, batch_size=4, shuffle=True)]
    assert sorted(x for batch in found for x in batch) == list(range(10))
    stream = grain.MapDataset.range(10).to_iter_dataset()
    state, rest, _ = middle(lambda: data.DataLoader(stream, batch_size=4), 1)
    assert state["dataset"] == {"next_index": 4}
    loader = data.DataLoader(stream, batch_size=4)
    loader.load_state_dict(state)
    assert batches(loader) == rest


def test_an_iterator_says_how_long_it_is_and_is_not_pickled():
    import pickle

    iterator = iter(data.DataLoader(Noise(), 5))
    assert len(iterator) == 5
    with pytest.raises(NotImplementedError):
        pickle.dumps(iterator)
    assert isinstance(iterator, collections.abc.Iterator)
    next(iterator)
    copied = pickle.loads(pickle.dumps(data.DataLoader(Squares(3))))
    assert len(list(copied)) == 3
