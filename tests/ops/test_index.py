"""Indexing: values, writes in place and errors are PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import lamina
from lamina import indexing
from tests.parity import bools, both_errors, compare, floats, integers

X = floats(3, 4, 5)

# --- x[...] -----------------------------------------------------------------------------------------------------------

BASIC = [
    1, -1, (1, 2), (0, 1, -2), slice(1, 3), slice(None, None, 2), slice(-2, None), slice(5, 9), slice(2, 1),
    slice(1, None, 7),
    (slice(None), slice(1, 4, 2), -1), (..., 0), (0, ..., slice(1, 3)), (None, 1, None, ...), ..., (), None,
    (slice(0, 3), slice(0, 4)), (slice(None), None, slice(None, 2)), (..., None), np.int64(2), (np.array(1), slice(2)),
]  # fmt: skip

ADVANCED = [
    [0, 2], [-1], [], [[0, 1], [2, 2]], ([0, 2],), ([[0, 1], [2, 0]],), ([0, 1], [1, 2]), ([[0], [1]], [1, 2]),
    ([0, 1], slice(None), [1, 2]), (slice(None), [0, 3], [1, 2]), (0, slice(None), [1, 2]), ([0, 2], slice(1, 3), -1),
    (slice(None), None, [0, 1], None, [1, 2]), (..., [0, 1]), (slice(1, 3), [3, 0]), (None, [0, 1], ..., [1, 1]),
    True, False, (slice(None), True), (True, [0, 1]), (np.array([2, 0]), slice(None, None, 2)), (range(2), 1),
    [True, False, True], (slice(None), [True, False, True, False]), (1, [False] * 4, 2), (np.eye(3, 4, dtype=bool), 0),
]  # fmt: skip


@pytest.mark.parametrize("index", BASIC + ADVANCED, ids=str)
def test_reading(index):
    compare(lambda t, x: x[index], X)


@pytest.mark.parametrize("index", BASIC + ADVANCED, ids=str)
def test_writing(index):
    def write(t, x, y):
        z = x * 1
        z[index] = 2.5
        w = x * 1
        w[index] = x[index] * y + 1
        return z, w

    compare(write, X, floats())


@pytest.mark.parametrize("index", BASIC, ids=str)
def test_a_basic_index_is_a_view(index):
    def write(t, x):
        x[index].add_(1)
        x[index].view(-1)[:1].zero_() if x[index].is_contiguous() else None
        return x

    compare(write, X, grad=False)
    compare(lambda t, x: (x[index].stride(), x[index].storage_offset()), X, grad=False)


def test_an_advanced_index_is_a_copy():
    def write(t, x):
        x[[0, 1]].zero_()
        x[x > 0].zero_()
        return x

    compare(write, X, grad=False)


def test_indexing_by_tensors():
    i, j = integers(2, 3, low=-3, high=3), integers(3, low=0, high=4)
    compare(lambda t, x, i: x[i], X, i)
    compare(lambda t, x, i, j: (x[i, j], x[i, :, 1], x[:, j], x[..., j, None], x[i, :, j]), X, i, j)
    compare(lambda t, x, i: (x[i], x[:, i], x[i, :, [1, 2]], x[[1, 2], i]), X, integers(low=0, high=3))
    compare(lambda t, x, i: (x[i : i + 2], x[i.int()]), X, np.array(1))
    compare(lambda t, x, m: (x[m], x[:, m[0]], x[m, 1:]), X, bools(3, 4))
    compare(lambda t, x: (x[x > 0], x[x > 9], x[x[:, 0, 0] > 0], x[(x > 0).any(-1)]), X)
    compare(lambda t, x, m: (x[m], x[m[0] & False]), X, np.array([True, False, True]))
    compare(lambda t, x: x[x > 0], floats())
    with pytest.warns(UserWarning, match="uint8 is now deprecated"):
        compare(lambda t, x, m: x[m], X, np.array([1, 0, 1], np.uint8))


def test_assigning_tensors():
    def write(t, x, y, i, m):
        z = x * 1
        z[0] = y
        z[:, 1:3] = y[:2] * 2
        z[i] = y * 3
        z[m] = y[0, 0]
        z[1, m[0]] = y[1]
        z[z > 1] = 0
        z[[0, 2], :, 1] = y[:, 2]
        z[2, 3] = 7
        z[..., -1] += y[0, :1]
        return z

    compare(write, X, floats(4, 5), np.array([2, 0]), bools(3, 4))


def test_assigning_casts_and_broadcasts():
    def write(t, x, y):
        z = x * 1
        z[0] = t.ones(1, 1, 4, 5) * 3
        z[1, 2] = y.double()
        z[:, 0] = t.tensor(2)
        z[t.tensor([1, 1])] = 4
        return z

    compare(write, X, floats(5))
    compare(lambda t, x: x.__setitem__(0, 1.9) or x, integers(3), grad=False)
    compare(lambda t, x: x.__setitem__(x, False) or x, np.array([True, False]), grad=False)


def test_assigning_as_many_as_the_mask_has():
    def write(t, x, m):
        z = x * 1
        z[m] = x.sum(-1)[m][:, None] * t.ones(5)
        z[:, m[0]] = t.arange(3 * int(m[0].sum()) * 5).reshape(3, -1, 5).to(x.dtype)
        return z

    compare(write, X, bools(3, 4))


def test_writing_through_an_index_of_a_view():
    def write(t, x):
        x.transpose(0, 2)[1, [0, 2]] = 5
        x[1].t()[x[0].t() > 0] = -5
        x.view(-1)[3:40:6] = 9
        return x

    compare(write, X, grad=False)


def test_random_indices():
    rng = np.random.default_rng(0)
    for _ in range(20):
        index = []
        for size in X.shape[: rng.integers(1, 4)]:
            start, stop = (int(n) for n in rng.integers(-size - 1, size + 2, 2))
            index += [None] * int(rng.random() < 0.2)
            index.append(
                [int(rng.integers(-size, size)), slice(start, stop, int(rng.integers(1, 4))), slice(None),
                 rng.integers(-size, size, 2).tolist()][rng.integers(4)]
            )  # fmt: skip
        compare(lambda t, x: x[tuple(index)], X)  # noqa: B023 (called at once)


INDEX_ERRORS = [
    lambda t, x: x[3],
    lambda t, x: x[-4],
    lambda t, x: x[0, 4],
    lambda t, x: x[0, 0, 0, 0],
    lambda t, x: x[0, ..., 0, 0, 0],
    lambda t, x: x[::0],
    lambda t, x: x[::-1],
    lambda t, x: x[1.5],
    lambda t, x: x[[0, 5]],
    lambda t, x: x[[0, -5]],
    lambda t, x: x[[0, 1], [0, 1, 2]],
    lambda t, x: x[t.tensor([0.5])],
    lambda t, x: x[t.tensor([1, 0], dtype=t.int8)],
    lambda t, x: x[t.tensor([True])],
    lambda t, x: x[t.tensor([[True]])],
    lambda t, x: x[slice(1.5, 2)],
    lambda t, x: x.__setitem__(5, 1.0),
    lambda t, x: x.__setitem__(0, 1j),
    lambda t, x: x.__setitem__(t.tensor([0, 1]), t.ones(7)),
    lambda t, x: x.__setitem__(t.tensor([0]), t.ones(5).double()),
    lambda t, x: x.__setitem__(0, t.ones(2)),
]


@pytest.mark.parametrize("case", range(len(INDEX_ERRORS)))
def test_index_errors_are_pytorchs_word_for_word(case):
    expected, actual = both_errors(INDEX_ERRORS[case], 3, 4, 5)
    assert (actual[0], actual[1].replace("lamina", "torch")) == expected or (case == 18 and actual[0] is expected[0])


def test_index_errors_in_words_of_our_own():
    compare(lambda t, x: x.__setitem__(0, t.ones(2, 4, 5)), X, grad=False)
    compare(lambda t, x: x.__setitem__(0, [1.0, 2.0]), X, grad=False)
    compare(lambda t, x: x[0], floats())
    compare(lambda t, x: x.__setitem__(0, 1), X)
    with pytest.raises(IndexError) as caught:
        lamina.tensor(1.0)[0]
    assert str(caught.value) == (
        "invalid index of a 0-dim tensor. Use `tensor.item()` to convert a 0-dim tensor to a Python number"
    )


def test_parsing_keeps_what_varies_apart():
    first, second = indexing.parse((slice(2, 4), 1), (6, 3)), indexing.parse((slice(4, 6), 2), (6, 3))
    assert first.plan == second.plan == (("slice", 2, 1), ("int",))
    assert (first.starts, second.starts) == ((2, 1), (4, 2))
    assert indexing.parse((slice(None), None), (6, 3)).plan == (("all",), ("new",), ("all",))


def test_a_moving_window_compiles_nothing_new():
    x = lamina.arange(100.0)

    def sums(start, end):
        return [float(x[i : i + 10].sum()) for i in range(start, end, 10)]

    assert sums(0, 30) == [45.0, 145.0, 245.0]
    before = _compilations()
    assert sums(30, 100) == [345.0, 445.0, 545.0, 645.0, 745.0, 845.0, 945.0]
    assert _compilations() == before


def _compilations():
    return str(lamina.engine.explain())


def test_unknown_places_on_the_device_give_nan_and_write_nothing():
    x, i = lamina.arange(3.0), lamina.tensor([1, 6])
    assert x[i + 1 - 1].isnan().tolist() == [False, True]
    x[i + 1 - 1] = 9.0
    assert x.tolist() == [0.0, 9.0, 2.0]


def test_index_put():
    x, i, j, m = floats(3, 4), np.array([0, 2, 0]), np.array([1, 3, 1]), bools(3, 4)
    compare(lambda t, x, i, j, v: x.index_put((i, j), v, accumulate=True), x, i, j, floats(3))
    compare(lambda t, x, i, v: (x.index_put((i[:2],), v), (x * 1).index_put_((i[1:],), v)), x, i, floats(4))
    compare(lambda t, x, m, v: (x.index_put((m,), v), x.index_put((m,), v, accumulate=True)), x, m, floats())
    compare(lambda t, x, i: x.index_put((i, None), x), x, i)


def test_names_of_gradients():
    index = np.array([[0, 1, 0]])
    for function in (
        lambda x, i: (x[0], x[0:1], x[None], x[:, 1], x[...], x[i], x[x > 0], x[:, ::2]),
        lambda x, i: (x.gather(0, i), x.scatter(0, i, x), x.scatter(0, i, 1.0), x.scatter_add(0, i, x), x.take(i)),
        lambda x, i: (x.index_select(0, i[0]), x.index_add(0, i[0, :2], x), x.index_copy(0, i[0, :2], x)),
        lambda x, i: (
            x.masked_select(x > 0),
            x.masked_scatter(x > 0, x),
            x.take_along_dim(i, 0),
            x.index_put((i,), x[0]),
        ),
    ):
        compare(lambda t, x, i: [y.grad_fn.name() for y in function(x, i)], floats(2, 3), index)  # noqa: B023
