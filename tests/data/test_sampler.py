"""Samplers: what PyTorch's give, but for the order of random ones, which repeats with the seed."""

from __future__ import annotations

import collections
import itertools

import numpy as np
import pytest
import torch

import lamina
from lamina import data
from tests.data.test_dataset import same


def seeded(seed=3):
    return lamina.Generator().manual_seed(seed)


@pytest.mark.parametrize("count", [0, 1, 6, 7])
@pytest.mark.parametrize("drop_last", [False, True])
def test_batches(count, drop_last):
    same(lambda lib: list(lib.BatchSampler(lib.SequentialSampler(range(count)), 3, drop_last)))
    same(lambda lib: len(lib.BatchSampler(lib.SequentialSampler(range(count)), 3, drop_last)))


@pytest.mark.parametrize(
    "arguments", [(range(3), 0, False), (range(3), True, False), (range(3), 2.0, False), (range(3), 2, 1)]
)
def test_batch_sampler_refuses(arguments):
    assert same(lambda lib: lib.BatchSampler(*arguments)) is ValueError


@pytest.mark.parametrize("count", [None, 3, 10, 25])
@pytest.mark.parametrize("replacement", [False, True])
def test_random(count, replacement):
    theirs = torch.utils.data.RandomSampler(range(10), replacement, count)
    ours = data.RandomSampler(range(10), replacement, count, generator=seeded())
    found = list(ours)
    assert len(found) == len(ours) == len(theirs) == len(list(theirs))
    assert set(found) <= set(range(10))
    if not replacement:
        assert max(collections.Counter(found).values()) == max(collections.Counter(theirs).values())
    again = data.RandomSampler(range(10), replacement, count, generator=seeded())
    assert list(again) == found
    assert list(again) != found


@pytest.mark.parametrize("arguments", [(range(0),), (range(3), 1), (range(3), False, 0), (range(3), True, 1.5)])
def test_random_sampler_refuses(arguments):
    assert isinstance(same(lambda lib: lib.RandomSampler(*arguments)), type)


def test_the_default_generator_decides_where_none_is_given():
    orders = []
    for seed in (1, 1, 2):
        lamina.manual_seed(seed)
        orders.append([list(data.RandomSampler(range(20))), list(data.SubsetRandomSampler(range(20)))])
    assert orders[0] == orders[1] != orders[2]


def test_subset_random():
    sampler = data.SubsetRandomSampler([5, 3, 9], generator=seeded())
    assert sorted(sampler) == [3, 5, 9]
    assert len(sampler) == 3


def test_weights_are_followed():
    weights = [0.0, 1.0, 3.0]
    drawn = collections.Counter(data.WeightedRandomSampler(weights, 8000, generator=seeded()))
    assert set(drawn) == {1, 2}
    assert drawn[2] / drawn[1] == pytest.approx(3, rel=0.1)
    generator = seeded()
    first = collections.Counter(
        next(iter(data.WeightedRandomSampler(weights, 2, False, generator))) for _ in range(2000)
    )
    assert first[2] / first[1] == pytest.approx(3, rel=0.2)
    assert sorted(data.WeightedRandomSampler(weights, 2, replacement=False)) == [1, 2]
    assert list(data.WeightedRandomSampler(weights, 3, replacement=False))[-1] == 0
    assert len(data.WeightedRandomSampler(np.ones(4), 7)) == 7


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (([1.0], 0), ValueError),
        (([1.0], True), ValueError),
        (([1.0], 1, 1), ValueError),
        (([[1.0]], 1), ValueError),
        (([1.0, 0.0], 3, False), RuntimeError),
        (([0.0, 0.0], 1), RuntimeError),
        (([1.0, -1.0], 1), RuntimeError),
        (([1.0, float("nan")], 1), RuntimeError),
    ],
)
def test_weighted_sampler_refuses(arguments, kind):
    assert same(lambda lib: list(lib.WeightedRandomSampler(*arguments))) is kind


@pytest.mark.parametrize("count", [2, 10, 11])
@pytest.mark.parametrize("drop_last", [False, True])
def test_distributed(count, drop_last):
    def shares(lib, **options):
        made = [
            lib.distributed.DistributedSampler(range(count), 4, rank, drop_last=drop_last, **options)
            for rank in range(4)
        ]
        assert [len(x) for x in made] == [len(list(x)) for x in made]
        return [list(x) for x in made]

    same(lambda lib: shares(lib, shuffle=False))
    mixed, theirs = shares(data), shares(torch.utils.data)
    assert len(set(itertools.chain(*mixed))) == len(set(itertools.chain(*theirs)))


def test_distributed_epochs_differ():
    sampler = data.DistributedSampler(range(20), 2, 0, seed=1)
    first = list(sampler)
    assert list(sampler) == first
    sampler.set_epoch(1)
    assert list(sampler) != first
    state = sampler.state_dict()
    sampler.set_epoch(0)
    sampler.load_state_dict(state)
    assert sampler.epoch == 1
    assert same(lambda lib: lib.distributed.DistributedSampler(range(4), 2, 2)) is ValueError
    assert len(data.DistributedSampler(range(4))) == 4
