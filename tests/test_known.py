"""Many tensors at once, beside PyTorch's: joined, or taken apart, on the host where their numbers are known."""

from __future__ import annotations

import numpy as np
import pytest

import lamina
from lamina import known
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
