"""Gather, scatter and their kin: values, gradients and errors are PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

from tests.parity import bools, both_errors, compare, floats, integers


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_gather_and_scatter(dim):
    x, src = floats(3, 4), floats(3, 4, seed=1)
    index = np.stack([np.random.default_rng(i).permutation(3) for i in range(3)], 1)
    compare(lambda t, x, i: (x.gather(dim, i), t.gather(x, dim, i[:2]), x.gather(dim, i[:, :1])), x, index)
    compare(lambda t, x, i, s: (x.scatter(dim, i, s), t.scatter(x, dim, i[:, :2], s[:, :2])), x, index, src[:, :3])
    compare(lambda t, x, i: (x.scatter(dim, i, 2.5), x.scatter(dim, i, value=-1)), x, index)
    repeated = integers(3, 4, low=0, high=3)
    compare(lambda t, x, i, s: (x.scatter_add(dim, i, s), x.scatter_add(dim, i[:1], s[:1])), x, repeated, src)
    compare(lambda t, x, i, s: (x.scatter(dim, i, s, reduce="add"), x.scatter(dim, i, 2.0, reduce="multiply")),
            x, repeated, src, grad=False)  # fmt: skip
    compare(lambda t, x, i: (x * 1).scatter_(dim, i, 1.0), x, index)
    compare(lambda t, x, i: x.take_along_dim(i, dim), x, index)


@pytest.mark.parametrize("reduce", ["sum", "prod", "mean", "amax", "amin"])
@pytest.mark.parametrize("include_self", [True, False])
def test_scatter_reduce(reduce, include_self):
    index = integers(3, 4, low=0, high=3)
    src = np.round(floats(3, 4, seed=2))
    # PyTorch counts the input among those that tie even where it takes no part: no such ties then.
    for x in (floats(3, 4), np.round(floats(3, 4)) + (0.0 if include_self else 0.5), np.zeros((3, 4), np.float32)):
        if not include_self and not x.any():
            continue
        compare(lambda t, x, i, s: x.scatter_reduce(0, i, s, reduce, include_self=include_self), x, index, src)
    if reduce != "sum":
        compare(lambda t, x, i, s: x.index_reduce(1, i, s, reduce, include_self=include_self),
                floats(3, 4), np.array([1, 3, 1]), floats(3, 3), grad=reduce != "prod")  # fmt: skip
    ints = integers(3, 4, low=1)
    compare(lambda t, x, i: x.scatter_reduce(1, i, x, reduce, include_self=include_self), ints, index)


def test_gather_and_scatter_of_few_dimensions():
    compare(lambda t, x, i: (x.gather(0, i), x.gather(0, i[None]), x.index_select(0, i)), floats(), np.array(0))
    compare(lambda t, x, i: (x.gather(0, i), x.scatter(0, i, 1.0)), floats(2), integers(0))
    compare(lambda t, x, i: x.gather(1, i), floats(2, 3), integers(0, 3, dtype=np.int32))
    compare(lambda t, x, i: x.gather(1, i), floats(2, 3), integers(2, 2, low=0, high=3, dtype=np.int32))


@pytest.mark.parametrize("dim", [0, -1])
def test_slices_by_index(dim):
    x, index = floats(3, 4, 3), np.array([2, 0])
    source = floats(2, 4, 3) if dim == 0 else floats(3, 4, 2)
    compare(
        lambda t, x, i: (x.index_select(dim, i), t.index_select(x, dim, i[0]), x.index_select(dim, i.int())), x, index
    )
    compare(lambda t, x, i, s: (x.index_add(dim, i, s), x.index_add(dim, i * 0, s, alpha=3)), x, index, source)
    compare(lambda t, x, i, s: (x.index_copy(dim, i, s), (x * 1).index_copy_(dim, i, s)), x, index, source)
    compare(lambda t, x, i, v: (x.index_fill(dim, i, 2.0), x.index_fill(dim, i, v), x.index_fill(dim, i - 3, 1)),
            x, index, floats())  # fmt: skip


def test_flat_indices():
    x, index = floats(3, 4), np.array([[1, -1], [5, 5]])
    compare(lambda t, x, i: x.take(i), x, index)
    compare(lambda t, x, i: x.take_along_dim(i), x, np.array([1, 11, 5]))
    compare(lambda t, x, i, s: x.put(i, s, accumulate=True), x, index, floats(2, 2))
    compare(lambda t, x, i, s: x.put(i, s), x, index[0], floats(2))
    compare(lambda t, x, i: t.take_along_dim(x, i.argsort(0), 0), x, floats(3, 4, seed=3))
    compare(lambda t, x, i: (x.take_along_dim(i, 1), x[:1].take_along_dim(i, 1)), x, integers(3, 1, low=0, high=4))


def test_masks():
    x, mask = floats(3, 4), bools(3, 4)
    compare(lambda t, x, m: (x.masked_select(m), t.masked_select(x, m[0]), x[0].masked_select(m)), x, mask)
    compare(lambda t, x, m, s: (x.masked_scatter(m, s), x[0].masked_scatter(m, s)), x, mask, floats(5, 4))
    compare(lambda t, x, m: x.masked_select(m), floats(3), mask[:, :2])
    compare(lambda t, x, m: x.masked_scatter(m, x), floats(2), np.array([False, True]))
    compare(lambda t, m: (m.nonzero(), t.nonzero(m, as_tuple=True), t.argwhere(m)), mask)
    compare(lambda t, x: (x.nonzero(), t.nonzero(x[:0]), x[0, 0].nonzero()), np.round(x), grad=False)


def test_one_hot():
    compare(lambda t, x: (t.nn.functional.one_hot(x), t.nn.functional.one_hot(x, 7)), integers(2, 3, low=0))
    compare(lambda t, x: t.nn.functional.one_hot(x), np.array(2))
    compare(lambda t, x: t.nn.functional.one_hot(x), integers(0))
    compare(lambda t, x: t.nn.functional.one_hot(x), np.array([-1]))
    compare(lambda t, x: t.nn.functional.one_hot(x), np.array([1], np.int32))


ERRORS = [
    lambda t, x: x.gather(0, t.zeros(3, 4, dtype=t.int64)),
    lambda t, x: x.gather(0, t.zeros(3, dtype=t.int64)),
    lambda t, x: x.gather(0, t.zeros(2, 3)),
    lambda t, x: x.scatter(0, t.zeros(3, 4, dtype=t.int64), 1.0),
    lambda t, x: x.scatter(0, t.zeros(2, 3, dtype=t.int64), x.double()),
    lambda t, x: x.scatter(0, t.zeros(2, 3, dtype=t.int64), x[:1]),
    lambda t, x: x.scatter(0, t.zeros(2, 3, dtype=t.int64), x, reduce="foo"),
    lambda t, x: x.scatter_reduce(0, t.zeros(2, 3, dtype=t.int64), x, "foo"),
    lambda t, x: x.index_select(0, t.zeros(2, 2, dtype=t.int64)),
    lambda t, x: x.index_select(0, t.zeros(2)),
    lambda t, x: x.index_add(0, t.zeros(2, dtype=t.int64), t.ones(3, 4)),
    lambda t, x: x.index_add(0, t.zeros(2, dtype=t.int64), x.double()),
    lambda t, x: x.index_copy(0, t.zeros(2, dtype=t.int64), t.ones(3, 4)),
    lambda t, x: x.index_copy(0, t.zeros(2, dtype=t.int64), x.double()),
    lambda t, x: x.index_fill(0, t.zeros(2, 2, dtype=t.int64), 1.0),
    lambda t, x: x.take(t.zeros(2)),
    lambda t, x: x.masked_select(t.ones(3)),
]


@pytest.mark.parametrize("case", range(len(ERRORS)))
def test_errors_are_pytorchs_word_for_word(case):
    expected, actual = both_errors(ERRORS[case], 2, 3)
    assert actual == expected


def test_adding_bools_is_saying_or():
    index, x, src = np.array([[0, 1, 0], [1, 1, 0]]), bools(2, 3), bools(2, 3)
    compare(lambda t, x, i, s: (x.scatter_add(1, i, s), x.scatter(1, i, s, reduce="add")), x, index, src)
    compare(lambda t, x, i, s: t.index_add(x, 0, i, s), x, np.array([1, 0, 1]), bools(3, 3))


@pytest.mark.parametrize("reduce", ["sum", "prod", "amin", "amax", "mean"])
def test_reducing_bools(reduce):
    index, x, src = np.array([[0, 1, 0], [1, 1, 0]]), bools(2, 3), bools(2, 3)
    compare(lambda t, x, i, s: x.scatter_reduce(1, i, s, reduce), x, index, src)
    compare(lambda t, x, i, s: x.scatter_reduce(1, i, s, reduce, include_self=False), x, index, src)
