"""Reductions of segments, beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import lamina
from tests.parity import bools, compare, floats, integers

LENGTHS = np.array([1, 0, 3])


@pytest.mark.parametrize("reduce", ["sum", "mean", "max", "min", "prod"])
def test_segment_reduce(reduce):
    compare(lambda t, x, n: t.segment_reduce(x, reduce, lengths=n), floats(4, 2), LENGTHS)
    compare(lambda t, x, n: t.segment_reduce(x, reduce, lengths=n, initial=1.5), floats(4, 2), np.array([2, 2]))
    compare(lambda t, x, n: t.segment_reduce(x, reduce, offsets=n), floats(4), np.array([0, 1, 1, 4]))
    compare(lambda t, x, n: t.segment_reduce(x, reduce, lengths=n, axis=1), floats(2, 4), np.array([[1, 3], [2, 2]]))


def test_wrong_arguments():
    compare(lambda t, x: t.segment_reduce(x, "sum"), floats(4))
    compare(lambda t, x, n: t.segment_reduce(x, "other", lengths=n), floats(4), LENGTHS)


@pytest.mark.parametrize("lengths", [[1, 2], [-1, 5], [[1, 3], [2, 1]]], ids=str)
def test_lengths_that_do_not_fill_the_axis(lengths):
    axis = np.ndim(lengths) - 1
    x, n = floats(2, 4) if axis else floats(4), np.array(lengths)
    compare(lambda t, x, n: t.segment_reduce(x, "sum", lengths=n, axis=axis), x, n)
    text = (
        "lengths contains negative value!" if n.min() < 0 else r"segment_reduce\(\): Expected all rows of lengths along"
    )
    with pytest.raises(RuntimeError, match=f"^{text}"):
        lamina.segment_reduce(lamina.tensor(x), "sum", lengths=lamina.tensor(n), axis=axis)


def test_lengths_are_not_looked_at_if_unsafe():
    compare(lambda t, x, n: t.segment_reduce(x, "sum", lengths=n, unsafe=True), floats(4), np.array([1, 2]))


def test_nonzero_static():
    for x in (integers(3, 4, low=0, high=2), bools(5), floats(2), np.array(3.0, np.float32)):
        compare(lambda t, x: (t.nonzero_static(x, size=4), x.nonzero_static(size=1, fill_value=7)), x, grad=False)
    compare(lambda t, x: t.nonzero_static(x, size=-1), integers(3))
