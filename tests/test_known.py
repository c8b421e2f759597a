"""Many tensors at once, beside PyTorch's: joined, or taken apart, on the host where their numbers are known."""

from __future__ import annotations

import jax
import numpy as np
import pytest

import lamina
from lamina import known
from tests.engine.both import both
from tests.parity import compare, floats

MANY = known.MANY


@pytest.mark.parametrize("name", ["cat", "stack", "concat", "hstack"])
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_joined(name, dim):
    options = {} if name == "hstack" else {"dim": dim}
    parts = [floats(2, 3, seed=i) for i in range(MANY + 1)]
    compare(lambda t, *xs: getattr(t, name)(list(xs), **options), *parts, grad=False)
    compare(lambda t, *xs: getattr(t, name)((*xs[:-1], xs[-1] * 2), **options), *parts, grad=False)
    compare(lambda t, *xs: getattr(t, name)(xs, **options), *parts)


def test_nothing_is_compiled():
    lines = [lamina.arange(i % 5) for i in range(1000)]
    lamina.engine.reset()
    text = lamina.cat(lines)
    assert text.tolist() == [j for i in range(1000) for j in range(i % 5)]
    assert lamina.stack(list(text)).tolist() == text.tolist()
    assert lamina.engine.compilations() == 0


def test_other_kinds():
    """Types that differ, empty vectors, wrong sizes, `out=`: as with few tensors."""
    rows = [np.arange(3) + i for i in range(MANY)]
    compare(lambda t, *xs: t.cat([*xs, t.ones(2)]), *rows)
    compare(lambda t, *xs: t.cat([*xs, t.zeros(0)]), *[floats(2, 3)] * MANY, grad=False)
    compare(lambda t, *xs: t.cat([*xs, t.zeros(2, 3)]), *[floats(3, 2)] * MANY, grad=False)
    compare(lambda t, *xs: t.stack([*xs, t.zeros(2)]), *[floats(3)] * MANY, grad=False)
    compare(lambda t, *xs: t.cat([*xs]), *[floats()] * MANY, grad=False)
    compare(lambda t, *xs: t.cat([*xs], 2), *[floats(3, 2)] * MANY, grad=False)
    compare(lambda t, *xs: t.cat([*xs], out=t.empty(3 * MANY)), *[floats(3)] * MANY, grad=False)


def test_elements_are_views():
    def run(t, x):
        total = []
        for i, element in enumerate(x):
            total.append(element.item() * 2)
            element += 1
            x[i] += 10
        first, *_, last = x.unbind()
        x[0] = -1
        last.zero_()
        return x, first, last, t.tensor(total)

    compare(run, np.arange(20), grad=False)
    compare(run, floats(9), grad=False)


def test_elements_with_gradients():
    def run(t, x):
        return sum(element * i for i, element in enumerate(x))

    compare(run, floats(12))


def test_rows_one_by_one():
    """Rows are cut when they are asked for, and show what was written by then."""
    rows = lamina.arange(1000.0).reshape(200, 5)
    lamina.engine.reset()
    total = sum(row.sum().item() for row in rows)
    assert total == 999 * 1000 / 2
    assert lamina.engine.compilations() <= 3

    def run(t, x):
        iterator = iter(x)
        first = next(iterator)
        x[1] = 7
        second = next(iterator)
        second += 1
        return first, second, x, len(list(iterator))

    compare(run, floats(12, 3), grad=False)
    compare(run, floats(12), grad=False)
    compare(lambda t, x: sum(row * i for i, row in enumerate(x)), floats(9, 4))
    with pytest.raises(TypeError, match="iteration over a 0-d tensor"):
        iter(lamina.tensor(1.0))


def test_a_long_loop_compiles_little():
    labels = lamina.randint(0, 10, (400,))
    changed = labels.clone()
    lamina.engine.reset()
    for i, label in enumerate(labels):
        changed[i] = (label.item() + 1) % 10
    assert lamina.engine.compilations() <= 6
    assert changed.equal((labels + 1) % 10)


def test_a_slice_of_known_whole_numbers_is_a_view():
    def run(t):
        data = t.arange(20)
        piece, rows = data[3:7], t.arange(12).reshape(3, 4)
        rows = rows.clone()
        low = rows[1:]
        data[4] = 100
        piece[0] = -1
        rows[2, 0] = 50
        low += 1
        return [data, piece, rows, low, data[2:2], data[::3], data[-4:], data[5:100], piece.shape, low.stride()]

    both(run)


def test_slices_at_other_places_need_no_new_program():
    data = lamina.arange(5000)

    def batch(seed):
        lamina.manual_seed(seed)
        places = lamina.randint(4000, (16,))
        x = lamina.stack([data[i : i + 8] for i in places])
        y = lamina.stack([data[i + 1 : i + 9] for i in places])
        return x, y

    for seed in range(3):
        batch(seed)
    lamina.engine.reset()
    for seed in range(3, 9):
        x, y = batch(seed)
        assert lamina.equal(x + 1, y)
    assert lamina.engine.compilations() <= 1  # the comparison


def test_slices_of_what_is_computed_are_recorded():
    x = lamina.arange(6) * 2
    y = x[2:4]
    assert x._value.array is None and y._value.array is None
    assert y.tolist() == [4, 6]
    with lamina.no_grad():
        assert lamina.randn(6)[2:4].shape == (2,)


def test_floats_on_the_host_are_joined_there():
    both(lambda t: [t.stack([t.tensor([1.0, 2.0]), t.tensor([3.0, 4.0])]), t.cat([t.tensor([1.0]), t.tensor([2])])])
    w = lamina.tensor([1.0], requires_grad=True)
    lamina.cat([w, lamina.tensor([2.0])]).sum().backward()
    assert w.grad.tolist() == [1]


def test_whole_numbers_in_a_transform_are_cut_by_the_operation():
    x = lamina.arange(12).reshape(3, 4)
    np.testing.assert_array_equal(lamina.func.vmap(lambda row: row[1:3])(x).numpy(), x.numpy()[:, 1:3])
    assert jax.jit(lambda a: lamina.as_tensor(a)[1:].array())(np.arange(3)).tolist() == [1, 2]


def test_what_is_still_computed_is_not_waited_for():
    """Joined with something on the host, it stays a part of the program."""
    computed = lamina.randn(2, 2) * 2
    lamina.engine.flush()
    joined = lamina.cat([lamina.zeros(1, 2), computed])
    assert joined._value.array is None
    assert joined[1:].tolist() == computed.tolist()
