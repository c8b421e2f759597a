"""Views by places in memory and complex numbers as pairs, beside PyTorch's."""

from __future__ import annotations

import pytest

import lamina
from tests.parity import compare, floats, integers


def test_as_strided():
    def run(t, x):
        y = x.t()
        return (
            t.as_strided(x, (2, 3), (1, 2)),
            x.as_strided((3,), (5,), 1),
            x.as_strided((2, 2), (0, 1)),
            x.as_strided((), (), 7),
            y.as_strided((4,), (1,)),
            x[1].as_strided((2,), (2,)),
            x[1].as_strided((2,), (2,), 0),
            x.as_strided((0, 2), (1, 1)),
            x.as_strided((2, 2), (3, 1)).stride(),
            x[1:].as_strided((2, 2), (3, 1)).storage_offset(),
        )

    compare(run, floats(3, 4), grad=False)
    compare(lambda t, x: x.as_strided((3, 2), (2, 1), 1), floats(3, 4))
    compare(lambda t, x: (x * 2).t().as_strided((3, 3), (1, 1)), floats(3, 4))
    for size, stride, offset in (((3,), (5,), 3), ((2,), (-1,), 3), ((2, 2), (1,), 0), ((2,), (1,), -1)):
        compare(lambda t, x, s=size, d=stride, o=offset: x.as_strided(s, d, o), floats(3, 4))


def test_writing_through_as_strided():
    def run(t, x):
        y = x.clone()
        row = y[1]
        y.as_strided((2, 2), (4, 2), 1).add_(10)
        row.as_strided((3,), (4,), 0).fill_(7)
        return y, row

    compare(run, floats(3, 4))


def test_as_strided_scatter():
    compare(lambda t, x, y: t.as_strided_scatter(x, y, (2, 2), (4, 1), 1), floats(3, 4), floats(2, 2), grad=False)
    compare(lambda t, x, y: x.t().as_strided_scatter(y, (2, 2), (4, 1)), floats(3, 4), floats(2, 2), grad=False)
    # PyTorch gives the input the gradient of the places that src was written to; here it gets that of the others.
    x, y = lamina.zeros(3, requires_grad=True), lamina.zeros(2, requires_grad=True)
    (x.as_strided_scatter(y, (2,), (1,)) * lamina.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert x.grad.tolist() == [0.0, 0.0, 3.0] and y.grad.tolist() == [1.0, 2.0]
    compare(lambda t, x, y: t.as_strided_scatter(x, y, (2,), (1,)), floats(3, 4), floats(3))


def test_complex_numbers_as_pairs():
    z = floats(2, 3) + 1j * floats(2, 3, seed=1)

    def run(t, z, x):
        w, y = z.clone(), x.clone()
        t.view_as_real(w)[0, 1, 1] = 5.0
        t.view_as_complex(y)[1].mul_(2j)
        return t.view_as_real(z), t.view_as_complex(x), w, y, t.view_as_real(z).stride()

    compare(run, z, floats(3, 2))
    for bad in (floats(3), floats(), integers(3, 2)):
        compare(lambda t, x: t.view_as_complex(x), bad)
    compare(lambda t, x: t.view_as_real(x), floats(2))


def test_the_whole_message():
    with pytest.raises(RuntimeError) as error:
        lamina.ones(2, 3).as_strided((3,), (3,))
    assert str(error.value) == (
        "setStorage: sizes [3], strides [3], storage offset 0, and itemsize 4 requiring a storage size of 28 are out "
        "of bounds for storage of size 24"
    )
